// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/failures.h"

#include "transport/http/json.h"

namespace perdure::transport::http {

unsigned status_of(base::ErrorCode code) {
  switch (code) {
#define PERDURE_ERROR(name, number, retry, grpc, http, sentence) \
  case base::ErrorCode::name: return http;
#include "errors.def"
#undef PERDURE_ERROR
  }
  return 500;
}

Headers failure_headers(base::ErrorCode code) {
  Headers headers;
  if (code == base::ErrorCode::kUnauthenticated) headers.emplace_back("WWW-Authenticate", "Bearer");
  if (code != base::ErrorCode::kDeadlineExceeded &&
      base::error_retry(code) != base::Retry::kNever) {
    headers.emplace_back("Retry-After", "1");
  }
  return headers;
}

Response refusal(unsigned status, std::string_view code, std::string_view message) {
  JsonObject error;
  error.text("code", code).text("message", message);
  return {.status = status,
          .headers = {{"Content-Type", std::string(kJsonType)}},
          .body = JsonObject().raw("error", error.finish()).finish()};
}

Response failure_response(const base::Error& error) {
  Response response = refusal(status_of(error.code), base::error_name(error.code), error.message);
  for (auto& header : failure_headers(error.code)) response.headers.push_back(std::move(header));
  return response;
}

Response no_such_route() { return refusal(404, "NOT_FOUND", "there is no such address here"); }

Response no_such_method(std::string_view allowed) {
  Response response =
      refusal(405, "METHOD_NOT_ALLOWED", "this address knows " + std::string(allowed) + " only");
  response.headers.emplace_back("Allow", std::string(allowed));
  return response;
}

}  // namespace perdure::transport::http

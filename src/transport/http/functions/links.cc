// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "transport/http/functions/links.h"

#include "transport/http/json.h"
#include "transport/http/text.h"

namespace perdure::transport::http::functions {
namespace {

/// "taskHub=..&connection=..&code=..", as the client sent them.
std::string query_of(const Call& call) {
  const Query& query = call.request.target.query;
  std::string text = "taskHub=" + percent_encode(call.permit.hub());
  const std::string_view connection = query.get("connection");
  text += "&connection=" + percent_encode(connection.empty() ? "Storage" : connection);
  if (query.has("code")) text += "&code=" + percent_encode(query.get("code"));
  return text;
}

std::string_view scheme_of(const Call& call) {
  if (call.site->options.forwarded == Forwarded::kTrusted) {
    const std::string_view forwarded = call.request.header("X-Forwarded-Proto");
    if (same_letters(forwarded, "https")) return "https";
    if (same_letters(forwarded, "http")) return "http";
  }
  return call.request.scheme == Scheme::kHttps ? "https" : "http";
}

std::string instance_link(const Call& call, std::string_view path, std::string_view id) {
  return base_of(call, path) + "/instances/" + percent_encode(id);
}

bool wants_failures_as_errors(const Call& call) {
  return same_letters(call.request.target.query.get("returnInternalServerErrorOnFailure"), "true");
}

}  // namespace

std::string base_of(const Call& call, std::string_view path) {
  const std::string_view host = call.request.header("Host");
  return std::string(scheme_of(call)).append("://").append(host).append(path);
}

std::string status_link(const Call& call, std::string_view path, std::string_view id) {
  return instance_link(call, path, id) + "?" + query_of(call) +
         (wants_failures_as_errors(call) ? "&returnInternalServerErrorOnFailure=true" : "");
}

std::string check_status_body(const Call& call, std::string_view path, std::string_view id) {
  const std::string instance = instance_link(call, path, id);
  const std::string query = query_of(call);
  const auto with_reason = [&](std::string_view operation) {
    return instance + "/" + std::string(operation) + "?reason={text}&" + query;
  };
  return JsonObject()
      .text("id", id)
      .text("statusQueryGetUri", status_link(call, path, id))
      .text("sendEventPostUri", instance + "/raiseEvent/{eventName}?" + query)
      .text("terminatePostUri", with_reason("terminate"))
      .text("rewindPostUri", with_reason("rewind"))
      .text("purgeHistoryDeleteUri", instance + "?" + query)
      .text("restartPostUri", instance + "/restart?" + query)
      .text("suspendPostUri", with_reason("suspend"))
      .text("resumePostUri", with_reason("resume"))
      .finish();
}

}  // namespace perdure::transport::http::functions

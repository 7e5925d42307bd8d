// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What went wrong, as an answer of our own API: the HTTP status of api/errors.def and
// {"error":{"code":"NOT_FOUND","message":"..."}}. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "transport/http/message.h"

namespace perdure::transport::http {

unsigned status_of(base::ErrorCode code);

/// With "Retry-After" where the same call may succeed later, and "WWW-Authenticate" for a missing
/// credential.
Response failure_response(const base::Error& error);
/// These headers alone.
Headers failure_headers(base::ErrorCode code);

Response no_such_route();
/// `allowed`: the methods that there are.
Response no_such_method(std::string_view allowed);
/// Of the listener: a status that no code of ours has, and a sentence.
Response refusal(unsigned status, std::string_view code, std::string_view message);

}  // namespace perdure::transport::http

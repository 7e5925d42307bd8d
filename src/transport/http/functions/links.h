// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The addresses that Durable Functions puts into its answers: of the server as the client named it.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "transport/http/site.h"

namespace perdure::transport::http::functions {

/// Where the routes are; the second is what libraries in other processes use.
inline constexpr std::string_view kPublicBase = "/runtime/webhooks/durabletask";
inline constexpr std::string_view kPrivateBase = "/durabletask";

/// "http://host:8080/runtime/webhooks/durabletask", in the words of the request.
std::string base_of(const Call& call, std::string_view path);
/// The body of a 202: {"id", "statusQueryGetUri", "sendEventPostUri", ...}.
std::string check_status_body(const Call& call, std::string_view path, std::string_view id);
std::string status_link(const Call& call, std::string_view path, std::string_view id);

}  // namespace perdure::transport::http::functions

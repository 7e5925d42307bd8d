// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The HTTP management API of Azure Durable Functions: what scripts, webhooks and monitors written
// for it speak. Its routes, payloads and codes are facts about another product; where they
// surprise, they are meant to. docs/reference/http.md lists them.
#pragma once

#include <memory>

#include "base/result.h"
#include "transport/http/router.h"
#include "transport/http/site.h"

namespace perdure::transport::http::functions {

void add_routes(Router& router, const std::shared_ptr<Site>& site);

// ---- what the handlers share ----

Response failure(const base::Error& error);
/// An answer without a body, such as "410 Gone" for what has ended.
Response bare(unsigned status);
Response with_json(unsigned status, std::string body);
/// 202 with the links, for an instance that was started.
Response check_status(const Call& call, std::string_view id);
/// The base of the routes that the client used.
std::string_view path_of(const Call& call);
/// "true" or "false", in any case; else the default.
bool flag(const Query& query, std::string_view name, bool otherwise);
/// Answers 202 with the links at once; or, if the query has both `timeout` and `pollingInterval`,
/// waits so long for the end and answers with the output.
void answer_started(const CallHandle& call, const std::string& id);

// ---- the handlers: the error that one returns is the answer ----

base::Result<> start(const CallHandle& call);
base::Result<> status(const CallHandle& call);
base::Result<> list(const CallHandle& call);
base::Result<> purge(const CallHandle& call);
base::Result<> purge_where(const CallHandle& call);
base::Result<> raise(const CallHandle& call);
base::Result<> terminate(const CallHandle& call);
base::Result<> suspend(const CallHandle& call);
base::Result<> resume(const CallHandle& call);
base::Result<> rewind(const CallHandle& call);
base::Result<> restart(const CallHandle& call);
base::Result<> make_primary(const CallHandle& call);
base::Result<> entity(const CallHandle& call);
base::Result<> entities(const CallHandle& call);
base::Result<> signal_entity(const CallHandle& call);
base::Result<> delete_entity(const CallHandle& call);

}  // namespace perdure::transport::http::functions

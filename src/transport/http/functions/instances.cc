// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Status, lists, purges, and what an instance is told.
#include <algorithm>

#include "model/limits.h"
#include "transport/http/functions/api.h"
#include "transport/http/functions/payloads.h"
#include "transport/http/text.h"

namespace perdure::transport::http::functions {
namespace {

using base::ErrorCode;
using model::Status;

constexpr std::string_view kTokenHeader = "x-ms-continuation-token";
constexpr base::Duration kPurgeTimeMax = base::seconds(60);
constexpr std::size_t kPageDefault = 100;

Response status_response(const Call& call, const model::InstanceSnapshot& instance,
                         std::string_view history) {
  const bool live = model::is_live(instance.record.status);
  const bool as_error =
      instance.record.status == Status::kFailed &&
      flag(call.request.target.query, "returnInternalServerErrorOnFailure", false);
  Response response =
      with_json(live ? 202 : (as_error ? 500 : 200), status_payload(instance, history));
  if (live) {
    response.headers.emplace_back("Location", call.request.target.text);
    response.headers.emplace_back("Retry-After", "5");
  }
  return response;
}

void answer_with_history(const CallHandle& call, const model::InstanceSnapshot& instance) {
  struct Reading {
    HistoryView view;
    bool fits = true;
  };
  const bool outputs = flag(call->request.target.query, "showHistoryOutput", false);
  const auto reading = std::make_shared<Reading>(  // shared by the two callbacks
      Reading{.view = HistoryView(outputs ? Outputs::kInclude : Outputs::kLeaveOut)});
  call->hubs().history(
      call->permit, instance.key.id,
      [reading](model::Execution, const std::vector<model::Event>& events) {
        reading->fits = std::ranges::all_of(
            events, [&](const model::Event& event) { return reading->view.add(event); });
        return reading->fits;
      },
      [call, reading, instance](const base::Result<>& done) {
        if (!done) return call->answer.send(failure(done.error()));
        if (!reading->fits) {
          return call->answer.send(
              failure({ErrorCode::kPayloadTooLarge,
                       "the history is too large for one answer; /api/v1 has it in pages"}));
        }
        call->answer.send(status_response(*call, instance, reading->view.finish()));
      });
}

/// Names that no status of ours has select nothing.
model::StatusSet statuses_of(const Query& query, model::StatusSet otherwise) {
  model::StatusSet set = model::kNoStatus;
  bool any = false;
  for (const std::string_view list : query.all("runtimeStatus")) {
    for (const std::string_view name : split_list(list)) {
      any = true;
      const auto status = model::status_from_name(name);
      if (status && *status != Status::kPurged) set = set.with(*status);
    }
  }
  return any ? set : otherwise;
}

base::Result<std::optional<base::Timestamp>> moment_of(const Query& query, std::string_view name) {
  const std::string_view text = query.get(name);
  if (text.empty()) return std::nullopt;
  const auto moment = parse_moment(text);
  if (!moment) {
    return base::fail(ErrorCode::kInvalidArgument, "\"" + std::string(name) + "\" is no date");
  }
  return *moment;
}

base::Result<engine::PageRequest> page_of(const Call& call) {
  engine::PageRequest page;
  page.count_max = kPageDefault;
  if (const auto top = parse_number(call.request.target.query.get("top")); top && *top > 0) {
    page.count_max = std::min<std::uint64_t>(*top, model::kListPageMax);
  }
  const std::string_view token = call.request.header(kTokenHeader);
  if (token != "null") page.continuation = token;  // what its own clients send for "none"
  return page;
}

Response page_response(std::string body, const std::string& continuation) {
  Response response = with_json(200, std::move(body));
  if (!continuation.empty()) response.headers.emplace_back(kTokenHeader, continuation);
  return response;
}

/// What is not there is 404, what has ended is 410; otherwise `then`.
base::Result<> unless_ended(const CallHandle& call,
                            const std::function<void(const model::InstanceSnapshot&)>& then) {
  PERDURE_ASSIGN_OR_RETURN(const auto to_read, call->also(access::Action::kRead));
  call->hubs().get(to_read, call->request.parameter("id"), hub::Inputs::kLeaveOut,
                   [call, then](const base::Result<model::InstanceSnapshot>& found) {
                     if (!found) {
                       const bool unknown = found.error().code == ErrorCode::kNotFound;
                       return call->answer.send(unknown ? bare(404) : failure(found.error()));
                     }
                     if (model::is_terminal(found->record.status)) {
                       return call->answer.send(bare(410));
                     }
                     then(*found);
                   });
  return {};
}

/// It may have ended, or been purged, since it was looked at.
hub::Then<> told(const CallHandle& call) {
  return [call](const base::Result<>& done) {
    if (done) return call->answer.send(bare(202));
    switch (done.error().code) {
      case ErrorCode::kNotFound: return call->answer.send(bare(404));
      case ErrorCode::kFailedPrecondition: return call->answer.send(bare(410));
      default: return call->answer.send(failure(done.error()));
    }
  };
}

std::string reason_of(const Call& call) {
  return std::string(call.request.target.query.get("reason"));
}

bool says_json(const Request& request) {
  const std::string_view type = request.header("Content-Type");
  return same_letters(trimmed(type.substr(0, type.find(';'))), "application/json");
}

}  // namespace

base::Result<> status(const CallHandle& call) {
  const Query& query = call->request.target.query;
  const auto inputs =
      flag(query, "showInput", true) ? hub::Inputs::kInclude : hub::Inputs::kLeaveOut;
  const bool with_history = flag(query, "showHistory", false);
  call->hubs().get(call->permit, call->request.parameter("id"), inputs,
                   [call, with_history](const base::Result<model::InstanceSnapshot>& found) {
                     if (!found) {
                       const bool unknown = found.error().code == ErrorCode::kNotFound;
                       return call->answer.send(unknown ? bare(404) : failure(found.error()));
                     }
                     if (with_history) return answer_with_history(call, *found);
                     call->answer.send(status_response(*call, *found, {}));
                   });
  return {};
}

base::Result<> list(const CallHandle& call) {
  const Query& query = call->request.target.query;
  engine::InstanceFilter filter;
  filter.id_prefix = query.get("instanceIdPrefix");
  filter.statuses = statuses_of(query, model::kEveryStatus);
  PERDURE_ASSIGN_OR_RETURN(filter.created_from, moment_of(query, "createdTimeFrom"));
  PERDURE_ASSIGN_OR_RETURN(filter.created_to, moment_of(query, "createdTimeTo"));
  PERDURE_ASSIGN_OR_RETURN(auto page, page_of(*call));
  const auto inputs =
      flag(query, "showInput", true) ? hub::Inputs::kInclude : hub::Inputs::kLeaveOut;
  call->hubs().list(call->permit, std::move(filter), std::move(page), inputs,
                    [call](const base::Result<hub::InstanceList>& found) {
                      if (!found) return call->answer.send(failure(found.error()));
                      JsonArray array;
                      for (const auto& each : found->instances) array.add(status_payload(each, {}));
                      call->answer.send(page_response(array.finish(), found->continuation));
                    });
  return {};
}

base::Result<> purge(const CallHandle& call) {
  call->hubs().purge(call->permit, {call->request.parameter("id")}, hub::Family::kAlone,
                     [call](const base::Result<std::size_t>& purged) {
                       if (!purged) return call->answer.send(failure(purged.error()));
                       if (*purged == 0) return call->answer.send(bare(404));
                       call->answer.send(with_json(
                           200, JsonObject().number("instancesDeleted", *purged).finish()));
                     });
  return {};
}

base::Result<> purge_where(const CallHandle& call) {
  const Query& query = call->request.target.query;
  hub::PurgeFilter filter;
  filter.time_max = kPurgeTimeMax;
  filter.instances.statuses = statuses_of(query, model::kEveryTerminal);
  PERDURE_ASSIGN_OR_RETURN(filter.instances.created_from, moment_of(query, "createdTimeFrom"));
  PERDURE_ASSIGN_OR_RETURN(filter.instances.created_to, moment_of(query, "createdTimeTo"));
  if (!filter.instances.created_from) {
    return base::fail(ErrorCode::kInvalidArgument,
                      "Please provide value for 'createdTimeFrom' parameter.");
  }
  call->hubs().purge_where(
      call->permit, std::move(filter), [call](const base::Result<hub::PurgeResult>& result) {
        if (!result) return call->answer.send(failure(result.error()));
        if (result->purged == 0) return call->answer.send(bare(404));
        call->answer.send(
            with_json(200, JsonObject().number("instancesDeleted", result->purged).finish()));
      });
  return {};
}

base::Result<> raise(const CallHandle& call) {
  const Request& request = call->request;
  if (!request.body.empty() && !says_json(request)) {
    return base::fail(ErrorCode::kInvalidArgument,
                      "Only application/json request content is supported");
  }
  if (const auto problem = request.body.empty() ? std::nullopt : json_problem(request.body)) {
    return base::fail(ErrorCode::kInvalidArgument,
                      "The request content is not valid JSON: " + *problem);
  }
  return unless_ended(call, [call](const model::InstanceSnapshot& instance) {
    model::EventRaised event{.name = call->request.parameter("event"), .payload = std::nullopt};
    if (!call->request.body.empty()) event.payload = call->request.body;
    call->hubs().raise(call->permit, instance.key.id, std::move(event), told(call));
  });
}

base::Result<> terminate(const CallHandle& call) {
  return unless_ended(call, [call](const model::InstanceSnapshot& instance) {
    hub::Termination how{.reason = reason_of(*call), .output = std::nullopt};
    if (call->request.target.query.has("reason")) how.output = json_text(how.reason);
    call->hubs().terminate(call->permit, instance.key.id, std::move(how), told(call));
  });
}

base::Result<> suspend(const CallHandle& call) {
  return unless_ended(call, [call](const model::InstanceSnapshot& instance) {
    call->hubs().suspend(call->permit, instance.key.id, reason_of(*call), told(call));
  });
}

base::Result<> resume(const CallHandle& call) {
  return unless_ended(call, [call](const model::InstanceSnapshot& instance) {
    call->hubs().resume(call->permit, instance.key.id, reason_of(*call), told(call));
  });
}

base::Result<> rewind(const CallHandle& call) {
  PERDURE_ASSIGN_OR_RETURN(const auto to_read, call->also(access::Action::kRead));
  call->hubs().rewind(
      call->permit, call->request.parameter("id"), reason_of(*call),
      [call, to_read](const base::Result<>& done) {
        if (done) return call->answer.send(bare(202));
        if (done.error().code == ErrorCode::kNotFound) return call->answer.send(bare(404));
        if (done.error().code != ErrorCode::kFailedPrecondition) {
          return call->answer.send(failure(done.error()));
        }
        // What has ended well is gone; what still runs was a wrong question.
        call->hubs().get(
            to_read, call->request.parameter("id"), hub::Inputs::kLeaveOut,
            [call, why = done.error().message](const base::Result<model::InstanceSnapshot>& found) {
              const bool is_over = !found || model::is_terminal(found->record.status);
              call->answer.send(is_over ? bare(410) : failure({ErrorCode::kInvalidArgument, why}));
            });
      });
  return {};
}

}  // namespace perdure::transport::http::functions

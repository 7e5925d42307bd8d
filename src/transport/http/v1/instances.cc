// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Starting, reading and purging instances.
#include "model/limits.h"
#include "transport/http/text.h"
#include "transport/http/v1/api.h"
#include "transport/http/v1/parameters.h"
#include "transport/http/v1/render.h"

namespace perdure::transport::http::v1 {
namespace {

using base::ErrorCode;

/// Of one answer with a history.
constexpr std::size_t kHistoryAnswerBytes = std::size_t{1} << 20;
constexpr std::uint64_t kHistoryEventsDefault = 1000;
constexpr base::Duration kPurgeTimeMax = base::seconds(60);

std::string page_of(std::string_view name, const JsonArray& items, std::string_view continuation) {
  return JsonObject().raw(name, items.finish()).text_if_any("continuation", continuation).finish();
}

base::Result<model::ReusePolicy> parse_reuse(JsonBody body) {
  model::ReusePolicy policy;
  PERDURE_ASSIGN_OR_RETURN(const auto names, body.texts("replaceable"));
  for (const std::string& name : names) {
    PERDURE_ASSIGN_OR_RETURN(const auto status, parse_status(name));
    policy.replaceable = policy.replaceable.with(status);
  }
  PERDURE_ASSIGN_OR_RETURN(const auto otherwise, body.text("otherwise"));
  if (otherwise == "ignore") {
    policy.otherwise = model::ReusePolicy::Otherwise::kIgnore;
  } else if (otherwise && *otherwise != "reject") {
    return base::fail(ErrorCode::kInvalidArgument, "\"otherwise\" must be reject or ignore");
  }
  PERDURE_RETURN_IF_ERROR(body.finish());
  return policy;
}

base::Result<hub::StartRequest> parse_start(const std::string& text) {
  PERDURE_ASSIGN_OR_RETURN(auto body, JsonBody::parse(text));
  hub::StartRequest start;
  PERDURE_ASSIGN_OR_RETURN(const auto name, body.text("name"));
  if (!name) return base::fail(ErrorCode::kInvalidArgument, "\"name\" must be a text");
  start.started.name = *name;
  PERDURE_ASSIGN_OR_RETURN(const auto id, body.text("id"));
  start.id = id.value_or("");
  PERDURE_ASSIGN_OR_RETURN(const auto version, body.text("version"));
  start.started.version = version.value_or("");
  start.started.input = body.raw("input");
  PERDURE_ASSIGN_OR_RETURN(const auto tags, body.text_map("tags"));
  start.started.tags.insert(tags.begin(), tags.end());
  PERDURE_ASSIGN_OR_RETURN(const auto start_at, body.text("start_at"));
  if (start_at) {
    start.started.scheduled_start = parse_moment(*start_at);
    if (!start.started.scheduled_start) {
      return base::fail(ErrorCode::kInvalidArgument,
                        "\"start_at\" must be a moment such as 2026-01-31T10:20:30Z");
    }
  }
  PERDURE_ASSIGN_OR_RETURN(const auto key, body.text("idempotency_key"));
  start.idempotency_key = key.value_or("");
  PERDURE_ASSIGN_OR_RETURN(auto reuse, body.object("reuse"));
  PERDURE_ASSIGN_OR_RETURN(start.reuse, parse_reuse(std::move(reuse)));
  PERDURE_RETURN_IF_ERROR(body.finish());
  return start;
}

base::Result<engine::InstanceFilter> parse_filter(Parameters& parameters) {
  engine::InstanceFilter filter;
  PERDURE_ASSIGN_OR_RETURN(filter.statuses, parameters.statuses("status"));
  filter.name = parameters.text("name");
  filter.id_prefix = parameters.text("prefix");
  PERDURE_ASSIGN_OR_RETURN(filter.created_from, parameters.moment("created_from"));
  PERDURE_ASSIGN_OR_RETURN(filter.created_to, parameters.moment("created_to"));
  PERDURE_ASSIGN_OR_RETURN(filter.tags, parameters.tags("tag"));
  return filter;
}

base::Result<hub::Inputs> parse_include(Parameters& parameters) {
  PERDURE_ASSIGN_OR_RETURN(const auto include, parameters.word("include", {"none", "input"}));
  return include == "input" ? hub::Inputs::kInclude : hub::Inputs::kLeaveOut;
}

/// One page of a history, gathered from the pieces that the hubs read.
struct HistoryPage {
  std::uint64_t count_max = kHistoryEventsDefault;
  model::EventNumber number = 0;  // of the next event that is read

  model::Execution execution;
  std::uint64_t count = 0;
  std::size_t bytes = 0;
  bool more = false;
  JsonArray events;

  bool take(model::Execution of, const std::vector<model::Event>& piece) {
    execution = of;
    for (const model::Event& event : piece) {
      if (count == count_max || (count > 0 && bytes >= kHistoryAnswerBytes)) {
        more = true;
        return false;
      }
      const std::string text = render(number++, event);
      bytes += text.size();
      ++count;
      events.add(text);
    }
    return true;
  }

  [[nodiscard]] std::string finish() const {
    JsonObject page;
    page.number("execution", execution.value).raw("events", events.finish());
    if (more) page.number("next", number);
    return page.finish();
  }
};

}  // namespace

base::Result<> start(const CallHandle& call) {
  Parameters parameters(call->request.target.query);
  PERDURE_RETURN_IF_ERROR(parameters.finish());
  PERDURE_ASSIGN_OR_RETURN(auto request, parse_start(call->request.body));
  if (request.started.trace_parent.empty()) {
    request.started.trace_parent = call->request.header("traceparent");
  }
  call->hubs().start(
      call->permit, std::move(request), answers<model::Started>(call, [](model::Started started) {
        Response response = json_response(started.created ? 201 : 200,
                                          JsonObject()
                                              .text("id", started.key.id)
                                              .number("execution", started.execution.value)
                                              .boolean("created", started.created)
                                              .finish());
        response.headers.emplace_back("Location",
                                      "/api/v1/instances/" + percent_encode(started.key.id));
        return response;
      }));
  return {};
}

base::Result<> get(const CallHandle& call) {
  Parameters parameters(call->request.target.query);
  PERDURE_ASSIGN_OR_RETURN(const auto inputs, parse_include(parameters));
  PERDURE_RETURN_IF_ERROR(parameters.finish());
  call->hubs().get(call->permit, call->request.parameter("id"), inputs,
                   answers<model::InstanceSnapshot>(call, [](const auto& instance) {
                     return json_response(200, render(instance));
                   }));
  return {};
}

base::Result<> list(const CallHandle& call) {
  Parameters parameters(call->request.target.query);
  PERDURE_ASSIGN_OR_RETURN(auto filter, parse_filter(parameters));
  PERDURE_ASSIGN_OR_RETURN(auto page, parameters.page());
  PERDURE_ASSIGN_OR_RETURN(const auto inputs, parse_include(parameters));
  PERDURE_RETURN_IF_ERROR(parameters.finish());
  call->hubs().list(call->permit, std::move(filter), std::move(page), inputs,
                    answers<hub::InstanceList>(call, [](const hub::InstanceList& found) {
                      JsonArray instances;
                      for (const auto& instance : found.instances) instances.add(render(instance));
                      return json_response(200,
                                           page_of("instances", instances, found.continuation));
                    }));
  return {};
}

base::Result<> history(const CallHandle& call) {
  Parameters parameters(call->request.target.query);
  PERDURE_ASSIGN_OR_RETURN(const auto from, parameters.number("from", model::kHistoryEventsMax));
  PERDURE_ASSIGN_OR_RETURN(const auto limit, parameters.number("limit", kHistoryEventsDefault));
  PERDURE_RETURN_IF_ERROR(parameters.finish());
  if (limit == 0U) {
    return base::fail(ErrorCode::kInvalidArgument, "\"limit\" must be at least 1");
  }
  const auto page = std::make_shared<HistoryPage>();  // shared by the two callbacks
  page->number = from.value_or(0);
  page->count_max = limit.value_or(kHistoryEventsDefault);
  call->hubs().history(
      call->permit, call->request.parameter("id"),
      [page](model::Execution execution, const std::vector<model::Event>& events) {
        return page->take(execution, events);
      },
      [call, page](base::Result<> done) {
        call->answer.send(done ? json_response(200, page->finish())
                               : failure_response(done.error()));
      },
      page->number);
  return {};
}

base::Result<> purge(const CallHandle& call) {
  Parameters parameters(call->request.target.query);
  PERDURE_ASSIGN_OR_RETURN(const bool children, parameters.flag("children"));
  PERDURE_RETURN_IF_ERROR(parameters.finish());
  const std::string id = call->request.parameter("id");
  const auto family = children ? hub::Family::kWithChildren : hub::Family::kAlone;
  // What is live is not purged, and what is unknown can not be: the caller is told which it is.
  PERDURE_ASSIGN_OR_RETURN(const auto to_read, call->also(access::Action::kRead));
  call->hubs().get(
      to_read, id, hub::Inputs::kLeaveOut,
      [call, id, family](base::Result<model::InstanceSnapshot> found) {
        if (!found) return call->answer.send(failure_response(found.error()));
        if (model::is_live(found->record.status)) {
          return call->answer.send(failure_response(
              {ErrorCode::kFailedPrecondition, "instance '" + id + "' has not ended"}));
        }
        call->hubs().purge(
            call->permit, {id}, family, answers<std::size_t>(call, [](std::size_t count) {
              return json_response(200, JsonObject().number("purged", count).finish());
            }));
      });
  return {};
}

base::Result<> purge_where(const CallHandle& call) {
  Parameters parameters(call->request.target.query);
  if (call->request.target.query.items().size() == call->request.target.query.all("hub").size()) {
    return base::fail(ErrorCode::kInvalidArgument,
                      "name what to purge: \"status\", \"created_to\" or another filter");
  }
  hub::PurgeFilter filter;
  PERDURE_ASSIGN_OR_RETURN(filter.instances, parse_filter(parameters));
  PERDURE_ASSIGN_OR_RETURN(const bool children, parameters.flag("children"));
  filter.family = children ? hub::Family::kWithChildren : hub::Family::kAlone;
  PERDURE_ASSIGN_OR_RETURN(filter.time_max, parameters.seconds("timeout", kPurgeTimeMax));
  if (!filter.time_max) filter.time_max = kPurgeTimeMax;
  PERDURE_RETURN_IF_ERROR(parameters.finish());
  call->hubs().purge_where(call->permit, std::move(filter),
                           answers<hub::PurgeResult>(call, [](const hub::PurgeResult& result) {
                             return json_response(200, JsonObject()
                                                           .number("purged", result.purged)
                                                           .boolean("complete", result.complete)
                                                           .finish());
                           }));
  return {};
}

}  // namespace perdure::transport::http::v1

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "world/client.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/overloaded.h"

namespace perdure::sim {
namespace {

using base::ErrorCode;

constexpr base::Duration kDeadlineLeast = base::milliseconds(50);
constexpr base::Duration kDeadlineSpread = base::seconds(5);
constexpr base::Duration kHealthyDeadline = base::seconds(5);
constexpr base::Duration kInsistPauseLeast = base::milliseconds(20);
/// What is awaited may be months away: whoever insists becomes patient.
constexpr base::Duration kInsistPauseMost = base::seconds(86'400);

/// Commands that change nothing when they come twice. A key is forgotten when its instance is
/// purged, so there a second start is a start.
bool may_repeat(const model::Command& command) {
  if (std::holds_alternative<model::GetInstance>(command)) return true;
  if (std::holds_alternative<model::GetEntity>(command)) return true;
  const auto* start = std::get_if<model::StartInstance>(&command);
  return start != nullptr && !start->idempotency_key.empty() && !steered_freely(start->key);
}

/// The engine did not carry it out, and will not; so the caller may say that it failed.
bool is_refusal(const base::Error& error) {
  return error.code != ErrorCode::kUnavailable && error.code != ErrorCode::kDeadlineExceeded;
}

std::int64_t nanoseconds(base::Timestamp at) { return at.us * 1000; }

std::string identity_of(const model::InstanceRecord& record) {
  const auto tag = record.tags.find("start");
  return tag == record.tags.end() ? std::string() : tag->second;
}

/// Of a start that may have arrived twice it is not said which copy is answered.
verify::Value result_of(const model::Command& command, const model::ReplyBody& body) {
  const bool says_who_began = !may_repeat(command);
  return std::visit(
      base::Overloaded{
          [](const model::Done&) { return verify::Value(); },
          [&](const model::Started& started) {
            if (!says_who_began) return verify::Value();
            return verify::Value(started.created ? "created" : "existing");
          },
          [](const model::InstanceSnapshot& snapshot) {
            return verify::Value::list({verify::Value(model::status_name(snapshot.record.status)),
                                        verify::Value(identity_of(snapshot.record))});
          },
          [](const base::Error& error) { return verify::Value(base::error_name(error.code)); },
          // What an entity answers is judged by those who know what it means.
          [](const model::OperationOutcome&) { return verify::Value(); },
          [](const model::EntitySnapshot&) { return verify::Value(); },
      },
      body);
}

/// A call that is under way: whoever comes first, answer or deadline, ends it.
struct Flight {
  bool over = false;
  Calls::Done done;
};

}  // namespace

void Calls::send(const model::Command& command, std::function<void(model::ReplyBody)> reply) {
  const bool twice = may_repeat(command) && scene_.strikes(scene_.faults.duplicated);
  if (twice) scene_.count(Counted::kDuplicate);
  for (int copies = twice ? 2 : 1; copies > 0; --copies) {
    network_.request([this, command, reply] {
      platform_.request(command, [this, reply](model::ReplyBody body) {
        network_.reply([reply, body = std::move(body)] { reply(body); });
      });
    });
  }
}

void Calls::call(model::Command command, Recorded as, std::vector<verify::Operation>* records,
                 Done done) {
  ++open_;
  ++scene_.tally.operations;
  const std::int64_t called = nanoseconds(scene_.agenda.now());
  auto flight = std::make_shared<Flight>();
  flight->done = [this, as = std::move(as), records, called, command,
                  done = std::move(done)](const std::optional<model::ReplyBody>& body) mutable {
    --open_;
    const base::Error* error = error_of(body);
    const bool unknown = !body || (error != nullptr && !is_refusal(*error));
    const auto status = unknown            ? verify::Status::kUnknown
                        : error != nullptr ? verify::Status::kFail
                                           : verify::Status::kOk;
    scene_.note("client", as.op, as.key, static_cast<std::uint64_t>(status));
    if (records != nullptr) {
      records->push_back({.process = as.process,
                          .op = as.op,
                          .key = as.key,
                          .value = as.value,
                          .result = body ? result_of(command, *body) : verify::Value(),
                          .call_ns = called,
                          .return_ns = nanoseconds(scene_.agenda.now()),
                          .status = status,
                          .epoch = std::nullopt});
    }
    done(unknown ? std::nullopt : body);
  };
  const auto end = [flight](const std::optional<model::ReplyBody>& body) {
    if (std::exchange(flight->over, true)) return;
    flight->done(body);
  };
  base::Duration deadline = kHealthyDeadline;
  if (!scene_.healed)
    deadline = base::microseconds(kDeadlineLeast.us + scene_.some(kDeadlineSpread).us);
  scene_.agenda.after(deadline, [end] { end(std::nullopt); });
  send(command, [end](model::ReplyBody body) { end(std::move(body)); });
}

void Calls::insist(model::Command command, Done done) {
  insist_after(kInsistPauseLeast, std::move(command), std::move(done));
}

void Calls::insist_after(base::Duration pause, model::Command command, Done done) {
  const model::Command copy = command;
  call(std::move(command), {.process = 0, .op = "insists", .key = {}, .value = {}}, nullptr,
       [this, pause, copy,
        done = std::move(done)](const std::optional<model::ReplyBody>& body) mutable {
         const base::Error* error = error_of(body);
         const bool again =
             !body || (error != nullptr && error->code == ErrorCode::kResourceExhausted);
         if (!again) return done(body);
         const auto longer = base::microseconds(std::min(pause.us * 2, kInsistPauseMost.us));
         scene_.agenda.after(pause, [this, longer, copy, done = std::move(done)]() mutable {
           insist_after(longer, copy, std::move(done));
         });
       });
}

model::StartInstance start_of(const std::string& id, const std::string& name,
                              model::Payload input) {
  model::StartInstance start;
  start.key = key_of(id);
  start.started.name = name;
  start.started.input = std::move(input);
  return start;
}

}  // namespace perdure::sim

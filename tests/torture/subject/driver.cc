// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "driver.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "orchestrations.h"
#include "verify.h"

namespace torture {
namespace {

using perdure::ErrorCode;

struct Kind {
  const char* name;
  int size_max;
};
// Inboxes twice: what is raised from outside needs a client that is not yet answered.
constexpr std::array<Kind, 7> kKinds{
    {{"chain", 4}, {"fan", 6}, {"nap", 3}, {"inbox", 10}, {"inbox", 5}, {"relay", 7}, {"tree", 2}}};

constexpr std::uint64_t kOneBulkIn = 64;  // starts

/// The answer to an event that comes too late.
bool has_ended(const perdure::Error& error) {
  return error.code() == ErrorCode::kFailedPrecondition || error.code() == ErrorCode::kNotFound;
}

}  // namespace

Driver::Driver(perdure::Client client, const Writer& writer, const Ledger& ledger,
               DriverOptions options)
    : client_(std::move(client)),
      writer_(writer),
      options_(options),
      random_(options.seed ^ (options.opening << 32U) ^ options.number) {
  adopt(ledger);
}

void Driver::adopt(const Ledger& ledger) {
  std::uint64_t index = 0;
  for (const auto& [id, told] : ledger.instances) {
    if (index++ % options_.count != options_.number) continue;
    if (!told.output.empty() || told.purge_tried) continue;
    live_.push_back({.id = id,
                     .wanted = is_kind(id, "inbox") ? size_of(id) : 0,
                     .raised = told.last_event_tried,
                     .acknowledged = static_cast<int>(told.events_acknowledged.size())});
  }
}

perdure::Result<std::string> Driver::start_with_input(const std::string& kind, int size,
                                                      const perdure::StartOptions& options) {
  if (kind == "inbox") return client_.start(kind, Taken{.wanted = size, .messages = {}}, options);
  if (kind == "nap") {
    return client_.start(kind, std::pair<int, std::string>(size, "-"), options);
  }
  return client_.start(kind, size, options);
}

bool Driver::refused(const perdure::Error& error) {
  refusal_ = error;
  return false;
}

bool Driver::start(const std::string& kind, int size) {
  const std::string id =
      fmt::format("{}.{}.{}.{}.{}", kind, size, options_.opening, options_.number, started_++);
  writer_.line("try " + id);
  if (options_.mutant == Mutant::kEarlyAcknowledgement) writer_.line("start " + id);
  const auto started = start_with_input(kind, size, perdure::StartOptions().id(id));
  if (!started) return refused(started.error());
  if (options_.mutant != Mutant::kEarlyAcknowledgement) writer_.line("start " + id);
  live_.push_back({.id = id, .wanted = kind == "inbox" ? size : 0});
  return true;
}

bool Driver::raise(Live& live) {
  const std::uint64_t number = ++live.raised;
  writer_.line(fmt::format("send {} {}", live.id, number));
  const std::string acknowledged = fmt::format("raise {} {}", live.id, number);
  if (options_.mutant == Mutant::kEarlyAcknowledgement) writer_.line(acknowledged);
  const Message message{.sender = "client", .number = number};
  if (options_.mutant == Mutant::kEventTwice) {
    const auto first = client_.raise(live.id, "message", message);
    if (!first && !has_ended(first.error())) return refused(first.error());
  }
  const auto raised = client_.raise(live.id, "message", message);
  if (!raised) {
    // Events that were not acknowledged before a crash may have brought it to its end.
    live.wanted = 0;
    return has_ended(raised.error()) || refused(raised.error());
  }
  if (options_.mutant != Mutant::kEarlyAcknowledgement) writer_.line(acknowledged);
  ++live.acknowledged;
  return true;
}

bool Driver::purge(const std::string& id) {
  writer_.line("purging " + id);
  const auto purged = client_.purge(id);
  if (!purged) return refused(purged.error());
  writer_.line("purged " + id);
  return true;
}

bool Driver::watch(std::size_t index, std::chrono::microseconds patience) {
  Live& live = live_[index];
  const auto ended = client_.wait(live.id, patience);
  if (!ended && ended.error().code() == ErrorCode::kDeadlineExceeded) return true;
  const bool gone = !ended && ended.error().code() == ErrorCode::kNotFound;
  if (!ended && !gone) return refused(ended.error());
  const std::string id = std::exchange(live.id, {});
  live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(index));
  if (gone) return true;  // it was never acknowledged; the verification makes sure of that
  writer_.line(fmt::format("end {} {}", id, ended->output.value_or("none")));
  return random_.below(3) != 0 || purge(id);
}

std::optional<perdure::Error> Driver::damage_of_first() {
  if (live_.empty()) return std::nullopt;
  const auto found = client_.get(live_.front().id);
  if (!found || !tells_of_damage(found->parked)) return std::nullopt;
  return perdure::Error(ErrorCode::kStoreCorrupt, found->parked);
}

bool Driver::step() {
  if (live_.size() < kLiveMax && random_.below(3) != 0) {
    if (random_.below(kOneBulkIn) == 0)
      return start("bulk", 1 + static_cast<int>(random_.below(3)));
    const Kind& kind = kKinds[random_.below(kKinds.size())];
    const auto size = 1 + random_.below(static_cast<std::uint64_t>(kind.size_max));
    return start(kind.name, static_cast<int>(size));
  }
  if (live_.empty()) return true;
  const std::size_t index = random_.below(live_.size());
  Live& live = live_[index];
  if (live.acknowledged < live.wanted) return raise(live);
  return watch(index, std::chrono::milliseconds(1));
}

bool Driver::finish(int patience_steps) {
  for (int left = patience_steps; left > 0; --left) {
    if (live_.empty()) return true;
    Live& live = live_.front();
    const bool needs_event = live.acknowledged < live.wanted;
    if (!(needs_event ? raise(live) : watch(0, std::chrono::milliseconds(100)))) return false;
    if (const auto damage = damage_of_first()) return refused(*damage);
  }
  if (live_.empty()) return true;
  return refused(perdure::Error(
      ErrorCode::kDeadlineExceeded,
      fmt::format("{} instances are stuck, the first is {}", live_.size(), live_.front().id)));
}

}  // namespace torture

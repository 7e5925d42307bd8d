// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "history.h"

#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "decisions.h"
#include "model/record.h"
#include "runner.h"

namespace perdure {
namespace {

constexpr std::string_view kMagic = "perdure-history-1\n";

}  // namespace

std::size_t History::size() const { return data_->events.size(); }

std::vector<std::string> History::lines() const {
  std::vector<std::string> lines;
  lines.reserve(size());
  for (const model::Event& event : data_->events) {
    lines.push_back(internal::describe_recorded(event.body));
  }
  return lines;
}

std::string History::encode() const {
  std::string head;
  base::Writer out(head);
  out.raw(kMagic);
  out.bytes(data_->key.hub);
  out.bytes(data_->key.id);
  out.varint(data_->execution.value);
  // The row's checksum covers the head too: it is the key of the row.
  std::string bytes;
  base::Writer whole(bytes);
  whole.bytes(head);
  whole.raw(model::encode_events(head, data_->events));
  return bytes;
}

Result<History> History::decode(std::string_view bytes) {
  base::Reader whole(bytes);
  const std::string_view head = whole.bytes();
  base::Reader in(head);
  internal::HistoryData data;
  const bool is_history = in.raw(kMagic.size()) == kMagic;
  data.key.hub = in.bytes();
  data.key.id = in.bytes();
  data.execution = model::Execution{in.varint()};
  if (!whole.ok() || !is_history || !in.ok()) {
    return Error(ErrorCode::kInvalidArgument, "these bytes are no recorded history");
  }
  auto events = model::decode_events(head, whole.rest());
  if (!events) return Error(ErrorCode::kStoreCorrupt, events.error().message);
  data.events = *std::move(events);
  return internal::make_history(std::move(data));
}

namespace internal {

History make_history(HistoryData data) {
  return History(std::make_shared<const HistoryData>(std::move(data)));
}

Result<void> replay(const History& history, const OrchestrationFunction& function) {
  const HistoryData& data = history.data();
  Run run(function, data.key, data.execution);
  const auto replayed = run.replay(data.events);
  if (!replayed) return Error(ErrorCode::kFailedPrecondition, replayed.error().message);
  const auto complete = run.check_complete();
  if (!complete) return Error(ErrorCode::kFailedPrecondition, complete.error().message);
  return {};
}

}  // namespace internal
}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/key.h"
#include "model/record.h"

namespace perdure::engine {
namespace {

using base::ErrorCode;
using base::Result;

/// Rows of one instance passed over before it is cheaper to look its successor up.
constexpr std::size_t kRowsBeforeSeek = 16;

std::string to_hex(std::string_view bytes) {
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    fmt::format_to(std::back_inserter(hex), "{:02x}", static_cast<unsigned char>(byte));
  }
  return hex;
}

std::optional<std::string> from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  const auto is_digit = [](char c) { return ('0' <= c && c <= '9') || ('a' <= c && c <= 'f'); };
  if (hex.size() % 2 != 0 || !std::ranges::all_of(hex, is_digit)) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1])));
  }
  return bytes;
}

bool matches(const InstanceFilter& filter, const model::InstanceRecord& record) {
  if (!filter.statuses.contains(record.status)) return false;
  if (!filter.name.empty() && record.name != filter.name) return false;
  if (filter.created_from && record.created < *filter.created_from) return false;
  if (filter.created_to && record.created >= *filter.created_to) return false;
  return std::ranges::all_of(filter.tags, [&](const auto& tag) {
    const auto found = record.tags.find(tag.first);
    return found != record.tags.end() && found->second == tag.second;
  });
}

std::size_t bytes_of(const model::InstanceRecord& record) {
  return sizeof(InstanceSummary) + (record.output ? record.output->size() : 0) +
         (record.custom_status ? record.custom_status->size() : 0) +
         (record.failure ? record.failure->message.size() + record.failure->stack.size() : 0);
}

/// One page being filled, row by row.
class Listing {
 public:
  Listing(const InstanceFilter& filter, std::size_t count_max)
      : filter_(filter), count_max_(count_max) {}

  /// False: leave this scan; then either `is_done`, or go on from `seek`.
  bool visit(std::string_view key, std::string_view row) {
    if (is_full()) {
      page.continuation = to_hex(key);
      is_done = true;
      return false;
    }
    ++rows_;
    const auto parsed = model::parse_instance_row(key);
    if (!parsed) return fail("a row of the instances has an unknown key");
    if (parsed->part != model::Part::kHead) return pass_over(parsed->instance);
    rows_of_instance_ = 0;
    const bool is_entity = model::is_entity_id(parsed->instance.id);
    if (is_entity != (filter_.kind == InstanceKind::kEntities)) return true;
    if (parsed->instance.hub != filter_.hub ||
        !parsed->instance.id.starts_with(filter_.id_prefix)) {
      return true;
    }
    auto record = model::decode_head(key, row);
    if (!record) {
      return fail(fmt::format("the record of instance '{}' is damaged: {}", parsed->instance.id,
                              record.error().message));
    }
    if (!matches(filter_, *record)) return true;
    bytes_ += bytes_of(*record);
    page.instances.push_back({parsed->instance, *std::move(record)});
    return true;
  }

  InstancePage page;
  std::string seek;
  bool is_done = false;
  Result<> failure;

 private:
  bool is_full() const {
    return page.instances.size() >= count_max_ || rows_ >= model::kListScanMax ||
           bytes_ >= kListPageBytes;
  }
  bool fail(std::string message) {
    failure = base::fail(ErrorCode::kStoreCorrupt, std::move(message));
    is_done = true;
    return false;
  }
  bool pass_over(const model::InstanceKey& instance) {
    if (++rows_of_instance_ < kRowsBeforeSeek) return true;
    rows_of_instance_ = 0;
    seek = model::prefix_end(model::instance_prefix(instance));
    return false;
  }

  const InstanceFilter& filter_;
  const std::size_t count_max_;
  std::size_t rows_ = 0;
  std::size_t rows_of_instance_ = 0;
  std::size_t bytes_ = 0;
};

std::unexpected<base::Error> no_instance(const model::InstanceKey& key) {
  return base::fail(ErrorCode::kNotFound,
                    fmt::format("no instance '{}' in hub '{}'", key.id, key.hub));
}

}  // namespace

Result<InstancePage> Query::list(const InstanceFilter& filter, const PageRequest& request) const {
  if (filter.hub.empty()) {
    return base::fail(ErrorCode::kInvalidArgument, "a list needs the name of a task hub");
  }
  const auto cursor = from_hex(request.continuation);
  if (!cursor) {
    return base::fail(ErrorCode::kInvalidArgument,
                      "the continuation is not one that a page of this list ended with");
  }
  const std::size_t count_max = std::clamp<std::size_t>(request.count_max, 1, model::kListPageMax);
  Listing listing(filter, count_max);
  listing.seek = *cursor;
  for (bool first = true; !listing.is_done && (first || !listing.seek.empty()); first = false) {
    const std::string from = std::exchange(listing.seek, {});
    PERDURE_RETURN_IF_ERROR(store_.scan(
        model::Space::kInstance, from, {},
        [&](std::string_view key, std::string_view row) { return listing.visit(key, row); }));
  }
  PERDURE_RETURN_IF_ERROR(std::move(listing.failure));
  return std::move(listing.page);
}

Result<model::InstanceRecord> Query::record(const model::InstanceKey& key) const {
  const std::string head = model::head_key(key);
  PERDURE_ASSIGN_OR_RETURN(const auto row, store_.get(model::Space::kInstance, head));
  if (!row) return no_instance(key);
  PERDURE_ASSIGN_OR_RETURN(model::InstanceRecord record, model::decode_head(head, *row));
  if (record.status == model::Status::kPurged) return no_instance(key);
  return record;
}

Result<HistoryPage> Query::history(const model::InstanceKey& key, model::EventNumber from,
                                   std::size_t bytes_max) const {
  PERDURE_ASSIGN_OR_RETURN(model::InstanceRecord its, record(key));
  for (;;) {
    auto page =
        read(key, its.execution, {.from = from, .end = its.history_events, .bytes_max = bytes_max});
    if (page) return page;
    // Its execution may have given way to a new one, and the rows gone, while they were read. Each
    // round needs a new execution, so this ends.
    PERDURE_ASSIGN_OR_RETURN(model::InstanceRecord later, record(key));
    if (later.execution == its.execution) return page;
    its = std::move(later);
  }
}

Result<HistoryPage> Query::history_before(const model::TurnToken& token, model::EventNumber from,
                                          std::size_t bytes_max) const {
  return read(token.key, token.execution,
              {.from = from, .end = token.past_events, .bytes_max = bytes_max});
}

/// The key of the history row that holds the event. Pages begin where rows do, so the row is nearly
/// always the one that begins with it.
Result<std::string> Query::row_with(const model::InstanceKey& key, model::Execution execution,
                                    model::EventNumber event) const {
  std::string found = model::history_key(key, execution, event);
  PERDURE_ASSIGN_OR_RETURN(const auto row, store_.get(model::Space::kHistory, found));
  if (row) return found;
  found.clear();
  const std::string prefix = model::history_prefix(key, execution);
  PERDURE_RETURN_IF_ERROR(store_.scan(model::Space::kHistory, prefix, model::prefix_end(prefix),
                                      [&](std::string_view row_key, std::string_view) {
                                        const auto first = model::parse_history_first(row_key);
                                        if (!first || *first > event) return false;
                                        found = row_key;
                                        return true;
                                      }));
  return found;
}

Result<HistoryPage> Query::read(const model::InstanceKey& key, model::Execution execution,
                                Range range) const {
  HistoryPage page{.execution = execution, .events = {}, .next = {}};
  if (range.from >= range.end) return page;
  const auto damaged = [&](std::string_view what) {
    return base::fail(ErrorCode::kStoreCorrupt,
                      fmt::format("the history of instance '{}' is damaged: {}", key.id, what));
  };
  PERDURE_ASSIGN_OR_RETURN(const std::string begin, row_with(key, execution, range.from));
  if (begin.empty()) {
    return base::fail(ErrorCode::kNotFound,
                      fmt::format("the history of instance '{}' has no event {}: its execution has "
                                  "given way to another one",
                                  key.id, range.from));
  }
  const std::string end = model::prefix_end(model::history_prefix(key, execution));
  Result<> failure;
  std::size_t bytes = 0;
  std::optional<model::HistoryChunk> previous;
  model::EventNumber number = range.from;  // of the next event
  const auto visit = [&](std::string_view row_key, std::string_view row) {
    const auto first = model::parse_history_first(row_key);
    if (first && *first >= range.end) return false;
    auto chunk = model::decode_chunk(row_key, row);
    if (!chunk) {
      failure = damaged(chunk.error().message);
      return false;
    }
    const bool follows =
        previous ? chunk->chain_before == previous->chain_after : first && *first <= range.from;
    if (!first || !follows || *first > number) {
      failure = damaged(fmt::format("a row before event {} is missing", first.value_or(0)));
      return false;
    }
    for (std::size_t i = number - *first; i < chunk->events.size() && number < range.end; ++i) {
      bytes += model::encoded_size(chunk->events[i]);
      page.events.push_back(std::move(chunk->events[i]));
      ++number;
    }
    previous = std::move(*chunk);
    return bytes < range.bytes_max;
  };
  PERDURE_RETURN_IF_ERROR(store_.scan(model::Space::kHistory, begin, end, visit));
  PERDURE_RETURN_IF_ERROR(std::move(failure));
  if (number < range.end) {
    if (bytes < range.bytes_max) return damaged(fmt::format("event {} is missing", number));
    page.next = number;
  }
  return page;
}

Result<> Query::resolve(model::ActivityItem& item) const {
  const auto* reference = std::get_if<model::EventReference>(&item.input);
  if (reference == nullptr) return {};
  const std::string key =
      model::history_key(item.token.key, item.token.execution, reference->chunk);
  PERDURE_ASSIGN_OR_RETURN(const auto row, store_.get(model::Space::kHistory, key));
  if (!row) {
    return base::fail(ErrorCode::kNotFound,
                      fmt::format("the history of instance '{}' that holds the input of activity "
                                  "'{}' is gone; drop the activity",
                                  item.token.key.id, item.name));
  }
  PERDURE_ASSIGN_OR_RETURN(model::HistoryChunk chunk, model::decode_chunk(key, *row));
  auto* scheduled =
      reference->index < chunk.events.size()
          ? std::get_if<model::ActivityScheduled>(&chunk.events[reference->index].body)
          : nullptr;
  if (scheduled == nullptr) {
    return base::fail(ErrorCode::kStoreCorrupt,
                      fmt::format("the history of instance '{}' has no activity at event {}",
                                  item.token.key.id, reference->chunk + reference->index));
  }
  item.input = std::move(scheduled->input);
  item.tags = std::move(scheduled->tags);
  item.trace_parent = std::move(scheduled->trace_parent);
  return {};
}

}  // namespace perdure::engine

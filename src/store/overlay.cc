// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "store/overlay.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace perdure::store {
namespace {

/// What a node of the map costs besides the bytes of its key and value.
constexpr std::uint64_t kNodeBytes = sizeof(Overlay::Rows::Part::value_type) + 4 * sizeof(void*);
/// What a row costs in a group record besides the bytes of its key and value: an upper bound.
constexpr std::uint64_t kGroupRowBytes = 16;

std::uint64_t value_bytes(const std::optional<std::string>& value) {
  return value ? value->size() : 0;
}

}  // namespace

void Overlay::enlist(model::Space space, Rows::Place row) {
  row->second.grouped = true;
  row->second.group_index = static_cast<std::uint32_t>(group_.size());
  group_.push_back({slot_of(row->first), space, row});
  group_bytes_ += kGroupRowBytes + row->first.size() + value_bytes(row->second.value);
}

void Overlay::set_value(Rows::Place row, std::optional<std::string> value) {
  const std::uint64_t before = value_bytes(row->second.value);
  const std::uint64_t after = value_bytes(value);
  active_.bytes_ = active_.bytes_ - before + after;
  if (row->second.grouped) group_bytes_ = group_bytes_ - before + after;
  row->second.value = std::move(value);
}

void Overlay::collapse(model::Space space, Rows::Place row) {
  const std::uint32_t hole = row->second.group_index;
  group_[hole] = group_.back();
  group_[hole].row->second.group_index = hole;
  group_.pop_back();
  group_bytes_ -= kGroupRowBytes + row->first.size() + value_bytes(row->second.value);
  ++rows_collapsed_;
  drop(space, row);
}

void Overlay::drop(model::Space space, Rows::Place row) {
  active_.bytes_ -= kNodeBytes + row->first.size() + value_bytes(row->second.value);
  --active_.row_count_;
  active_.rows(space).erase(row);
}

void Overlay::write(Write write) {
  group_open_ = true;
  const auto [row, inserted] = active_.rows(write.space).try_emplace(std::move(write.key));
  if (inserted) {
    ++active_.row_count_;
    active_.bytes_ += kNodeBytes + row->first.size();
    set_value(row, std::move(write.value));
    // A tombstone of this generation would have been found; one further down hides nothing that a
    // collapse could bring back.
    row->second.fresh = write.fresh && row->second.value.has_value();
    enlist(write.space, row);
    return;
  }
  if (row->second.grouped && row->second.fresh && !row->second.logged && !write.value) {
    collapse(write.space, row);
    return;
  }
  set_value(row, std::move(write.value));
  if (!row->second.grouped) enlist(write.space, row);
}

void Overlay::restore(const GroupRow& row) {
  std::optional<std::string> value;
  if (row.value) value.emplace(*row.value);
  const auto [at, inserted] = active_.rows(row.space).try_emplace(row.key);
  if (inserted) {
    ++active_.row_count_;
    active_.bytes_ += kNodeBytes + at->first.size();
  }
  set_value(at, std::move(value));
}

const Overlay::Row* Overlay::find(model::Space space, std::string_view key) const {
  for (const Generation* generation : {&active_, &frozen_}) {
    if (const Row* row = generation->rows(space).find(key)) return row;
  }
  return nullptr;
}

Overlay::Page Overlay::page(model::Space space, std::string_view from, std::string_view to,
                            std::size_t rows_max) const {
  auto newer = active_.rows(space).range(from, to);
  auto older = frozen_.rows(space).range(from, to);
  Page page;
  std::size_t bytes = 0;
  while (!newer.ended() || !older.ended()) {
    const bool take_newer = !newer.ended() && (older.ended() || newer.key() <= older.key());
    auto& taken = take_newer ? newer : older;
    const std::string& key = taken.key();
    if (!page.rows.empty() && (page.rows.size() >= rows_max || bytes >= kScanPageBytes)) {
      page.next = key;
      return page;
    }
    page.rows.push_back({key, taken.row().value});
    bytes += key.size() + value_bytes(taken.row().value);
    if (take_newer && !older.ended() && older.key() == key) older.next();
    taken.next();
  }
  return page;
}

void Overlay::close_group(const std::vector<Fence>& fences, std::string& record) {
  record.reserve(record.size() + group_bytes_ + fences.size() * 16 + 32);
  GroupWriter writer(record, fences, group_.size());
  std::ranges::sort(group_, {}, [](const Pending& one) { return std::pair(one.slot, one.space); });
  for (const auto& [slot, space, place] : group_) {
    Row& row = place->second;
    writer.add(space, place->first, row.value);
    row.grouped = false;
    row.logged = true;
    if (row.fresh && !row.value) drop(space, place);
  }
  group_.clear();
  group_bytes_ = 0;
  group_open_ = false;
}

void Overlay::freeze() {
  PERDURE_CHECK(!group_open_, "a group is closed before its rows are frozen");
  PERDURE_CHECK(frozen_.empty(), "one checkpoint at a time");
  frozen_ = std::exchange(active_, Generation{});
}

Overlay::Generation Overlay::drop_frozen() { return std::exchange(frozen_, Generation{}); }

}  // namespace perdure::store

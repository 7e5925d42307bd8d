// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// An ordered map of rows for keys that begin with a slot, which is a hash
// (docs/reference/records.md). The first bits of the key choose one of many small trees, so that a
// search touches few nodes, and keeps the order. How many bits grows with the rows, up to a tree
// for each slot. Keys that begin alike, as those of the store's own rows, share one tree.
//
// A place stays valid until its row is erased, also when the map is moved. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::store {

/// What a key begins with; bytes that it does not have are zero.
inline std::uint32_t slot_of(std::string_view key) {
  const auto byte = [&](std::size_t i) {
    return i < key.size() ? static_cast<unsigned char>(key[i]) : 0U;
  };
  return byte(0) << 8U | byte(1);
}

template <class Row>
class RowMap final {
 public:
  using Part = std::map<std::string, Row, std::less<>>;
  using Place = typename Part::iterator;

  /// Over [from, to), in order; `to` empty: to the end. Valid until the map changes.
  class Cursor final {
   public:
    Cursor(const RowMap& map, std::string_view from, std::string_view to) : map_(map), to_(to) {
      if (map.parts_.empty()) return;
      part_ = map.part_of(from);
      last_ = to.empty() ? map.parts_.size() - 1 : map.part_of(to);
      at_ = map.parts_[part_].lower_bound(from);
      settle();
    }
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] const std::string& key() const { return at_->first; }
    [[nodiscard]] const Row& row() const { return at_->second; }
    void next() {
      ++at_;
      settle();
    }

   private:
    void settle() {
      while (at_ == map_.parts_[part_].end()) {
        ended_ = part_ >= last_;
        if (ended_) return;
        at_ = map_.parts_[++part_].begin();
      }
      ended_ = !to_.empty() && at_->first >= to_;
    }

    const RowMap& map_;
    std::string_view to_;
    std::size_t part_ = 0;
    std::size_t last_ = 0;
    typename Part::const_iterator at_;
    bool ended_ = true;
  };

  /// The row of the key, and whether it is new.
  std::pair<Place, bool> try_emplace(std::string key) {
    if (parts_.empty()) parts_.resize(std::size_t{1} << bits_);
    if (count_ >= parts_.size() * kRowsPerPart && bits_ < kBitsMax) grow();
    auto placed = parts_[part_of(key)].try_emplace(std::move(key));
    if (placed.second) ++count_;
    return placed;
  }
  void erase(Place place) {
    parts_[part_of(place->first)].erase(place);
    --count_;
  }
  /// nullptr: there is none.
  [[nodiscard]] const Row* find(std::string_view key) const {
    if (parts_.empty()) return nullptr;
    const Part& part = parts_[part_of(key)];
    const auto at = part.find(key);
    return at == part.end() ? nullptr : &at->second;
  }
  [[nodiscard]] Cursor all() const { return {*this, "", ""}; }
  [[nodiscard]] Cursor range(std::string_view from, std::string_view to) const {
    return {*this, from, to};
  }

 private:
  static constexpr std::size_t kRowsPerPart = 4;
  static constexpr std::uint32_t kBitsMax = 16;  // of the key: its slot
  static constexpr std::uint32_t kBitsPerGrowth = 4;

  [[nodiscard]] std::size_t part_of(std::string_view key) const {
    return slot_of(key) >> (kBitsMax - bits_);
  }

  /// Nodes are moved, in order: nothing is copied, and every place stays valid.
  void grow() {
    bits_ += kBitsPerGrowth;
    std::vector<Part> old = std::exchange(parts_, std::vector<Part>(std::size_t{1} << bits_));
    for (Part& part : old) {
      while (!part.empty()) {
        auto node = part.extract(part.begin());
        Part& its = parts_[part_of(node.key())];
        its.insert(its.end(), std::move(node));
      }
    }
  }

  std::vector<Part> parts_;  // 2^bits_, or none while nothing was ever here
  std::uint32_t bits_ = 0;
  std::size_t count_ = 0;
};

}  // namespace perdure::store

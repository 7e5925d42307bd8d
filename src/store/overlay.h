// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The rows that the table does not have yet, in memory, and the open group: which of them were
// written since the last flush.
//
// Two generations. Writes go to the active one. A checkpoint freezes it: from then on it does not
// change, is folded into the table row by row, and is dropped when the table has it. Reads take the
// newest row: active before frozen before table. A deleted row is a tombstone, so that it hides an
// older one below; where there is none, it is dropped as soon as the log has the deletion. Most
// rows live so short that the table never hears of them.
//
// Owned by the Store. Not thread-safe: the store's mutex guards every call, except that `frozen()`
// may be read without it between `freeze` and `drop_frozen`, because nobody changes it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/key.h"
#include "store/group.h"
#include "store/row_map.h"
#include "store/table.h"

namespace perdure::store {

/// Bounds of what is copied under the lock for one page of a scan.
inline constexpr std::size_t kScanPageRowsFirst = 16;  // most scans end early
inline constexpr std::size_t kScanPageRowsMax = 256;
inline constexpr std::size_t kScanPageBytes = std::size_t{256} << 10;

class Overlay {
 public:
  struct Row {
    std::optional<std::string> value;  // absent: tombstone
    std::uint32_t group_index = 0;     // in the open group, if `grouped`
    bool grouped = false;
    bool fresh = false;   // no layer below this generation has anything of it
    bool logged = false;  // an earlier group of this generation holds a value of it
  };
  using Rows = RowMap<Row>;

  /// One generation. Spaces in the order of their numbers.
  class Generation {
   public:
    [[nodiscard]] const Rows& rows(model::Space space) const { return spaces_[index(space)]; }
    [[nodiscard]] bool empty() const { return row_count_ == 0; }
    [[nodiscard]] std::uint64_t row_count() const { return row_count_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

   private:
    friend class Overlay;
    static constexpr std::size_t index(model::Space space) {
      return static_cast<std::size_t>(space) - 1;
    }
    Rows& rows(model::Space space) { return spaces_[index(space)]; }

    std::array<Rows, std::size(model::kSpaces)> spaces_;
    std::uint64_t row_count_ = 0;
    std::uint64_t bytes_ = 0;
  };

  struct PageRow {
    std::string key;
    std::optional<std::string> value;
  };
  struct Page {
    std::vector<PageRow> rows;  // in key order, tombstones included
    /// The first key that did not fit; absent: the page reaches to the end of the range.
    std::optional<std::string> next;
  };

  /// Into the active generation and the open group; the last value of a key wins.
  void write(Write write);
  /// Into the active generation only: what the log already holds.
  void restore(const GroupRow& row);

  /// The newest row of a key; nullptr if neither generation has one. Valid until the next change.
  [[nodiscard]] const Row* find(model::Space space, std::string_view key) const;
  /// Both generations merged over [from, to); at least one row, if there is one.
  [[nodiscard]] Page page(model::Space space, std::string_view from, std::string_view to,
                          std::size_t rows_max) const;

  /// True if anything was written since the last `close_group`, even if it collapsed to nothing.
  [[nodiscard]] bool group_open() const { return group_open_; }
  [[nodiscard]] std::uint64_t group_bytes() const { return group_bytes_; }
  [[nodiscard]] std::size_t group_rows() const { return group_.size(); }
  /// Appends the open group to `record`, the rows of an instance side by side, and begins the next
  /// one.
  void close_group(const std::vector<Fence>& fences, std::string& record);

  /// REQUIRES: the group is closed, and nothing is frozen.
  void freeze();
  [[nodiscard]] const Generation& active() const { return active_; }
  [[nodiscard]] const Generation& frozen() const { return frozen_; }
  /// Hands the frozen rows out, so that they can be destroyed without the lock.
  [[nodiscard]] Generation drop_frozen();

  [[nodiscard]] std::uint64_t rows_collapsed() const { return rows_collapsed_; }

 private:
  struct Pending {
    std::uint32_t slot;
    model::Space space;
    Rows::Place row;
  };

  void enlist(model::Space space, Rows::Place row);
  void collapse(model::Space space, Rows::Place row);
  void drop(model::Space space, Rows::Place row);
  void set_value(Rows::Place row, std::optional<std::string> value);

  Generation active_;
  Generation frozen_;
  std::vector<Pending> group_;
  std::uint64_t group_bytes_ = 0;
  std::uint64_t rows_collapsed_ = 0;
  bool group_open_ = false;
};

}  // namespace perdure::store

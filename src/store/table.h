// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What is: ordered keys in a few spaces, and the position of the log up to which they are folded
// in. Reads may come from any thread, also during `fold`; `fold` has one caller at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/key.h"
#include "model/write.h"
#include "store/log.h"

namespace perdure::store {

using model::Write;

/// One file that a scrub read from the disk and found whole.
struct ScrubbedFile {
  std::string name;  // within the table
  std::uint64_t bytes = 0;
};

class Table {
 public:
  virtual ~Table() = default;

  /// The position of the last fold; 0 for a new table.
  [[nodiscard]] virtual Position position() const = 0;

  virtual base::Result<std::optional<std::string>> get(model::Space space,
                                                       std::string_view key) const = 0;
  /// Rows with from <= key < to (`to` empty: to the end), in order, until `visit` answers false.
  virtual base::Result<> scan(
      model::Space space, std::string_view from, std::string_view to,
      const std::function<bool(std::string_view, std::string_view)>& visit) const = 0;

  /// Applies the rows that `each` yields (sorted by space and key, a key once) and the position,
  /// and makes them durable before it returns. If the machine stops meanwhile, some of the rows may
  /// be there without the position: replaying the log from the old position mends that.
  virtual base::Result<> fold(
      Position position,
      const std::function<void(const std::function<void(const Write&)>&)>& each) = 0;

  /// Reads one whole file of the table, the first behind `after` by name, and verifies it: a file
  /// that nobody asks for may decay for years. Nothing: there is none behind it, a round is over.
  /// Takes as long as reading one file takes, and little memory. Fails with kStoreCorrupt, naming
  /// the file. From any thread.
  [[nodiscard]] virtual base::Result<std::optional<ScrubbedFile>> scrub(
      std::string_view after) const = 0;
};

}  // namespace perdure::store

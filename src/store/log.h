// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What just happened, in order. An implementation keeps records; it knows nothing of what is in
// them. One writer at a time; the store serialises the calls.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "base/strong.h"

namespace perdure::store {

/// The number of a record, from 1, without gaps. 0 is "before everything".
using Position = base::Strong<struct PositionTag, std::uint64_t>;

class Log {
 public:
  virtual ~Log() = default;

  /// Writes the record after the last one and makes it durable, with one sync. After an error the
  /// log accepts nothing more: what is on disk is unknown until it is opened anew.
  virtual base::Result<> append(Position position, std::string_view record) = 0;

  /// Every whole record with a position > `after`, in order. A torn tail (an append that never
  /// returned) ends it; a damaged record with a later one behind it is kStoreCorrupt, naming the
  /// file and the offset. Called once, before the first append.
  virtual base::Result<> replay(
      Position after, const std::function<base::Result<>(Position, std::string_view)>& visit) = 0;

  /// Records up to and including `upto` are no longer needed.
  virtual base::Result<> trim(Position upto) = 0;

  /// Bytes held for records that were not trimmed.
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
};

}  // namespace perdure::store

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The recorded history of one execution, as a thing to keep: for replaying it against new code
// (testing.h). Comes from Client::record.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "perdure/result.h"

namespace perdure {

namespace internal {
struct HistoryData;
}

/// The recorded history of one execution. A value; copies share the events.
class History {
 public:
  explicit History(std::shared_ptr<const internal::HistoryData> data) : data_(std::move(data)) {}

  /// How many events there are.
  [[nodiscard]] std::size_t size() const;
  /// One line for each event, for people.
  [[nodiscard]] std::vector<std::string> lines() const;

  /// Bytes to keep in a file, and back. Any later version reads them. A damaged file is refused
  /// with STORE_CORRUPT.
  [[nodiscard]] std::string encode() const;
  static Result<History> decode(std::string_view bytes);

  [[nodiscard]] const internal::HistoryData& data() const { return *data_; }

 private:
  std::shared_ptr<const internal::HistoryData> data_;  // never changes
};

}  // namespace perdure

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A history as text: one JSON object a line, as docs/reference/verify.md describes it. Pure;
// thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "verify/history.h"

namespace perdure::verify {

/// Bytes of a line, operations of a history, and nesting of a value that are accepted.
inline constexpr std::size_t kLineBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kOperationsMax = 20'000'000;
inline constexpr int kValueDepthMax = 8;

/// One line, without its end. kInvalidArgument says what is wrong and in which column; the caller
/// knows the number of the line.
base::Result<Operation> parse_operation(std::string_view line);

/// The line, without its end.
std::string to_json(const Operation& operation);

/// Takes a text in pieces of any size, as they are read.
class HistoryReader {
 public:
  /// kInvalidArgument names the line: "line 7: ...". After an error the reader is of no use.
  base::Result<> add(std::string_view piece);
  /// The end of the text: the history. An empty history is an error: it proves nothing.
  base::Result<std::vector<Operation>> finish();

 private:
  base::Result<> take_line(std::string_view line);

  std::vector<Operation> history_;
  std::string rest_;
};

}  // namespace perdure::verify

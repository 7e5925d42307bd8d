// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the bank's customers asked for and when, in a file beside the store: so that a transfer
// whose process was killed is asked for again under its number, and that the whole run can be
// judged by `perdure verify`. One line is one write, so a kill leaves whole lines.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "bank/bank.h"

namespace bank {

struct Asked {
  Transfer transfer;
  std::int64_t call_ns = 0;  // of the machine's monotonic clock, which outlives a process
  std::int64_t process = 0;  // the customer
};

/// Thread-safe after `open`.
class Journal {
 public:
  /// Reads what is there. Empty, or what went wrong.
  std::string open(const std::string& path);
  ~Journal();
  Journal() = default;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Asked and not answered, by number.
  [[nodiscard]] const std::map<std::int64_t, Asked>& open_transfers() const { return open_; }
  [[nodiscard]] std::int64_t last_number() const { return last_; }

  void ask(const Asked& asked);
  void answer(const Asked& asked, const Receipt& receipt);

 private:
  void write(const std::string& line);

  int file_ = -1;
  std::map<std::int64_t, Asked> open_;
  std::int64_t last_ = 0;
};

std::int64_t monotonic_ns();

}  // namespace bank

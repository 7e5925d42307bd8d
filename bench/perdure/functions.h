// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The orchestrations, activities and the entity that are measured, and what they note about
// themselves. The same for an embedded engine and for a server.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "perdure/activity.h"
#include "perdure/entity.h"
#include "perdure/orchestration.h"
#include "perdure/task.h"

namespace bench {

/// What the functions of this process note. Any thread. An orchestration has no captures, so there
/// is one for the process.
class Notes {
 public:
  static Notes& of_this_process();

  /// From now on every run of an activity is a line in `file`, which is appended to: what ran twice
  /// is counted, not guessed. False: it can not be opened.
  bool log_steps(const std::string& file);
  void step(const std::string& instance, const std::string& what);

  void clear();
  void asleep();
  void late(double ms);
  void stamp(double ms);
  [[nodiscard]] std::uint64_t sleepers() const;
  [[nodiscard]] std::vector<double> lateness() const;
  [[nodiscard]] std::vector<double> stamps() const;

 private:
  mutable std::mutex mutex_;
  int step_log_ = -1;  // until the process ends
  std::uint64_t sleepers_ = 0;
  std::vector<double> lateness_ms_;
  std::vector<double> stamps_ms_;
};

struct Counter {
  std::int64_t value = 0;
  std::int64_t add(std::int64_t amount) { return value += amount; }
  std::int64_t read() const { return value; }
  PERDURE_FIELDS(Counter, value);
  PERDURE_OPERATIONS(Counter, add, read);
};

struct Account {
  std::int64_t balance = 1'000'000'000;
  std::int64_t change(std::int64_t amount) { return balance += amount; }
  std::int64_t read() const { return balance; }
  PERDURE_FIELDS(Account, balance);
  PERDURE_OPERATIONS(Account, change, read);
};

std::string hello(perdure::Activity& activity, int step);
int number(int value);
perdure::Task<std::vector<std::string>> chain(perdure::Orchestration& ctx, int steps);
perdure::Task<std::int64_t> fan(perdure::Orchestration& ctx, int width);
/// The same, speculatively.
perdure::Task<std::vector<std::string>> dash(perdure::Orchestration& ctx, int steps);
perdure::Task<int> long_chain(perdure::Orchestration& ctx, int steps);
/// One unit from one account to another, in a critical section over both. `number` says which.
perdure::Task<bool> transfer(perdure::Orchestration& ctx, std::int64_t number);
perdure::Task<void> sleeper(perdure::Orchestration& ctx, std::int64_t due_us);
perdure::Task<std::string> waiter(perdure::Orchestration& ctx);

/// Into a Host or a Registry.
template <class Functions>
void add_functions(Functions& functions) {
  functions.orchestration("chain", chain)
      .orchestration("dash", dash)
      .orchestration("fan", fan)
      .orchestration("long_chain", long_chain)
      .orchestration("sleeper", sleeper)
      .orchestration("transfer", transfer)
      .orchestration("waiter", waiter)
      .activity("hello", hello)
      .activity("number", number)
      .template entity<Account>()
      .template entity<Counter>();
}

}  // namespace bench

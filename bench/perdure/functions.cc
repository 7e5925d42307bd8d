// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "functions.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <numeric>
#include <utility>

namespace bench {
namespace {

using perdure::Activity;
using perdure::Orchestration;
using perdure::Task;

constexpr std::array<const char*, 5> kCities = {"Tokyo", "Seattle", "London", "Paris", "Cairo"};

constexpr std::int64_t kAccounts = 10'000;  // of each side

double now_ms() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::string hello(Activity& activity, int step) {
  Notes::of_this_process().step(activity.id(), std::to_string(step));
  return std::string("Hello ") + kCities.at(static_cast<std::size_t>(step) % kCities.size());
}

int number(int value) { return value; }

Task<std::vector<std::string>> chain(Orchestration& ctx, int steps) {
  std::vector<std::string> greetings;
  for (int step = 0; step < steps; ++step) {
    greetings.push_back(co_await ctx.call<std::string>("hello", step));
  }
  Notes::of_this_process().step(ctx.id(), "end");
  co_return greetings;
}

Task<std::vector<std::string>> dash(Orchestration& ctx, int steps) {
  std::vector<std::string> greetings;
  for (int step = 0; step < steps; ++step) {
    greetings.push_back(co_await ctx.call<std::string>("hello", step, perdure::Speculative()));
  }
  co_return greetings;
}

Task<std::int64_t> fan(Orchestration& ctx, int width) {
  std::vector<int> numbers(static_cast<std::size_t>(width));
  std::iota(numbers.begin(), numbers.end(), 0);
  const std::vector<int> results = co_await ctx.all(ctx.map<int>("number", numbers));
  co_return std::accumulate(results.begin(), results.end(), std::int64_t{0});
}

Task<int> long_chain(Orchestration& ctx, int steps) {
  for (int step = 0; step < steps; ++step) {
    co_await ctx.call<int>("number", step);
    if (!ctx.is_replaying()) Notes::of_this_process().stamp(now_ms());
  }
  co_return steps;
}

Task<bool> transfer(Orchestration& ctx, std::int64_t number) {
  const perdure::Entity<Account> from("a" + std::to_string(number % kAccounts));
  const perdure::Entity<Account> to("b" + std::to_string(number % kAccounts));
  auto section = co_await ctx.lock(from, to);
  const std::int64_t balance = co_await ctx.call(from, &Account::read);
  if (balance < 1) co_return false;
  auto taken = ctx.call(from, &Account::change, -1);
  auto given = ctx.call(to, &Account::change, 1);
  co_await std::move(taken);
  co_await std::move(given);
  co_return true;
}

Task<void> sleeper(Orchestration& ctx, std::int64_t due_us) {
  const perdure::Orchestration::TimePoint due{std::chrono::microseconds(due_us)};
  if (!ctx.is_replaying()) Notes::of_this_process().asleep();
  co_await ctx.timer(due);
  const auto late = std::chrono::system_clock::now() - due;
  Notes::of_this_process().late(std::chrono::duration<double, std::milli>(late).count());
}

Task<std::string> waiter(Orchestration& ctx) {
  std::string value = co_await ctx.event<std::string>("go");
  co_return value;
}

Notes& Notes::of_this_process() {
  static Notes notes;
  return notes;
}

bool Notes::log_steps(const std::string& file) {
  const std::lock_guard lock(mutex_);
  if (step_log_ >= 0) ::close(step_log_);
  step_log_ = file.empty() ? -1 : ::open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  return file.empty() || step_log_ >= 0;
}

void Notes::step(const std::string& instance, const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (step_log_ < 0) return;
  const std::string line = instance + " " + what + "\n";
  [[maybe_unused]] const auto written = ::write(step_log_, line.data(), line.size());
}

void Notes::clear() {
  const std::lock_guard lock(mutex_);
  sleepers_ = 0;
  lateness_ms_.clear();
  stamps_ms_.clear();
}

void Notes::asleep() {
  const std::lock_guard lock(mutex_);
  ++sleepers_;
}

void Notes::late(double ms) {
  const std::lock_guard lock(mutex_);
  lateness_ms_.push_back(ms);
}

void Notes::stamp(double ms) {
  const std::lock_guard lock(mutex_);
  stamps_ms_.push_back(ms);
}

std::uint64_t Notes::sleepers() const {
  const std::lock_guard lock(mutex_);
  return sleepers_;
}

std::vector<double> Notes::lateness() const {
  const std::lock_guard lock(mutex_);
  return lateness_ms_;
}

std::vector<double> Notes::stamps() const {
  const std::lock_guard lock(mutex_);
  return stamps_ms_;
}

}  // namespace bench

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
//   raw_prototype FILE SECONDS
//
// The ceiling: chains of five durable steps on nothing but a synced log. One thread; coroutines
// that stay in memory; a record of 100 bytes for each step, appended to an overwritten file and
// made durable for all that wait with one fdatasync; the step's result is used only after that. No
// histories, no reads, no timers, no other threads, no errors: what an engine adds to this is the
// price of being one.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <coroutine>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "measure.h"

namespace {

constexpr std::size_t kRecordBytes = 100;
constexpr off_t kFileBytes = off_t{256} << 20;
constexpr std::size_t kPrewriteBytes = std::size_t{1} << 20;
constexpr int kSteps = 5;

/// The log, and who waits for its next sync.
class Log {
 public:
  explicit Log(const char* path) : file_(::open(path, O_CREAT | O_TRUNC | O_RDWR, 0600)) {
    const std::string zeros(kPrewriteBytes, '\0');
    for (off_t at = 0; at < kFileBytes; at += static_cast<off_t>(kPrewriteBytes)) {
      must(::pwrite(file_, zeros.data(), zeros.size(), at) == std::ssize(zeros));
    }
    must(::fsync(file_) == 0);
  }
  ~Log() { ::close(file_); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  struct Append {
    Log& log;
    int value;
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> chain) {
      const std::size_t at = log.staged_.size();
      log.staged_.resize(at + kRecordBytes);
      std::memcpy(log.staged_.data() + at, &value, sizeof value);
      log.waiting_.push_back(chain);
    }
    int await_resume() { return value + 1; }
  };
  Append append(int value) { return {*this, value}; }

  /// One sync for all; then each goes on.
  void commit() {
    if (at_ + std::ssize(staged_) > kFileBytes) at_ = 0;
    must(::pwrite(file_, staged_.data(), staged_.size(), at_) == std::ssize(staged_));
    must(::fdatasync(file_) == 0);
    at_ += std::ssize(staged_);
    staged_.clear();
    going_.swap(waiting_);
    for (const auto chain : going_) chain.resume();
    going_.clear();
  }

 private:
  static void must(bool held) {
    if (held) return;
    std::perror("the log");
    std::exit(1);
  }

  int file_;
  off_t at_ = 0;
  std::string staged_;
  std::vector<std::coroutine_handle<>> waiting_;
  std::vector<std::coroutine_handle<>> going_;
};

struct Chain {
  struct promise_type {
    Chain get_return_object() { return {}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

struct Load {
  Log& log;
  double end_us;
  std::size_t running = 0;
  std::vector<double> took_us;
};

/// A client: one chain after the other. The start is a durable step of its own.
Chain client(Load& load) {
  ++load.running;
  while (bench::now_us() < load.end_us) {
    const double begin = bench::now_us();
    int value = co_await load.log.append(0);
    for (int step = 0; step < kSteps; ++step) value = co_await load.log.append(value);
    if (value != kSteps + 1) std::abort();
    load.took_us.push_back(bench::now_us() - begin);
  }
  --load.running;
}

void measure(Log& log, std::size_t in_flight, double span_us) {
  const double begin = bench::now_us();
  Load load{log, begin + span_us, 0, {}};
  for (std::size_t i = 0; i < in_flight; ++i) client(load);
  while (load.running > 0) log.commit();
  bench::report(fmt::format("prototype, chains of 5, {} in flight", in_flight),
                std::move(load.took_us), bench::now_us() - begin);
}

}  // namespace

int main(int count, char** values) {
  if (count != 3) {
    fmt::print(stderr, "usage: {} FILE SECONDS\n", values[0]);
    return 2;
  }
  Log log(values[1]);
  for (const std::size_t in_flight : {1UZ, 64UZ, 256UZ, 1024UZ, 4096UZ}) {
    measure(log, in_flight, std::strtod(values[2], nullptr) * 1e6);
  }
  ::unlink(values[1]);
  return 0;
}

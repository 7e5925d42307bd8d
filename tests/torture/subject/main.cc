// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The subject of tests/torture: a program on the public SDK that does work of every kind on a store
// folder, and tells a ledger outside of it what the store acknowledged. Whatever ends it, the next
// one begins by holding the store to the ledger.
//
//   torture_subject MODE --data STORE --ledger FILE [--seed N] [--mutant NAME]
//
//   loop     verify, then work until the process ends; now and then the host stops and starts
//   once     the same with one host, which is stopped in order
//   finish   verify, let everything come to its end, verify, close, open, verify
//   script   the same with a fixed list of work before, one thing at a time
//   rolling_script   and more of it, until segments of the log are full and used again
//
// Exit status: 0, or 1 if a promise was broken (each line on stderr says which), or as
// exit_status.h says what the store answered.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "driver.h"
#include "exit_status.h"
#include "ledger.h"
#include "orchestrations.h"
#include "perdure/perdure.h"
#include "verify.h"

namespace torture {
namespace {

constexpr std::uint64_t kDrivers = 3;
/// A host of the loop lives this long, at random, before it is stopped in order.
constexpr std::uint64_t kHostMillisecondsMax = 400;
constexpr int kPatienceSteps = 1000;  // looks of 100 ms: far above what a busy machine needs
/// Enough for two full segments of the log, a checkpoint on the way, and a segment used again.
constexpr int kBulkOfScript = 60;
constexpr std::size_t kViolationsShown = 20;
/// After the store refused: for how long its own report, which ends the process, is waited for.
constexpr std::chrono::seconds kFatalPatience{5};

struct Options {
  std::string mode;
  std::string data;
  std::string ledger;
  std::uint64_t seed = 1;
  Mutant mutant = Mutant::kNone;
};

[[noreturn]] void usage() {
  std::fprintf(stderr,
               "usage: torture_subject loop|once|finish|script|rolling_script --data STORE\n"
               "                       --ledger FILE [--seed N] [--mutant "
               "early_acknowledgement|event_twice]\n");
  std::exit(perdure::kExitUsage);
}

Mutant parse_mutant(std::string_view name) {
  if (name == "early_acknowledgement") return Mutant::kEarlyAcknowledgement;
  if (name == "event_twice") return Mutant::kEventTwice;
  usage();
}

Options parse(int count, char** values) {
  if (count < 2 || count % 2 != 0) usage();
  Options options;
  options.mode = values[1];
  for (int i = 2; i < count; i += 2) {
    const std::string_view name = values[i];
    const char* value = values[i + 1];
    if (name == "--data") {
      options.data = value;
    } else if (name == "--ledger") {
      options.ledger = value;
    } else if (name == "--seed") {
      options.seed = std::strtoull(value, nullptr, 10);
    } else if (name == "--mutant") {
      options.mutant = parse_mutant(value);
    } else {
      usage();
    }
  }
  if (options.data.empty() || options.ledger.empty()) usage();
  return options;
}

/// Opened for appending; begins on a line of its own even if the last process died within one.
int open_ledger(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) {
    std::perror("torture: the ledger can not be opened");
    std::exit(perdure::kExitInternal);
  }
  char last = '\n';
  const off_t end = ::lseek(file, 0, SEEK_END);
  if (end > 0 && ::pread(file, &last, 1, end - 1) == 1 && last != '\n') Writer(file).line("");
  return file;
}

int report(const perdure::Error& error) {
  std::fprintf(stderr, "torture: %s\n", error.what());
  return perdure::exit_status(error.code());
}

/// Prints what is wrong; answers whether nothing is.
bool holds(const std::vector<std::string>& violations) {
  std::size_t shown = 0;
  for (const std::string& violation : violations) {
    if (shown++ == kViolationsShown) break;
    std::fprintf(stderr, "torture: VIOLATION: %s\n", violation.c_str());
  }
  return violations.empty();
}

class Subject {
 public:
  explicit Subject(Options options)
      : options_(std::move(options)), writer_(open_ledger(options_.ledger)) {}

  int run() {
    if (options_.mode == "loop" || options_.mode == "once") return loop();
    if (options_.mode != "finish" && !is_script()) usage();
    const int finished = finish();
    return finished != perdure::kExitOk ? finished : look_again();
  }

 private:
  /// Opens the store and holds it to the ledger. The host is started unless a status is answered.
  std::optional<int> open(perdure::Host& host) {
    ledger_ = Ledger::read(options_.ledger);
    opening_ = ledger_.openings;
    writer_.line("open");
    auto client = host.start();
    if (!client) return report(client.error());
    client_.emplace(*client);
    if (const int status = verify(); status != perdure::kExitOk) return status;
    std::printf("verified %zu instances\n", ledger_.instances.size());
    std::fflush(stdout);
    return std::nullopt;
  }

  int verify() {
    const bool runs_hold = holds(check_runs(ledger_));
    const int status = status_of(check_instances(ledger_, options_.ledger, *client_));
    return runs_hold ? status : perdure::kExitFailed;
  }

  static int status_of(const Findings& findings) {
    if (!holds(findings.violations)) return perdure::kExitFailed;
    return findings.refusal ? report(*findings.refusal) : perdure::kExitOk;
  }

  perdure::HostOptions host_options() const {
    perdure::HostOptions options;
    options.data(options_.data);
    // One thing at a time: the n-th system call is then nearly the same in every run.
    if (is_script()) options.activity_threads(1);
    return options;
  }

  void register_functions(perdure::Host& host) {
    host.orchestration("chain", chain)
        .orchestration("bulk", bulk)
        .orchestration("fan", fan)
        .orchestration("nap", nap)
        .orchestration("inbox", inbox)
        .orchestration("relay", relay)
        .orchestration("tree", tree);
    host.activity("step", [this](perdure::Activity& self, const std::string& previous, int pad) {
      return answer(self, previous, pad);
    });
    host.activity("look_at_clock", [this](perdure::Activity& self, const std::string& previous,
                                          std::int64_t due_us) {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      const auto now_us = std::chrono::floor<std::chrono::microseconds>(now).count();
      if (now_us < due_us) writer_.line(fmt::format("early {} {} {}", self.id(), due_us, now_us));
      return answer(self, previous, kPadSmall);
    });
  }

  Step answer(const perdure::Activity& self, const std::string& previous, int pad) {
    const Step step{.token = fmt::format("{}:{}", opening_, ++tokens_),
                    .pad = std::string(static_cast<std::size_t>(pad), 'p')};
    writer_.line(fmt::format("ran {} {}/{} {} {}", self.id(), self.execution(), self.task(),
                             step.token, previous));
    return step;
  }

  Driver make_driver(std::uint64_t number, std::uint64_t count) {
    return {*client_,
            writer_,
            ledger_,
            {.number = number,
             .count = count,
             .opening = opening_,
             .seed = options_.seed,
             .mutant = options_.mutant}};
  }

  /// One host, or one after the other for ever.
  int loop() {
    perdure::Random random(options_.seed);
    for (bool first = true; first || options_.mode == "loop"; first = false) {
      perdure::Host host(host_options());
      register_functions(host);
      if (const auto status = open(host)) return *status;
      const auto end = std::chrono::steady_clock::now() +
                       std::chrono::milliseconds(random.below(kHostMillisecondsMax));
      if (const int status = work_until(end); status != perdure::kExitOk) return status;
      host.stop();
    }
    return perdure::kExitOk;
  }

  int work_until(std::chrono::steady_clock::time_point end) {
    std::vector<Driver> drivers;
    drivers.reserve(kDrivers);
    for (std::uint64_t i = 0; i < kDrivers; ++i) drivers.push_back(make_driver(i, kDrivers));
    std::atomic<bool> all_well = true;
    {
      std::vector<std::jthread> threads;
      threads.reserve(drivers.size());
      for (Driver& driver : drivers) {
        threads.emplace_back([&driver, &all_well, end] {
          while (all_well && std::chrono::steady_clock::now() < end) {
            if (!driver.step()) all_well = false;
          }
        });
      }
    }
    for (const Driver& driver : drivers) {
      if (driver.refusal()) return refused(*driver.refusal());
    }
    return perdure::kExitOk;
  }

  /// The store may be about to end the process with its own report: that one says more.
  int refused(const perdure::Error& error) {
    if (error.code() == perdure::ErrorCode::kUnavailable) {
      std::this_thread::sleep_for(kFatalPatience);
    }
    return error.code() == perdure::ErrorCode::kDeadlineExceeded
               ? (holds({error.what()}), perdure::kExitFailed)
               : report(error);
  }

  int finish() {
    perdure::Host host(host_options());
    register_functions(host);
    if (const auto status = open(host)) return *status;
    Driver driver = make_driver(0, 1);
    const bool well = (!is_script() || follow_script(driver)) && driver.finish(kPatienceSteps);
    if (!well) return refused(*driver.refusal());
    ledger_ = Ledger::read(options_.ledger);
    if (const std::uint64_t rescued = host.stats().rescued; rescued != 0) {
      holds({fmt::format("{} rescues by the sweeper", rescued)});
      return perdure::kExitFailed;
    }
    const int status = verify();
    host.stop();
    return status;
  }

  [[nodiscard]] bool is_script() const {
    return options_.mode == "script" || options_.mode == "rolling_script";
  }

  bool follow_script(Driver& driver) const {
    return driver.start("chain", 2) && driver.start("inbox", 4) && driver.start("relay", 3) &&
           driver.start("nap", 2) && driver.finish(kPatienceSteps) && driver.start("fan", 3) &&
           driver.start("tree", 2) && driver.start("chain", 4) &&
           (options_.mode == "script" || driver.start("bulk", kBulkOfScript));
  }

  /// Everything once more, from what is on disk.
  int look_again() {
    perdure::Host host(host_options().without_workers());
    if (const auto status = open(host)) return *status;
    return status_of(check_histories(ledger_, *client_));
  }

  const Options options_;
  const Writer writer_;
  Ledger ledger_;
  std::uint64_t opening_ = 0;
  std::atomic<std::uint64_t> tokens_ = 0;
  std::optional<perdure::Client> client_;
};

}  // namespace
}  // namespace torture

int main(int count, char** values) { return torture::Subject(torture::parse(count, values)).run(); }

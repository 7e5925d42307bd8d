// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The program `sim`: runs seeds, on as many threads as asked for, and says which broke a promise.
// One thread takes the next seed when it is done with one; a run belongs to one thread.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "simulation.h"

namespace perdure::sim {
namespace {

/// Of so many seeds one runs twice, and must end with the same hash.
constexpr std::uint64_t kTwiceEvery = 20;
constexpr std::size_t kFailuresShown = 20;

/// What a thread is at, for when a check of the product ends the process.
thread_local std::uint64_t current_seed = 0;

extern "C" void tell_seed(int) {
  const std::string line = fmt::format("sim: in seed {}\n", current_seed);
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

struct Request {
  std::uint64_t from = 1;
  std::uint64_t seeds = 100;
  std::optional<std::uint64_t> only;
  std::optional<std::string> workload;
  std::optional<World> world;
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  bool hashes = false;
  bool stop_at_first = false;
  std::string record;  // a file to append a line to
  std::string commit = "unknown";
};

RunOptions options_for(const Request& request, std::uint64_t seed, std::FILE* lines = nullptr) {
  return {.seed = seed, .workload = request.workload, .world = request.world, .lines = lines};
}

struct Failure {
  std::uint64_t seed = 0;
  std::vector<Breach> breaches;
};

struct Sum {
  std::uint64_t seeds = 0;
  std::uint64_t events = 0;
  double virtual_seconds = 0;
  Tally tally;
  std::map<std::uint64_t, std::uint64_t> hashes;
  std::vector<Failure> failures;
  std::uint64_t failed = 0;

  void add(const Outcome& outcome) {
    ++seeds;
    events += outcome.events;
    virtual_seconds += static_cast<double>(outcome.virtual_time.us) / 1e6;
    tally.recoveries += outcome.tally.recoveries;
    tally.commands += outcome.tally.commands;
    tally.operations += outcome.tally.operations;
    tally.instances += outcome.tally.instances;
    tally.sections += outcome.tally.sections;
    tally.sections_cut += outcome.tally.sections_cut;
    for (std::size_t i = 0; i < tally.faults.size(); ++i) {
      tally.faults[i] += outcome.tally.faults[i];
    }
    if (outcome.breaches.empty()) return;
    ++failed;
    if (failures.size() < kFailuresShown) failures.push_back({outcome.seed, outcome.breaches});
  }
  [[nodiscard]] std::uint64_t faults() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : tally.faults) sum += count;
    return sum;
  }
};

class Campaign {
 public:
  explicit Campaign(const Request& request) : request_(request), next_(request.from) {}

  Sum run() {
    {
      std::vector<std::jthread> threads;
      for (unsigned i = 0; i < request_.jobs; ++i) threads.emplace_back([this] { work(); });
    }
    if (shows_progress_) fmt::print(stderr, "\r{:60}\r", "");
    return std::move(sum_);
  }

 private:
  void work() {
    for (;;) {
      const std::uint64_t seed = next_.fetch_add(1);
      if (seed >= request_.from + request_.seeds || stopped_) return;
      current_seed = seed;
      Outcome outcome = run_seed(options_for(request_, seed));
      if (seed % kTwiceEvery == 0) {
        const Outcome again = run_seed(options_for(request_, seed));
        if (again.hash != outcome.hash) {
          outcome.breaches.push_back(
              {Invariant::kReplay, "the seed ran differently the second time"});
        }
      }
      take(outcome);
    }
  }

  void take(const Outcome& outcome) {
    const std::lock_guard lock(mutex_);
    sum_.add(outcome);
    if (request_.hashes) sum_.hashes[outcome.seed] = outcome.hash;
    if (request_.stop_at_first && !outcome.breaches.empty()) stopped_ = true;
    if (shows_progress_ && sum_.seeds % 100 == 0) {
      fmt::print(stderr, "\r{} of {} seeds, {} broken ", sum_.seeds, request_.seeds, sum_.failed);
    }
  }

  const Request& request_;
  const bool shows_progress_ = ::isatty(STDERR_FILENO) == 1;
  std::atomic<std::uint64_t> next_;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  Sum sum_;
};

std::string again_with(const Request& request, std::uint64_t seed) {
  std::string world;
  if (request.world) world = *request.world == World::kNode ? " --world node" : " --world cluster";
  return fmt::format("./dev sim --seed {}{}{}", seed,
                     request.workload ? " --workload " + *request.workload : "", world);
}

void tell(const Failure& failure, const Request& request) {
  fmt::print("seed {} breaks\n", failure.seed);
  for (const Breach& breach : failure.breaches) {
    fmt::print("  {:<4} {}\n", id_of(breach.invariant), breach.what);
  }
  fmt::print("  to see it: {}\n", again_with(request, failure.seed));
}

void append_record(const Request& request, const Sum& sum, double seconds) {
  std::string faults;
  for (std::size_t i = 0; i < kCountedNames.size(); ++i) {
    if (sum.tally.faults[i] == 0) continue;
    faults += fmt::format("{}\"{}\": {}", faults.empty() ? "" : ", ", kCountedNames[i],
                          sum.tally.faults[i]);
  }
  std::FILE* file = std::fopen(request.record.c_str(), "a");
  if (file == nullptr) {
    fmt::print(stderr, "sim: {} can not be written\n", request.record);
    return;
  }
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  fmt::print(file,
             "{{\"kind\": \"sim\", \"commit\": \"{}\", \"date\": \"{:%Y-%m-%d}\", \"seeds\": {}, "
             "\"from\": {}, \"events\": {}, \"steps\": {}, \"faults\": {{{}}}, \"crashes\": {}, "
             "\"virtual_seconds\": {:.0f}, \"seconds\": {:.1f}, \"failures\": {}}}\n",
             request.commit, fmt::gmtime(now), sum.seeds, request.from, sum.events,
             sum.tally.commands, faults, sum.tally.recoveries, sum.virtual_seconds, seconds,
             sum.failed);
  std::fclose(file);
}

int run_one(const Request& request) {
  current_seed = *request.only;
  const Outcome outcome = run_seed(options_for(request, *request.only, stdout));
  const Outcome again = run_seed(options_for(request, *request.only));
  fmt::print("hash {:016x}, {} events, {:.1f} virtual seconds\n", outcome.hash, outcome.events,
             static_cast<double>(outcome.virtual_time.us) / 1e6);
  if (again.hash != outcome.hash) {
    fmt::print("the second run has hash {:016x}: it is not deterministic\n", again.hash);
    return 1;
  }
  if (outcome.breaches.empty()) {
    fmt::print("everything holds\n");
    return 0;
  }
  tell({outcome.seed, outcome.breaches}, request);
  return 1;
}

int run_all(const Request& request) {
  const auto begin = std::chrono::steady_clock::now();
  const Sum sum = Campaign(request).run();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  for (const auto& [seed, hash] : sum.hashes) fmt::print("{} {:016x}\n", seed, hash);
  for (const Failure& failure : sum.failures) tell(failure, request);
  if (!request.hashes) {
    fmt::print(
        "{} seeds from {}: {} events ({:.0f} a second and thread), {} faults, {} "
        "recoveries, {} operations of clients, {} instances, {} critical sections ({} cut short by "
        "the end of their owner), {:.1f} s, {} broken\n",
        sum.seeds, request.from, sum.events,
        static_cast<double>(sum.events) / seconds / request.jobs, sum.faults(),
        sum.tally.recoveries, sum.tally.operations, sum.tally.instances, sum.tally.sections,
        sum.tally.sections_cut, seconds, sum.failed);
  }
  if (!request.record.empty()) append_record(request, sum, seconds);
  return sum.failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace perdure::sim

int main(int count, char** values) {
  using perdure::sim::Request;
  using perdure::sim::World;
  Request request;
  CLI::App app(
      "Searches for broken promises: runs the platform in simulated worlds where everything fails, "
      "one world a seed, and judges what is left. Exit status 1: a seed broke one.");
  app.add_option("--seeds", request.seeds, "how many seeds to run")->capture_default_str();
  app.add_option("--from", request.from, "the first seed")->capture_default_str();
  app.add_option("--seed", request.only, "run this one, twice, and tell what happens in it");
  app.add_option("--workload", request.workload,
                 "only this one: compute, timers, events, messages, trees, operators, repairs, "
                 "entities, sections; default: as the seed draws");
  const std::map<std::string, World> worlds{{"node", World::kNode}, {"cluster", World::kCluster}};
  app.add_option("--world", request.world,
                 "node: one with an engine; cluster: several that share a store; default: as drawn")
      ->transform(CLI::CheckedTransformer(worlds, CLI::ignore_case));
  app.add_option("--jobs", request.jobs, "seeds at a time")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1024U));
  app.add_flag("--hashes", request.hashes, "print the hash of each seed, to compare two builds");
  app.add_flag("--stop-at-first", request.stop_at_first, "end when a seed broke a promise");
  app.add_option("--record", request.record, "append what was done to this file, a line of JSON");
  app.add_option("--commit", request.commit, "what the record says was run");
  CLI11_PARSE(app, count, values);
  std::signal(SIGABRT, perdure::sim::tell_seed);
  return request.only ? run_one(request) : run_all(request);
}

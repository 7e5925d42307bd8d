// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The embedded host on a real disk, durable as always, beside the bare sync of the same disk in the
// same run: what counts is the ratio. Data lies in a folder below the current one, which should be
// on the disk that is meant; it is removed at the end.
//
//   Fdatasync         4 KiB overwritten and synced: the floor of one durable wait
//   ChainOfFive/1     start, five activities, end: six durable waits; time of one chain
//   ChainOfFive/N     the same with N clients at once; chains per second
//   LongChain         10,000 activities one after the other: the last thousand against the first
//   EntityCall        one operation of an entity, one in flight: one durable wait
//   HotEntity/N       the same entity with N calls in flight from one thread
//   Sleepers          100,000 orchestrations that wait for an event: memory of each, and the time
//                     from opening the store to serving
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "perdure/host.h"
#include "perdure/orchestration.h"

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using perdure::Client;
using perdure::Host;
using perdure::HostOptions;
using perdure::Orchestration;
using perdure::Task;

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::current_path() / "perdure-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path_ = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string file(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

Task<int> chain(Orchestration& ctx, int steps) {
  int number = 0;
  for (int step = 0; step < steps; ++step) number = co_await ctx.call<int>("next", number);
  co_return number;
}

Task<void> sleeper(Orchestration& ctx) { co_await ctx.event<void>("wake"); }

struct Counter {
  long value = 0;
  long add(long amount) { return value += amount; }
  PERDURE_FIELDS(Counter, value);
  PERDURE_OPERATIONS(Counter, add);
};

std::unique_ptr<Host> make_host(const std::string& folder) {
  auto host = std::make_unique<Host>(HostOptions().data(folder));
  host->orchestration("chain", chain).orchestration("sleeper", sleeper);
  host->entity<Counter>();
  host->activity("next", [](int number) { return number + 1; });
  return host;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void Fdatasync(benchmark::State& state) {
  const Folder folder;
  const int file = ::open(folder.file("raw").c_str(), O_CREAT | O_WRONLY, 0600);
  const std::string block(4096, 'x');
  std::vector<double> waits;
  for (auto _ : state) {
    const auto start = Clock::now();
    if (::pwrite(file, block.data(), block.size(), 0) != 4096 || ::fdatasync(file) != 0) {
      state.SkipWithError("the disk refused");
      break;
    }
    waits.push_back(seconds_since(start));
  }
  ::close(file);
  state.counters["p50_us"] = percentile(waits, 0.5) * 1e6;
  state.counters["p99_us"] = percentile(waits, 0.99) * 1e6;
}
BENCHMARK(Fdatasync)->UseRealTime()->Unit(benchmark::kMicrosecond);

void ChainOfFive(benchmark::State& state) {
  const Folder folder;
  const auto host = make_host(folder.file("store"));
  Client client = host->start().value();
  const auto clients = static_cast<std::size_t>(state.range(0));
  std::vector<double> waits;
  std::uint64_t chains = 0;
  const auto commits_before = host->stats().commits;
  for (auto _ : state) {
    std::vector<std::vector<double>> waits_of(clients);
    std::vector<std::thread> threads;
    const std::size_t rounds = std::max<std::size_t>(1, 2048 / clients);
    for (std::size_t c = 0; c < clients; ++c) {
      threads.emplace_back([&, c] {
        Client mine = client;
        for (std::size_t i = 0; i < rounds; ++i) {
          const auto start = Clock::now();
          const std::string id = mine.start("chain", 5).value();
          if (mine.wait(id).value().output_as<int>().value() != 5) std::abort();
          waits_of[c].push_back(seconds_since(start));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& some : waits_of) {
      waits.insert(waits.end(), some.begin(), some.end());
      chains += some.size();
    }
  }
  state.counters["chains_per_s"] =
      benchmark::Counter(static_cast<double>(chains), benchmark::Counter::kIsRate);
  state.counters["p50_us"] = percentile(waits, 0.5) * 1e6;
  state.counters["p99_us"] = percentile(waits, 0.99) * 1e6;
  state.counters["syncs_per_chain"] =
      static_cast<double>(host->stats().commits - commits_before) / static_cast<double>(chains);
}
BENCHMARK(ChainOfFive)
    ->Arg(1)
    ->Arg(16)
    ->Arg(64)
    ->Arg(256)
    ->Iterations(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void EntityCall(benchmark::State& state) {
  const Folder folder;
  const auto host = make_host(folder.file("store"));
  Client client = host->start().value();
  const perdure::Entity<Counter> counter("c");
  std::vector<double> waits;
  const auto commits_before = host->stats().commits;
  for (auto _ : state) {
    const auto start = Clock::now();
    if (!client.call(counter, &Counter::add, 1)) std::abort();
    waits.push_back(seconds_since(start));
  }
  state.counters["p50_us"] = percentile(waits, 0.5) * 1e6;
  state.counters["p99_us"] = percentile(waits, 0.99) * 1e6;
  state.counters["syncs_per_call"] = static_cast<double>(host->stats().commits - commits_before) /
                                     static_cast<double>(waits.size());
}
BENCHMARK(EntityCall)->UseRealTime()->Unit(benchmark::kMicrosecond);

void HotEntity(benchmark::State& state) {
  const Folder folder;
  const auto host = make_host(folder.file("store"));
  Client client = host->start().value();
  const perdure::Entity<Counter> counter("hot");
  const auto in_flight = static_cast<std::size_t>(state.range(0));
  const long calls = 4'000 * state.range(0);
  const auto commits_before = host->stats().commits;
  long done = 0;
  for (auto _ : state) {
    std::deque<std::future<perdure::Result<long>>> under_way;
    const auto take = [&] {
      if (under_way.front().get().value() != ++done) std::abort();
      under_way.pop_front();
    };
    for (long i = 0; i < calls; ++i) {
      if (under_way.size() == in_flight) take();
      under_way.push_back(client.call_async(counter, &Counter::add, 1));
    }
    while (!under_way.empty()) take();
  }
  state.counters["operations_per_s"] =
      benchmark::Counter(static_cast<double>(done), benchmark::Counter::kIsRate);
  state.counters["operations_per_sync"] =
      static_cast<double>(done) / static_cast<double>(host->stats().commits - commits_before);
}
BENCHMARK(HotEntity)->Arg(1)->Arg(64)->Arg(512)->Iterations(1)->UseRealTime()->Unit(
    benchmark::kMillisecond);

void LongChain(benchmark::State& state) {
  constexpr int kSteps = 10'000;
  constexpr std::size_t kPart = 1'000;
  double ratio = 0;
  double step_us = 0;
  for (auto _ : state) {
    const Folder folder;
    std::vector<Clock::time_point> at;
    at.reserve(kSteps);
    Host host{HostOptions().data(folder.file("store"))};
    host.orchestration("chain", chain).activity("next", [&at](int number) {
      at.push_back(Clock::now());
      return number + 1;
    });
    Client client = host.start().value();
    const std::string id = client.start("chain", kSteps).value();
    if (client.wait(id).value().output_as<int>().value() != kSteps) std::abort();
    const auto part_us = [&](std::size_t from) {
      std::vector<double> steps;
      for (std::size_t i = from + 1; i < from + kPart; ++i) {
        steps.push_back(std::chrono::duration<double, std::micro>(at[i] - at[i - 1]).count());
      }
      return percentile(steps, 0.5);
    };
    step_us = part_us(kSteps - kPart);
    ratio = step_us / part_us(0);
  }
  state.counters["step_p50_us_at_end"] = step_us;
  state.counters["end_over_begin"] = ratio;
}
BENCHMARK(LongChain)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

void Sleepers(benchmark::State& state) {
  constexpr std::size_t kInstances = 100'000;
  constexpr std::size_t kClients = 64;
  for (auto _ : state) {
    const Folder folder;
    double starts_per_s = 0;
    double bytes_each = 0;
    {
      const auto host = make_host(folder.file("store"));
      Client client = host->start().value();
      const std::size_t before = resident_bytes();
      const auto began = Clock::now();
      std::vector<std::thread> threads;
      for (std::size_t c = 0; c < kClients; ++c) {
        threads.emplace_back([client, c]() mutable {
          for (std::size_t i = c; i < kInstances; i += kClients) {
            (void)client.start("sleeper", perdure::StartOptions().id("s" + std::to_string(i)))
                .value();
          }
        });
      }
      for (std::thread& thread : threads) thread.join();
      starts_per_s = kInstances / seconds_since(began);
      bytes_each = (static_cast<double>(resident_bytes()) - static_cast<double>(before)) /
                   static_cast<double>(kInstances);
    }
    const auto host = make_host(folder.file("store"));
    const std::size_t before = resident_bytes();
    const auto began = Clock::now();
    Client client = host->start().value();
    if (!client.raise("s77777", "wake")) std::abort();
    if (!client.wait("s77777")) std::abort();
    state.counters["restart_to_serving_s"] = seconds_since(began);
    state.counters["starts_per_s"] = starts_per_s;
    state.counters["resident_bytes_each"] = bytes_each;
    state.counters["resident_bytes_each_after_restart"] =
        (static_cast<double>(resident_bytes()) - static_cast<double>(before)) /
        static_cast<double>(kInstances);
  }
}
BENCHMARK(Sleepers)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

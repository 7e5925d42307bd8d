// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "exit_status.h"
#include "json.h"
#include "perdure/remote.h"
#include "runtime/clock.h"
#include "runtime/monitor.h"
#include "runtime/thread.h"

namespace perdure::cli {
namespace {

/// Apart from everything real; what ended is purged.
constexpr const char* kBenchHub = "perdure-bench";
constexpr int kSteps = 5;
constexpr std::chrono::seconds kPatience{60};

struct BenchArguments {
  std::uint64_t chains = 1000;
  std::uint64_t in_flight = 16;
};

Task<int> chain(Orchestration& ctx, int number) {
  for (int i = 0; i < kSteps; ++i) number = co_await ctx.call<int>("bench.step", number);
  co_return number;
}

struct Shared {
  std::atomic<std::uint64_t> next = 0;
  runtime::Mutex mutex;
  std::vector<std::int64_t> latencies_us;
  std::optional<Error> failure;
};

/// One client: a chain after the other.
void run_chains(Client client, std::uint64_t chains, Shared& shared) {
  const runtime::SystemClock clock;
  while (shared.next.fetch_add(1) < chains) {
    const base::Timestamp begin = clock.monotonic();
    auto id = client.start("bench.chain", 1);
    auto done = id ? client.wait(*id, kPatience) : Result<Instance>(id.error());
    const std::int64_t took = (clock.monotonic() - begin).us;
    if (done && done->status != Status::kCompleted) {
      done = Error(ErrorCode::kInternal, fmt::format("chain '{}' did not complete", *id));
    }
    const runtime::Lock lock(shared.mutex);
    if (done) {
      shared.latencies_us.push_back(took);
    } else if (!shared.failure) {
      shared.failure = done.error();
      shared.next = chains;
    }
  }
}

double quantile_ms(const std::vector<std::int64_t>& sorted, double q) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1));
  return static_cast<double>(sorted[at]) / 1000;
}

Result<int> bench(const Connection& connection, Output output, const BenchArguments& arguments) {
  if (connection.server.empty()) {
    return Error(ErrorCode::kInvalidArgument,
                 "bench measures a server: name it with --server, such as --server "
                 "localhost:4001");
  }
  auto options = connect_options(connection, kBenchHub);
  if (!options) return options.error();
  RemoteHost host(*options);
  host.registry().orchestration("bench.chain", chain);
  host.registry().activity("bench.step", [](int number) { return number + 1; });
  auto client = host.start();
  if (!client) return client.error();
  Shared shared;
  const runtime::SystemClock clock;
  const base::Timestamp begin = clock.monotonic();
  {
    std::vector<runtime::Thread> threads;
    for (std::uint64_t i = 0; i < arguments.in_flight; ++i) {
      threads.emplace_back(fmt::format("chains-{}", i),
                           [&] { run_chains(*client, arguments.chains, shared); });
    }
  }
  const double seconds = static_cast<double>((clock.monotonic() - begin).us) / 1e6;
  const auto purged = client->purge(Filter().name("bench.chain"));
  host.stop();
  if (shared.failure) return *shared.failure;
  if (!purged && purged.error().code() != ErrorCode::kPermissionDenied) return purged.error();
  std::ranges::sort(shared.latencies_us);
  const double rate = static_cast<double>(arguments.chains) / seconds;
  if (output.form == Form::kJson) {
    fmt::print(
        "{{\"chains\":{},\"steps\":{},\"in_flight\":{},\"seconds\":{:.3f},"
        "\"chains_per_second\":{:.1f},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f}}}\n",
        arguments.chains, kSteps, arguments.in_flight, seconds, rate,
        quantile_ms(shared.latencies_us, 0.5), quantile_ms(shared.latencies_us, 0.99));
  } else {
    fmt::print(
        "{} chains of {} activities, {} in flight: {:.2f} s, {:.0f} chains/s, p50 {:.2f} ms, "
        "p99 {:.2f} ms\n",
        arguments.chains, kSteps, arguments.in_flight, seconds, rate,
        quantile_ms(shared.latencies_us, 0.5), quantile_ms(shared.latencies_us, 0.99));
  }
  return kExitOk;
}

}  // namespace

void declare_bench(CLI::App& app, const Connection& connection, StorelessCommand& chosen) {
  CLI::App& command = *app.add_subcommand("bench", "measure a server from here");
  command.fallthrough();
  auto typed = std::make_shared<BenchArguments>();
  command.add_option("--chains", typed->chains, "how many in all")
      ->check(CLI::Range(1, 10'000'000))
      ->type_name("COUNT")
      ->capture_default_str();
  command.add_option("--in-flight", typed->in_flight, "how many at a time")
      ->check(CLI::Range(1, 512))
      ->type_name("COUNT")
      ->capture_default_str();
  command.footer(
      "A worker and clients in this process run chains of five activities through the server, in\n"
      "the task hub perdure-bench, and purge them. Every step is durable before it is answered.\n\n"
      "Examples:\n  perdure bench --server localhost:4001 --chains 5000 --in-flight 64\n");
  command.callback([typed, &connection, &chosen] {
    chosen = [typed, &connection](Output output) { return bench(connection, output, *typed); };
  });
}

}  // namespace perdure::cli

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// build/release/examples/election [--agents N] [--rounds N] [--patience-ms N] [--data DIR]
//
// Kills the leader in every round, lets the lowest agent notice it, and measures until the new
// leader is durable. Every message is durable before it takes effect.
#include "election/election.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "exit_status.h"

namespace {

using Clock = std::chrono::steady_clock;
using election::Agent;

struct Options {
  std::string folder;
  int agents = 100;
  int rounds = 10;
  int patience_ms = 20;
};

int report(const perdure::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return perdure::exit_status(error.code());
}

/// Milliseconds until the new leader is known.
perdure::Result<double> play_round(perdure::Client& client, int dead, int expected) {
  const auto options =
      perdure::StartOptions().id("observer").if_exists(perdure::StartOptions::IfExists::kReplace);
  if (const auto started = client.start("observe", options); !started) return started.error();
  if (const auto waits = client.wait_for_start("observer"); !waits) return waits.error();
  if (auto done = client.call(Agent::address(dead), &Agent::crash); !done) return done.error();
  const auto begin = Clock::now();
  if (auto done = client.signal(Agent::address(0), &Agent::elect); !done) return done.error();
  const auto ended = client.wait("observer");
  if (!ended) return ended.error();
  const double ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  const auto leader = ended->output_as<int>();
  if (!leader) return leader.error();
  if (*leader != expected) {
    return perdure::Error(perdure::ErrorCode::kInternal,
                          fmt::format("{} was elected, not {}", *leader, expected));
  }
  if (auto done = client.call(Agent::address(dead), &Agent::recover); !done) return done.error();
  return ms;
}

int run(perdure::Client client, const Options& options) {
  for (int i = 0; i < options.agents; ++i) {
    const auto joined = client.call(Agent::address(i), &Agent::join, i, options.agents,
                                    std::int64_t{options.patience_ms} * 1'000);
    if (!joined) return report(joined.error());
  }
  std::vector<double> times;
  for (int round = 0; round < options.rounds; ++round) {
    const auto ms = play_round(client, options.agents - 1, options.agents - 2);
    if (!ms) return report(ms.error());
    times.push_back(*ms);
  }
  std::ranges::sort(times);
  double sum = 0;
  for (const double ms : times) sum += ms;
  fmt::print(
      "{} agents, {} rounds: {:.1f} ms in the middle, {:.1f} at most, of which {} are the "
      "patience; {:.1f} rounds/s\n",
      options.agents, options.rounds, times[times.size() / 2], times.back(), options.patience_ms,
      1e3 * static_cast<double>(times.size()) / sum);
  return perdure::kExitOk;
}

}  // namespace

int main(int count, char** values) {
  Options options;
  CLI::App app("The bully algorithm between durable agents.");
  app.add_option("--data", options.folder, "the store folder; without it all is in memory");
  app.add_option("--agents", options.agents, "how many")->check(CLI::Range(2, 10'000));
  app.add_option("--rounds", options.rounds, "how many")->check(CLI::Range(1, 100'000));
  app.add_option("--patience-ms", options.patience_ms, "the wait for answers")
      ->check(CLI::Range(1, 60'000));
  CLI11_PARSE(app, count, values);
  perdure::HostOptions host_options;
  if (!options.folder.empty()) host_options.data(options.folder);
  perdure::Host host(host_options);
  host.entity<Agent>().orchestration("observe", election::observe);
  const auto client = host.start();
  return client ? run(*client, options) : report(client.error());
}

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
//   perdure serve                                          in one terminal
//   build/release/examples/remote --role worker            in another, or on another machine
//   build/release/examples/remote --role client --instances 1000 --in-flight 64
//
// The worker works until it is told to end (SIGINT, SIGTERM). The client starts orchestrations,
// waits for their ends, and prints how many a second ended.
#include "remote/remote.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <csignal>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "exit_status.h"
#include "perdure/remote.h"

namespace {

constexpr int kStartRetriesMax = 100;

struct Options {
  std::string role = "worker";
  std::string address = "127.0.0.1:4001";
  std::string hub = "default";
  std::string api_key;
  int instances = 100;
  int in_flight = 16;
  int steps = 5;
};

int report(const perdure::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return perdure::exit_status(error.code());
}

perdure::ConnectOptions way_to_server(const Options& options) {
  return perdure::ConnectOptions(options.address).hub(options.hub).api_key(options.api_key);
}

int work(const Options& options) {
  // Before the first thread: those of the host leave the signals to this one.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  perdure::RemoteHost host(way_to_server(options));
  remote::add_functions(host.registry());
  if (const auto started = host.start(); !started) return report(started.error());
  fmt::print("working for '{}' at {}\n", options.hub, options.address);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  host.stop();
  return perdure::kExitOk;
}

/// The id is the caller's, and an instance that is there already will do: so a start whose answer
/// was lost with the server can be sent again.
perdure::Result<std::string> start(perdure::Client& client, const Options& options,
                                   const std::string& id) {
  const auto same =
      perdure::StartOptions().id(id).if_exists(perdure::StartOptions::IfExists::kIgnore);
  auto started = client.start("add_up", options.steps, same);
  for (int retry = 0; retry < kStartRetriesMax && !started &&
                      started.error().code() == perdure::ErrorCode::kUnavailable;
       ++retry) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    started = client.start("add_up", options.steps, same);
  }
  return started;
}

/// Starts one after the other and waits for each, until all are taken.
void run_some(perdure::Client client, const Options& options, const std::string& run,
              std::atomic<int>& left, std::atomic<int>& wrong) {
  const int expected = options.steps * (options.steps + 1) / 2;
  for (int number = left.fetch_sub(1); number > 0; number = left.fetch_sub(1)) {
    const auto id = start(client, options, fmt::format("{}-{}", run, number));
    const auto ended = id ? client.wait(*id) : perdure::Result<perdure::Instance>(id.error());
    if (!ended) {
      report(ended.error());
      ++wrong;
    } else if (ended->output_as<int>().value_or(-1) != expected) {
      ++wrong;
    }
  }
}

int ask(const Options& options) {
  auto client = perdure::connect(way_to_server(options));
  if (!client) return report(client.error());
  const std::string run = fmt::format("{:08x}", std::random_device()());
  std::atomic<int> left = options.instances;
  std::atomic<int> wrong = 0;
  const auto begin = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < options.in_flight; ++i) {
      threads.emplace_back([&] { run_some(*client, options, run, left, wrong); });
    }
  }
  const std::chrono::duration<double> span = std::chrono::steady_clock::now() - begin;
  fmt::print("{} orchestrations of {} steps, {} wrong, {:.0f} a second\n", options.instances,
             options.steps, wrong.load(), options.instances / span.count());
  return wrong == 0 ? perdure::kExitOk : perdure::kExitFailed;
}

}  // namespace

int main(int count, char** values) {
  Options options;
  CLI::App app("A worker and a client of a server.");
  app.add_option("--role", options.role, "worker or client")
      ->check(CLI::IsMember({"worker", "client"}));
  app.add_option("--address", options.address, "of the server");
  app.add_option("--hub", options.hub, "the task hub");
  app.add_option("--api-key", options.api_key, "if the server asks for one");
  app.add_option("--instances", options.instances, "of the client: how many in all")
      ->check(CLI::Range(1, 100'000'000));
  app.add_option("--in-flight", options.in_flight, "of the client: how many at once")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--steps", options.steps, "activities of each")->check(CLI::Range(1, 10'000));
  CLI11_PARSE(app, count, values);
  return options.role == "worker" ? work(options) : ask(options);
}

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What is measured, in one process: the functions, and the clients that ask for them.
//
//   perdure_load --data DIR          with the engine in this process
//   perdure_load --server ADDRESS    as a worker and a client of `perdure serve`
//
// `--steps FILE`: every step is a line in it from the first one on. When the program is ready it
// prints one line of JSON; then each line of standard input is a workload with its numbers, and the
// answer is one line of JSON. It ends with its input. What it costs is sampled from outside
// (bench/harness).
#include <fmt/format.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "functions.h"
#include "load.h"
#include "perdure/host.h"
#include "perdure/remote.h"
#include "workloads.h"

namespace {

/// The engine in this process, or the way to it.
struct Engine {
  std::unique_ptr<perdure::Host> embedded;
  std::unique_ptr<perdure::RemoteHost> remote;
};

perdure::Result<perdure::Client> start(Engine& engine, std::string_view kind, std::string where) {
  if (kind == "--data") {
    engine.embedded =
        std::make_unique<perdure::Host>(perdure::HostOptions().data(std::move(where)));
    bench::add_functions(*engine.embedded);
    return engine.embedded->start();
  }
  engine.remote = std::make_unique<perdure::RemoteHost>(perdure::ConnectOptions(std::move(where)));
  bench::add_functions(engine.remote->registry());
  return engine.remote->start();
}

std::string stats(const Engine& engine) {
  if (engine.remote) {
    const auto now = engine.remote->stats();
    return fmt::format(R"({{"items":{},"replays":{},"connections":{}}})", now.items, now.replays,
                       now.connections);
  }
  const auto now = engine.embedded->stats();
  return fmt::format(R"({{"turns":{},"activities":{},"commits":{},"replays":{},"rescued":{}}})",
                     now.turns, now.activities, now.commits, now.replays, now.rescued);
}

void answer(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void serve(const Engine& engine, perdure::Client& client) {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::vector<std::string> words;
    std::istringstream stream(line);
    for (std::string word; stream >> word;) words.push_back(word);
    const bool asks_stats = words.size() == 1 && words[0] == "stats";
    answer(asks_stats ? stats(engine) : bench::run_workload(client, words));
  }
}

}  // namespace

int main(int count, char** values) {
  const std::string_view kind = count >= 3 ? values[1] : "";
  const bool logs = count == 5 && std::string_view(values[3]) == "--steps";
  if ((kind != "--data" && kind != "--server") || (count != 3 && !logs)) {
    std::fprintf(stderr, "usage: %s --data DIR | --server ADDRESS [--steps FILE]\n", values[0]);
    return 2;
  }
  if (logs && !bench::Notes::of_this_process().log_steps(values[4])) {
    std::perror(values[4]);
    return 1;
  }
  Engine engine;
  auto client = start(engine, kind, values[2]);
  if (!client) {
    std::fprintf(stderr, "%s\n", client.error().what());
    return 1;
  }
  answer(R"({"ready":true})");
  serve(engine, *client);
  return 0;
}

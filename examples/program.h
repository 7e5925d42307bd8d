// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the small example programs share: `--data DIR` keeps everything in a store folder, so that
// the program can be killed and run again; without it everything is in memory. One thread.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "exit_status.h"
#include "perdure/host.h"

namespace example {

inline perdure::HostOptions host_options(int count, char** values) {
  if (count == 1) return perdure::HostOptions();
  if (count == 3 && std::string_view(values[1]) == "--data" && *values[2] != '\0') {
    return perdure::HostOptions().data(values[2]);
  }
  const bool help = count == 2 && std::string_view(values[1]) == "--help";
  std::fprintf(help ? stdout : stderr, "usage: %s [--data DIR]\n", values[0]);
  std::exit(help ? perdure::kExitOk : perdure::kExitUsage);
}

inline int report(const perdure::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return perdure::exit_status(error.code());
}

/// Prints how the instance ended.
inline int report(const perdure::Instance& instance) {
  std::printf(
      "%s %s: %s\n", instance.id.c_str(), std::string(perdure::to_string(instance.status)).c_str(),
      instance.failure ? instance.failure->message.c_str() : instance.output.value_or("").c_str());
  return instance.status == perdure::Status::kCompleted ? perdure::kExitOk : perdure::kExitFailed;
}

/// Starts the orchestration under its own name as the id, or goes on with the one that is there,
/// and waits for its end.
template <class Input>
int run_to_end(perdure::Host& host, const std::string& name, const Input& input) {
  auto client = host.start();
  if (!client) return report(client.error());
  const auto options =
      perdure::StartOptions().id(name).if_exists(perdure::StartOptions::IfExists::kIgnore);
  const auto id = client->start(name, input, options);
  if (!id) return report(id.error());
  const auto ended = client->wait(*id);
  return ended ? report(*ended) : report(ended.error());
}

}  // namespace example

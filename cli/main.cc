// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The program `perdure`: serves a store folder to clients and workers, or looks into one and steers
// what is in it. It runs no orchestration itself, and has the folder to itself while it works. This
// file begins the program; what the commands do is in commands.cc, `serve` in serve.cc.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "command_line.h"
#include "connection.h"
#include "exit_status.h"
#include "perdure/host.h"

namespace perdure::cli {
namespace {

int report(const Error& error) {
  std::string line = error.what();
  std::replace(line.begin(), line.end(), '\n', ' ');
  fmt::print(stderr, "perdure: {}\n", line);
  return exit_status(error.code());
}

Output make_output(const CommandLine& line) {
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return {.form = line.form(), .colour = colour ? Colour::kOn : Colour::kOff};
}

/// Looking into a folder must not make one.
Result<void> require_store(const CommandLine& line) {
  struct stat status = {};
  if (line.may_make_store() || ::stat(line.data().c_str(), &status) == 0) return {};
  return Error(
      ErrorCode::kNotFound,
      fmt::format("no store at {}: name the folder with --data or PERDURE_DATA", line.data()));
}

Result<void> flush_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return {};
  return Error(ErrorCode::kStorageFull, "the output could not be written");
}

int run_without_store(const StorelessCommand& command, Output output) {
  const auto status = command(output);
  if (const auto flushed = flush_output(); !flushed) return report(flushed.error());
  return status ? *status : report(status.error());
}

int carry_out(const CommandLine& line, const Command& command, Client& client) {
  const auto done = command(client, make_output(line));
  if (const auto flushed = flush_output(); !flushed) return report(flushed.error());
  return done ? *done : report(done.error());
}

int run_at_server(const CommandLine& line, const Command& command) {
  const auto options = connect_options(line.connection(), line.hub());
  if (!options) return report(options.error());
  auto client = connect(*options);
  if (!client) return report(client.error());
  return carry_out(line, command, *client);
}

int run(CommandLine& line) {
  if (const auto* command = line.storeless_command()) {
    return run_without_store(*command, make_output(line));
  }
  // Everything that was typed is checked before the store is touched.
  auto command = line.command(std::chrono::system_clock::now());
  if (!command) return report(command.error());
  if (!line.connection().server.empty()) return run_at_server(line, *command);
  if (const auto there = require_store(line); !there) return report(there.error());
  Host host(HostOptions().data(line.data()).hub(line.hub()).without_workers());
  auto client = host.start();
  if (!client) return report(client.error());
  return carry_out(line, *command, *client);
}

}  // namespace
}  // namespace perdure::cli

int main(int count, char** values) try {
  perdure::cli::CommandLine line;
  if (const auto status = line.parse(count, values)) return *status;
  return perdure::cli::run(line);
} catch (const std::exception& error) {
  fmt::print(stderr, "perdure: INTERNAL: {}\n", error.what());
  return perdure::kExitInternal;
}

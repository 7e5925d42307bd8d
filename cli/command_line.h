// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What was typed, and the command that it means. One thread.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "commands.h"
#include "connection.h"
#include "exit_status.h"

namespace perdure::cli {

/// It answers the exit status; one that answers nothing means kExitOk.
class Command {
 public:
  template <std::invocable<Client&, Output> Function>
  Command(Function function)  // NOLINT(google-explicit-constructor): a lambda is a command
      : run_([function = std::move(function)](Client& client, Output output) -> Result<int> {
          auto done = function(client, output);
          if (!done) return done.error();
          if constexpr (std::is_same_v<decltype(done), Result<int>>) {
            return *done;
          } else {
            return kExitOk;
          }
        }) {}

  Result<int> operator()(Client& client, Output output) const { return run_(client, output); }

 private:
  std::function<Result<int>(Client&, Output)> run_;
};
/// Makes the command of what was typed, at this time.
using Make = std::function<Result<Command>(TimePoint)>;
/// One that needs no store; it answers the exit status.
using StorelessCommand = std::function<Result<int>(Output)>;

class CommandLine {
 public:
  CommandLine();
  ~CommandLine();

  /// The exit status, if there is nothing more to do: help, version, or a mistake (one line on
  /// stderr).
  std::optional<int> parse(int count, const char* const* values);

  /// The command, with every argument checked.
  Result<Command> command(TimePoint now);

  /// nullptr: the command that was typed needs a store.
  [[nodiscard]] const StorelessCommand* storeless_command() const;

  [[nodiscard]] Form form() const;
  [[nodiscard]] const std::string& data() const;
  [[nodiscard]] const Connection& connection() const;
  [[nodiscard]] const std::string& hub() const;
  /// Starting may make the store folder; everything else needs one.
  [[nodiscard]] bool may_make_store() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::cli

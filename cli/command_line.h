// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What was typed, and the command that it means. One thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "commands.h"

namespace perdure::cli {

using Command = std::function<Result<void>(Client&, Output)>;
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
  [[nodiscard]] const std::string& hub() const;
  /// Starting may make the store folder; everything else needs one.
  [[nodiscard]] bool may_make_store() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::cli

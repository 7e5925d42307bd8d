// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// `perdure verify`: judges a recorded history. It opens no store. One thread.
#pragma once

#include <optional>
#include <string>

#include "commands.h"
#include "verify/models.h"

namespace perdure::cli {

struct VerifyArguments {
  std::string file;                    // "-": the standard input
  std::optional<verify::Model> model;  // nothing: the one whose operations these are
};

/// Prints the verdict; the exit status is kExitFailed unless the history holds. kInvalidArgument
/// names the file and the line, kNotFound the file.
Result<int> verify_history(Output output, const VerifyArguments& arguments);

}  // namespace perdure::cli

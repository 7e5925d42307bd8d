// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The checkers by name: what the command line and the simulator choose from. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "verify/history.h"
#include "verify/report.h"

namespace perdure::verify {

enum class Model : std::uint8_t { kRegister, kInstance, kSequence, kSet, kTransactions };

/// "register", "instance", "sequence", "set", "transactions".
std::string_view model_name(Model model);
std::optional<Model> model_from_name(std::string_view name);

/// The model whose operations these are. kInvalidArgument if they fit none, or more than one.
base::Result<Model> infer_model(std::span<const Operation> history);

/// Judges the history by the model, and the epochs where operations carry them.
base::Result<Report> check(std::span<const Operation> history, Model model);

}  // namespace perdure::verify

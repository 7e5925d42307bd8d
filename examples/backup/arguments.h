// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The command line of the backup. Pure.
#pragma once

#include <string>
#include <string_view>

#include "perdure/result.h"

namespace backup {

struct Arguments {
  std::string from = "/usr/share/doc";
  std::string to = "perdure-backup";
  std::string data = "perdure-data";
  enum class Action : unsigned char { kBackup, kBackupAndVerify, kHelp } action = Action::kBackup;
};

/// kInvalidArgument, with what is wrong.
perdure::Result<Arguments> parse_arguments(int count, const char* const* values);

extern const std::string_view kHelp;

}  // namespace backup

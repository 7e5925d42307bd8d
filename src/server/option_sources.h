// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Where options come from besides the command line: a file and the environment. A name that no
// option has is an error which names the nearest one: a typing mistake must not silently be the
// default. Pure but for `load_file`; any thread.
//
// The file is the plain part of TOML: NAME = VALUE in a line, where VALUE is a text in quotes, a
// whole number, true or false; remarks behind #. docs/decisions/0023 says why no library reads it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/options.h"

namespace perdure::server {

inline constexpr std::size_t kConfigFileBytesMax = std::size_t{1} << 20;
/// Names the configuration file, as --config does.
inline constexpr std::string_view kConfigVariable = "PERDURE_SERVE_CONFIG";

/// `name` is for messages and origins.
base::Result<Layer> parse_file(std::string_view text, std::string_view name);

/// kNotFound, kInvalidArgument for a file that is too large or malformed.
base::Result<Layer> load_file(const std::string& path);

/// `variables`: "NAME=value" each, as the system hands them over.
base::Result<Layer> parse_environment(const std::vector<std::string_view>& variables);

}  // namespace perdure::server

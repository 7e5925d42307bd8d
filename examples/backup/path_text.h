// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Paths as text. A path of Linux is any bytes but zero; payloads are JSON, and lists are lines. So
// a path is written as UTF-8 in which '%', control characters and every byte that is not UTF-8
// stand as %XX. An ordinary path is its own text. Pure; thread-safe.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace backup {

std::string to_text(const std::filesystem::path& path);
/// The inverse. Throws perdure::Failure for what to_text never writes.
std::filesystem::path from_text(std::string_view text);

}  // namespace backup

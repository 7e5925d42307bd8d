// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes as base64 (RFC 4648, section 4), padded: for bytes that must stand in a text. Pure.
#pragma once

#include <string>
#include <string_view>

namespace perdure::base {

std::string base64_of(std::string_view bytes);

}  // namespace perdure::base

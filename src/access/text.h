// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Bytes as text: hexadecimal digits and base64url (RFC 4648, section 5). Strict: one text for each
// bytes, so that a credential has no second spelling. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace perdure::access {

/// Nothing but digits and small letters a to f.
bool is_hex(std::string_view text);
std::string hex_of(std::string_view bytes);
std::optional<std::string> bytes_from_hex(std::string_view text);

/// Without padding; the bits that are left over are zero.
std::optional<std::string> bytes_from_base64url(std::string_view text);
std::string base64url_of(std::string_view bytes);

}  // namespace perdure::access

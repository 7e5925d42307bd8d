// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The texts that the web has rules for: letters without regard to case, percent-encoding, moments.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace perdure::transport::http {

/// Equal without regard to the case of ASCII letters: names of headers, of routes, of statuses.
bool same_letters(std::string_view a, std::string_view b);
std::string lower(std::string_view text);

enum class Plus : std::uint8_t { kItself, kBlank };

/// "%41" is "A". Nothing for a "%" that two hexadecimal digits do not follow.
std::optional<std::string> percent_decode(std::string_view text, Plus plus = Plus::kItself);
/// Everything but letters, digits and "-._~": fit for a segment of a path and for a query.
std::string percent_encode(std::string_view text);

/// ISO 8601 and what people make of it: "2026-01-31", "2026-01-31T10:20:30", with a fraction, with
/// "Z", "+01:00", or nothing for UTC; a blank in place of the "T" (a "+" that was decoded).
std::optional<base::Timestamp> parse_moment(std::string_view text);
/// "2026-01-31T10:20:30.123456Z"; the fraction is left out if it is zero.
std::string show_moment(base::Timestamp at);
/// "2026-01-31T10:20:30Z", rounded down.
std::string show_second(base::Timestamp at);
/// "Sat, 31 Jan 2026 10:20:30 GMT", as the header Date has it.
std::string show_http_date(base::Timestamp at);

/// Digits only, at most 18 of them.
std::optional<std::uint64_t> parse_number(std::string_view text);
/// "30", "0.25": seconds, not negative, at most ten years.
std::optional<base::Duration> parse_seconds(std::string_view text);

std::string_view trimmed(std::string_view text);
/// "a, b,,c": a, b, c.
std::vector<std::string_view> split_list(std::string_view text, char separator = ',');

}  // namespace perdure::transport::http

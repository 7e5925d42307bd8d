// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// API keys. A key is a text that its owner keeps and sends:
//
//   pdk_<id: 12 digits>_<secret: 64 digits>_<crc: 8 digits>          hexadecimal, in small letters
//
// 256 random bits are the secret, so a plain digest of the text is all that is stored: nobody can
// guess what it is of. The prefix lets a scanner of repositories find a key that leaked; the
// checksum (CRC-32C) tells a key that was copied badly from one that is wrong. The id is no secret.
//
// A client may also be known by its certificate (TLS on both sides). Then the record has the
// identity that the certificate is for in place of a digest, and there is no text to keep secret.
//
// Values, and functions without side effects but `make_key`, which asks the system for randomness.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/crypto.h"
#include "access/scope.h"
#include "base/result.h"
#include "base/time.h"

namespace perdure::access {

inline constexpr std::string_view kKeyPrefix = "pdk_";
inline constexpr std::size_t kKeyNameBytesMax = 128;
/// Keys that one server knows; several of the same name are live while one replaces the other.
inline constexpr std::size_t kKeysMax = 10'000;

/// What a server knows of a key, or of a certificate.
struct KeyRecord {
  std::string id;
  std::string name;  // for people: what it is for, who has it
  Digest digest{};   // of the whole text; of a certificate: zero
  /// What a certificate is for (certificate.h); "": it is a key.
  std::string identity{};
  std::vector<Scope> scopes;
  base::Timestamp created;
  std::optional<base::Timestamp> expires;

  friend bool operator==(const KeyRecord&, const KeyRecord&) = default;
};

struct NewKey {
  std::string text;  // the only time that anybody sees it; "": it is for a certificate
  KeyRecord record;
};

/// What is to be known of a new key; its id and its secret are made.
struct KeyWish {
  std::string name;
  std::vector<Scope> scopes;
  base::Timestamp created;
  std::optional<base::Timestamp> expires;
  std::string identity{};  // "": a key is wanted
};

/// kInvalidArgument: no name, no scope, or too many.
base::Result<NewKey> make_key(KeyWish wish);

/// The id in a text that has the form of a key, and whose checksum fits. The message of a refusal
/// holds nothing of the text.
base::Result<std::string> parse_key(std::string_view text);

/// A line of the file of keys, without its end.
std::string encode(const KeyRecord& record);
base::Result<KeyRecord> decode_key_record(std::string_view line);

}  // namespace perdure::access

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/api_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "access/certificate.h"
#include "access/text.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "model/checks.h"
#include "runtime/entropy.h"

namespace perdure::access {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;
using Json = nlohmann::json;

constexpr std::size_t kIdDigits = 12;
constexpr std::size_t kSecretDigits = 64;
constexpr std::size_t kCrcDigits = 8;
constexpr std::size_t kIdAt = kKeyPrefix.size();
constexpr std::size_t kSecretAt = kIdAt + kIdDigits + 1;
constexpr std::size_t kCrcAt = kSecretAt + kSecretDigits + 1;
constexpr std::size_t kKeyBytes = kCrcAt + kCrcDigits;

std::string checksum(std::string_view text) { return fmt::format("{:08x}", base::crc32c(text)); }

Result<> check_wish(const KeyWish& wish) {
  PERDURE_RETURN_IF_ERROR(model::check_name("name of a key", wish.name, kKeyNameBytesMax));
  if (wish.scopes.empty() || wish.scopes.size() > kScopesMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("a key has 1 to {} scopes, such as operate:orders", kScopesMax));
  }
  if (wish.expires && *wish.expires <= wish.created) {
    return fail(ErrorCode::kInvalidArgument, "the key would expire before it is made");
  }
  return wish.identity.empty() ? Result<>() : check_identity(wish.identity);
}

std::unexpected<base::Error> malformed(std::string_view what) {
  return fail(ErrorCode::kInvalidArgument, fmt::format("the key's {}", what));
}

Result<> read_scopes(const Json& json, std::vector<Scope>& scopes) {
  if (!json.is_array() || json.empty() || json.size() > kScopesMax) {
    return malformed(fmt::format("'scopes' is no array of 1 to {} texts", kScopesMax));
  }
  for (const Json& one : json) {
    if (!one.is_string()) return malformed("'scopes' is no array of texts");
    PERDURE_ASSIGN_OR_RETURN(Scope scope, parse_scope(one.get_ref<const std::string&>()));
    scopes.push_back(std::move(scope));
  }
  return {};
}

/// Whole seconds since 1970.
std::optional<base::Timestamp> time_of(const Json& json) {
  constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999
  if (!json.is_number_integer()) return std::nullopt;
  const auto seconds = json.get<std::int64_t>();
  if (seconds < 0 || seconds > kSecondsMax) return std::nullopt;
  return base::Timestamp{seconds * 1'000'000};
}

std::int64_t seconds_of(base::Timestamp at) { return at.us / 1'000'000; }

/// By one of the two somebody is known.
Result<> read_proof(std::string_view digest_text, std::string_view identity, KeyRecord& record) {
  if (!identity.empty()) {
    if (!digest_text.empty()) return malformed("line has both 'sha256' and 'identity'");
    PERDURE_RETURN_IF_ERROR(check_identity(identity));
    record.identity = identity;
    return {};
  }
  const auto digest = bytes_from_hex(digest_text);
  if (!digest || digest->size() != record.digest.size()) {
    return malformed("'sha256' is no 64 hexadecimal digits");
  }
  std::ranges::copy(*digest, record.digest.begin());
  return {};
}

Result<KeyRecord> read_record(const Json& json) {
  const auto text = [&](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  KeyRecord record{.id = text("id"), .name = text("name"), .created = {}};
  if (record.id.size() != kIdDigits || !is_hex(record.id)) {
    return malformed("'id' is no 12 hexadecimal digits");
  }
  PERDURE_RETURN_IF_ERROR(model::check_name("name of a key", record.name, kKeyNameBytesMax));
  PERDURE_RETURN_IF_ERROR(read_proof(text("sha256"), text("identity"), record));
  PERDURE_RETURN_IF_ERROR(read_scopes(json.value("scopes", Json()), record.scopes));
  const auto created = time_of(json.value("created", Json()));
  if (!created) return malformed("'created' is no time");
  record.created = *created;
  if (const auto found = json.find("expires"); found != json.end() && !found->is_null()) {
    record.expires = time_of(*found);
    if (!record.expires) {
      return malformed("'expires' is neither a time nor null");
    }
  }
  return record;
}

}  // namespace

Result<NewKey> make_key(KeyWish wish) {
  PERDURE_RETURN_IF_ERROR(check_wish(wish));
  NewKey made;
  made.record.id = runtime::random_id().substr(0, kIdDigits);
  made.record.identity = std::move(wish.identity);
  if (made.record.identity.empty()) {
    made.text = fmt::format("{}{}_{}{}", kKeyPrefix, made.record.id, runtime::random_id(),
                            runtime::random_id());
    made.text += "_" + checksum(made.text);
    PERDURE_CHECK(made.text.size() == kKeyBytes, "a key of another length");
    made.record.digest = sha256(made.text);
  }
  made.record.name = std::move(wish.name);
  made.record.scopes = std::move(wish.scopes);
  // What is stored has whole seconds.
  made.record.created = {seconds_of(wish.created) * 1'000'000};
  if (wish.expires) made.record.expires = base::Timestamp{seconds_of(*wish.expires) * 1'000'000};
  return made;
}

Result<std::string> parse_key(std::string_view text) {
  const bool formed = text.size() == kKeyBytes && text.starts_with(kKeyPrefix) &&
                      text[kSecretAt - 1] == '_' && text[kCrcAt - 1] == '_' &&
                      is_hex(text.substr(kIdAt, kIdDigits)) &&
                      is_hex(text.substr(kSecretAt, kSecretDigits)) && is_hex(text.substr(kCrcAt));
  if (!formed) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("an API key has {} letters, this has {} or another form: was it copied "
                            "whole?",
                            kKeyBytes, text.size()));
  }
  if (checksum(text.substr(0, kCrcAt - 1)) != text.substr(kCrcAt)) {
    return fail(ErrorCode::kInvalidArgument,
                "the checksum of the API key does not fit: was it copied by hand?");
  }
  return std::string(text.substr(kIdAt, kIdDigits));
}

std::string encode(const KeyRecord& record) {
  nlohmann::ordered_json json;
  json["id"] = record.id;
  json["name"] = record.name;
  json["scopes"] = Json::array();
  for (const Scope& scope : record.scopes) json["scopes"].push_back(to_text(scope));
  json["created"] = seconds_of(record.created);
  json["expires"] = nullptr;
  if (record.expires) json["expires"] = seconds_of(*record.expires);
  if (!record.identity.empty()) {
    json["identity"] = record.identity;
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  json["sha256"] =
      hex_of({reinterpret_cast<const char*>(record.digest.data()), record.digest.size()});
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<KeyRecord> decode_key_record(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::kInvalidArgument, "no JSON object");
  return read_record(json);
}

}  // namespace perdure::access

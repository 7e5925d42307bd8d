// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: any bytes as an API key, as a file of keys, and as a scope. A key is refused
// without a piece of it in the message, and opens nothing; what decodes, encodes to what decodes to
// the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "access/api_key.h"
#include "access/keyring.h"
#include "access/scope.h"
#include "base/check.h"

namespace {

namespace access = perdure::access;

void check_key(std::string_view text) {
  const auto id = access::parse_key(text);
  if (!id) {
    PERDURE_CHECK(!id.error().message.empty(), "an error says what is wrong");
    PERDURE_CHECK(text.size() < 16 || id.error().message.find(text) == std::string::npos,
                  "a refusal repeats the credential");
    return;
  }
  PERDURE_CHECK(text.size() == 90 && text.substr(4, 12) == *id, "another form of a key");
}

void check_file(std::string_view text) {
  const auto ring = access::Keyring::parse(text, "keys");
  if (!ring) return;
  PERDURE_CHECK(ring->find(text) == nullptr, "a file that is its own key");
  std::string again;
  for (const access::KeyRecord& record : ring->records()) {
    const auto same = access::decode_key_record(access::encode(record));
    PERDURE_CHECK(same && *same == record, "a record that changes when it is written");
    again += access::encode(record) + "\n";
    const auto known = ring->of_identity(record.identity);
    PERDURE_CHECK(
        record.identity.empty() ? known.empty() : std::ranges::find(known, &record) != known.end(),
        "a certificate that is not found, or a key that is taken for one");
  }
  if (ring->records().empty()) return;
  PERDURE_CHECK(access::Keyring::parse(again, "keys")->records() == ring->records(),
                "a file that changes when it is written");
  const auto less = access::without_key(text, ring->records().front().id);
  PERDURE_CHECK(
      less && access::Keyring::parse(*less, "keys")->records().size() + 1 == ring->records().size(),
      "taking one key out takes out another number");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  check_key(text);
  check_file(text);
  if (const auto scope = access::parse_scope(text)) {
    PERDURE_CHECK(access::to_text(*scope) == text, "a scope with two spellings");
  }
  return 0;
}

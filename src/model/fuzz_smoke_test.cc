// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A few thousand generated inputs for the laws of each fuzzer: valid rows and keys, damaged in
// small ways, and plain noise. That an input passes means that no law was broken.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/prng.h"
#include "model/key.h"
#include "model/record.h"
#include "model/testing/key_laws.h"
#include "model/testing/record_laws.h"
#include "model/testing/samples.h"
#include "model/testing/seal.h"

namespace perdure::model::testing {
namespace {

using key_laws::check_key_laws;
using record_laws::check_record_laws;

constexpr int kRounds = 4'000;

std::string one_row(Samples& samples, std::uint8_t kind) {
  constexpr std::string_view kKey = "key";
  switch (kind) {
    case 0: return encode_head(kKey, samples.record());
    case 1: return encode_task(kKey, samples.pending_task());
    case 2: return encode_events(kKey, samples.events());
    case 3: {
      HistoryChunk chunk{.chain_before = samples.small_number(), .events = samples.events()};
      return encode_chunk(kKey, chunk);
    }
    case 4: return encode_message(kKey, samples.message());
    case 5: return encode_mark(kKey);
    default: return encode_number(kKey, samples.number());
  }
}

std::string one_key(Samples& samples) {
  const InstanceKey key = samples.key();
  const Slot slot{static_cast<std::uint16_t>(samples.number())};
  switch (samples.random().below(11)) {
    case 0: return head_key(key);
    case 1: return prologue_key(key);
    case 2: return inbox_key(key, samples.number());
    case 3: return task_key(key, samples.task());
    case 4: return history_key(key, samples.execution(), samples.number());
    case 5: return ready_key(key);
    case 6: return timer_key(key, samples.time(), samples.execution(), samples.task());
    case 7: return outbox_key(slot, ShardId{samples.small_number()}, samples.number());
    case 8: return garbage_key(key, samples.execution());
    case 9: return sent_key(slot, ShardId{samples.small_number()});
    default: return taken_key(slot, ShardId{samples.small_number()});
  }
}

void damage(base::Prng& random, std::string& bytes) {
  for (std::uint64_t i = random.below(4); i > 0 && !bytes.empty(); --i) {
    const std::size_t at = random.below(bytes.size());
    switch (random.below(4)) {
      case 0: bytes[at] = static_cast<char>(random.next()); break;
      case 1: bytes[at] = static_cast<char>(bytes[at] ^ 1 << random.below(8)); break;
      case 2: bytes.erase(at, 1 + random.below(3)); break;
      default: bytes.insert(at, 1, static_cast<char>(random.next())); break;
    }
  }
}

TEST(RecordFuzz, KeepsItsLawsForDamagedRowsAndNoise) {
  Samples samples(11);
  for (int i = 0; i < kRounds; ++i) {
    const auto kind = static_cast<std::uint8_t>(i % 7);
    std::string row = one_row(samples, kind);
    check_record_laws(static_cast<char>(kind) + row);
    std::string body = body_of(row);
    damage(samples.random(), body);
    check_record_laws(static_cast<char>(kind | 0x80) + body);
    damage(samples.random(), row);
    check_record_laws(static_cast<char>(kind) + row);
    check_record_laws(samples.bytes(64));
  }
}

TEST(KeyFuzz, KeepsItsLawsForDamagedKeysAndNoise) {
  Samples samples(12);
  for (int i = 0; i < kRounds; ++i) {
    std::string key = one_key(samples);
    check_key_laws(key);
    damage(samples.random(), key);
    check_key_laws(key);
    check_key_laws(samples.bytes(48));
    check_key_laws(std::string(samples.random().below(4), '\xFF'));
  }
}

}  // namespace
}  // namespace perdure::model::testing

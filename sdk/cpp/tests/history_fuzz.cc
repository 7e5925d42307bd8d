// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: any bytes as a recorded history, whole or as the events behind a good checksum.
// What decodes, encodes to the same lines, and is replayed against code of every kind: it agrees or
// is refused with a sentence.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/check.h"
#include "model/testing/seal.h"
#include "perdure/history.h"
#include "perdure/orchestration.h"
#include "perdure/registry.h"
#include "perdure/testing.h"

namespace {

namespace base = perdure::base;
namespace internal = perdure::internal;
namespace model = perdure::model;
using perdure::Future;
using perdure::History;
using perdure::Orchestration;
using perdure::Task;

Task<std::string> code(Orchestration& ctx, int rounds) {
  auto approved = ctx.event<std::string>("go", std::chrono::hours(1));
  std::string text = co_await ctx.call<std::string>("work", rounds);
  for (int round = 0; round < rounds && round < 4; ++round) {
    std::vector<Future<int>> racers;
    racers.push_back(ctx.call<int>("work", round));
    racers.push_back(ctx.child<int>("child", ctx.new_uuid()));
    const auto first = co_await ctx.any(std::move(racers));
    text += std::to_string(first.index);
    co_await ctx.timer(std::chrono::seconds(1));
  }
  const auto answer = co_await approved;
  if (answer) ctx.send("other", "told", *answer);
  if (rounds > 4) co_await ctx.continue_as_new(rounds - 1);
  co_return text;
}

std::string whole_history(std::string_view events) {
  std::string head;
  base::Writer out(head);
  out.raw("perdure-history-1\n");
  out.bytes("hub");
  out.bytes("id");
  out.varint(7);
  std::string bytes;
  base::Writer whole(bytes);
  whole.bytes(head);
  whole.raw(model::testing::sealed(head, events));
  return bytes;
}

void check(const std::string& bytes) {
  const auto history = History::decode(bytes);
  if (!history) {
    PERDURE_CHECK(!history.error().message().empty(), "an error says what is wrong");
    return;
  }
  const auto again = History::decode(history->encode());
  PERDURE_CHECK(again.has_value(), "what was encoded decodes");
  PERDURE_CHECK(again->lines() == history->lines(), "what was encoded decodes to the same");
  static const auto function = internal::make_orchestration(code);
  const auto agrees = internal::replay(*history, function);
  PERDURE_CHECK(agrees || !agrees.error().message().empty(), "a refusal says why");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(data, data + size);
  check(input);
  check(whole_history(input));
  return 0;
}

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The work that the subject does: every way in which an orchestration can wait, each with outputs
// from which a lost, repeated or reordered step can be seen. Each activity answers a token that no
// other run of any activity answers, and is given the token before it: two runs of one call with
// different predecessors show that a recorded result changed.
//
// The instance id says what it is: KIND.SIZE.rest. Pure, but for the activities that main.cc adds.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "perdure/perdure.h"

namespace torture {

/// How large a payload beside the token is, so that the log grows and rolls.
inline constexpr int kPadSmall = 10;
inline constexpr int kPadLarge = 100'000;
inline constexpr int kPadBulk = 800'000;
/// Executions of an inbox end after this many events, with more of them in the queue.
inline constexpr int kEventsPerExecution = 3;
inline constexpr std::chrono::milliseconds kNap{3};

struct Step {
  std::string token;
  std::string pad;
  PERDURE_FIELDS(Step, token, pad);
};

struct Message {
  std::string sender;
  std::uint64_t number = 0;
  PERDURE_FIELDS(Message, sender, number);
};

struct Taken {
  int wanted = 0;
  std::vector<Message> messages;
  PERDURE_FIELDS(Taken, wanted, messages);
};

inline std::string join(const std::vector<std::string>& tokens) {
  std::string all;
  for (const std::string& token : tokens) all += (all.empty() ? "" : ",") + token;
  return all;
}

/// Activities one after the other.
inline perdure::Task<std::string> chain(perdure::Orchestration& ctx, int size) {
  std::vector<std::string> tokens{"-"};
  for (int i = 0; i < size; ++i) {
    const int pad = i == 0 && size > 3 ? kPadLarge : kPadSmall;
    const Step step = co_await ctx.call<Step>("step", tokens.back(), pad);
    tokens.push_back(step.token);
  }
  co_return join(tokens);
}

/// Activities with results so large that segments of the log are soon full.
inline perdure::Task<std::string> bulk(perdure::Orchestration& ctx, int size) {
  std::vector<std::string> tokens{"-"};
  for (int i = 0; i < size; ++i) {
    const Step step = co_await ctx.call<Step>("step", tokens.back(), kPadBulk);
    tokens.push_back(step.token);
  }
  co_return join(tokens);
}

/// Activities side by side, and one that gets all of their tokens.
inline perdure::Task<std::string> fan(perdure::Orchestration& ctx, int size) {
  std::vector<perdure::Future<Step>> futures;
  futures.reserve(static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) {
    futures.push_back(ctx.call<Step>("step", std::string("-"), kPadSmall));
  }
  const std::vector<Step> steps = co_await ctx.all(std::move(futures));
  std::vector<std::string> tokens;
  for (const Step& step : steps) tokens.push_back(step.token);
  const Step last = co_await ctx.call<Step>("step", join(tokens), kPadSmall);
  tokens.push_back(last.token);
  co_return join(tokens);
}

/// A timer, and a look at the clock of the world behind it; one more execution for each.
inline perdure::Task<std::string> nap(perdure::Orchestration& ctx, int size, std::string tokens) {
  const auto due = ctx.now() + kNap;
  co_await ctx.timer(kNap);
  const auto due_us = std::chrono::floor<std::chrono::microseconds>(due.time_since_epoch());
  const Step step = co_await ctx.call<Step>("look_at_clock", tokens, due_us.count());
  tokens += "," + step.token;
  if (size > 1) co_await ctx.continue_as_new(size - 1, tokens);
  co_return tokens;
}

/// Takes events in the order of their arrival until it has as many as it wants.
inline perdure::Task<Taken> inbox(perdure::Orchestration& ctx, Taken taken) {
  for (int i = 0; i < kEventsPerExecution; ++i) {
    Message message = co_await ctx.event<Message>("message");
    taken.messages.push_back(std::move(message));
    ctx.set_status(taken);
    if (std::cmp_greater_equal(taken.messages.size(), taken.wanted)) co_return taken;
  }
  co_await ctx.continue_as_new(taken);
}

/// Starts an inbox as a child and sends it everything it wants, with an activity after every other
/// message. The tokens of these activities are not in the output; that of the child is.
inline perdure::Task<Taken> relay(perdure::Orchestration& ctx, int size) {
  const std::string child_id = ctx.id() + ".in";
  const perdure::Future<Taken> child =
      ctx.child<Taken>("inbox", Taken{.wanted = size}, perdure::ChildOptions().id(child_id));
  std::string previous = "-";
  for (int i = 1; i <= size; ++i) {
    ctx.send(child_id, "message", Message{ctx.id(), static_cast<std::uint64_t>(i)});
    if (i % 2 == 0) {
      const Step step = co_await ctx.call<Step>("step", previous, kPadSmall);
      previous = step.token;
    }
  }
  co_return co_await child;
}

/// Sub-orchestrations that have some of their own.
inline perdure::Task<std::string> tree(perdure::Orchestration& ctx, int size) {
  std::vector<perdure::Future<std::string>> children;
  children.push_back(ctx.child<std::string>("chain", 2));
  if (size > 1) children.push_back(ctx.child<std::string>("tree", size - 1));
  const std::vector<std::string> outputs = co_await ctx.all(std::move(children));
  co_return join(outputs);
}

}  // namespace torture

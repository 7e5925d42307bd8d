// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Accounts, and tellers who move money between some of them in a critical section. What each way of
// a teller does is in bank.cc. A number is posted once in the world and says who posted it: its tag
// is the section's, drawn from 2^kTagBits; the smallest ones are the clients'.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "perdure/codec.h"
#include "perdure/entity.h"
#include "perdure/orchestration.h"

namespace perdure::sim {

using Number = std::int64_t;
using Numbers = std::vector<Number>;

inline constexpr Number kPostsPerTag = 16;
inline constexpr Number kLastPost = 15;           // of a section that did all that it meant to
inline constexpr Number kLonePost = 14;           // of no section
inline constexpr Number kFirstDrawn = 1'000'000;  // tags below are the clients'
inline constexpr int kTagBits = 45;
inline constexpr int kAccountsPerSectionMax = 4;
inline constexpr int kPasses = 2;  // a section posts to each of its accounts so often

/// What a teller waits for that waits for ever.
inline constexpr const char* kGoOn = "go on";

inline Number tag_of(Number entry) { return entry / kPostsPerTag; }
inline Number place_of(Number entry) { return entry % kPostsPerTag; }
inline bool is_of_section(Number entry) {
  return tag_of(entry) >= kFirstDrawn && place_of(entry) != kLonePost;
}
/// What an entry moves: the first of a section takes from its account what the second one brings.
inline std::int64_t amount_of(Number entry) {
  const std::int64_t sum = 1 + tag_of(entry) % 100;
  return !is_of_section(entry) ? 0 : place_of(entry) == 0 ? -sum : place_of(entry) == 1 ? sum : 0;
}

struct Account {
  std::int64_t balance = 0;
  Numbers entries;

  Numbers post(Number entry) {
    balance += amount_of(entry);
    entries.push_back(entry);
    return entries;
  }
  Numbers read() const { return entries; }

  PERDURE_FIELDS(Account, balance, entries);
  PERDURE_OPERATIONS(Account, post, read);
};

/// What a teller did in one section that came to its end, or beside it.
struct Receipt {
  struct Post {
    std::string account;
    Number entry = 0;
    std::vector<Numbers> seen;  // what the account had then; none: it did not look

    PERDURE_FIELDS(Post, account, entry, seen);
  };
  std::int64_t began = 0;  // true time, in nanoseconds: before that there was no such section
  std::vector<Post> posts;

  PERDURE_FIELDS(Receipt, began, posts);
};
using Receipts = std::vector<Receipt>;

enum class Way : std::uint8_t {
  kPlain,        // one post after the other
  kFans,         // all posts of a pass at once
  kSignals,      // posts by signals, the last one too
  kPostsInLine,  // posts while it waits in line
  kCallsInLine,  // and waits for that
  kReleases,     // leaves the section, and posts once more
  kThrows,       // these stop at `cut_at`
  kReturns,      //
  kContinues,    //
  kWaits,        // for ever
  kGivesUp,      // does not wait long in line
  kGoes,         // does not wait at all
};
inline constexpr int kWays = 12;

struct Plan {
  std::vector<std::string> accounts;
  int way = 0;
  int cut_at = 0;  // the post before which it happens
  int rounds = 0;  // further executions after this one
  std::int64_t began = 0;

  PERDURE_FIELDS(Plan, accounts, way, cut_at, rounds, began);
};

/// Answers what it and its earlier executions did, section by section.
Task<Receipts> teller(Orchestration& ctx, Plan plan, Receipts receipts);

}  // namespace perdure::sim

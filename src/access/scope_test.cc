// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/scope.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace perdure::access {
namespace {

constexpr Action kActions[] = {Action::kRead, Action::kOperate, Action::kWork, Action::kAdminister};

TEST(Scope, what_is_shown_can_be_typed) {
  for (const Action action : kActions) {
    for (const std::string hub : {"orders", "*", "a:b", "with blank"}) {
      const Scope scope{action, hub};
      EXPECT_EQ(parse_scope(to_text(scope)).value(), scope);
    }
  }
}

TEST(Scope, what_is_malformed_is_refused) {
  for (const std::string text : {"", "operate", "operate:", ":orders", "write:orders", "*:orders",
                                 "Operate:orders", " operate:orders", "operate :orders"}) {
    const auto scope = parse_scope(text);
    ASSERT_FALSE(scope.has_value()) << text;
    EXPECT_EQ(scope.error().code, base::ErrorCode::kInvalidArgument);
  }
  EXPECT_FALSE(parse_scope("read:" + std::string(65, 'h')).has_value());
  EXPECT_FALSE(parse_scope(std::string("read:a\nb")).has_value());
}

TEST(Scope, every_action_allows_what_it_includes_and_nothing_else) {
  using enum Action;
  const std::set<std::pair<Action, Action>> included{
      {kRead, kRead},       {kOperate, kRead},         {kOperate, kOperate},
      {kWork, kWork},       {kAdminister, kRead},      {kAdminister, kOperate},
      {kAdminister, kWork}, {kAdminister, kAdminister}};
  for (const Action granted : kActions) {
    for (const Action wanted : kActions) {
      const bool right = included.contains({granted, wanted});
      EXPECT_EQ(allows({granted, "own"}, wanted, "own"), right)
          << action_name(granted) << " " << action_name(wanted);
      EXPECT_EQ(allows({granted, "*"}, wanted, "own"), right);
      EXPECT_FALSE(allows({granted, "own"}, wanted, "foreign"));
      EXPECT_FALSE(allows({granted, "own"}, wanted, "own2"));
      EXPECT_FALSE(allows({granted, "own"}, wanted, "ow"));
      EXPECT_FALSE(allows({granted, "own"}, wanted, "*"));
      EXPECT_FALSE(allows({granted, "own"}, wanted, ""));
    }
  }
}

TEST(Scope, several_add_up) {
  const std::vector<Scope> scopes{{Action::kWork, "a"}, {Action::kRead, "b"}};
  EXPECT_TRUE(allow(scopes, Action::kWork, "a"));
  EXPECT_TRUE(allow(scopes, Action::kRead, "b"));
  EXPECT_FALSE(allow(scopes, Action::kRead, "a"));
  EXPECT_FALSE(allow(scopes, Action::kWork, "b"));
  EXPECT_FALSE(allow({}, Action::kRead, "a"));
}

}  // namespace
}  // namespace perdure::access

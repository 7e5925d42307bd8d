// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "workloads/bank.h"

#include <utility>

namespace perdure::sim {
namespace {

using std::chrono::milliseconds;

Number draw_tag(Orchestration& ctx) {
  return kFirstDrawn + static_cast<Number>(ctx.random().below(std::uint64_t{1} << kTagBits));
}

/// One section of a teller, post by post.
class Business {
 public:
  Business(Orchestration& ctx, const Plan& plan) : ctx_(ctx), plan_(plan), tag_(draw_tag(ctx)) {
    receipt_.began = plan.began;
  }

  [[nodiscard]] int posts() const { return kPasses * static_cast<int>(plan_.accounts.size()); }
  [[nodiscard]] const std::string& account(int post) const {
    return plan_.accounts[static_cast<std::size_t>(post) % plan_.accounts.size()];
  }
  [[nodiscard]] Number entry(int post) const {
    return tag_ * kPostsPerTag + (post + 1 == posts() ? kLastPost : post);
  }
  Future<Numbers> call(int post) {
    return ctx_.call(Entity<Account>(account(post)), &Account::post, entry(post));
  }
  void done(int post, Numbers seen) {
    receipt_.posts.push_back({account(post), entry(post), {std::move(seen)}});
  }
  void signal(int post) {
    ctx_.signal(Entity<Account>(account(post)), &Account::post, entry(post));
    receipt_.posts.push_back({account(post), entry(post), {}});
  }
  Receipt take_receipt() { return std::exchange(receipt_, {}); }

 private:
  Orchestration& ctx_;
  const Plan& plan_;
  const Number tag_;
  Receipt receipt_;
};

/// Something between two posts, now and then.
Task<void> dawdle(Orchestration& ctx, int post) {
  if (post % 3 == 1) co_await ctx.timer(milliseconds(post));
  if (post % 5 == 2) co_await ctx.call<std::string>("work", post);
}

/// Inside the section: one post after the other, up to the one that it must not come to. Answers
/// whether it made them all.
Task<bool> post_all(Orchestration& ctx, Business& business, Way way, int cut_at) {
  for (int post = 0; post < business.posts(); ++post) {
    if (way >= Way::kThrows && post == cut_at) co_return false;
    const bool is_last = post + 1 == business.posts();
    if (way == Way::kSignals && (is_last || post % 2 == 0)) {
      business.signal(post);
      continue;
    }
    business.done(post, co_await business.call(post));
    co_await dawdle(ctx, post);
  }
  co_return true;
}

/// The posts of each pass at the same time.
Task<bool> post_fanned(Orchestration& ctx, Business& business) {
  const int width = business.posts() / kPasses;
  for (int pass = 0; pass < kPasses; ++pass) {
    std::vector<Future<Numbers>> calls;
    for (int i = 0; i < width; ++i) calls.push_back(business.call(pass * width + i));
    std::vector<Numbers> seen = co_await ctx.all(std::move(calls));
    for (int i = 0; i < width; ++i) {
      business.done(pass * width + i, std::move(seen[static_cast<std::size_t>(i)]));
    }
  }
  co_return true;
}

/// A post that belongs to no section.
Task<Receipt> post_alone(Orchestration& ctx, const Plan& plan) {
  const Number entry = draw_tag(ctx) * kPostsPerTag + kLonePost;
  const std::string account = plan.accounts.back();
  Numbers seen = co_await ctx.call(Entity<Account>(account), &Account::post, entry);
  Receipt receipt{.began = plan.began, .posts = {}};
  receipt.posts.push_back({account, entry, {std::move(seen)}});
  co_return receipt;
}

/// To each account one post of no section, while it waits in line there or before it does.
Receipts post_in_line(Orchestration& ctx, const Plan& plan) {
  Receipts receipts;
  for (const std::string& account : plan.accounts) {
    const Number entry = draw_tag(ctx) * kPostsPerTag + kLonePost;
    ctx.signal(Entity<Account>(account), &Account::post, entry);
    receipts.push_back({.began = plan.began, .posts = {}});
    receipts.back().posts.push_back({account, entry, {}});
  }
  return receipts;
}

/// The section, unless it is not worth the wait.
Task<std::optional<Section>> enter(Orchestration& ctx, const Plan& plan, Receipts& receipts) {
  std::vector<EntityId> entities;
  for (const std::string& key : plan.accounts) entities.push_back(Entity<Account>(key).id());
  const auto way = static_cast<Way>(plan.way);
  auto lock = ctx.lock(entities);
  if (way == Way::kGoes) co_return std::nullopt;
  if (way == Way::kPostsInLine) {
    for (Receipt& receipt : post_in_line(ctx, plan)) receipts.push_back(std::move(receipt));
  }
  if (way == Way::kCallsInLine) receipts.push_back(co_await post_alone(ctx, plan));
  if (way != Way::kGivesUp) co_return co_await lock;
  auto first = co_await ctx.any(std::move(lock), ctx.timer(milliseconds(plan.cut_at)));
  if (first.index == 1) co_return std::nullopt;
  co_return std::get<0>(std::move(first.value));
}

}  // namespace

Task<Receipts> teller(Orchestration& ctx, Plan plan, Receipts receipts) {
  const auto way = static_cast<Way>(plan.way);
  std::optional<Section> section = co_await enter(ctx, plan, receipts);
  if (!section) co_return receipts;
  Business business(ctx, plan);
  const bool whole = way == Way::kFans ? co_await post_fanned(ctx, business)
                                       : co_await post_all(ctx, business, way, plan.cut_at);
  if (whole) receipts.push_back(business.take_receipt());
  if (!whole && way == Way::kThrows) throw Failure("inside the section");
  if (!whole && way == Way::kWaits) co_await ctx.event(kGoOn);
  if (!whole && way == Way::kReturns) co_return receipts;
  if (way == Way::kReleases) {
    section->release();
    receipts.push_back(co_await post_alone(ctx, plan));
  }
  if (plan.rounds == 0) co_return receipts;
  --plan.rounds;
  plan.way = (plan.way + 5) % kWays;
  co_await ctx.continue_as_new(plan, receipts);
  std::unreachable();
}

}  // namespace perdure::sim

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The public headers as C++20, and the orchestration of the documentation. Compiled, never run.
#include <cstdlib>

#include "perdure/client.h"
#include "perdure/host.h"
#include "perdure/perdure.h"
#include "perdure/remote.h"
#include "perdure/testing.h"

namespace {

using namespace std::chrono_literals;

struct Line {
  std::string sku;
  int count = 0;
  PERDURE_FIELDS(Line, sku, count);
};
struct Order {
  std::string id;
  std::vector<Line> lines;
  PERDURE_FIELDS(Order, id, lines);
};
struct Payment {
  long cents = 0;
  PERDURE_FIELDS(Payment, cents);
};
struct Parcel {
  std::string label;
  PERDURE_FIELDS(Parcel, label);
};
struct Receipt {
  Payment payment;
  std::vector<Parcel> parcels;
  PERDURE_FIELDS(Receipt, payment, parcels);
};

perdure::Task<Receipt> checkout(perdure::Orchestration& ctx, Order order) {
  Payment paid =
      co_await ctx.call<Payment>("charge", order, perdure::Retry().attempts(5).first(1s).factor(2));
  auto parcels = co_await ctx.all(ctx.map<Parcel>("pack", order.lines));
  auto approved = co_await ctx.event<bool>("approved", 72h);
  if (!approved.value_or(false)) {
    co_await ctx.call("refund", paid);
    throw perdure::Failure("not approved");
  }
  co_return Receipt{paid, parcels};
}

}  // namespace

perdure::Registry functions_of_the_documentation() {
  perdure::Registry functions;
  functions.orchestration("checkout", checkout)
      .activity("charge", [](const Order& order) { return Payment{std::atol(order.id.c_str())}; })
      .activity("pack", [](perdure::Activity&, const Line& line) { return Parcel{line.sku}; });
  static_assert(perdure::kVersion == "0.1.0");
  return functions;
}

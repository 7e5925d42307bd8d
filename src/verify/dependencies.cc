// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/dependencies.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace perdure::verify {
namespace {

/// Calls `judge(transaction's number, access's number)` for every read that is judged.
template <class Judge>
void for_each_read(const Transactions& transactions, const Judge& judge) {
  for (std::size_t number = 0; number < transactions.all.size(); ++number) {
    const Transaction& transaction = transactions.all[number];
    if (transaction.status != Status::kOk) continue;
    for (std::size_t i = 0; i < transaction.accesses.size(); ++i) {
      if (!transaction.accesses[i].appended) judge(number, i);
    }
  }
}

bool is_prefix(const Versions& list, const Versions& of) {
  return list.size() <= of.size() && std::equal(list.begin(), list.end(), of.begin());
}

class Builder {
 public:
  Builder(std::span<const Operation> history, const Transactions& transactions,
          const std::vector<VersionOrder>& orders)
      : history_(history),
        transactions_(transactions),
        orders_(orders),
        graph_(transactions.all.size()) {}

  Graph run() {
    for (std::size_t key = 0; key < orders_.size(); ++key) {
      add_growth(key);
      behind_.push_back(graph_.add_moment());
    }
    add_unseen();
    for_each_read(transactions_,
                  [this](std::size_t number, std::size_t access) { add_read(number, access); });
    add_realtime();
    return std::move(graph_);
  }

 private:
  void add_growth(std::size_t key) {
    const Writer* before = nullptr;
    for (const std::int64_t value : orders_[key]) {
      const Writer* writer = transactions_.writer(key, value);
      if (writer != nullptr && before != nullptr) {
        graph_.add({before->transaction, writer->transaction, Dependency::kWw, key, value});
      }
      if (writer != nullptr) before = writer;
    }
  }

  /// What was committed and is in no list comes behind the longest one: a read of that list is
  /// before it. The moment `behind_` of the key stands between.
  void add_unseen() {
    for (const VersionOrder& order : orders_) seen_.emplace_back(order.begin(), order.end());
    unseen_.resize(orders_.size());
    for (const auto& [place, writer] : transactions_.writers) {
      const auto& [key, value] = place;
      if (transactions_.all[writer.transaction].status != Status::kOk) continue;
      if (seen_[key].contains(value)) continue;
      unseen_[key].push_back({behind_[key], writer.transaction, Dependency::kRw, key, value});
      graph_.add(unseen_[key].back());
      if (orders_[key].empty()) continue;
      if (const Writer* last = transactions_.writer(key, orders_[key].back())) {
        graph_.add({last->transaction, writer.transaction, Dependency::kWw, key, value});
      }
    }
  }

  void add_read(std::size_t number, std::size_t access) {
    const std::size_t key = transactions_.all[number].accesses[access].key;
    const VersionOrder& order = orders_[key];
    const auto others = seen_of_others(transactions_.all[number], access);
    if (!others || !is_prefix(*others, order)) return;  // reported already
    if (!others->empty()) {
      if (const Writer* writer = transactions_.writer(key, others->back())) {
        graph_.add({writer->transaction, number, Dependency::kWr, key, others->back()});
      }
    }
    // Its own appends do not come before it.
    std::size_t next = others->size();
    const auto is_own = [&](std::int64_t value) {
      const Writer* writer = transactions_.writer(key, value);
      return writer != nullptr && writer->transaction == number;
    };
    while (next < order.size() && is_own(order[next])) ++next;
    if (next < order.size()) {
      if (const Writer* writer = transactions_.writer(key, order[next])) {
        graph_.add({number, writer->transaction, Dependency::kRw, key, order[next]});
      }
    } else if (!has_unseen(number, key)) {
      graph_.add({number, behind_[key], Dependency::kRw, key, 0});
    } else {  // through the moment it would come before itself
      for (Edge edge : unseen_[key]) {
        edge.from = number;
        graph_.add(edge);
      }
    }
  }

  [[nodiscard]] bool has_unseen(std::size_t number, std::size_t key) const {
    return std::ranges::any_of(transactions_.all[number].accesses, [&](const Access& access) {
      return access.key == key && access.appended && !seen_[key].contains(*access.appended);
    });
  }

  /// A line of moments: each transaction enters it when it ends, and leaves it when it begins.
  void add_realtime() {
    struct Moment {
      std::int64_t time;
      enum : std::uint8_t { kCall, kReturn } what;  // at equal times the calls come first
      std::size_t number;
      auto operator<=>(const Moment&) const = default;
    };
    std::vector<Moment> moments;
    for (std::size_t number = 0; number < transactions_.all.size(); ++number) {
      const Transaction& transaction = transactions_.all[number];
      const Operation& operation = history_[transaction.index];
      if (transaction.status == Status::kFail) continue;
      moments.push_back({operation.call_ns, Moment::kCall, number});
      if (transaction.status == Status::kUnknown) continue;
      moments.push_back({operation.return_ns, Moment::kReturn, number});
    }
    std::ranges::sort(moments);
    std::size_t now = graph_.add_moment();
    for (const Moment& moment : moments) {
      if (moment.what == Moment::kCall) {
        graph_.add({now, moment.number, Dependency::kRealtime});
        continue;
      }
      const std::size_t next = graph_.add_moment();
      graph_.add({now, next, Dependency::kRealtime});
      graph_.add({moment.number, next, Dependency::kRealtime});
      now = next;
    }
  }

  std::span<const Operation> history_;
  const Transactions& transactions_;
  const std::vector<VersionOrder>& orders_;
  Graph graph_;
  // By key:
  std::vector<std::size_t> behind_;
  std::vector<std::set<std::int64_t>> seen_;
  std::vector<std::vector<Edge>> unseen_;
};

}  // namespace

std::vector<VersionOrder> version_orders(std::span<const Operation> history,
                                         const Transactions& transactions, Report& report) {
  std::vector<VersionOrder> orders(transactions.keys.size());
  std::vector<std::size_t> readers(transactions.keys.size());
  for_each_read(transactions, [&](std::size_t number, std::size_t i) {
    const Access& access = transactions.all[number].accesses[i];
    if (access.seen.size() <= orders[access.key].size()) return;
    orders[access.key] = access.seen;
    readers[access.key] = number;
  });
  for_each_read(transactions, [&](std::size_t number, std::size_t i) {
    const Access& access = transactions.all[number].accesses[i];
    if (is_prefix(access.seen, orders[access.key])) return;
    report.violated(tell(
        history, transactions.keys[access.key], "two reads saw the list grow in different orders",
        {transactions.all[readers[access.key]].index, transactions.all[number].index}));
  });
  return orders;
}

Graph dependencies(std::span<const Operation> history, const Transactions& transactions,
                   const std::vector<VersionOrder>& orders) {
  return Builder(history, transactions, orders).run();
}

}  // namespace perdure::verify

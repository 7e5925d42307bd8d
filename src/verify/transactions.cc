// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/transactions.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace perdure::verify {
namespace {

using base::Result;

class Reader {
 public:
  explicit Reader(std::span<const Operation> history) : history_(history) {}

  Result<Transactions> run() {
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (auto read = read_one(i); !read) {
        return base::fail(read.error().code,
                          fmt::format("line {}: {}", i + 1, read.error().message));
      }
    }
    return std::move(found_);
  }

 private:
  static std::unexpected<base::Error> wrong(std::string what) {
    return base::fail(base::ErrorCode::kInvalidArgument, std::move(what));
  }

  Result<> read_one(std::size_t index) {
    const Operation& operation = history_[index];
    if (operation.op != "transaction") {
      return wrong(fmt::format("'{}' is no transaction", operation.op));
    }
    const Value::List* asked = operation.value.list();
    if (asked == nullptr) return wrong("the value of a transaction is a list of accesses");
    const Value::List* answers = operation.result.list();
    const bool is_judged = operation.status == Status::kOk;
    if (is_judged && (answers == nullptr || answers->size() != asked->size())) {
      return wrong("the result is a list as long as the value");
    }
    found_.all.push_back({.index = index, .status = operation.status, .accesses = {}});
    for (std::size_t i = 0; i < asked->size(); ++i) {
      PERDURE_RETURN_IF_ERROR(read_access((*asked)[i], is_judged ? &(*answers)[i] : nullptr));
    }
    return {};
  }

  Result<> read_access(const Value& asked, const Value* answer) {
    const Value::List* parts = asked.list();
    const bool has_key = parts != nullptr && parts->size() >= 2 && (*parts)[1].text() != nullptr;
    const bool is_read = has_key && parts->size() == 2 && (*parts)[0] == Value("read");
    const bool is_append = has_key && parts->size() == 3 && (*parts)[0] == Value("append") &&
                           (*parts)[2].number() != nullptr;
    if (!is_read && !is_append) {
      return wrong(fmt::format(R"({} is no access; it is ["append", KEY, NUMBER] or ["read", KEY])",
                               to_json(asked)));
    }
    Access access{.key = number_of(*(*parts)[1].text()), .appended = {}, .seen = {}};
    if (is_append) {
      access.appended = *(*parts)[2].number();
      PERDURE_RETURN_IF_ERROR(note_append(access.key, *access.appended));
    } else if (answer != nullptr) {
      PERDURE_ASSIGN_OR_RETURN(access.seen, read_versions(*answer));
    }
    found_.all.back().accesses.push_back(std::move(access));
    return {};
  }

  static Result<Versions> read_versions(const Value& answer) {
    const Value::List* list = answer.list();
    if (list == nullptr)
      return wrong(fmt::format("a read answers a list, not {}", to_json(answer)));
    Versions versions;
    for (const Value& value : *list) {
      if (value.number() == nullptr) return wrong("the lists that are read hold numbers");
      versions.push_back(*value.number());
    }
    return versions;
  }

  Result<> note_append(std::size_t key, std::int64_t value) {
    const std::size_t transaction = found_.all.size() - 1;
    const auto [other, is_new] = found_.writers.try_emplace({key, value}, Writer{transaction, {}});
    if (!is_new) {
      return wrong(
          fmt::format("{} was appended to {} before, in line {}; values must be unique to "
                      "be judged",
                      value, found_.keys[key], found_.all[other->second.transaction].index + 1));
    }
    const std::vector<Access>& before = found_.all.back().accesses;
    const auto last = std::find_if(before.rbegin(), before.rend(), [&](const Access& access) {
      return access.key == key && access.appended.has_value();
    });
    if (last != before.rend()) found_.writers.at({key, *last->appended}).next = value;
    return {};
  }

  std::size_t number_of(const std::string& key) {
    const auto [found, is_new] = numbers_.try_emplace(key, found_.keys.size());
    if (is_new) found_.keys.push_back(key);
    return found->second;
  }

  std::span<const Operation> history_;
  Transactions found_;
  std::map<std::string, std::size_t, std::less<>> numbers_;
};

/// Judges one read.
class ReadJudge {
 public:
  ReadJudge(std::span<const Operation> history, const Transactions& transactions,
            const Transaction& transaction, std::size_t access, Report& report)
      : history_(history),
        transactions_(transactions),
        transaction_(transaction),
        access_(access),
        read_(transaction.accesses[access]),
        report_(report) {}

  void run() {
    const auto others = seen_of_others(transaction_, access_);
    if (!others) return report("the read does not end with what its transaction had appended", {});
    check_repeatable(*others);
    std::set<std::int64_t> met;
    for (std::size_t i = 0; i < others->size(); ++i) {
      const std::int64_t value = (*others)[i];
      if (!met.insert(value).second) report(fmt::format("{} was read twice", value), {});
      check_value(value, i + 1 < others->size() ? std::optional((*others)[i + 1]) : std::nullopt);
    }
  }

 private:
  /// What it saw of others does not change within a transaction.
  void check_repeatable(const Versions& others) {
    for (std::size_t earlier = 0; earlier < access_; ++earlier) {
      const Access& access = transaction_.accesses[earlier];
      if (access.key != read_.key || access.appended) continue;
      const auto before = seen_of_others(transaction_, earlier);
      if (before && *before != others) {
        report("two reads of the same transaction saw different states", {});
      }
      return;
    }
  }

  void check_value(std::int64_t value, std::optional<std::int64_t> after) {
    const Writer* writer = transactions_.writer(read_.key, value);
    if (writer == nullptr) return report(fmt::format("{} was read and never appended", value), {});
    const Transaction& other = transactions_.all[writer->transaction];
    if (&other == &transaction_) {
      report(fmt::format("{} was read before its own transaction appended it", value), {});
    } else if (other.status == Status::kFail) {
      report(fmt::format("{} was read although its transaction was rolled back (G1a)", value),
             {other.index});
    } else if (writer->next && after != writer->next) {
      report(fmt::format("{} was read without {}, which the same transaction appended after it "
                         "(G1b)",
                         value, *writer->next),
             {other.index});
    } else if (precedes(history_[transaction_.index], history_[other.index])) {
      report(fmt::format("{} was read before it was appended", value), {other.index});
    }
  }

  void report(std::string what, std::vector<std::size_t> operations) {
    operations.push_back(transaction_.index);
    report_.violated(
        tell(history_, transactions_.keys[read_.key], std::move(what), std::move(operations)));
  }

  std::span<const Operation> history_;
  const Transactions& transactions_;
  const Transaction& transaction_;
  std::size_t access_;
  const Access& read_;
  Report& report_;
};

}  // namespace

const Writer* Transactions::writer(std::size_t key, std::int64_t value) const {
  const auto found = writers.find({key, value});
  return found == writers.end() ? nullptr : &found->second;
}

Result<Transactions> read_transactions(std::span<const Operation> history) {
  return Reader(history).run();
}

std::optional<Versions> seen_of_others(const Transaction& transaction, std::size_t access) {
  const Access& read = transaction.accesses[access];
  Versions own;
  for (std::size_t i = 0; i < access; ++i) {
    const Access& earlier = transaction.accesses[i];
    if (earlier.key == read.key && earlier.appended) own.push_back(*earlier.appended);
  }
  if (own.size() > read.seen.size()) return std::nullopt;
  const auto others_end = read.seen.end() - static_cast<std::ptrdiff_t>(own.size());
  if (!std::equal(own.begin(), own.end(), others_end)) return std::nullopt;
  return Versions(read.seen.begin(), others_end);
}

void check_reads(std::span<const Operation> history, const Transactions& transactions,
                 Report& report) {
  for (const Transaction& transaction : transactions.all) {
    if (transaction.status != Status::kOk) continue;
    for (std::size_t i = 0; i < transaction.accesses.size(); ++i) {
      if (transaction.accesses[i].appended) continue;
      ReadJudge(history, transactions, transaction, i, report).run();
    }
  }
}

}  // namespace perdure::verify

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify.h"

#include <fmt/format.h>

#include <charconv>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "orchestrations.h"

namespace torture {
namespace {

using perdure::ErrorCode;
using perdure::Instance;

/// The tokens that activities answered. Activities run while the store is held to the ledger: one
/// that is not known yet may have been written since.
class Tokens {
 public:
  Tokens(const Ledger& ledger, std::string path) : path_(std::move(path)) { take(ledger); }

  bool contains(const std::string& token) {
    if (!all_.contains(token)) take(Ledger::read(path_));
    return all_.contains(token);
  }

 private:
  void take(const Ledger& ledger) {
    for (const auto& [id, calls] : ledger.runs) {
      for (const auto& [call, runs] : calls) {
        for (const Run& run : runs) all_.insert(run.token);
      }
    }
  }

  const std::string path_;
  std::set<std::string> all_;
};

/// One look at one instance; says what is wrong with it.
class Examination {
 public:
  Examination(Tokens& tokens, std::string id, Findings& findings)
      : tokens_(tokens), id_(std::move(id)), findings_(findings) {}

  void run(const Told& told, perdure::Client& client) {
    const auto found = client.get(id_);
    if (!found && found.error().code() != ErrorCode::kNotFound) return unread(found.error());
    if (!found) {
      if (told.purge_tried) return;
      if (told.start_acknowledged) wrong("its start was acknowledged, and it is gone");
      return;
    }
    if (told.purge_acknowledged) return wrong("its purge was acknowledged, and it is there");
    check_state(*found);
    check_end(*found, told);
    check_events(*found, told, client);
    if (is_kind(id_, "relay") && !found->is_ended()) check_relayed(client);
  }

 private:
  void wrong(const std::string& what) {
    findings_.violations.push_back(fmt::format("{}: {}", id_, what));
  }

  void unread(const perdure::Error& error) {
    if (error.code() != ErrorCode::kStoreCorrupt) {
      return wrong(fmt::format("can not be read: {}", error.what()));
    }
    findings_.refusal = error;
  }

  void check_state(const Instance& instance) {
    if (tells_of_damage(instance.parked)) {
      findings_.refusal = perdure::Error(ErrorCode::kStoreCorrupt, instance.parked);
    } else if (!instance.parked.empty()) {
      wrong(fmt::format("is parked: {}", instance.parked));
    }
    if (instance.status == perdure::Status::kFailed ||
        instance.status == perdure::Status::kTerminated) {
      wrong(fmt::format("is {}: {}", perdure::to_string(instance.status),
                        instance.failure ? instance.failure->message : "no failure recorded"));
    }
  }

  void check_end(const Instance& instance, const Told& told) {
    if (!told.output.empty() && instance.output.value_or("") != told.output) {
      wrong(fmt::format("ended with {}, and now it is {} with {}", told.output,
                        perdure::to_string(instance.status), instance.output.value_or("nothing")));
    }
    if (!instance.is_ended() || instance.status != perdure::Status::kCompleted) return;
    if (is_kind(id_, "relay")) {
      const auto taken = instance.output_as<Taken>();
      if (!taken) return wrong("its output is none of ours");
      return check_order(taken->messages, id_, size_of(id_));
    }
    if (!is_kind(id_, "inbox")) check_tokens(instance);
  }

  /// Every token of the output was answered by an activity, and by no other step of it twice.
  void check_tokens(const Instance& instance) {
    const auto output = instance.output_as<std::string>();
    if (!output) return wrong("its output is none of ours");
    std::istringstream rest(*output);
    std::string token;
    std::set<std::string> seen;
    while (std::getline(rest, token, ',')) {
      if (token == "-") continue;
      if (!tokens_.contains(token)) wrong(fmt::format("token {} was never answered", token));
      if (!seen.insert(token).second) wrong(fmt::format("token {} is recorded twice", token));
    }
    if (seen.empty()) wrong("has no result");
  }

  /// The messages of one sender, as far as they came: from 1, without a gap.
  void check_order(const std::vector<Message>& messages, const std::string& sender, int wanted) {
    std::uint64_t next = 1;
    for (const Message& message : messages) {
      if (message.sender != sender || message.number != next) {
        return wrong(fmt::format("message {} of {} came where {} of {} was due", message.number,
                                 message.sender, next, sender));
      }
      ++next;
    }
    if (wanted != 0 && next != static_cast<std::uint64_t>(wanted) + 1) {
      wrong(fmt::format("ended with {} of {} messages", next - 1, wanted));
    }
  }

  void check_relayed(perdure::Client& client) {
    const auto child = client.get(id_ + ".in");
    if (!child || !child->custom_status) return;  // the start of the child may be under way
    const auto taken = perdure::Codec<Taken>::decode(*child->custom_status);
    check_order(taken.messages, id_, 0);
  }

  /// What the client raised: an event that was not acknowledged may be missing, an acknowledged one
  /// that is older than one that was taken may not.
  void check_events(const Instance& instance, const Told& told, perdure::Client& client) {
    if (!is_kind(id_, "inbox")) return;
    if (!instance.custom_status && instance.is_ended()) return wrong("took no event, and ended");
    const auto taken =
        instance.custom_status ? perdure::Codec<Taken>::decode(*instance.custom_status) : Taken{};
    std::uint64_t last = 0;
    std::set<std::uint64_t> numbers;
    for (const Message& message : taken.messages) {
      if (message.number <= last) {
        wrong(fmt::format("event {} was taken after event {}", message.number, last));
      }
      if (message.number > told.last_event_tried) {
        wrong(fmt::format("event {} was taken, and never sent", message.number));
      }
      last = message.number;
      numbers.insert(last);
    }
    std::set<std::uint64_t> waiting;
    for (const std::uint64_t number : told.events_acknowledged) {
      if (!numbers.contains(number)) waiting.insert(number);
      if (number < last && !numbers.contains(number)) {
        wrong(fmt::format("event {} was acknowledged, and not taken before {}", number, last));
      }
    }
    if (!instance.is_ended() && waiting.size() > instance.unread_messages) {
      check_waiting(instance, std::move(waiting), client);
    }
    if (instance.is_ended() && std::cmp_not_equal(numbers.size(), size_of(id_))) {
      wrong(fmt::format("ended with {} events", numbers.size()));
    }
  }

  /// Acknowledged events that are neither taken nor in the inbox: an execution that has begun has
  /// them in its history, carried over from the one before; of one that has not, nobody can see.
  void check_waiting(const Instance& instance, std::set<std::uint64_t> waiting,
                     perdure::Client& client) {
    const auto history = client.history(id_);
    const auto now = client.get(id_);
    if (instance.history_events == 0) return;
    const bool went_on = !history || !now || now->updated != instance.updated ||
                         now->history_events != instance.history_events ||
                         now->unread_messages != instance.unread_messages;
    if (went_on) return;  // the next recovery looks again
    for (const perdure::HistoryEvent& event : *history) {
      if (event.kind != "EventRaised" || !event.payload) continue;
      waiting.erase(perdure::Codec<Message>::decode(*event.payload).number);
    }
    if (waiting.size() > instance.unread_messages) {
      wrong(fmt::format("{} acknowledged events are neither taken nor waiting", waiting.size()));
    }
  }

  Tokens& tokens_;
  const std::string id_;
  Findings& findings_;
};

}  // namespace

bool tells_of_damage(const std::string& parked) {
  return parked.find("restore the store from a ") != std::string::npos;
}

int size_of(const std::string& id) {
  const std::size_t dot = id.find('.');
  int size = 0;
  if (dot != std::string::npos) std::from_chars(id.data() + dot + 1, id.data() + id.size(), size);
  return size;
}

bool is_kind(const std::string& id, const std::string& kind) { return id.starts_with(kind + "."); }

std::vector<std::string> check_runs(const Ledger& ledger) {
  std::vector<std::string> violations;
  violations.reserve(ledger.faults.size());
  for (const std::string& line : ledger.faults) violations.push_back("in the ledger: " + line);
  for (const auto& [id, calls] : ledger.runs) {
    for (const auto& [call, runs] : calls) {
      for (const Run& run : runs) {
        if (run.previous == runs.front().previous) continue;
        violations.push_back(fmt::format("{}: call {} was made with {}, then with {}", id, call,
                                         runs.front().previous, run.previous));
      }
    }
  }
  return violations;
}

Findings check_instances(const Ledger& ledger, const std::string& path, perdure::Client& client) {
  Findings findings;
  Tokens tokens(ledger, path);
  for (const auto& [id, told] : ledger.instances) {
    Examination(tokens, id, findings).run(told, client);
  }
  return findings;
}

Findings check_histories(const Ledger& ledger, perdure::Client& client) {
  Findings findings;
  for (const auto& [id, told] : ledger.instances) {
    if (told.purge_tried || !told.start_acknowledged) continue;
    const auto history = client.history(id);
    if (!history && history.error().code() == ErrorCode::kStoreCorrupt) {
      findings.refusal = history.error();
    } else if (!history || history->empty()) {
      findings.violations.push_back(fmt::format("{}: its history is not there: {}", id,
                                                history ? "empty" : history.error().what()));
    }
  }
  return findings;
}

}  // namespace torture

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/sequence.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::verify {
namespace {

/// Operations of one receiver, by their index in the history.
struct Channel {
  std::vector<std::size_t> sends;
  std::vector<std::size_t> receives;  // by call
};

/// What is known of one value while the receives are read.
struct Message {
  std::size_t send = 0;
  std::optional<std::size_t> received;  // by which receive
};

/// Of what one sender sent and was received: the send that was called last.
struct Latest {
  std::size_t send = 0;
  std::size_t receive = 0;
};

class Judge {
 public:
  Judge(std::span<const Operation> history, std::string_view key, const Channel& channel,
        Report& report)
      : history_(history), key_(key), channel_(channel), report_(report) {}

  base::Result<> run() {
    PERDURE_RETURN_IF_ERROR(read_sends());
    for (const std::size_t receive : channel_.receives) {
      for (const Value& value : *history_[receive].result.list()) take(value, receive);
    }
    if (!channel_.receives.empty()) find_losses(channel_.receives.back());
    return {};
  }

 private:
  base::Result<> read_sends() {
    for (const std::size_t send : channel_.sends) {
      const auto [other, is_new] = messages_.try_emplace(history_[send].value, Message{send, {}});
      if (!is_new) {
        return base::fail(
            base::ErrorCode::kInvalidArgument,
            fmt::format("line {}: {} was sent to '{}' before, in line {}; values must "
                        "be unique to be judged",
                        send + 1, to_json(history_[send].value), key_, other->second.send + 1));
      }
    }
    return {};
  }

  void take(const Value& value, std::size_t receive) {
    const auto found = messages_.find(value);
    if (found == messages_.end()) {
      return report(fmt::format("{} was received and never sent", to_json(value)), {receive});
    }
    Message& message = found->second;
    const Operation& send = history_[message.send];
    if (send.status == Status::kFail) {
      report(fmt::format("{} was received although it was refused", to_json(value)),
             {message.send, receive});
    } else if (precedes(history_[receive], send)) {
      report(fmt::format("{} was received before it was sent", to_json(value)),
             {receive, message.send});
    }
    if (message.received) {
      return report(fmt::format("{} was received twice", to_json(value)),
                    {message.send, *message.received, receive});
    }
    message.received = receive;
    check_order(message.send, receive);
  }

  void check_order(std::size_t send, std::size_t receive) {
    const auto [found, is_first] =
        latest_.try_emplace(history_[send].process, Latest{send, receive});
    if (is_first) return;
    Latest& latest = found->second;
    if (precedes(history_[send], history_[latest.send])) {
      report(fmt::format("{} was received after {}, which the same sender sent later",
                         to_json(history_[send].value), to_json(history_[latest.send].value)),
             {send, latest.send, latest.receive, receive});
    }
    if (history_[send].call_ns > history_[latest.send].call_ns) latest = {send, receive};
  }

  void find_losses(std::size_t last) {
    for (const std::size_t index : channel_.sends) {
      const Operation& send = history_[index];
      const bool is_lost = send.status == Status::kOk && precedes(send, history_[last]) &&
                           !messages_.at(send.value).received;
      if (is_lost) {
        report(fmt::format("{} was acknowledged and never received", to_json(send.value)),
               {index, last});
      }
    }
  }

  void report(std::string what, std::vector<std::size_t> operations) {
    report_.violated(tell(history_, std::string(key_), std::move(what), std::move(operations)));
  }

  std::span<const Operation> history_;
  std::string_view key_;
  const Channel& channel_;
  Report& report_;
  std::map<Value, Message> messages_;
  std::map<std::uint64_t, Latest> latest_;  // by sender
};

base::Result<std::map<std::string_view, Channel>> split(std::span<const Operation> history) {
  std::map<std::string_view, Channel> channels;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Operation& operation = history[i];
    const auto wrong = [&](std::string_view what) {
      return base::fail(base::ErrorCode::kInvalidArgument, fmt::format("line {}: {}", i + 1, what));
    };
    Channel& channel = channels[operation.key];
    if (operation.op == "send") {
      if (operation.value.is_null()) return wrong("a send needs a value");
      channel.sends.push_back(i);
    } else if (operation.op != "receive") {
      return wrong(
          fmt::format("a sequence has no operation '{}'; it has send, receive", operation.op));
    } else if (operation.status == Status::kOk) {
      if (operation.result.list() == nullptr) return wrong("the result of a receive is a list");
      channel.receives.push_back(i);
    } else if (operation.status == Status::kUnknown) {
      return wrong("a receive whose answer is unknown may have taken values: nothing can be said");
    }
  }
  return channels;
}

}  // namespace

base::Result<Report> check_sequence(std::span<const Operation> history) {
  Report report{.checker = "sequence", .operations = history.size()};
  PERDURE_ASSIGN_OR_RETURN(auto channels, split(history));
  report.keys = channels.size();
  for (auto& [key, channel] : channels) {
    std::ranges::sort(channel.receives, {},
                      [&](std::size_t i) { return std::pair(history[i].call_ns, i); });
    PERDURE_RETURN_IF_ERROR(Judge(history, key, channel, report).run());
  }
  return report;
}

}  // namespace perdure::verify

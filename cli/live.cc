// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "live.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <vector>

#include "exit_status.h"
#include "json.h"
#include "runtime/monitor.h"
#include "show.h"
#include "text.h"

namespace perdure::cli {
namespace {

struct WaitArguments {
  std::string id;
  bool until_started = false;
  std::chrono::microseconds timeout = kForever;
};

/// The status is 1 for one that did not complete: scripts go on only after a success.
Result<int> wait(Client& client, Output output, const WaitArguments& arguments) {
  const auto there = arguments.until_started
                         ? client.wait_for_start(arguments.id, arguments.timeout)
                         : client.wait(arguments.id, arguments.timeout);
  if (!there) return there.error();
  // The answer to a wait has no input; a list of what happened is another command.
  fmt::print("{}", output.form == Form::kJson ? instance_json(*there) + "\n"
                                              : instance_text(*there, output));
  const bool good = arguments.until_started || there->status == Status::kCompleted;
  return good ? kExitOk : kExitFailed;
}

/// One look at everything.
struct Look {
  std::map<Status, std::uint64_t> counts;
  std::vector<Instance> unfinished;  // the longest without a step first
  std::uint64_t seen = 0;
  std::uint64_t ended = 0;
  std::uint64_t parked = 0;
};

Result<Look> look(Client& client) {
  Look found;
  std::string next;
  do {
    auto page = client.list(Filter(), kPageSize, next);
    if (!page) return page.error();
    for (Instance& instance : page->instances) {
      ++found.seen;
      ++found.counts[instance.status];
      if (instance.is_ended()) {
        ++found.ended;
        continue;
      }
      if (!instance.parked.empty()) ++found.parked;
      found.unfinished.push_back(std::move(instance));
    }
    next = std::move(page->next);
    const auto older = [](const Instance& a, const Instance& b) { return a.updated < b.updated; };
    const std::size_t kept = std::min(kTopRows, found.unfinished.size());
    std::ranges::partial_sort(found.unfinished,
                              found.unfinished.begin() + static_cast<std::ptrdiff_t>(kept), older);
    found.unfinished.resize(kept);
  } while (!next.empty() && found.seen < kTopInstancesMax);
  return found;
}

std::string look_json(const Look& now) {
  JsonObject counts;
  for (const auto& [status, count] : now.counts) {
    counts.number(std::string(to_string(status)), count);
  }
  JsonArray rows;
  for (const Instance& instance : now.unfinished) rows.add(instance_json(instance));
  JsonObject json;
  json.number("instances", now.seen).raw("counts", counts.finish());
  json.raw("unfinished", rows.finish());
  return json.finish();
}

std::string look_text(const Look& now, TimePoint at, std::optional<double> ended_per_second) {
  std::string text = fmt::format("{}  {} instances", show_time(at), now.seen);
  if (now.seen >= kTopInstancesMax) text += " (the first ones)";
  for (const auto& [status, count] : now.counts) {
    text += fmt::format("  {} {}", count, to_string(status));
  }
  if (ended_per_second) text += fmt::format("  {:.1f} ended/s", *ended_per_second);
  text += "\n\n";
  if (now.unfinished.empty()) return text + "nothing is under way\n";
  Table table({"STATUS", "IDLE", "EVENTS", "WAITS FOR", "NAME", "ID"});
  for (const Instance& instance : now.unfinished) {
    const auto idle = std::chrono::duration_cast<std::chrono::microseconds>(at - instance.updated);
    std::string waits = instance.parked.empty() ? "-" : "a worker";
    if (!instance.waiting_for.empty()) {
      waits = printable(fmt::format("{} {}", instance.waiting_for.front().kind,
                                    instance.waiting_for.front().name));
    }
    table.add({std::string(to_string(instance.status)),
               show_duration(std::max(idle, std::chrono::microseconds(0))),
               fmt::format("{}", instance.history_events), std::move(waits),
               printable(instance.name), printable(instance.id)});
  }
  return text +
         table.render([](std::size_t, std::size_t, const std::string& cell) { return cell; });
}

struct TopArguments {
  std::chrono::seconds interval{2};
  std::uint64_t looks = 0;  // 0: until it is interrupted
};

Result<void> top(Client& client, Output output, const TopArguments& arguments) {
  const bool redraws = output.form == Form::kPeople && ::isatty(STDOUT_FILENO) == 1;
  runtime::Signal never;
  std::optional<std::uint64_t> ended_before;
  for (std::uint64_t count = 1;; ++count) {
    const auto now = look(client);
    if (!now) return now.error();
    if (output.form == Form::kJson) {
      fmt::print("{}\n", look_json(*now));
    } else {
      std::optional<double> rate;
      if (ended_before && now->ended >= *ended_before) {
        rate = static_cast<double>(now->ended - *ended_before) /
               static_cast<double>(arguments.interval.count());
      }
      if (redraws) fmt::print("\x1b[H\x1b[2J");
      fmt::print("{}", look_text(*now, current_time(), rate));
      ended_before = now->ended;
    }
    if (std::fflush(stdout) != 0 || count == arguments.looks) return {};
    never.wait_for(base::seconds(arguments.interval.count()));
  }
}

}  // namespace

void declare_wait(CLI::App& app, Make& chosen) {
  CLI::App& command = *app.add_subcommand("wait", "wait until an instance has ended");
  command.fallthrough();
  struct Typed {
    std::string id;
    std::string timeout;
    std::string until = "ended";
  };
  auto typed = std::make_shared<Typed>();
  command.add_option("id", typed->id, "of the instance")->required();
  command.add_option("--timeout", typed->timeout, "how long at most; default: for ever")
      ->type_name("DURATION");
  command.add_option("--until", typed->until, "ended, or started")
      ->check(CLI::IsMember({"ended", "started"}))
      ->capture_default_str();
  command.footer(
      "Exit status: 0 it completed, 1 it failed or was terminated, 10 the time was over.\n\n"
      "Examples:\n  perdure wait order-17 --server localhost:4001 --timeout 5m\n");
  command.callback([typed, &chosen] {
    chosen = [typed](TimePoint) -> Result<Command> {
      WaitArguments arguments{.id = typed->id, .until_started = typed->until == "started"};
      if (!typed->timeout.empty()) {
        const auto timeout = parse_duration(typed->timeout);
        if (!timeout) return timeout.error();
        arguments.timeout = *timeout;
      }
      return [arguments](Client& client, Output output) { return wait(client, output, arguments); };
    };
  });
}

void declare_top(CLI::App& app, Make& chosen) {
  CLI::App& command = *app.add_subcommand("top", "watch what is under way");
  command.fallthrough();
  struct Typed {
    std::string interval = "2s";
    std::uint64_t looks = 0;
  };
  auto typed = std::make_shared<Typed>();
  command.add_option("--interval", typed->interval, "between two looks")
      ->type_name("DURATION")
      ->capture_default_str();
  command.add_option("--count", typed->looks, "end after so many looks; 0: until Ctrl-C")
      ->type_name("COUNT")
      ->capture_default_str();
  command.footer(
      "What waits longest without a step comes first. Every look reads the list of instances.\n\n"
      "Examples:\n  perdure top --server localhost:4001\n  perdure top --count 1 --json\n");
  command.callback([typed, &chosen] {
    chosen = [typed](TimePoint) -> Result<Command> {
      const auto interval = parse_duration(typed->interval);
      if (!interval) return interval.error();
      if (interval->count() < 1) {
        return Error(ErrorCode::kInvalidArgument, "--interval must be at least 1s");
      }
      const TopArguments arguments{.interval = *interval, .looks = typed->looks};
      return [arguments](Client& client, Output output) { return top(client, output, arguments); };
    };
  });
}

}  // namespace perdure::cli

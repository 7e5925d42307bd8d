// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See commands.h.
#include "commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <system_error>
#include <tuple>

#include "json.h"
#include "runtime/clock.h"
#include "show.h"
#include "text.h"

namespace perdure::cli {
namespace {

/// Payloads beyond this are refused by the engine anyway.
constexpr std::size_t kPayloadReadMax = std::size_t{4} << 20;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

Result<std::string> read_all(std::FILE* file, const std::string& name) {
  std::string text;
  std::array<char, 65536> buffer = {};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file)) {
    text.append(buffer.data(), count);
    if (text.size() > kPayloadReadMax) {
      return Error(ErrorCode::kPayloadTooLarge,
                   fmt::format("{} is larger than any payload may be (2 MiB); store it elsewhere "
                               "and pass its address",
                               name));
    }
  }
  if (std::ferror(file) != 0) {
    return Error(ErrorCode::kNotFound, fmt::format("{} can not be read: {}", name,
                                                   std::generic_category().message(errno)));
  }
  return text;
}

}  // namespace

Result<std::string> read_text_file(const std::string& path) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rb"));
  if (!file) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("the file {}: {}", path, std::generic_category().message(errno)));
  }
  return read_all(file.get(), "the file " + path);
}

TimePoint current_time() {
  const runtime::SystemClock clock;
  return TimePoint(std::chrono::microseconds(clock.now().us));
}

namespace {

void print(std::string_view text) { fmt::print("{}", text); }

/// Says that something was done.
void confirm(Output output, const std::string& id, std::string_view sentence) {
  if (output.form == Form::kJson) {
    print(JsonObject().text("id", id).finish() + "\n");
  } else {
    fmt::print("{}\n", sentence);
  }
}

/// Calls `visit` for every instance that matches, page by page.
Result<void> for_each(Client& client, const Filter& filter,
                      const std::function<Result<void>(const Instance&)>& visit) {
  std::string next;
  do {
    auto page = client.list(filter, kPageSize, next);
    if (!page) return page.error();
    for (const Instance& instance : page->instances) {
      if (auto done = visit(instance); !done) return done;
    }
    next = std::move(page->next);
  } while (!next.empty());
  return {};
}

/// Calls `visit` for every event from `from` on, at most `count_max` of them.
Result<void> for_each_event(Client& client, const std::string& id, std::uint64_t from,
                            std::size_t count_max,
                            const std::function<void(const HistoryEvent&)>& visit) {
  constexpr std::size_t kEventsPerCall = 1000;
  while (count_max > 0) {
    const std::size_t count = std::min(count_max, kEventsPerCall);
    const auto events = client.history(id, from, count);
    if (!events) return events.error();
    for (const HistoryEvent& event : *events) visit(event);
    if (events->size() < count) break;
    from = events->back().number + 1;
    count_max -= count;
  }
  return {};
}

/// The history of an instance, and below each child that of the child.
class HistoryPrinter {
 public:
  HistoryPrinter(Client& client, const HistoryArguments& arguments)
      : client_(client), arguments_(arguments) {}

  Result<void> run() { return print_one(arguments_.id, 0); }

 private:
  Result<void> print_one(const std::string& id, int depth) {
    const auto instance = client_.get(id);
    if (!instance) return instance.error();
    const std::size_t indent = static_cast<std::size_t>(depth) * 4;
    fmt::print("{}{}  {}  {}  {}\n", std::string(indent, ' '), printable(id),
               printable(instance->name), to_string(instance->status),
               show_time(instance->created));
    HistoryText text(indent, arguments_.detail);
    Result<void> children;
    const auto show = [&](const HistoryEvent& event) {
      print(text.line(event));
      const bool follow = arguments_.depth == HistoryArguments::Depth::kTree &&
                          event.kind == "ChildScheduled" && depth < kTreeDepthMax;
      if (follow && children) children = print_child(event.detail, depth + 1);
    };
    const std::size_t limit = depth == 0 && arguments_.limit > 0 ? arguments_.limit : kNoLimit;
    auto events = for_each_event(client_, id, depth == 0 ? arguments_.from : 0, limit, show);
    return events ? children : events;
  }

  Result<void> print_child(const std::string& id, int depth) {
    auto shown = print_one(id, depth);
    if (shown || shown.error().code() != ErrorCode::kNotFound) return shown;
    fmt::print("{}{}  (it has been purged)\n",
               std::string(static_cast<std::size_t>(depth) * 4, ' '), printable(id));
    return {};
  }

  static constexpr std::size_t kNoLimit = static_cast<std::size_t>(-1);

  Client& client_;
  const HistoryArguments& arguments_;
};

Result<void> print_instance(const Result<Instance>& instance, Output output) {
  if (!instance) return instance.error();
  print(output.form == Form::kJson ? instance_json(*instance) + "\n"
                                   : instance_text(*instance, output));
  return {};
}

std::string_view past_tense(Steering what) {
  switch (what) {
    case Steering::kTerminate: return "terminated";
    case Steering::kTerminateTree: return "terminated, with its children:";
    case Steering::kSuspend: return "suspended";
    case Steering::kResume: return "resumed";
    case Steering::kRewind: return "rewound";
    case Steering::kRestart: return "restarted";
    case Steering::kPurge: return "purged";
  }
  return "done";
}

}  // namespace

Result<std::string> read_payload(const std::string& argument, std::string_view what) {
  Result<std::string> text = argument == "-"             ? read_all(stdin, "the standard input")
                             : argument.starts_with('@') ? read_text_file(argument.substr(1))
                                                         : Result<std::string>(argument);
  if (!text) return text;
  if (const auto problem = json_problem(*text)) {
    return Error(ErrorCode::kInvalidArgument, fmt::format("{} is not JSON: {}", what, *problem));
  }
  return text;
}

Result<void> start(Client& client, Output output, const StartArguments& arguments) {
  const auto id = arguments.input
                      ? client.start(arguments.name, RawJson{*arguments.input}, arguments.options)
                      : client.start(arguments.name, arguments.options);
  if (!id) return id.error();
  confirm(output, *id, fmt::format("started {}", printable(*id)));
  return {};
}

Result<void> get(Client& client, Output output, const std::string& id) {
  return print_instance(client.get(id), output);
}

Result<void> get_with_input(Client& client, Output output, const std::string& id) {
  return print_instance(client.get_with_input(id), output);
}

Result<void> list(Client& client, Output output, const ListArguments& arguments) {
  auto token = from_hex(arguments.next);
  if (!token) return token.error();
  std::vector<Instance> instances;
  std::string next = *token;
  do {
    const std::size_t wanted = std::min(kPageSize, arguments.limit - instances.size());
    auto page = client.list(arguments.filter, wanted, next);
    if (!page) return page.error();
    for (Instance& instance : page->instances) instances.push_back(std::move(instance));
    next = std::move(page->next);
  } while (!next.empty() && instances.size() < arguments.limit);

  if (output.form == Form::kJson) {
    JsonArray array;
    for (const Instance& instance : instances) array.add(instance_json(instance));
    JsonObject json;
    json.raw("instances", array.finish());
    json.raw("next", next.empty() ? "null" : json_text(to_hex(next)));
    print(json.finish() + "\n");
    return {};
  }
  if (instances.empty()) {
    print("no instances match\n");
  } else {
    std::sort(instances.begin(), instances.end(), [](const Instance& a, const Instance& b) {
      return std::tie(a.created, a.id) < std::tie(b.created, b.id);
    });
    print(instances_text(instances, output));
  }
  if (!next.empty()) fmt::print("there may be more: --next {}\n", to_hex(next));
  return {};
}

Result<void> history(Client& client, Output output, const HistoryArguments& arguments) {
  if (output.form == Form::kPeople) return HistoryPrinter(client, arguments).run();
  JsonArray events;
  const std::size_t limit = arguments.limit > 0 ? arguments.limit : static_cast<std::size_t>(-1);
  auto read = for_each_event(client, arguments.id, arguments.from, limit,
                             [&](const HistoryEvent& event) { events.add(event_json(event)); });
  if (!read) return read;
  print(JsonObject().text("id", arguments.id).raw("events", events.finish()).finish() + "\n");
  return {};
}

Result<void> raise(Client& client, Output output, const RaiseArguments& arguments) {
  auto raised = arguments.payload
                    ? client.raise(arguments.id, arguments.event, RawJson{*arguments.payload})
                    : client.raise(arguments.id, arguments.event);
  if (!raised) return raised;
  confirm(output, arguments.id,
          fmt::format("raised {} to {}", printable(arguments.event), printable(arguments.id)));
  return {};
}

Result<void> steer(Client& client, Output output, Steering what, const std::string& id,
                   const std::string& reason) {
  auto done = [&]() -> Result<void> {
    switch (what) {
      case Steering::kTerminate: return client.terminate(id, reason);
      case Steering::kTerminateTree: return client.terminate_tree(id, reason);
      case Steering::kSuspend: return client.suspend(id, reason);
      case Steering::kResume: return client.resume(id, reason);
      case Steering::kRewind: return client.rewind(id, reason);
      case Steering::kRestart: return client.restart(id);
      case Steering::kPurge: return client.purge(id);
    }
    return Error(ErrorCode::kInternal, "an unknown command");
  }();
  if (!done) return done;
  confirm(output, id, fmt::format("{} {}", past_tense(what), printable(id)));
  return {};
}

Result<void> purge_matching(Client& client, Output output, const Filter& filter, Consent consent) {
  std::uint64_t count = 0;
  if (consent == Consent::kGiven) {
    const auto purged = client.purge(filter);
    if (!purged) return purged.error();
    count = *purged;
  } else {
    auto counted = for_each(client, filter, [&](const Instance& instance) -> Result<void> {
      count += instance.is_ended() ? 1 : 0;
      return {};
    });
    if (!counted) return counted;
  }
  if (output.form == Form::kJson) {
    const bool given = consent == Consent::kGiven;
    print(JsonObject().number(given ? "purged" : "would_purge", count).finish() + "\n");
  } else if (consent == Consent::kGiven) {
    fmt::print("purged {} instances\n", count);
  } else {
    fmt::print("{} ended instances match; nothing was purged: add --yes to purge them\n", count);
  }
  return {};
}

Result<void> stats(Client& client, Output output) {
  std::map<std::pair<std::string, Status>, std::uint64_t> counts;
  std::uint64_t total = 0;
  auto counted = for_each(client, Filter(), [&](const Instance& instance) -> Result<void> {
    ++counts[{instance.name, instance.status}];
    ++total;
    return {};
  });
  if (!counted) return counted;
  if (output.form == Form::kJson) {
    JsonArray rows;
    for (const auto& [key, count] : counts) {
      JsonObject row;
      row.text("name", key.first).text("status", to_string(key.second)).number("count", count);
      rows.add(row.finish());
    }
    JsonObject json;
    print(json.number("instances", total).raw("counts", rows.finish()).finish() + "\n");
    return {};
  }
  Table table({"COUNT", "STATUS", "NAME"});
  for (const auto& [key, count] : counts) {
    table.add({fmt::format("{}", count), std::string(to_string(key.second)), printable(key.first)});
  }
  print(table.render([](std::size_t, std::size_t, const std::string& cell) { return cell; }));
  fmt::print("{} instances\n", total);
  return {};
}

Result<void> check(Client& client, Output output) {
  std::uint64_t instances = 0;
  std::uint64_t events = 0;
  auto read = for_each(client, Filter(), [&](const Instance& listed) -> Result<void> {
    const auto instance = client.get_with_input(listed.id);
    if (!instance) return instance.error();
    std::uint64_t found = 0;
    auto all = for_each_event(client, listed.id, 0, static_cast<std::size_t>(-1),
                              [&](const HistoryEvent&) { ++found; });
    if (!all) return all;
    if (found != instance->history_events) {
      return Error(ErrorCode::kStoreCorrupt,
                   fmt::format("instance '{}' says that it has {} events, and has {}", listed.id,
                               instance->history_events, found));
    }
    ++instances;
    events += found;
    return {};
  });
  if (!read) return read;
  if (output.form == Form::kJson) {
    JsonObject json;
    print(json.number("instances", instances).number("events", events).finish() + "\n");
  } else {
    fmt::print("the store is sound: {} instances, {} events read\n", instances, events);
  }
  return {};
}

Result<void> scrub(Client& client, Output output, Progress progress) {
  constexpr double kMebibyte = 1 << 20;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  const auto clear_line = [progress] {
    if (progress == Progress::kShown) fmt::print(stderr, "\r\x1b[K");
  };
  for (std::string after;;) {
    auto file = client.scrub(after);
    if (!file || !*file) clear_line();
    if (!file) return file.error();
    if (!*file) break;
    ++files;
    bytes += (*file)->bytes;
    after = std::move((*file)->name);
    if (progress == Progress::kShown) {
      fmt::print(stderr, "\r\x1b[K{} files, {:.1f} MiB", files,
                 static_cast<double>(bytes) / kMebibyte);
      std::fflush(stderr);
    }
  }
  if (output.form == Form::kJson) {
    print(JsonObject().number("files", files).number("bytes", bytes).finish() + "\n");
  } else {
    fmt::print("every file is sound: {} files, {} bytes read\n", files, bytes);
  }
  return {};
}

}  // namespace perdure::cli

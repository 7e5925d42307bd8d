// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See show.h. The members of the JSON are documented in docs/reference/cli.md.
#include "show.h"

#include <fmt/format.h>

#include <algorithm>

#include "json.h"
#include "text.h"

namespace perdure::cli {
namespace {

constexpr std::size_t kLabelWidth = 15;
constexpr std::size_t kTextWidth = 100;

std::chrono::microseconds span(TimePoint from, TimePoint to) {
  return std::chrono::duration_cast<std::chrono::microseconds>(to - from);
}

std::string painted(Status status, Output output, std::string_view text) {
  if (output.colour == Colour::kOff) return std::string(text);
  const int colour = [&] {
    switch (status) {
      case Status::kCompleted: return 32;   // green
      case Status::kFailed: return 31;      // red
      case Status::kTerminated: return 35;  // magenta
      case Status::kSuspended: return 33;   // yellow
      case Status::kRunning: return 36;     // cyan
      case Status::kPending: break;
    }
    return 0;
  }();
  return fmt::format("\x1b[{}m{}\x1b[0m", colour, text);
}

std::string failure_json(const FailureDetails& failure) {
  JsonObject json;
  json.text("type", failure.type).text("message", failure.message);
  json.raw("retriable", failure.retriable ? "true" : "false");
  if (!failure.stack.empty()) json.text("stack", failure.stack);
  if (!failure.inner.empty()) json.raw("cause", failure_json(failure.inner.front()));
  return json.finish();
}

std::string optional_time(const std::optional<TimePoint>& time) {
  return time ? json_text(show_time(*time)) : "null";
}

std::string tags_json(const Instance& instance) {
  JsonObject json;
  for (const auto& [key, value] : instance.tags) json.text(key, value);
  return json.finish();
}

std::string waiting_json(const Instance& instance) {
  JsonArray json;
  for (const Waiting& waiting : instance.waiting_for) {
    JsonObject one;
    one.text("kind", waiting.kind).text("name", waiting.name).text("detail", waiting.detail);
    one.raw("task", fmt::format("{}", waiting.task));
    if (waiting.progress) one.raw("progress", json_payload(waiting.progress));
    json.add(one.finish());
  }
  return json.finish();
}

/// Lines of "label  value".
class Sheet {
 public:
  void add(std::string_view label, std::string_view value) {
    text_ += fmt::format("{:<{}}{}\n", label, kLabelWidth, value);
  }
  void add_payload(std::string_view label, const std::optional<std::string>& payload) {
    if (payload) add(label, lay_out(json_payload(payload), kLabelWidth, kTextWidth));
  }
  [[nodiscard]] std::string finish() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string describe(const Waiting& waiting) {
  std::string text = fmt::format("#{} {}", waiting.task, waiting.kind);
  if (!waiting.name.empty()) text += " " + printable(waiting.name);
  if (!waiting.detail.empty()) text += fmt::format(" ({})", printable(waiting.detail));
  if (waiting.progress) {
    text += ": " + lay_out(json_payload(waiting.progress), kLabelWidth, kTextWidth);
  }
  return text;
}

void add_waiting(Sheet& sheet, const Instance& instance) {
  constexpr std::size_t kShownMax = 10;
  std::string_view label = "waits for";
  for (std::size_t i = 0; i < std::min(kShownMax, instance.waiting_for.size()); ++i) {
    sheet.add(label, describe(instance.waiting_for[i]));
    label = "";
  }
  if (instance.waiting_for.size() > kShownMax) {
    sheet.add("", fmt::format("and {} more", instance.waiting_for.size() - kShownMax));
  }
}

bool is_outcome(const HistoryEvent& event) {
  return event.kind.ends_with("Completed") || event.kind.ends_with("Failed") ||
         event.kind == "TimerFired";
}

}  // namespace

std::string failure_text(const FailureDetails& failure) {
  std::string text = printable(failure.type) + ": " + printable(failure.message);
  for (const FailureDetails& inner : failure.inner) text += "; because " + failure_text(inner);
  return text;
}

std::string instance_json(const Instance& instance) {
  JsonObject json;
  json.text("id", instance.id).text("name", instance.name).text("version", instance.version);
  json.text("status", to_string(instance.status));
  json.text("created", show_time(instance.created)).text("updated", show_time(instance.updated));
  json.raw("ended", optional_time(instance.ended));
  json.raw("scheduled_start", optional_time(instance.scheduled_start));
  if (instance.input) json.raw("input", json_payload(instance.input));
  json.raw("output", json_payload(instance.output));
  json.raw("custom_status", json_payload(instance.custom_status));
  json.raw("failure", instance.failure ? failure_json(*instance.failure) : "null");
  json.raw("tags", tags_json(instance));
  json.raw("parent_id", instance.parent_id.empty() ? "null" : json_text(instance.parent_id));
  json.number("history_events", instance.history_events);
  json.number("unread_messages", instance.unread_messages);
  json.raw("parked", instance.parked.empty() ? "null" : json_text(instance.parked));
  json.raw("waiting_for", waiting_json(instance));
  return json.finish();
}

std::string instance_text(const Instance& instance, Output output) {
  Sheet sheet;
  sheet.add("id", printable(instance.id));
  sheet.add("name", printable(instance.name));
  if (!instance.version.empty()) sheet.add("version", printable(instance.version));
  sheet.add("status", painted(instance.status, output, to_string(instance.status)));
  if (!instance.parked.empty()) sheet.add("parked", printable(instance.parked));
  if (!instance.parent_id.empty()) sheet.add("child of", printable(instance.parent_id));
  sheet.add("created", show_time(instance.created));
  if (instance.scheduled_start) sheet.add("starts at", show_time(*instance.scheduled_start));
  if (instance.ended) {
    sheet.add("ended", fmt::format("{}  after {}", show_time(*instance.ended),
                                   show_duration(span(instance.created, *instance.ended))));
  } else {
    sheet.add("updated", show_time(instance.updated));
  }
  std::string_view label = "tags";
  for (const auto& [key, value] : instance.tags) {
    sheet.add(label, fmt::format("{}={}", printable(key), printable(value)));
    label = "";
  }
  sheet.add("history", fmt::format("{} events", instance.history_events));
  if (instance.unread_messages > 0) {
    sheet.add("inbox", fmt::format("{} unread messages", instance.unread_messages));
  }
  add_waiting(sheet, instance);
  sheet.add_payload("input", instance.input);
  sheet.add_payload("custom status", instance.custom_status);
  sheet.add_payload("output", instance.output);
  if (instance.failure) sheet.add("failure", failure_text(*instance.failure));
  return std::move(sheet).finish();
}

std::string instances_text(const std::vector<Instance>& instances, Output output) {
  Table table({"STATUS", "CREATED", "TIME", "NAME", "ID"});
  for (const Instance& instance : instances) {
    const TimePoint end = instance.ended.value_or(instance.updated);
    std::string status(to_string(instance.status));
    if (!instance.parked.empty()) status += "!";  // has work and makes no progress
    table.add({std::move(status), show_time(instance.created),
               show_duration(span(instance.created, end)), printable(instance.name),
               printable(instance.id)});
  }
  return table.render([&](std::size_t row, std::size_t column, const std::string& cell) {
    if (row == 0 || column != 0) return cell;
    return painted(instances[row - 1].status, output, cell);
  });
}

std::string event_json(const HistoryEvent& event) {
  JsonObject json;
  json.number("number", event.number).text("at", show_time(event.at)).text("kind", event.kind);
  json.raw("task", event.task ? fmt::format("{}", *event.task) : "null");
  json.text("name", event.name).text("detail", event.detail);
  json.raw("payload", json_payload(event.payload));
  json.raw("failure", event.failure ? failure_json(*event.failure) : "null");
  return json.finish();
}

std::string HistoryText::line(const HistoryEvent& event) {
  if (!first_) first_ = event.at;
  std::string text(indent_, ' ');
  // Turns are headings: everything up to the next one happened in the same moment.
  const bool heading = event.kind == "TurnStarted";
  text += fmt::format("{:>6}  {:>10}  {}{:<{}}", event.number,
                      "+" + show_duration(span(*first_, event.at)), heading ? "" : "  ", event.kind,
                      heading ? 20 : 18);
  if (event.task) text += fmt::format("  #{}", *event.task);
  std::string name = event.name;
  std::string took;
  if (event.task && event.kind.ends_with("Scheduled")) {
    scheduled_[*event.task] = {event.name, event.at};
  } else if (event.task && event.kind == "TimerCreated") {
    scheduled_[*event.task] = {"", event.at};
  } else if (event.task && is_outcome(event)) {
    if (const auto found = scheduled_.find(*event.task); found != scheduled_.end()) {
      if (name.empty()) name = found->second.name;
      took = fmt::format("  after {}", show_duration(span(found->second.at, event.at)));
    }
  }
  if (!name.empty()) text += "  " + printable(name);
  if (!event.detail.empty()) text += "  " + printable(event.detail);
  text += took;
  if (event.failure) text += "  " + failure_text(*event.failure);
  if (detail_ == HistoryArguments::Detail::kPayloads && event.payload) {
    text += "\n" + std::string(indent_ + 22, ' ') +
            lay_out(json_payload(event.payload), indent_ + 22, kTextWidth);
  }
  while (text.ends_with(' ')) text.pop_back();
  return text + "\n";
}

}  // namespace perdure::cli

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Instances and histories, as text for people and as JSON for programs. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "commands.h"
#include "perdure/client.h"

namespace perdure::cli {

std::string instance_json(const Instance& instance);
std::string instance_text(const Instance& instance, Output output);
/// Rows of `perdure list`.
std::string instances_text(const std::vector<Instance>& instances, Output output);

std::string event_json(const HistoryEvent& event);

/// Writes one line for each event. It remembers what was scheduled, to say of an outcome whose it
/// is and how long it took.
class HistoryText {
 public:
  HistoryText(std::size_t indent, HistoryArguments::Detail detail)
      : indent_(indent), detail_(detail) {}

  std::string line(const HistoryEvent& event);

 private:
  struct Scheduled {
    std::string name;
    TimePoint at;
  };

  std::size_t indent_;
  HistoryArguments::Detail detail_;
  std::optional<TimePoint> first_;
  std::map<std::int32_t, Scheduled> scheduled_;
};

/// "Type: message", and the failures behind it.
std::string failure_text(const FailureDetails& failure);

}  // namespace perdure::cli

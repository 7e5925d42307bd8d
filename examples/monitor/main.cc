// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// build/release/examples/monitor [--data DIR]: a job that takes about ten seconds.
#include <fmt/format.h>

#include "monitor/monitor.h"
#include "program.h"

int main(int count, char** values) {
  const auto begin = std::chrono::steady_clock::now();
  perdure::Host host(example::host_options(count, values));
  host.orchestration("watch_job", monitor::watch_job)
      .activity("look",
                [begin](const std::string& job) {
                  const bool printed =
                      std::chrono::steady_clock::now() - begin > std::chrono::seconds(10);
                  fmt::print("{}: {}\n", job, printed ? "printed" : "waiting");
                  return std::string(printed ? "printed" : "waiting");
                })
      .activity("alert", [](const std::string& text) { fmt::print("alert: {}\n", text); });
  return example::run_to_end(
      host, "watch_job", monitor::Watch{.job = "poster.pdf", .interval = std::chrono::seconds(1)});
}

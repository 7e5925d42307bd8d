// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// build/release/examples/counter [--data DIR]: counts 10,000 visits of a page. With --data, run it
// again: it goes on from where it was.
#include "counter/counter.h"

#include <fmt/format.h>

#include <deque>
#include <future>

#include "program.h"

namespace {

constexpr int kVisits = 10'000;
/// Calls from one thread that are under way at once. They share the syncs of the disk.
constexpr std::size_t kInFlight = 256;

int count(perdure::Client client) {
  const perdure::Entity<counter::Counter> page("index.html");
  const auto before = client.query(page, &counter::Counter::total);
  if (!before) return example::report(before.error());
  std::deque<std::future<perdure::Result<void>>> under_way;
  for (int i = 0; i < kVisits || !under_way.empty(); ++i) {
    if (i < kVisits) {
      const std::string country = i % 3 == 0 ? "NO" : "SE";
      under_way.push_back(client.call_async(page, &counter::Counter::visit, country));
    }
    if (i < kVisits && under_way.size() < kInFlight) continue;
    if (const auto done = under_way.front().get(); !done) return example::report(done.error());
    under_way.pop_front();
  }
  const auto after = client.query(page, &counter::Counter::total);
  if (!after) return example::report(after.error());
  fmt::print("{}: {} visits before, {} now\n", page.id().text(), *before, *after);
  return *after == *before + kVisits ? perdure::kExitOk : perdure::kExitFailed;
}

}  // namespace

int main(int argument_count, char** values) {
  perdure::Host host(example::host_options(argument_count, values));
  host.entity<counter::Counter>()
      .orchestration("mail_report", counter::mail_report)
      .activity("mail", [](const std::string& page, long visits) {
        fmt::print("{}: {} visits\n", page, visits);
      });
  const auto client = host.start();
  return client ? count(*client) : example::report(client.error());
}

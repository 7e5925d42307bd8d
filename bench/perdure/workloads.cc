// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "workloads.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <future>
#include <map>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include "functions.h"
#include "load.h"

namespace bench {
namespace {

using perdure::Client;
using perdure::Error;
using perdure::ErrorCode;
using perdure::Result;
using perdure::StartOptions;

constexpr std::chrono::minutes kPatience{10};
/// While a server is down: so often, with a pause between.
constexpr int kRetriesMax = 6000;
constexpr std::chrono::milliseconds kRetryPause{20};
constexpr std::uint64_t kSamples = 100;  // at either end of a long history

class Words {
 public:
  explicit Words(const std::vector<std::string>& words) : words_(words) {}

  [[nodiscard]] const std::string& text(std::size_t at) const {
    if (at >= words_.size()) throw std::invalid_argument("it takes more words");
    return words_[at];
  }
  [[nodiscard]] std::int64_t number(std::size_t at) const {
    const std::string& word = text(at);
    std::int64_t value = 0;
    const auto end = word.data() + word.size();
    if (std::from_chars(word.data(), end, value).ptr != end || value < 0) {
      throw std::invalid_argument("'" + word + "' is no number");
    }
    return value;
  }
  [[nodiscard]] std::size_t count(std::size_t at) const {
    return static_cast<std::size_t>(number(at));
  }

 private:
  const std::vector<std::string>& words_;
};

Error wrong(const std::string& what) { return Error(ErrorCode::kInternal, what); }

Result<void> check_chain(const Result<std::vector<std::string>>& greetings, std::int64_t steps) {
  if (!greetings) return greetings.error();
  const bool right = greetings->size() == static_cast<std::size_t>(steps) &&
                     (steps == 0 || greetings->front() == "Hello Tokyo");
  return right ? Result<void>() : Result<void>(wrong("a chain ended with another result"));
}

/// chain IN-FLIGHT MS STEPS: from one thread. dash: the same, speculatively.
std::string chain(Client& client, const Words& words) {
  using Greetings = std::future<Result<std::vector<std::string>>>;
  const std::int64_t steps = words.number(3);
  const Flight<Greetings> chains{
      .send =
          [&](std::uint64_t) {
            return client.run_async<std::vector<std::string>>(words.text(0), steps);
          },
      .take = [&](Greetings& greetings) { return check_chain(greetings.get(), steps); }};
  return line(in_flight(words.count(1), static_cast<double>(words.number(2)), chains));
}

/// clocks PROGRAM IN-FLIGHT MS COUNT: lat_ms as the client sees it, when all is durable;
/// event_lat_ms by the engine's own clock, from its start to its end. COUNT 0: each another number.
std::string clocks(Client& client, const Words& words) {
  using Ended = std::future<Result<perdure::Instance>>;
  std::vector<double> inside;
  const std::int64_t count = words.number(4);
  const Flight<Ended> flight{
      .send =
          [&](std::uint64_t number) {
            const auto input = count > 0 ? count : static_cast<std::int64_t>(number);
            return client.run_async<perdure::Instance>(words.text(1), input);
          },
      .take = [&](Ended& ended) -> Result<void> {
        const Result<perdure::Instance> instance = ended.get();
        if (!instance) return instance.error();
        if (!instance->ended || !instance->output) return wrong("it did not complete");
        const auto took = *instance->ended - instance->created;
        inside.push_back(std::chrono::duration<double, std::milli>(took).count());
        return {};
      }};
  Seen seen = in_flight(words.count(2), static_cast<double>(words.number(3)), flight);
  seen.events_ms = std::move(inside);
  return line(seen);
}

/// fan WIDTH
std::string fan(Client& client, const Words& words) {
  const std::int64_t width = words.number(1);
  const double begin = now_ms();
  const auto sum = client.run<std::int64_t>("fan", width);
  const double took = now_ms() - begin;
  if (!sum) return fmt::format(R"({{"error":{}}})", quoted(sum.error().what()));
  if (*sum != width * (width - 1) / 2) return R"({"error":"the sum is wrong"})";
  return fmt::format(R"({{"total_ms":{:.2f},"rate":{:.1f}}})", took,
                     static_cast<double>(width) / took * 1000);
}

double mean_gap(const std::vector<double>& stamps, std::size_t from, std::size_t to) {
  return (stamps[to] - stamps[from]) / static_cast<double>(to - from);
}

/// long STEPS: also what the first and the last steps took
std::string long_history(Client& client, const Words& words) {
  const std::int64_t steps = words.number(1);
  Notes::of_this_process().clear();
  const double begin = now_ms();
  const auto count = client.run<std::int64_t>("long_chain", steps);
  const double took = now_ms() - begin;
  if (!count) return fmt::format(R"({{"error":{}}})", quoted(count.error().what()));
  const std::vector<double> stamps = Notes::of_this_process().stamps();
  if (*count != steps || stamps.size() < 2) return R"({"error":"too few steps ran"})";
  const std::size_t last = stamps.size() - 1;
  const std::size_t samples = std::min<std::size_t>(kSamples, last);
  const double first_ms = mean_gap(stamps, 0, samples);
  const double last_ms = mean_gap(stamps, last - samples, last);
  return fmt::format(
      R"({{"total_ms":{:.2f},"rate":{:.1f},"first100_ms":{:.4f},"last100_ms":{:.4f},)"
      R"("growth":{:.3f}}})",
      took, static_cast<double>(steps) / took * 1000, first_ms, last_ms, last_ms / first_ms);
}

/// add IN-FLIGHT MS KEYS: from one thread; the operations of one key run in the order sent
std::string add(Client& client, const Words& words) {
  using Sum = std::future<Result<std::int64_t>>;
  const auto keys = static_cast<std::uint64_t>(std::max<std::int64_t>(words.number(3), 1));
  const Flight<Sum> additions{
      .send =
          [&](std::uint64_t number) {
            const perdure::Entity<Counter> counter(fmt::format("of-{}-{}", keys, number % keys));
            return client.call_async(counter, &Counter::add, 1);
          },
      .take = [](Sum& sum) -> Result<void> {
        const auto answer = sum.get();
        return answer ? Result<void>() : Result<void>(answer.error());
      }};
  return line(in_flight(words.count(1), static_cast<double>(words.number(2)), additions));
}

Result<void> one_event(Client client, Seen& seen) {
  const auto id = client.start("waiter");
  if (!id) return id.error();
  const double begin = now_ms();
  if (const auto raised = client.raise(*id, "go", std::string("x")); !raised) {
    return raised.error();
  }
  const auto ended = client.wait(*id, kPatience);
  if (!ended) return ended.error();
  const auto value = ended->output_as<std::string>();
  if (!value) return value.error();
  if (*value != "x") return wrong("another event arrived");
  seen.events_ms.push_back(now_ms() - begin);
  return {};
}

/// event IN-FLIGHT MS
std::string event(Client& client, const Words& words) {
  return line(
      closed_loop(words.count(1), static_cast<double>(words.number(2)),
                  [&](std::size_t, std::uint64_t, Seen& seen) { return one_event(client, seen); }));
}

/// Again while the engine has too much to do.
Result<void> start_sleeper(Client client, std::int64_t due_us) {
  auto id = client.start("sleeper", due_us);
  for (int i = 0; !id && id.error().code() == ErrorCode::kResourceExhausted; ++i) {
    if (i == kRetriesMax) break;
    std::this_thread::sleep_for(kRetryPause);
    id = client.start("sleeper", due_us);
  }
  return id ? Result<void>() : Result<void>(id.error());
}

/// sleepers COUNT DUE-MS IN-FLIGHT: due at one instant of the Unix clock; returns when all sleep,
/// and says how many came to sleep in a second
std::string sleepers(Client& client, const Words& words) {
  Notes& notes = Notes::of_this_process();
  notes.clear();
  const std::int64_t due_us = words.number(2) * 1000;
  const double begin = now_ms();
  Seen seen = for_each(words.count(3), words.count(1),
                       [&](std::uint64_t) { return start_sleeper(client, due_us); });
  const std::uint64_t started = seen.latencies_ms.size();
  const double patience = now_ms() + std::chrono::duration<double, std::milli>(kPatience).count();
  while (notes.sleepers() < started && now_ms() < patience)
    std::this_thread::sleep_for(kRetryPause);
  if (notes.sleepers() < started) return R"({"error":"not all of them came to sleep"})";
  seen.elapsed_ms = now_ms() - begin;
  return line(seen);
}

std::string instance(const std::string& prefix, std::uint64_t number) {
  return fmt::format("{}-{}", prefix, number);
}

/// Again while nobody answers; an instance that is there already will do.
Result<void> start_surely(Client client, const std::string& id, int steps) {
  const auto same = StartOptions().id(id).if_exists(StartOptions::IfExists::kIgnore);
  auto started = client.start("chain", steps, same);
  for (int i = 0; !started && started.error().code() == ErrorCode::kUnavailable; ++i) {
    if (i == kRetriesMax) break;
    std::this_thread::sleep_for(kRetryPause);
    started = client.start("chain", steps, same);
  }
  return started ? Result<void>() : Result<void>(started.error());
}

/// submit COUNT PREFIX IN-FLIGHT ACKS: a line of 8 bytes in the file ACKS for each acknowledged one
std::string submit(Client& client, const Words& words) {
  const int acks = ::open(words.text(4).c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  if (acks < 0) return R"({"error":"the file can not be opened"})";
  const Seen seen =
      for_each(words.count(3), words.count(1), [&](std::uint64_t number) -> Result<void> {
        auto started = start_surely(client, instance(words.text(2), number), 5);
        const std::string ack = fmt::format("{:07}\n", number);
        if (started && ::write(acks, ack.data(), ack.size()) != std::ssize(ack)) {
          return wrong("the file of acknowledgements can not be written");
        }
        return started;
      });
  ::close(acks);
  return line(seen);
}

Result<void> wait_surely(Client client, const std::string& id) {
  auto ended = client.wait(id, kPatience);
  for (int i = 0; !ended && ended.error().code() == ErrorCode::kUnavailable; ++i) {
    if (i == kRetriesMax) break;
    std::this_thread::sleep_for(kRetryPause);
    ended = client.wait(id, kPatience);
  }
  if (!ended) return ended.error();
  return check_chain(ended->output_as<std::vector<std::string>>(), 5);
}

/// finish COUNT PREFIX IN-FLIGHT START: waits for the instances 0 .. COUNT-1; START 1: starts those
/// that are not there
std::string finish(Client& client, const Words& words) {
  const bool starts = words.number(4) == 1;
  return line(for_each(words.count(3), words.count(1), [&](std::uint64_t number) -> Result<void> {
    const std::string id = instance(words.text(2), number);
    if (starts) {
      if (auto started = start_surely(client, id, 5); !started) return started;
    }
    return wait_surely(client, id);
  }));
}

/// finished_of PREFIX IN-FLIGHT ACKS: waits for those that the file ACKS names; each must be there
std::string finished_of(Client& client, const Words& words) {
  std::vector<std::uint64_t> numbers;
  if (std::FILE* file = std::fopen(words.text(3).c_str(), "r")) {
    char row[16];
    while (std::fgets(row, sizeof row, file) != nullptr) {
      numbers.push_back(std::strtoull(row, nullptr, 10));
    }
    std::fclose(file);
  }
  return line(for_each(words.count(2), numbers.size(), [&](std::uint64_t at) {
    return wait_surely(client, instance(words.text(1), numbers[at]));
  }));
}

/// log FILE: every step is a line in it from now on
std::string log_steps(Client&, const Words& words) {
  return Notes::of_this_process().log_steps(words.text(1))
             ? R"({"ok":true})"
             : R"({"error":"the file can not be opened"})";
}

/// late: how many sleepers woke; lateness: how late they were
std::string late(Client&, const Words&) {
  return fmt::format(R"({{"n":{}}})", Notes::of_this_process().lateness().size());
}
std::string lateness(Client&, const Words&) {
  return fmt::format(R"({{"late_ms":{}}})", distribution(Notes::of_this_process().lateness()));
}

using Workload = std::string (*)(Client&, const Words&);
const std::map<std::string, Workload>& workloads() {
  static const std::map<std::string, Workload> all = {{"chain", chain},
                                                      {"dash", chain},
                                                      {"clocks", clocks},
                                                      {"fan", fan},
                                                      {"long", long_history},
                                                      {"add", add},
                                                      {"event", event},
                                                      {"sleepers", sleepers},
                                                      {"submit", submit},
                                                      {"finish", finish},
                                                      {"late", late},
                                                      {"lateness", lateness},
                                                      {"finished_of", finished_of},
                                                      {"log", log_steps}};
  return all;
}

}  // namespace

std::string run_workload(Client& client, const std::vector<std::string>& words) {
  const auto found = workloads().find(words.empty() ? "" : words[0]);
  if (found == workloads().end()) return R"({"error":"there is no such workload"})";
  try {
    return found->second(client, Words(words));
  } catch (const std::invalid_argument& error) {
    return fmt::format(R"({{"error":{}}})", quoted(words[0] + ": " + error.what()));
  }
}

}  // namespace bench

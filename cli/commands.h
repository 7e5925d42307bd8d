// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The commands of `perdure`, one function each: take checked arguments and a client, print, answer
// an exit status through Result. What people see goes to stdout, aligned or as JSON. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "perdure/client.h"

namespace perdure::cli {

enum class Form : std::uint8_t { kPeople, kJson };
enum class Colour : std::uint8_t { kOff, kOn };

/// Whether to say on stderr how far a long command got.
enum class Progress : std::uint8_t { kSilent, kShown };

/// How to print.
struct Output {
  Form form = Form::kPeople;
  Colour colour = Colour::kOff;
};

/// The text of a small file. kNotFound, kPayloadTooLarge.
Result<std::string> read_text_file(const std::string& path);
/// The wall clock.
TimePoint current_time();
/// An argument that is a payload: JSON, @file, or - for stdin. kInvalidArgument with line and
/// column for what is no JSON.
Result<std::string> read_payload(const std::string& argument, std::string_view what);

struct StartArguments {
  std::string name;
  std::optional<std::string> input;  // checked JSON
  StartOptions options;
};
Result<void> start(Client& client, Output output, const StartArguments& arguments);

Result<void> get(Client& client, Output output, const std::string& id);
/// Also shows the input.
Result<void> get_with_input(Client& client, Output output, const std::string& id);

struct ListArguments {
  Filter filter;
  std::size_t limit = 100;
  std::string next;  // as an earlier list printed it
};
Result<void> list(Client& client, Output output, const ListArguments& arguments);

struct HistoryArguments {
  enum class Depth : std::uint8_t { kOne, kTree };
  enum class Detail : std::uint8_t { kNames, kPayloads };

  std::string id;
  std::uint64_t from = 0;
  std::size_t limit = 0;  // 0: all
  Depth depth = Depth::kOne;
  Detail detail = Detail::kNames;
};
Result<void> history(Client& client, Output output, const HistoryArguments& arguments);

struct RaiseArguments {
  std::string id;
  std::string event;
  std::optional<std::string> payload;  // checked JSON
};
Result<void> raise(Client& client, Output output, const RaiseArguments& arguments);

enum class Steering : std::uint8_t {
  kTerminate,
  kTerminateTree,
  kSuspend,
  kResume,
  kRewind,
  kRestart,
  kPurge
};
Result<void> steer(Client& client, Output output, Steering what, const std::string& id,
                   const std::string& reason);

/// Without consent it only counts.
enum class Consent : std::uint8_t { kMissing, kGiven };
Result<void> purge_matching(Client& client, Output output, const Filter& filter, Consent consent);

struct EntitiesArguments {
  std::string name;  // of their class; empty: any
  std::size_t limit = 100;
  std::string next;
};
Result<void> list_entities(Client& client, Output output, const EntitiesArguments& arguments);
Result<void> show_entity(Client& client, Output output, const std::string& id);

struct SignalArguments {
  std::string id;
  std::string operation;
  std::optional<std::string> input;  // checked JSON
  std::optional<TimePoint> at;
};
Result<void> signal_entity(Client& client, Output output, const SignalArguments& arguments);
/// Prints what the operation answers. `at` means nothing.
Result<void> call_entity(Client& client, Output output, const SignalArguments& arguments);

/// How many instances there are, by status and name.
Result<void> stats(Client& client, Output output);
/// Reads every file of the table from the disk, also what nobody asks for, and verifies it.
Result<void> scrub(Client& client, Output output, Progress progress);
/// Reads every instance and every event. Opening the store has verified the log.
Result<void> check(Client& client, Output output);

/// Instances that one list asks the engine for at once.
inline constexpr std::size_t kPageSize = 500;
/// Nested children that `history --tree` follows.
inline constexpr int kTreeDepthMax = 20;

}  // namespace perdure::cli

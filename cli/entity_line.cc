// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "entity_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "text.h"

namespace perdure::cli {
namespace {

constexpr std::size_t kListLimitMax = 100'000;

CLI::App& add(CLI::App& entity, const std::string& name, const std::string& description,
              const std::string& example) {
  CLI::App& command = *entity.add_subcommand(name, description);
  command.fallthrough();
  command.footer(fmt::format("Examples:\n  perdure entity {}\n", example));
  return command;
}

/// What `call` and `signal` take.
struct Operation {
  std::string id;
  std::string name;
  std::string input;
  std::string at;
  const CLI::Option* given = nullptr;

  void declare(CLI::App& command) {
    command.add_option("id", id, "of the entity: @name@key")->required();
    command.add_option("operation", name, "its name")->required();
    given = command.add_option("input", input, "JSON, @file, or - for the standard input");
  }

  [[nodiscard]] Result<SignalArguments> arguments(TimePoint now) const {
    if (name.empty()) {
      return Error(ErrorCode::kInvalidArgument, "the name of the operation must not be empty");
    }
    SignalArguments arguments{.id = id, .operation = name, .input = {}, .at = {}};
    if (given->count() > 0) {
      auto text = read_payload(input, "the input");
      if (!text) return text.error();
      arguments.input = *std::move(text);
    }
    if (!at.empty()) {
      const auto time = parse_time(at, now, Direction::kFuture);
      if (!time) return time.error();
      arguments.at = *time;
    }
    return arguments;
  }
};

void declare_get(CLI::App& entity, Make& chosen) {
  CLI::App& command = add(entity, "get", "show the state of an entity", "get @account@alice");
  auto id = std::make_shared<std::string>();
  command.add_option("id", *id, "of the entity: @name@key")->required();
  command.callback([id, &chosen] {
    chosen = [id](TimePoint) -> Result<Command> {
      return [id = *id](Client& client, Output output) { return show_entity(client, output, id); };
    };
  });
}

void declare_list(CLI::App& entity, Make& chosen) {
  CLI::App& command = add(entity, "list", "show the entities, or those of one class",
                          "list account --limit 20 --json");
  auto wanted = std::make_shared<EntitiesArguments>();
  command.add_option("name", wanted->name, "of the class");
  command.add_option("--limit", wanted->limit, "show at most so many")
      ->check(CLI::Range(std::size_t{1}, kListLimitMax))
      ->type_name("COUNT")
      ->capture_default_str();
  command.add_option("--next", wanted->next, "go on where an earlier list ended")
      ->type_name("TOKEN");
  command.callback([wanted, &chosen] {
    chosen = [wanted](TimePoint) -> Result<Command> {
      if (const auto token = from_hex(wanted->next); !token) return token.error();
      return [arguments = *wanted](Client& client, Output output) {
        return list_entities(client, output, arguments);
      };
    };
  });
}

void declare_call(CLI::App& entity, Make& chosen) {
  CLI::App& command = add(entity, "call", "run an operation and show what it answers",
                          "call @account@alice balance --server localhost:4001");
  auto operation = std::make_shared<Operation>();
  operation->declare(command);
  command.callback([operation, &chosen] {
    chosen = [operation](TimePoint now) -> Result<Command> {
      auto arguments = operation->arguments(now);
      if (!arguments) return arguments.error();
      return [arguments = *arguments](Client& client, Output output) {
        return call_entity(client, output, arguments);
      };
    };
  });
}

void declare_signal(CLI::App& entity, Make& chosen) {
  CLI::App& command = add(entity, "signal", "send an operation, without waiting for it",
                          "signal @account@alice close --at 2h");
  auto operation = std::make_shared<Operation>();
  operation->declare(command);
  command.add_option("--at", operation->at, "not before this time")->type_name("TIME");
  command.callback([operation, &chosen] {
    chosen = [operation](TimePoint now) -> Result<Command> {
      auto arguments = operation->arguments(now);
      if (!arguments) return arguments.error();
      return [arguments = *arguments](Client& client, Output output) {
        return signal_entity(client, output, arguments);
      };
    };
  });
}

}  // namespace

void declare_entity(CLI::App& app, Make& chosen) {
  CLI::App& entity = *app.add_subcommand("entity", "look at entities, and send them operations");
  entity.fallthrough();
  entity.require_subcommand(1);
  entity.footer(
      "An operation runs when a worker that has the entity's class takes it.\n\nExamples:\n"
      "  perdure entity get @account@alice\n  perdure entity signal @account@alice deposit 100\n");
  declare_get(entity, chosen);
  declare_call(entity, chosen);
  declare_signal(entity, chosen);
  declare_list(entity, chosen);
}

}  // namespace perdure::cli

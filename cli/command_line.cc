// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See command_line.h. Each subcommand has a function that declares it, with its help, and sets what
// makes the command of the typed text.
#include "command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "bench.h"
#include "completion.h"
#include "entity_line.h"
#include "exit_status.h"
#include "json.h"
#include "keys.h"
#include "live.h"
#include "perdure/version.h"
#include "serve.h"
#include "text.h"
#include "verify.h"

namespace perdure::cli {
namespace {

constexpr std::size_t kListLimitMax = 100'000;

/// Options of a filter, as typed.
struct FilterText {
  std::vector<std::string> statuses;
  std::string name;
  std::string id_prefix;
  std::string since;
  std::string until;
  std::vector<std::string> tags;

  [[nodiscard]] bool is_empty() const {
    return statuses.empty() && name.empty() && id_prefix.empty() && since.empty() &&
           until.empty() && tags.empty();
  }
};

void declare(CLI::App& command, FilterText& filter) {
  command
      .add_option(
          "--status", filter.statuses,
          "one of PENDING, RUNNING, SUSPENDED, COMPLETED, FAILED, TERMINATED; may be repeated")
      ->delimiter(',')
      ->take_all()
      ->type_name("STATUS")
      ->expected(1);
  command.add_option("--name", filter.name, "of the orchestration")->type_name("NAME");
  command.add_option("--id-prefix", filter.id_prefix, "what the id begins with")->type_name("TEXT");
  command.add_option("--since", filter.since, "created at or after this time (UTC), or 2h ago")
      ->type_name("TIME");
  command.add_option("--until", filter.until, "created before this time (UTC), or 7d ago")
      ->type_name("TIME");
  command.add_option("--tag", filter.tags, "has this tag; may be repeated")
      ->take_all()
      ->type_name("KEY=VALUE")
      ->expected(1);
}

Result<Filter> make_filter(const FilterText& text, TimePoint now) {
  Filter filter;
  for (const std::string& name : text.statuses) {
    const auto status = parse_status(name);
    if (!status) return status.error();
    filter.status(*status);
  }
  if (!text.name.empty()) filter.name(text.name);
  if (!text.id_prefix.empty()) filter.id_prefix(text.id_prefix);
  if (!text.since.empty()) {
    const auto time = parse_time(text.since, now, Direction::kPast);
    if (!time) return time.error();
    filter.created_from(*time);
  }
  if (!text.until.empty()) {
    const auto time = parse_time(text.until, now, Direction::kPast);
    if (!time) return time.error();
    filter.created_before(*time);
  }
  for (const std::string& typed : text.tags) {
    const auto tag = parse_tag(typed);
    if (!tag) return tag.error();
    filter.tag(tag->first, tag->second);
  }
  return filter;
}

Result<StartOptions::IfExists> parse_if_exists(const std::string& text) {
  using IfExists = StartOptions::IfExists;
  if (text == "reject") return IfExists::kReject;
  if (text == "ignore") return IfExists::kIgnore;
  if (text == "replace") return IfExists::kReplace;
  if (text == "replace-ended") return IfExists::kReplaceEnded;
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("--if-exists is '{}'; the valid ones are reject, ignore, replace, "
                           "replace-ended",
                           printable(text)));
}

std::string examples(std::initializer_list<std::string_view> lines) {
  std::string text = "Examples:";
  for (const std::string_view line : lines) text += fmt::format("\n  perdure {}", line);
  return text + "\n";
}

/// Thrown by `perdure help COMMAND`, out of the parser.
struct CommandHelp {
  explicit CommandHelp(std::string help) : text(std::move(help)) {}
  std::string text;
};

Error missing(std::string_view what) {
  return {ErrorCode::kInvalidArgument, fmt::format("{} must not be empty", what)};
}

}  // namespace

struct CommandLine::Impl {
  CLI::App app{"Looks into a Perdure store and steers what is in it.", "perdure"};
  std::string data = "perdure-data";
  std::string hub = "default";
  bool json = false;
  Connection connection;
  Make make;
  StorelessCommand storeless;
  bool may_make_store = false;

  Impl() {
    app.fallthrough();
    app.require_subcommand(1);
    app.get_formatter()->column_width(34);
    app.add_option("--data", data, "the store folder")
        ->envname("PERDURE_DATA")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_option("--hub", hub, "the task hub")->type_name("NAME")->capture_default_str();
    declare_connection(app, connection);
    app.add_flag("--json", json, "print JSON for programs instead of text for people");
    app.set_version_flag("--version", fmt::format("perdure {}", kVersion));
    app.footer(
        "With --server the commands ask a server. Without, they open the folder of --data, and "
        "have\n"
        "it to themselves while they work: one that another process has open is refused with\n"
        "STORE_LOCKED. They run no orchestration: what they start or resume goes on when a worker "
        "that\n"
        "knows the orchestration is there.\n\n"
        "Exit status: 0 done, 2 malformed command, 3 not found, 4 already exists, 5 wrong state,\n"
        "6 store in use, 7 not a store, 8 store damaged, 9 disk full, 10 try again later,\n"
        "11 not allowed, 12 not offered, 70 a bug.\n\n" +
        examples({"serve --data orders.db", "list --server localhost:4001", "list --data orders.db",
                  "get order-17 --input", "history order-17 --tree", "raise order-17 approved true",
                  "help list"}));
    declare_serve(app, storeless);
    declare_keys(app, storeless);
    declare_start();
    declare_get();
    declare_list();
    declare_history();
    declare_raise();
    declare_steering();
    declare_purge();
    declare_verify();
    declare_entity(app, make);
    declare_wait(app, make);
    declare_top(app, make);
    declare_bench(app, connection, storeless);
    declare_others();
    declare_completion(app, storeless);
  }

  CLI::App& add(const std::string& name, const std::string& description) {
    CLI::App* command = app.add_subcommand(name, description);
    command->fallthrough();
    return *command;
  }

  /// What the command means once it was chosen.
  void on(CLI::App& command, Make chosen) {
    command.callback([this, chosen = std::move(chosen)] { make = chosen; });
  }

  void declare_start() {
    struct Typed {
      std::string name, input, id, version, at, if_exists = "reject", key;
      std::vector<std::string> tags;
    };
    CLI::App& command = add("start", "start an orchestration");
    auto typed = std::make_shared<Typed>();  // lives as long as the declarations that point to it
    command.add_option("name", typed->name, "of the orchestration")->required();
    const CLI::Option* input =
        command.add_option("--input", typed->input, "JSON, @file, or - for the standard input")
            ->type_name("JSON|@FILE|-");
    command.add_option("--id", typed->id, "of the new instance; default: a random one")
        ->type_name("ID");
    command.add_option("--version", typed->version, "what the orchestration sees as its version")
        ->type_name("TEXT");
    command.add_option("--at", typed->at, "not before this time (UTC), or in 2h")
        ->type_name("TIME");
    command.add_option("--tag", typed->tags, "may be repeated")
        ->take_all()
        ->type_name("KEY=VALUE")
        ->expected(1);
    command
        .add_option("--if-exists", typed->if_exists,
                    "when the id is taken: reject, ignore, replace, replace-ended")
        ->type_name("WHAT")
        ->capture_default_str();
    command
        .add_option("--key", typed->key, "a start repeated with this key answers as the first did")
        ->type_name("TEXT");
    command.footer(examples({"start checkout --id order-17 --input '{\"lines\": [1, 2]}'",
                             "start report --input @report.json --at 2026-12-01T06:00:00Z",
                             "start sync --id nightly --if-exists replace-ended --tag team=data"}));
    on(command, [this, typed, input](TimePoint now) -> Result<Command> {
      may_make_store = true;
      StartArguments arguments{.name = typed->name};
      arguments.options.id(typed->id).version(typed->version).idempotency_key(typed->key);
      if (typed->name.empty()) return missing("the name of the orchestration");
      if (input->count() > 0) {
        auto payload = read_payload(typed->input, "the input");
        if (!payload) return payload.error();
        arguments.input = *std::move(payload);
      }
      if (!typed->at.empty()) {
        const auto time = parse_time(typed->at, now, Direction::kFuture);
        if (!time) return time.error();
        arguments.options.at(*time);
      }
      for (const std::string& text : typed->tags) {
        const auto tag = parse_tag(text);
        if (!tag) return tag.error();
        arguments.options.tag(tag->first, tag->second);
      }
      const auto if_exists = parse_if_exists(typed->if_exists);
      if (!if_exists) return if_exists.error();
      arguments.options.if_exists(*if_exists);
      return
          [arguments](Client& client, Output output) { return start(client, output, arguments); };
    });
  }

  /// A positional argument that every command about one instance has. The option points into the
  /// string: what `on` gets must hold it.
  static std::shared_ptr<std::string> add_id(CLI::App& command) {
    auto id = std::make_shared<std::string>();
    command.add_option("id", *id, "of the instance")->required();
    return id;
  }

  void declare_get() {
    CLI::App& command = add("get", "show one instance");
    auto id = add_id(command);
    auto with_input = std::make_shared<bool>(false);
    command.add_flag("--input", *with_input, "also show the input");
    command.footer(examples({"get order-17", "get order-17 --input --json"}));
    on(command, [id, with_input](TimePoint) -> Result<Command> {
      if (id->empty()) return missing("the id");
      return [id = *id, shown = *with_input](Client& client, Output output) {
        return shown ? get_with_input(client, output, id) : get(client, output, id);
      };
    });
  }

  void declare_list() {
    CLI::App& command = add("list", "show the instances that match");
    auto filter = std::make_shared<FilterText>();
    auto arguments = std::make_shared<ListArguments>();
    declare(command, *filter);
    command.add_option("--limit", arguments->limit, "show at most so many")
        ->check(CLI::Range(std::size_t{1}, kListLimitMax))
        ->type_name("COUNT")
        ->capture_default_str();
    command.add_option("--next", arguments->next, "go on where an earlier list ended")
        ->type_name("TOKEN");
    command.footer("A status with '!' has work and makes no progress: see `perdure get`.\n\n" +
                   examples({"list --status running,suspended", "list --name checkout --since 2h",
                             "list --id-prefix order- --tag team=shop --limit 20 --json"}));
    on(command, [filter, arguments](TimePoint now) -> Result<Command> {
      auto made = make_filter(*filter, now);
      if (!made) return made.error();
      if (const auto token = from_hex(arguments->next); !token) return token.error();
      ListArguments complete = *arguments;
      complete.filter = *std::move(made);
      return [complete](Client& client, Output output) { return list(client, output, complete); };
    });
  }

  void declare_history() {
    CLI::App& command = add("history", "show what happened to an instance, event by event");
    struct Typed {
      std::uint64_t from = 0;
      std::size_t limit = 0;
      bool tree = false;
      bool payloads = false;
    };
    auto id = add_id(command);
    auto typed = std::make_shared<Typed>();
    command.add_option("--from", typed->from, "begin with this event")
        ->check(CLI::NonNegativeNumber)
        ->type_name("NUMBER");
    command.add_option("--limit", typed->limit, "show at most so many; 0: all")
        ->check(CLI::NonNegativeNumber)
        ->type_name("COUNT");
    command.add_flag("--tree", typed->tree, "also the histories of its children");
    command.add_flag("--payloads", typed->payloads, "also inputs, results and events");
    command.footer(
        examples({"history order-17", "history order-17 --tree", "history order-17 --json"}));
    on(command, [id, typed](TimePoint) -> Result<Command> {
      if (id->empty()) return missing("the id");
      using Arguments = HistoryArguments;
      const Arguments arguments{
          .id = *id,
          .from = typed->from,
          .limit = typed->limit,
          .depth = typed->tree ? Arguments::Depth::kTree : Arguments::Depth::kOne,
          .detail = typed->payloads ? Arguments::Detail::kPayloads : Arguments::Detail::kNames};
      return
          [arguments](Client& client, Output output) { return history(client, output, arguments); };
    });
  }

  void declare_raise() {
    CLI::App& command = add("raise", "send an event to an instance");
    auto id = add_id(command);
    auto event = std::make_shared<std::string>();
    auto payload = std::make_shared<std::string>();
    command.add_option("event", *event, "the name of the event")->required();
    const CLI::Option* given =
        command.add_option("payload", *payload, "JSON, @file, or - for the standard input");
    command.footer(examples({"raise order-17 approved true", "raise order-17 code '\"123456\"'",
                             "raise order-17 document @document.json"}));
    on(command, [id, event, payload, given](TimePoint) -> Result<Command> {
      if (id->empty()) return missing("the id");
      if (event->empty()) return missing("the name of the event");
      RaiseArguments arguments{.id = *id, .event = *event};
      if (given->count() > 0) {
        auto text = read_payload(*payload, "the payload");
        if (!text) return text.error();
        arguments.payload = *std::move(text);
      }
      return
          [arguments](Client& client, Output output) { return raise(client, output, arguments); };
    });
  }

  CLI::App& declare_one(Steering what, const std::string& name, const std::string& description) {
    CLI::App& command = add(name, description);
    auto id = add_id(command);
    auto reason = std::make_shared<std::string>();
    auto tree = std::make_shared<bool>(false);
    if (what != Steering::kRestart) {
      command.add_option("--reason", *reason, "recorded in the history")->type_name("TEXT");
    }
    if (what == Steering::kTerminate) {
      command.add_flag("--tree", *tree, "also its children, and theirs");
    }
    command.footer(examples({name + " order-17"}));
    on(command, [what, id, reason, tree](TimePoint) -> Result<Command> {
      if (id->empty()) return missing("the id");
      const Steering exactly = *tree ? Steering::kTerminateTree : what;
      return [exactly, id = *id, reason = *reason](Client& client, Output output) {
        return steer(client, output, exactly, id, reason);
      };
    });
    return command;
  }

  void declare_steering() {
    declare_one(Steering::kTerminate, "terminate", "end an instance at once")
        .footer(
            examples({"terminate order-17 --reason 'ordered twice'", "terminate order-17 --tree"}));
    declare_one(Steering::kSuspend, "suspend", "hold an instance: it takes no further step");
    declare_one(Steering::kResume, "resume",
                "let a suspended instance go on, or try a parked one again");
    declare_one(Steering::kRewind, "rewind",
                "let a failed instance go on: what failed is tried again");
    declare_one(Steering::kRestart, "restart", "start an ended instance anew, with the same input");
  }

  void declare_purge() {
    CLI::App& command = add("purge", "forget ended instances: one, or all that match");
    struct Typed {
      std::string id;
      FilterText filter;
      bool yes = false;
      bool dry_run = false;
    };
    auto typed = std::make_shared<Typed>();
    command.add_option("id", typed->id, "of the instance");
    declare(command, typed->filter);
    command.add_flag("--yes", typed->yes, "really purge what matches; without it, only count");
    command.add_flag("--dry-run", typed->dry_run, "only count, even with --yes");
    command.footer(examples({"purge order-17", "purge --status completed --until 30d",
                             "purge --status completed --until 30d --yes"}));
    on(command, [typed](TimePoint now) -> Result<Command> {
      if (!typed->id.empty() && !typed->filter.is_empty()) {
        return Error(ErrorCode::kInvalidArgument,
                     "purge takes an id or a filter, not both; see perdure help purge");
      }
      if (!typed->id.empty()) {
        return [id = typed->id](Client& client, Output output) {
          return steer(client, output, Steering::kPurge, id, {});
        };
      }
      if (typed->filter.is_empty()) {
        return Error(ErrorCode::kInvalidArgument,
                     "purge needs an id or a filter, such as --status completed --until 30d; see "
                     "perdure help purge");
      }
      auto filter = make_filter(typed->filter, now);
      if (!filter) return filter.error();
      const Consent consent = typed->yes && !typed->dry_run ? Consent::kGiven : Consent::kMissing;
      return [filter = *filter, consent](Client& client, Output output) {
        return purge_matching(client, output, filter, consent);
      };
    });
  }

  void declare_verify() {
    CLI::App& command = add("verify", "judge a recorded history of calls and answers");
    auto file = std::make_shared<std::string>();
    auto model = std::make_shared<std::string>();
    command.add_option("file", *file, "one operation a line, as JSON; - for the standard input")
        ->required();
    command.add_option("--model", *model, "what the operations are of; default: as they look")
        ->check(CLI::IsMember({"register", "instance", "sequence", "set", "transactions"}))
        ->type_name("MODEL");
    command.footer(
        "register, instance  linearizable: one order in which every answer is right\n"
        "sequence            each sender's messages arrive once, in order\n"
        "set                 what was acknowledged is there at the end, and nothing else\n"
        "transactions        strictly serializable, by lists that are appended to\n\n"
        "It opens no store. Exit status: 0 the history holds; 1 it does not, with the operations\n"
        "that show it, or it is too large to be decided; 2 it is malformed. "
        "docs/reference/verify.md\n"
        "describes the format.\n\n" +
        examples({"verify history.jsonl", "verify - --model instance --json < history.jsonl"}));
    command.callback([this, file, model] {
      storeless = [arguments = VerifyArguments{*file, verify::model_from_name(*model)}](
                      Output output) { return verify_history(output, arguments); };
    });
  }

  void declare_others() {
    on(add("stats", "count the instances by status and name"),
       [](TimePoint) -> Result<Command> { return stats; });
    on(add("check", "read everything in the store and report damage"),
       [](TimePoint) -> Result<Command> { return check; });
    CLI::App& scrubbing = add("scrub", "read every file of the table from the disk and verify it");
    scrubbing.footer(
        "Finds what decayed where nobody reads. The log was verified when the store was opened.\n"
        "Exit status 8: the message names the damaged file; restore the store from a copy.\n");
    on(scrubbing, [](TimePoint) -> Result<Command> {
      return [](Client& client, Output output) {
        const bool shown = output.form == Form::kPeople && ::isatty(STDERR_FILENO) == 1;
        return scrub(client, output, shown ? Progress::kShown : Progress::kSilent);
      };
    });
    app.add_subcommand("version", "print the version")->callback([] {
      throw CLI::CallForVersion(fmt::format("perdure {}", kVersion), 0);
    });
    CLI::App& help = add("help", "print this text, or that of a command");
    auto about = std::make_shared<std::string>();
    help.add_option("command", *about, "the command");
    help.callback([this, about] {
      if (about->empty()) throw CLI::CallForHelp();
      const auto found =
          app.get_subcommands([&](CLI::App* one) { return one->get_name() == *about; });
      if (found.empty()) {
        throw CLI::ValidationError(
            fmt::format("there is no command '{}'; see perdure --help", *about));
      }
      throw CommandHelp(found.front()->help("perdure"));
    });
  }
};

CommandLine::CommandLine() : impl_(std::make_unique<Impl>()) {}
CommandLine::~CommandLine() = default;

std::optional<int> CommandLine::parse(int count, const char* const* values) {
  try {
    impl_->app.parse(count, values);
    return std::nullopt;
  } catch (const CommandHelp& help) {
    fmt::print("{}", help.text);
    return kExitOk;
  } catch (const CLI::CallForHelp&) {
    // Of the command that was named before --help.
    const auto chosen = impl_->app.get_subcommands();
    const bool about_command = !chosen.empty() && chosen.front()->get_name() != "help";
    fmt::print("{}", about_command ? chosen.front()->help("perdure") : impl_->app.help());
    return kExitOk;
  } catch (const CLI::CallForVersion& version) {
    fmt::print("{}\n", version.what());
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    std::string problem = error.what();
    std::replace(problem.begin(), problem.end(), '\n', ' ');
    const auto chosen = impl_->app.get_subcommands();
    const std::string command = chosen.empty() ? "" : " " + chosen.front()->get_name();
    if (problem.find("perdure --help") == std::string::npos) {
      problem += fmt::format("; see perdure{} --help", command);
    }
    fmt::print(stderr, "perdure: {}: {}\n", error_name(ErrorCode::kInvalidArgument),
               printable(problem));
    return kExitUsage;
  }
}

Result<Command> CommandLine::command(TimePoint now) {
  if (impl_->data.empty()) return missing("--data");
  return impl_->make(now);
}

const StorelessCommand* CommandLine::storeless_command() const {
  return impl_->storeless ? &impl_->storeless : nullptr;
}

Form CommandLine::form() const { return impl_->json ? Form::kJson : Form::kPeople; }
const std::string& CommandLine::data() const { return impl_->data; }
const Connection& CommandLine::connection() const { return impl_->connection; }
const std::string& CommandLine::hub() const { return impl_->hub; }
bool CommandLine::may_make_store() const { return impl_->may_make_store; }

}  // namespace perdure::cli

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "serve.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "exit_status.h"
#include "server/option_sources.h"
#include "server/options.h"
#include "server/run.h"

namespace perdure::cli {
namespace {

/// As typed: the texts by the names of the options.
struct Typed {
  std::map<std::string, std::string> texts;
  std::map<std::string, const CLI::Option*> flags;
  std::string config;
  bool print_config = false;
};

/// What was typed, apart from the parser.
struct Request {
  server::Layer flags;
  std::string config;
  bool print_config = false;
};

Error to_public(const base::Error& error) {
  return {static_cast<ErrorCode>(error.code), error.message};
}

std::string help_of(const server::Declaration& option) {
  std::string text = option.sentence;
  if (!option.bounds.empty()) text += fmt::format("; {}", option.bounds);
  if (!option.default_text.empty()) text += fmt::format(" [{}]", option.default_text);
  return text;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// --data and --hub may stand in front of `serve`: there they are the program's own.
void take_global(const CLI::App& app, std::string_view name, server::Layer& flags) {
  const std::string flag = fmt::format("--{}", name);
  const CLI::Option* global = app.get_option_no_throw(flag);
  if (global == nullptr || global->count() == 0 || flags.contains(name)) return;
  const std::string text = global->results().front();
  const std::string& variable = global->get_envname();
  // From the environment, not typed; it has its own place below the flags.
  if (!variable.empty() && environment(variable.c_str()) == text) return;
  flags.emplace(std::string(name), server::Given{text, flag});
}

Request request_of(const CLI::App& app, const Typed& typed) {
  Request request{.flags = {}, .config = typed.config, .print_config = typed.print_config};
  for (const auto& [name, option] : typed.flags) {
    if (option->count() == 0) continue;
    request.flags.emplace(name, server::Given{typed.texts.at(name), "--" + name});
  }
  take_global(app, "data", request.flags);
  take_global(app, "hub", request.flags);
  return request;
}

base::Result<server::Configuration> configure(const Request& request) {
  std::vector<std::string_view> variables;
  for (char** one = environ; *one != nullptr; ++one) variables.emplace_back(*one);
  PERDURE_ASSIGN_OR_RETURN(server::Layer environment_layer, server::parse_environment(variables));
  server::Layer file;
  const std::string path =
      request.config.empty() ? environment(server::kConfigVariable.data()) : request.config;
  if (!path.empty()) {
    PERDURE_ASSIGN_OR_RETURN(file, server::load_file(path));
  }
  PERDURE_ASSIGN_OR_RETURN(
      server::Configuration made,
      server::resolve({request.flags, std::move(environment_layer), std::move(file)}));
  PERDURE_RETURN_IF_ERROR(server::validate(made.options));
  return made;
}

Result<int> serve(const Request& request) {
  const auto configuration = configure(request);
  if (!configuration) return to_public(configuration.error());
  if (request.print_config) {
    fmt::print("{}", server::print(*configuration));
    return kExitOk;
  }
  if (const auto ran = server::run(configuration->options); !ran) return to_public(ran.error());
  return kExitOk;
}

}  // namespace

void declare_serve(CLI::App& app, StorelessCommand& chosen) {
  CLI::App* command = app.add_subcommand("serve", "serve the store to clients and workers");
  command->fallthrough();
  const auto typed = std::make_shared<Typed>();  // lives as long as the declarations
  for (const server::Declaration& option : server::declarations()) {
    std::string& text = typed->texts[option.name];
    const std::string flag = "--" + option.name;
    CLI::Option* added = option.placeholder.empty()
                             ? command->add_flag(flag, text, help_of(option))
                             : command->add_option(flag, text, help_of(option));
    if (!option.placeholder.empty()) added->type_name(option.placeholder);
    typed->flags[option.name] = added;
  }
  command->add_option("--config", typed->config, "a TOML file with any of these options")
      ->type_name("FILE");
  command->add_flag("--print-config", typed->print_config,
                    "check the options, print those in effect and where each came from, and end");
  command->footer(
      "A flag wins over a variable (--grpc-address: PERDURE_SERVE_GRPC_ADDRESS), a variable over "
      "the\nfile, the file over the default. docs/reference/config.md lists them.\n\n"
      "One line on stdout says that calls are served. SIGTERM and Ctrl-C drain and end with status "
      "0;\na second one ends at once. SIGHUP reads the files of keys and certificates again.\n\n"
      "Examples:\n"
      "  perdure serve\n"
      "  perdure serve --data orders.db --grpc-address 127.0.0.1:0 --ready-file ready.json\n"
      "  perdure serve --config serve.toml --print-config\n");
  command->callback([&app, &chosen, typed] {
    chosen = [request = request_of(app, *typed)](Output) { return serve(request); };
  });
}

}  // namespace perdure::cli

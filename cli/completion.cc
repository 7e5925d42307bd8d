// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "exit_status.h"

namespace perdure::cli {
namespace {

/// The words that can follow a command: its subcommands and options.
std::string words_of(const CLI::App& app, const CLI::App& root) {
  std::vector<std::string> words;
  for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; })) {
    words.push_back(one->get_name());
  }
  const auto add_options = [&](const CLI::App& from) {
    for (const CLI::Option* option : from.get_options()) {
      for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
    }
  };
  add_options(app);
  if (&app != &root) add_options(root);
  return fmt::format("{}", fmt::join(words, " "));
}

/// One line of a shell's `case` for each command: "entity call) words".
std::string cases(const CLI::App& root) {
  std::string text;
  const auto add = [&](const CLI::App& app, const std::string& path) {
    text += fmt::format("    \"{}\") words=\"{}\" ;;\n", path, words_of(app, root));
  };
  add(root, "");
  for (const CLI::App* one : root.get_subcommands([](const CLI::App*) { return true; })) {
    add(*one, one->get_name());
    for (const CLI::App* two : one->get_subcommands([](const CLI::App*) { return true; })) {
      add(*two, one->get_name() + " " + two->get_name());
    }
  }
  return text;
}

std::string commands_with_subcommands(const CLI::App& root) {
  std::vector<std::string> names;
  for (const CLI::App* one : root.get_subcommands([](const CLI::App*) { return true; })) {
    if (!one->get_subcommands([](const CLI::App*) { return true; }).empty()) {
      names.push_back(one->get_name());
    }
  }
  return fmt::format("{}", fmt::join(names, "|"));
}

/// Works in both shells; zsh has the functions of bash for this after bashcompinit.
std::string script(const CLI::App& root, bool zsh) {
  std::string text = "# Completion of the commands and options of perdure.\n";
  if (zsh)
    text += "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n";
  text += fmt::format(
      "_perdure() {{\n"
      "  local word=\"${{COMP_WORDS[COMP_CWORD]}}\" path=\"\" words=\"\" i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"${{COMP_WORDS[i]}}\" in\n"
      "      -*) ;;\n"
      "      *)\n"
      "        if [ -z \"$path\" ]; then path=\"${{COMP_WORDS[i]}}\"\n"
      "        else case \"$path\" in {}) path=\"$path ${{COMP_WORDS[i]}}\" ;; esac; fi ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$path\" in\n{}  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
      "}}\n"
      "complete -o default -F _perdure perdure\n",
      commands_with_subcommands(root), cases(root));
  return text;
}

}  // namespace

void declare_completion(CLI::App& app, StorelessCommand& chosen) {
  CLI::App& command =
      *app.add_subcommand("completion", "print what a shell needs to complete command lines");
  command.fallthrough();
  auto shell = std::make_shared<std::string>();
  command.add_option("shell", *shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
  command.footer(
      "Examples:\n  perdure completion bash > ~/.local/share/bash-completion/completions/perdure\n"
      "  perdure completion zsh >> ~/.zshrc\n");
  command.callback([&app, shell, &chosen] {
    chosen = [&app, zsh = *shell == "zsh"](Output) -> Result<int> {
      fmt::print("{}", script(app, zsh));
      return kExitOk;
    };
  });
}

}  // namespace perdure::cli

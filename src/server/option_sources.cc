// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/option_sources.h"

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <utility>

namespace perdure::server {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::string_view kVariablePrefix = "PERDURE_SERVE_";

/// ", did you mean 'x'?", or where to look.
std::string did_you_mean(std::string_view typed, std::string Declaration::* name) {
  std::vector<std::string> names;
  for (const Declaration& option : declarations()) names.push_back(option.*name);
  const std::string near = nearest(typed, names);
  if (near.empty()) return "see perdure serve --help";
  return fmt::format("did you mean '{}'?", near);
}

const Declaration* find_by(std::string Declaration::* field, std::string_view name) {
  const auto found = std::ranges::find(declarations(), name, field);
  return found == declarations().end() ? nullptr : &*found;
}

/// A value as it would be typed behind a flag.
Result<std::string> text_of(const toml::node& node, std::string_view origin) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  return fail(
      ErrorCode::kInvalidArgument,
      fmt::format("{}: the value must be a text in quotes, a whole number, true or false", origin));
}

}  // namespace

Result<Layer> parse_file(std::string_view text, std::string_view name) {
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{}, line {}: {}", name, error.source().begin.line, error.description()));
  }
  Layer layer;
  for (const auto& [key, node] : parsed.table()) {
    const std::string origin = fmt::format("{}, line {}", name, key.source().begin.line);
    if (find_by(&Declaration::name, key.str()) == nullptr) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("{}: there is no option '{}'; {}", origin, key.str(),
                              did_you_mean(key.str(), &Declaration::name)));
    }
    PERDURE_ASSIGN_OR_RETURN(std::string value, text_of(node, origin));
    layer.emplace(std::string(key.str()), Given{std::move(value), origin});
  }
  return layer;
}

Result<Layer> load_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return fail(ErrorCode::kNotFound,
                fmt::format("the configuration file {} can not be read", path));
  }
  std::string text(kConfigFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("the configuration file {} can not be read", path));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kConfigFileBytesMax) {
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("the configuration file {} is larger than {} bytes", path,
                            kConfigFileBytesMax));
  }
  return parse_file(text, path);
}

Result<Layer> parse_environment(const std::vector<std::string_view>& variables) {
  Layer layer;
  for (const std::string_view variable : variables) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = variable.substr(0, equals);
    if (name == kConfigVariable) continue;
    if (const Declaration* option = find_by(&Declaration::variable, name)) {
      layer.emplace(option->name,
                    Given{std::string(variable.substr(equals + 1)), std::string(name)});
    } else if (name.starts_with(kVariablePrefix)) {
      return fail(ErrorCode::kInvalidArgument,
                  fmt::format("the variable {} is no option; {}", name,
                              did_you_mean(name, &Declaration::variable)));
    }
  }
  return layer;
}

}  // namespace perdure::server

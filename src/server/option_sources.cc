// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/option_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <optional>
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

/// One line, from left to right.
class Line final {
 public:
  explicit Line(std::string_view text) : rest_(text) { skip_blanks(); }

  [[nodiscard]] bool at_end() const { return rest_.empty() || rest_.front() == '#'; }
  [[nodiscard]] bool begins_with(char letter) const { return rest_.starts_with(letter); }

  bool take(char letter) {
    if (!begins_with(letter)) return false;
    rest_.remove_prefix(1);
    skip_blanks();
    return true;
  }

  /// Letters, digits, '-' and '_'; "": something else is there.
  std::string_view take_word() {
    constexpr std::string_view kWord =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const std::string_view word =
        rest_.substr(0, std::min(rest_.find_first_not_of(kWord), rest_.size()));
    rest_.remove_prefix(word.size());
    skip_blanks();
    return word;
  }

  /// In quotes. Within double ones \" and \\ stand for what is behind the stroke; within single
  /// ones everything for itself. Nothing: no end, or another stroke.
  std::optional<std::string> take_quoted() {
    const char quote = rest_.front();
    std::string text;
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] == quote) {
        rest_.remove_prefix(at + 1);
        skip_blanks();
        return text;
      }
      if (quote == '"' && rest_[at] == '\\') {
        ++at;
        if (at == rest_.size() || (rest_[at] != '"' && rest_[at] != '\\')) return std::nullopt;
      }
      text += rest_[at];
    }
    return std::nullopt;
  }

 private:
  void skip_blanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r"), rest_.size()));
  }

  std::string_view rest_;
};

/// What would be typed behind the flag.
std::optional<std::string> take_value(Line& line) {
  if (line.begins_with('"') || line.begins_with('\'')) return line.take_quoted();
  const std::string_view word = line.take_word();
  const bool number = !word.empty() && word.find_first_not_of("0123456789") == word.npos &&
                      (word.size() == 1 || word.front() != '0');
  if (number || word == "true" || word == "false") return std::string(word);
  return std::nullopt;
}

/// Takes what one line says into the layer.
Result<> read_line(Line line, const std::string& origin, Layer& layer) {
  const auto refused = [&](const std::string& why) {
    return fail(ErrorCode::kInvalidArgument, fmt::format("{}: {}", origin, why));
  };
  if (line.at_end()) return {};
  if (line.begins_with('[')) return refused("there are no sections; every option is a line");
  const std::string name(line.take_word());
  if (name.empty() || !line.take('=')) {
    return refused("a line is NAME = VALUE, such as executors = 2, or a remark behind #");
  }
  if (find_by(&Declaration::name, name) == nullptr) {
    return refused(
        fmt::format("there is no option '{}'; {}", name, did_you_mean(name, &Declaration::name)));
  }
  auto value = take_value(line);
  if (!value) {
    return refused(
        fmt::format("the value of {} must be a text in quotes, a whole number, true or "
                    "false; within double quotes \\\" and \\\\ stand for \" and \\",
                    name));
  }
  if (!line.at_end()) return refused(fmt::format("behind the value of {} is more", name));
  if (!layer.emplace(name, Given{*std::move(value), origin}).second) {
    return refused(fmt::format("{} is given twice", name));
  }
  return {};
}

}  // namespace

Result<Layer> parse_file(std::string_view text, std::string_view name) {
  Layer layer;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    PERDURE_RETURN_IF_ERROR(
        read_line(Line(text.substr(0, end)), fmt::format("{}, line {}", name, number), layer));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
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

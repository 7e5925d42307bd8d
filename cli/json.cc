// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// See json.h.
#include "json.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"
#include "base/utf8.h"

namespace perdure::cli {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Reads one value by recursive descent; stops at the first problem.
class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  std::optional<std::string> check() {
    if (value(0)) {
      skip_space();
      if (at_ < text_.size()) fail("the end");
    }
    return problem_;
  }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }

  bool take(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  bool fail(std::string_view expected) {
    const std::string_view before = text_.substr(0, at_);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t begin = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
    const std::size_t length = base::character_bytes(text_.substr(at_));
    const bool printable = length > 1 || (length == 1 && peek() >= 0x20 && peek() != 0x7F);
    const std::string found =
        at_ >= text_.size() ? "the end"
        : printable         ? fmt::format("'{}'", text_.substr(at_, length))
                            : fmt::format("byte 0x{:02X}", static_cast<unsigned char>(text_[at_]));
    problem_ = fmt::format("line {}, column {}: expected {}, found {}", line, at_ - begin + 1,
                           expected, found);
    return false;
  }

  bool value(int depth) {
    skip_space();
    switch (peek()) {
      case '{': return depth < kJsonDepthMax ? object(depth) : too_deep();
      case '[': return depth < kJsonDepthMax ? array(depth) : too_deep();
      case '"': return string();
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return peek() == '-' || is_digit(peek()) ? number() : fail("a JSON value");
    }
  }

  bool too_deep() { return fail(fmt::format("no more than {} levels", kJsonDepthMax)); }

  bool word(std::string_view name) {
    for (const char c : name) {
      if (!take(c)) return fail(fmt::format("'{}'", name));
    }
    return true;
  }

  bool digits() {
    if (!is_digit(peek())) return fail("a digit");
    while (is_digit(peek())) ++at_;
    return true;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  /// The four digits behind \u.
  bool code_unit(unsigned& unit) {
    unit = 0;
    for (int i = 0; i < 4; ++i) {
      if (!is_hex(peek())) return fail("a hexadecimal digit");
      const char c = text_[at_++];
      unit = unit * 16 + static_cast<unsigned>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return true;
  }

  bool escape() {
    if (at_ < text_.size() && std::string_view("\"\\/bfnrt").find(peek()) != text_.npos) {
      ++at_;
      return true;
    }
    if (!take('u')) return fail("an escape");
    unsigned unit = 0;
    if (!code_unit(unit)) return false;
    if (unit >= 0xDC00 && unit <= 0xDFFF) return fail("a high surrogate before");
    if (unit < 0xD800 || unit > 0xDBFF) return true;
    if (!take('\\') || !take('u')) return fail("a low surrogate");
    if (!code_unit(unit)) return false;
    return (unit >= 0xDC00 && unit <= 0xDFFF) || fail("a low surrogate before");
  }

  bool string() {
    if (!take('"')) return fail("'\"'");
    while (!take('"')) {
      if (take('\\')) {
        if (!escape()) return false;
        continue;
      }
      const std::size_t length = base::character_bytes(text_.substr(at_));
      if (at_ >= text_.size()) return fail("'\"'");
      if (length == 0) return fail("UTF-8");
      if (static_cast<unsigned char>(peek()) < 0x20)
        return fail("an escape for a control character");
      at_ += length;
    }
    return true;
  }

  bool array(int depth) {
    ++at_;
    skip_space();
    if (take(']')) return true;
    for (;;) {
      if (!value(depth + 1)) return false;
      skip_space();
      if (take(']')) return true;
      if (!take(',')) return fail("',' or ']'");
    }
  }

  bool object(int depth) {
    ++at_;
    skip_space();
    if (take('}')) return true;
    for (;;) {
      skip_space();
      if (!string()) return false;
      skip_space();
      if (!take(':')) return fail("':'");
      if (!value(depth + 1)) return false;
      skip_space();
      if (take('}')) return true;
      if (!take(',')) return fail("',' or '}'");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<std::string> problem_;
};

/// Lays JSON out by its tokens.
class Layout {
 public:
  Layout(std::string_view json, std::size_t indent, std::size_t width)
      : json_(json), indent_(indent), width_(width) {}

  std::string run() {
    value(0);
    return std::move(out_);
  }

 private:
  void skip_space() {
    while (at_ < json_.size() && static_cast<unsigned char>(json_[at_]) <= ' ') ++at_;
  }

  /// Where the token at `at` ends.
  [[nodiscard]] std::size_t token_end(std::size_t at) const {
    if (json_[at] != '"') {
      return std::min(json_.find_first_of(",:]} \t\r\n", at + 1), json_.size());
    }
    std::size_t end = at + 1;
    while (json_[end] != '"') end += json_[end] == '\\' ? 2 : 1;
    return end + 1;
  }

  /// The value at `at` without spaces, up to `limit` bytes; where it ends.
  [[nodiscard]] std::pair<std::string, std::size_t> compact(std::size_t at) const {
    std::string text;
    int depth = 0;
    do {
      const char c = json_[at];
      if (static_cast<unsigned char>(c) <= ' ') {
        ++at;
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (std::string_view("{}[],:").find(c) != std::string_view::npos) {
        text += c;
        if (c == ',' || c == ':') text += ' ';
        ++at;
      } else {
        const std::size_t end = token_end(at);
        text += json_.substr(at, end - at);
        at = end;
      }
    } while (depth > 0 && text.size() <= width_);
    return {std::move(text), at};
  }

  void line(std::size_t level) {
    out_ += '\n';
    out_.append(indent_ + 2 * level, ' ');
  }

  void value(std::size_t level) {
    skip_space();
    const auto [text, end] = compact(at_);
    if ((json_[at_] != '{' && json_[at_] != '[') || indent_ + 2 * level + text.size() <= width_) {
      out_ += text;
      at_ = end;
      return;
    }
    const char closing = json_[at_] == '{' ? '}' : ']';
    out_ += json_[at_++];
    for (skip_space(); json_[at_] != closing; skip_space()) {
      line(level + 1);
      if (closing == '}') {
        const std::size_t name_end = token_end(at_);
        out_ += json_.substr(at_, name_end - at_);
        out_ += ": ";
        at_ = json_.find(':', name_end) + 1;
      }
      value(level + 1);
      skip_space();
      if (json_[at_] == ',') {
        out_ += ',';
        ++at_;
      }
    }
    line(level);
    out_ += closing;
    ++at_;
  }

  std::string_view json_;
  std::size_t indent_;
  std::size_t width_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::optional<std::string> json_problem(std::string_view text) { return Checker(text).check(); }

std::string lay_out(std::string_view json, std::size_t indent, std::size_t width) {
  return Layout(json, indent, width).run();
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = base::character_bytes(text);
    const char c = text.front();
    if (length == 0) {
      out += "\uFFFD";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += c == '\n' ? "\\n" : fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out + "\"";
}

std::string json_payload(const std::optional<std::string>& payload) {
  if (!payload) return "null";
  if (!json_problem(*payload)) return *payload;
  return JsonObject().text("base64", base::base64_of(*payload)).finish();
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
  return raw(name, json_text(value));
}

JsonObject& JsonObject::number(std::string_view name, std::uint64_t value) {
  return raw(name, fmt::format("{}", value));
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view value) {
  members_ += fmt::format("{}{}:{}", members_.empty() ? "" : ",", json_text(name), value);
  return *this;
}

JsonArray& JsonArray::add(std::string_view value) {
  if (!elements_.empty()) elements_ += ',';
  elements_ += value;
  return *this;
}

}  // namespace perdure::cli

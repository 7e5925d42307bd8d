// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A reader of its own: a line is a flat object of known members, and a mistake is to be named with
// its column. See history_text.h.
#include "verify/history_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace perdure::verify {
namespace {

using base::ErrorCode;
using base::Result;

enum class Member : std::uint8_t {
  kProcess,
  kOp,
  kKey,
  kValue,
  kResult,
  kCall,
  kReturn,
  kStatus,
  kEpoch
};
constexpr std::array<std::string_view, 9> kMembers{
    "process", "op", "key", "value", "result", "call_ns", "return_ns", "status", "epoch"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t point) {
  const auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0 | point >> 6);
    byte(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    byte(0xE0 | point >> 12);
    byte(0x80 | (point >> 6 & 0x3F));
    byte(0x80 | (point & 0x3F));
  } else {
    byte(0xF0 | point >> 18);
    byte(0x80 | (point >> 12 & 0x3F));
    byte(0x80 | (point >> 6 & 0x3F));
    byte(0x80 | (point & 0x3F));
  }
}

/// Reads the line from its front; every error names the column.
class Cursor {
 public:
  explicit Cursor(std::string_view line) : line_(line) {}

  [[nodiscard]] std::unexpected<base::Error> wrong(std::string_view what) const {
    return base::fail(ErrorCode::kInvalidArgument, fmt::format("column {}: {}", at_ + 1, what));
  }
  [[nodiscard]] std::unexpected<base::Error> expected(std::string_view what) const {
    if (at_ >= line_.size()) return wrong(fmt::format("expected {}, found the end", what));
    const auto byte = static_cast<unsigned char>(line_[at_]);
    const std::string found = byte >= 0x20 && byte < 0x7F ? fmt::format("'{}'", line_[at_])
                                                          : fmt::format("byte 0x{:02X}", byte);
    return wrong(fmt::format("expected {}, found {}", what, found));
  }

  char peek() {
    while (at_ < line_.size() && (line_[at_] == ' ' || line_[at_] == '\t' || line_[at_] == '\r')) {
      ++at_;
    }
    return at_ < line_.size() ? line_[at_] : '\0';
  }
  bool take(char wanted) {
    if (peek() != wanted || at_ >= line_.size()) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    peek();
    if (!line_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  [[nodiscard]] bool is_at_end() {
    peek();
    return at_ >= line_.size();
  }

  Result<std::int64_t> number() {
    if (peek() != '-' && !is_digit(peek())) return expected("a whole number");
    std::int64_t value = 0;
    const char* const end = line_.data() + line_.size();
    const auto [stop, problem] = std::from_chars(line_.data() + at_, end, value);
    if (problem == std::errc::result_out_of_range) return wrong("a number beyond 64 bits");
    if (problem != std::errc()) return expected("a whole number");
    if (stop != end && (*stop == '.' || *stop == 'e' || *stop == 'E' || is_digit(*stop))) {
      return wrong("a number that is not whole; a history has whole numbers only");
    }
    at_ = static_cast<std::size_t>(stop - line_.data());
    return value;
  }

  Result<std::uint64_t> count() {
    if (peek() == '-') return expected("a number that is not negative");
    PERDURE_ASSIGN_OR_RETURN(const std::int64_t value, number());
    return static_cast<std::uint64_t>(value);
  }

  Result<std::string> text() {
    if (!take('"')) return expected("a text");
    std::string out;
    for (;;) {
      const std::size_t plain = line_.find_first_of("\"\\", at_);
      if (plain == std::string_view::npos) {
        at_ = line_.size();
        return expected("'\"'");
      }
      out += line_.substr(at_, plain - at_);
      at_ = plain + 1;
      if (line_[plain] == '"') return out;
      PERDURE_RETURN_IF_ERROR(escape(out));
    }
  }

  Result<Value> value(int depth = 0) {
    switch (peek()) {
      case '"': {
        PERDURE_ASSIGN_OR_RETURN(std::string found, text());
        return Value(std::move(found));
      }
      case '[': return list(depth);
      case 'n':
        if (!take_word("null")) return expected("null");
        return Value();
      case '{': return wrong("an object; a value is null, a whole number, a text or a list");
      case 't':
      case 'f': return wrong("a truth value; a value is null, a whole number, a text or a list");
      default: break;
    }
    PERDURE_ASSIGN_OR_RETURN(const std::int64_t found, number());
    return Value(found);
  }

 private:
  Result<Value> list(int depth) {
    if (depth == kValueDepthMax) {
      return wrong(fmt::format("lists nested deeper than {} levels", kValueDepthMax));
    }
    take('[');
    Value::List elements;
    if (take(']')) return Value(std::move(elements));
    do {
      PERDURE_ASSIGN_OR_RETURN(Value element, value(depth + 1));
      elements.push_back(std::move(element));
    } while (take(','));
    if (!take(']')) return expected("',' or ']'");
    return Value(std::move(elements));
  }

  Result<> escape(std::string& out) {
    constexpr std::string_view kShort = "\"\\/bfnrt";
    constexpr std::string_view kMeaning = "\"\\/\b\f\n\r\t";
    if (at_ < line_.size()) {
      if (const std::size_t found = kShort.find(line_[at_]); found != std::string_view::npos) {
        out += kMeaning[found];
        ++at_;
        return {};
      }
    }
    PERDURE_ASSIGN_OR_RETURN(std::uint32_t point, code_unit());
    if (point >= 0xD800 && point < 0xDC00) {
      if (at_ >= line_.size() || line_[at_] != '\\') return wrong("half of a surrogate pair");
      ++at_;
      PERDURE_ASSIGN_OR_RETURN(const std::uint32_t low, code_unit());
      if (low < 0xDC00 || low > 0xDFFF) return wrong("half of a surrogate pair");
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    } else if (point >= 0xDC00 && point <= 0xDFFF) {
      return wrong("half of a surrogate pair");
    }
    append_utf8(out, point);
    return {};
  }

  Result<std::uint32_t> code_unit() {
    if (at_ >= line_.size() || line_[at_] != 'u') return expected("an escape");
    const std::string_view digits = line_.substr(at_ + 1, 4);
    std::uint32_t unit = 0;
    const auto [stop, problem] =
        std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
    if (digits.size() != 4 || problem != std::errc() || stop != digits.data() + 4) {
      return wrong("an escape without four hexadecimal digits");
    }
    at_ += 5;
    return unit;
  }

  std::string_view line_;
  std::size_t at_ = 0;
};

Result<Status> parse_status(Cursor& cursor) {
  PERDURE_ASSIGN_OR_RETURN(const std::string name, cursor.text());
  for (const Status status : {Status::kOk, Status::kFail, Status::kUnknown}) {
    if (name == status_name(status)) return status;
  }
  return cursor.wrong(fmt::format("the status is {}; it is ok, fail or unknown", to_json(name)));
}

/// Which members were there, by their place in kMembers.
using Seen = std::array<bool, kMembers.size()>;

Result<> parse_member(Cursor& cursor, Member member, Operation& to) {
  switch (member) {
    case Member::kProcess: {
      PERDURE_ASSIGN_OR_RETURN(to.process, cursor.count());
      break;
    }
    case Member::kOp: {
      PERDURE_ASSIGN_OR_RETURN(to.op, cursor.text());
      break;
    }
    case Member::kKey: {
      PERDURE_ASSIGN_OR_RETURN(to.key, cursor.text());
      break;
    }
    case Member::kValue: {
      PERDURE_ASSIGN_OR_RETURN(to.value, cursor.value());
      break;
    }
    case Member::kResult: {
      PERDURE_ASSIGN_OR_RETURN(to.result, cursor.value());
      break;
    }
    case Member::kCall: {
      PERDURE_ASSIGN_OR_RETURN(to.call_ns, cursor.number());
      break;
    }
    case Member::kReturn: {
      if (cursor.take_word("null")) break;
      PERDURE_ASSIGN_OR_RETURN(to.return_ns, cursor.number());
      break;
    }
    case Member::kStatus: {
      PERDURE_ASSIGN_OR_RETURN(to.status, parse_status(cursor));
      break;
    }
    case Member::kEpoch: {
      if (cursor.take_word("null")) break;
      PERDURE_ASSIGN_OR_RETURN(to.epoch, cursor.count());
      break;
    }
  }
  return {};
}

Result<> parse_members(Cursor& cursor, Operation& to, Seen& seen) {
  if (!cursor.take('{')) return cursor.expected("'{'");
  if (cursor.take('}')) return {};
  do {
    PERDURE_ASSIGN_OR_RETURN(const std::string name, cursor.text());
    std::size_t member = 0;
    while (member < kMembers.size() && kMembers[member] != name) ++member;
    if (member == kMembers.size()) {
      return cursor.wrong(fmt::format("unknown member {}", to_json(name)));
    }
    if (std::exchange(seen[member], true)) {
      return cursor.wrong(fmt::format("a second member '{}'", name));
    }
    if (!cursor.take(':')) return cursor.expected("':'");
    PERDURE_RETURN_IF_ERROR(parse_member(cursor, static_cast<Member>(member), to));
  } while (cursor.take(','));
  if (!cursor.take('}')) return cursor.expected("',' or '}'");
  return {};
}

}  // namespace

Result<Operation> parse_operation(std::string_view line) {
  Cursor cursor(line);
  Operation operation;
  Seen seen{};
  PERDURE_RETURN_IF_ERROR(parse_members(cursor, operation, seen));
  if (!cursor.is_at_end()) return cursor.expected("the end of the line");
  for (const Member member : {Member::kProcess, Member::kOp, Member::kCall, Member::kStatus}) {
    if (!seen[static_cast<std::size_t>(member)]) {
      return base::fail(
          ErrorCode::kInvalidArgument,
          fmt::format("the member '{}' is missing", kMembers[static_cast<std::size_t>(member)]));
    }
  }
  if (operation.status == Status::kUnknown) {
    operation.return_ns = operation.call_ns;
  } else if (!seen[static_cast<std::size_t>(Member::kReturn)]) {
    return base::fail(ErrorCode::kInvalidArgument,
                      "the member 'return_ns' is missing; only an unknown outcome has none");
  } else if (operation.return_ns < operation.call_ns) {
    return base::fail(ErrorCode::kInvalidArgument,
                      fmt::format("it returned at {} ns, before its call at {} ns",
                                  operation.return_ns, operation.call_ns));
  }
  return operation;
}

std::string to_json(const Operation& operation) {
  std::string line =
      fmt::format(R"({{"process":{},"op":{})", operation.process, to_json(Value(operation.op)));
  if (!operation.key.empty()) line += fmt::format(R"(,"key":{})", to_json(Value(operation.key)));
  if (!operation.value.is_null()) line += fmt::format(R"(,"value":{})", to_json(operation.value));
  if (!operation.result.is_null()) {
    line += fmt::format(R"(,"result":{})", to_json(operation.result));
  }
  line += fmt::format(R"(,"call_ns":{})", operation.call_ns);
  if (operation.status != Status::kUnknown) {
    line += fmt::format(R"(,"return_ns":{})", operation.return_ns);
  }
  line += fmt::format(R"(,"status":"{}")", status_name(operation.status));
  if (operation.epoch) line += fmt::format(R"(,"epoch":{})", *operation.epoch);
  return line + "}";
}

Result<> HistoryReader::take_line(std::string_view line) {
  const std::size_t number = history_.size() + 1;
  const auto wrong = [&](std::string_view what) {
    return base::fail(ErrorCode::kInvalidArgument, fmt::format("line {}: {}", number, what));
  };
  if (history_.size() == kOperationsMax) {
    return wrong(fmt::format("more than {} operations; check a part of them", kOperationsMax));
  }
  auto operation = parse_operation(line);
  if (!operation) return wrong(operation.error().message);
  history_.push_back(*std::move(operation));
  return {};
}

Result<> HistoryReader::add(std::string_view piece) {
  for (;;) {
    const std::size_t end = piece.find('\n');
    if (rest_.size() + std::min(end, piece.size()) > kLineBytesMax) {
      return base::fail(
          ErrorCode::kInvalidArgument,
          fmt::format("line {}: longer than {} bytes", history_.size() + 1, kLineBytesMax));
    }
    if (end == std::string_view::npos) {
      rest_ += piece;
      return {};
    }
    if (rest_.empty()) {
      PERDURE_RETURN_IF_ERROR(take_line(piece.substr(0, end)));
    } else {
      rest_ += piece.substr(0, end);
      PERDURE_RETURN_IF_ERROR(take_line(std::exchange(rest_, {})));
    }
    piece.remove_prefix(end + 1);
  }
}

Result<std::vector<Operation>> HistoryReader::finish() {
  if (!rest_.empty()) {
    PERDURE_RETURN_IF_ERROR(take_line(std::exchange(rest_, {})));
  }
  if (history_.empty()) {
    return base::fail(ErrorCode::kInvalidArgument, "the history is empty: it shows nothing");
  }
  return std::move(history_);
}

}  // namespace perdure::verify

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/record.h"

#include <fmt/format.h>

#include <utility>

#include "base/crc32c.h"
#include "model/record_archive.h"
#include "model/record_fields.h"

namespace perdure::model {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kFormatBytes = 1;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::size_t kEventBytesMin = 3;  // kind, time and length of the smallest event
constexpr std::size_t kPrintedKeyBytesMax = 160;

// ---- The seal -----------------------------------------------------------------------------------

/// Covers the key too, so that a row under a foreign key is damage, not data.
std::uint32_t checksum(std::string_view key, std::string_view format_and_body) {
  return base::crc32c(format_and_body, base::crc32c(key));
}

std::string begin_row(std::size_t body_bytes) {
  std::string row;
  row.reserve(kFormatBytes + body_bytes + kChecksumBytes);
  row.push_back(static_cast<char>(kFormat));
  return row;
}

void seal(std::string_view key, std::string& row) {
  const std::uint32_t sum = checksum(key, row);
  for (int shift = 0; shift < 32; shift += 8) row.push_back(static_cast<char>(sum >> shift));
}

/// The key as a person can read it: printable bytes as they are, the rest as \xhh.
std::string printable(std::string_view key) {
  std::string text;
  for (const char byte : key.substr(0, kPrintedKeyBytesMax)) {
    if (byte >= 0x20 && byte < 0x7F && byte != '\\') {
      text.push_back(byte);
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    }
  }
  if (key.size() > kPrintedKeyBytesMax) text += "...";
  return text;
}

std::unexpected<base::Error> damaged(std::string_view what, std::string_view key,
                                     std::string_view why) {
  return base::fail(
      base::ErrorCode::kStoreCorrupt,
      fmt::format("the {} row at '{}' can not be read: {}", what, printable(key), why));
}

/// The body of a row whose seal is whole.
base::Result<std::string_view> unseal(std::string_view what, std::string_view key,
                                      std::string_view row) {
  if (row.size() < kFormatBytes + kChecksumBytes) return damaged(what, key, "it is too short");
  const std::string_view content = row.substr(0, row.size() - kChecksumBytes);
  std::uint32_t stored = 0;
  for (std::size_t i = row.size(); i > content.size(); --i)
    stored = (stored << 8) | static_cast<unsigned char>(row[i - 1]);
  if (stored != checksum(key, content)) {
    return damaged(what, key, "its checksum does not match; restore the store from a backup");
  }
  const auto format = static_cast<std::uint8_t>(content.front());
  if (format != kFormat) {
    return damaged(what, key,
                   fmt::format("format {} is unknown here: a newer version of perdure wrote it",
                               static_cast<int>(format)));
  }
  return content.substr(kFormatBytes);
}

template <class T>
std::string encode_row(std::string_view key, const T& value) {
  std::string row = begin_row(Measure::of(value));
  Put put(row);
  fields(put, value);
  seal(key, row);
  return row;
}

template <class T>
base::Result<T> decode_row(std::string_view what, std::string_view key, std::string_view row) {
  PERDURE_ASSIGN_OR_RETURN(const std::string_view body, unseal(what, key, row));
  Problem problem;
  Take take(body, problem);
  T value;
  fields(take, value);
  if (!problem.none()) return damaged(what, key, problem.text);
  return value;
}

// ---- Closed variants: a number for the kind, then the delimited struct --------------------------

template <template <class> class Kind, class Variant, std::size_t Index = 0>
void take_alternative(std::uint64_t kind, std::string_view bytes, const char* what,
                      Variant& variant, Problem& problem) {
  if constexpr (Index == std::variant_size_v<Variant>) {
    problem.note(
        fmt::format("{} kind {} is unknown here: a newer version of perdure wrote it", what, kind));
  } else {
    using Alternative = std::variant_alternative_t<Index, Variant>;
    if (kind == Kind<Alternative>::value) {
      Take take(bytes, problem);
      fields(take, variant.template emplace<Index>());
    } else {
      take_alternative<Kind, Variant, Index + 1>(kind, bytes, what, variant, problem);
    }
  }
}

template <class Body>
struct EventKind {
  static constexpr std::uint64_t value = kEventKind<Body>;
};
template <class Body>
struct MessageKind {
  static constexpr std::uint64_t value = kMessageKind<Body>;
};

// ---- Lists of events ----------------------------------------------------------------------------

/// Times are stored as the distance from the event before, which is mostly zero. Wraps around
/// instead of overflowing, and back again.
std::int64_t distance(base::Timestamp from, base::Timestamp to) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(to.us) -
                                   static_cast<std::uint64_t>(from.us));
}
base::Timestamp advance(base::Timestamp from, std::int64_t distance) {
  return {static_cast<std::int64_t>(static_cast<std::uint64_t>(from.us) +
                                    static_cast<std::uint64_t>(distance))};
}

template <class Body>
std::size_t event_size(std::size_t time_bytes, const Body& body) {
  const std::size_t size = Measure::of(body);
  return varint_size(kEventKind<Body>) + time_bytes + varint_size(size) + size;
}

std::size_t event_size(base::Timestamp before, const Event& event) {
  const std::size_t time_bytes = varint_size(zigzag(distance(before, event.at)));
  return std::visit([&](const auto& body) { return event_size(time_bytes, body); }, event.body);
}

std::size_t events_size(const std::vector<Event>& events) {
  std::size_t size = varint_size(events.size());
  base::Timestamp before;
  for (const Event& event : events) {
    size += event_size(before, event);
    before = event.at;
  }
  return size;
}

void put_events(std::string& out, const std::vector<Event>& events) {
  base::Writer writer(out);
  Put put(out);
  writer.varint(events.size());
  base::Timestamp before;
  for (const Event& event : events) {
    std::visit(
        [&]<class Body>(const Body& body) {
          writer.varint(kEventKind<Body>);
          writer.svarint(distance(before, event.at));
          put.nested(body);
        },
        event.body);
    before = event.at;
  }
}

void take_events(base::Reader& in, std::vector<Event>& events, Problem& problem) {
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.rest().size() / kEventBytesMin)
    return problem.note("it claims more events than it has bytes for");
  events.reserve(count);
  base::Timestamp before;
  for (std::uint64_t i = 0; i < count && problem.none(); ++i) {
    const std::uint64_t kind = in.varint();
    before = advance(before, in.svarint());
    const std::string_view body = in.bytes();
    if (!in.ok()) return problem.note("an event runs past the end");
    events.push_back({.at = before, .body = {}});
    take_alternative<EventKind>(kind, body, "event", events.back().body, problem);
  }
}

}  // namespace

// ---- Rows ---------------------------------------------------------------------------------------

std::string encode_head(std::string_view key, const InstanceRecord& record) {
  return encode_row(key, record);
}

base::Result<InstanceRecord> decode_head(std::string_view key, std::string_view row) {
  return decode_row<InstanceRecord>("head", key, row);
}

std::string encode_task(std::string_view key, const PendingTask& task) {
  return encode_row(key, task);
}

base::Result<PendingTask> decode_task(std::string_view key, std::string_view row) {
  return decode_row<PendingTask>("task", key, row);
}

std::string encode_events(std::string_view key, const std::vector<Event>& events) {
  std::string row = begin_row(events_size(events));
  put_events(row, events);
  seal(key, row);
  return row;
}

base::Result<std::vector<Event>> decode_events(std::string_view key, std::string_view row) {
  PERDURE_ASSIGN_OR_RETURN(const std::string_view body, unseal("events", key, row));
  Problem problem;
  std::vector<Event> events;
  base::Reader in(body);
  take_events(in, events, problem);
  if (!problem.none()) return damaged("events", key, problem.text);
  return events;
}

std::string encode_chunk(std::string_view key, HistoryChunk& chunk) {
  const std::size_t events_bytes = events_size(chunk.events);
  // The checksum is made over the events before they are in place; its room is filled afterwards.
  std::string row = begin_row(kChecksumBytes * 2 + events_bytes);
  base::Writer out(row);
  out.be32(chunk.chain_before);
  const std::size_t chain_at = row.size();
  out.be32(0);
  const std::size_t events_at = row.size();
  put_events(row, chunk.events);
  chunk.chain_after = base::crc32c(std::string_view(row).substr(events_at), chunk.chain_before);
  for (std::size_t i = 0; i < kChecksumBytes; ++i)
    row[chain_at + i] = static_cast<char>(chunk.chain_after >> (24 - 8 * i));
  seal(key, row);
  return row;
}

base::Result<HistoryChunk> decode_chunk(std::string_view key, std::string_view row) {
  PERDURE_ASSIGN_OR_RETURN(const std::string_view body, unseal("history", key, row));
  Problem problem;
  HistoryChunk chunk;
  base::Reader in(body);
  chunk.chain_before = in.be32();
  chunk.chain_after = in.be32();
  const std::string_view rest = in.rest();
  take_events(in, chunk.events, problem);
  if (!problem.none()) return damaged("history", key, problem.text);
  const std::string_view events = rest.substr(0, rest.size() - in.rest().size());
  if (base::crc32c(events, chunk.chain_before) != chunk.chain_after)
    return damaged("history", key, "its events do not match its chained checksum");
  return chunk;
}

std::string encode_state(std::string_view key, std::string_view state) {
  std::string row = begin_row(state.size());
  row += state;
  seal(key, row);
  return row;
}

base::Result<std::string> decode_state(std::string_view key, std::string_view row) {
  PERDURE_ASSIGN_OR_RETURN(const std::string_view body, unseal("state", key, row));
  return std::string(body);
}

std::string encode_message(std::string_view key, const Message& message) {
  return std::visit(
      [&]<class Body>(const Body& body) {
        const std::size_t size = Measure::of(body);
        std::string row = begin_row(varint_size(kMessageKind<Body>) + varint_size(size) + size);
        base::Writer(row).varint(kMessageKind<Body>);
        Put(row).nested(body);
        seal(key, row);
        return row;
      },
      message);
}

base::Result<Message> decode_message(std::string_view key, std::string_view row) {
  PERDURE_ASSIGN_OR_RETURN(const std::string_view body, unseal("outbox", key, row));
  base::Reader in(body);
  const std::uint64_t kind = in.varint();
  const std::string_view bytes = in.bytes();
  if (!in.ok()) return damaged("outbox", key, "its message runs past the end");
  Problem problem;
  Message message;
  take_alternative<MessageKind>(kind, bytes, "message", message, problem);
  if (!problem.none()) return damaged("outbox", key, problem.text);
  return message;
}

std::string encode_mark(std::string_view key) {
  std::string row = begin_row(0);
  seal(key, row);
  return row;
}

base::Result<> decode_mark(std::string_view key, std::string_view row) {
  PERDURE_ASSIGN_OR_RETURN([[maybe_unused]] const std::string_view body, unseal("mark", key, row));
  return {};
}

std::string encode_number(std::string_view key, std::uint64_t number) {
  std::string row = begin_row(varint_size(number));
  base::Writer(row).varint(number);
  seal(key, row);
  return row;
}

base::Result<std::uint64_t> decode_number(std::string_view key, std::string_view row) {
  PERDURE_ASSIGN_OR_RETURN(const std::string_view body, unseal("number", key, row));
  base::Reader in(body);
  const std::uint64_t number = in.varint();
  if (!in.ok()) return damaged("number", key, "it holds no number");
  return number;
}

std::size_t encoded_size(const Event& event) { return event_size(base::Timestamp{}, event); }

std::size_t encoded_size(const Action& action) {
  constexpr std::size_t kTimeBytesMax = 10;  // the event's time is not known yet
  return std::visit([&](const auto& body) { return event_size(kTimeBytesMax, body); }, action);
}

}  // namespace perdure::model

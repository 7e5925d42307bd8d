// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "model/key.h"

#include "base/bytes.h"

namespace perdure::model {
namespace {

using base::Reader;
using base::Writer;

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63;

/// Signed order as unsigned byte order.
std::uint64_t ordered(base::Timestamp at) { return static_cast<std::uint64_t>(at.us) ^ kSignBit; }
base::Timestamp unordered(std::uint64_t bits) {
  return base::Timestamp{static_cast<std::int64_t>(bits ^ kSignBit)};
}

void put_name(Writer& out, const InstanceKey& key) {
  out.raw(key.hub);
  out.u8(0);
  out.raw(key.id);
  out.u8(0);
}

std::string with_instance(const InstanceKey& key, std::size_t extra) {
  std::string bytes;
  bytes.reserve(2 + key.hub.size() + key.id.size() + 2 + extra);
  Writer out(bytes);
  out.be16(slot_of(key).value);
  put_name(out, key);
  return bytes;
}

std::string agenda_row(Slot slot, AgendaKind kind) {
  std::string bytes;
  Writer out(bytes);
  out.be16(slot.value);
  out.u8(static_cast<std::uint8_t>(kind));
  return bytes;
}

std::string agenda_with_instance(AgendaKind kind, const InstanceKey& key) {
  std::string bytes = agenda_row(slot_of(key), kind);
  Writer out(bytes);
  put_name(out, key);
  return bytes;
}

std::optional<std::string> take_name(Reader& in) {
  const std::size_t end = in.rest().find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  std::string name(in.raw(end));
  in.raw(1);
  return name;
}

bool take_instance(Reader& in, InstanceKey& key) {
  auto hub = take_name(in);
  if (!hub) return false;
  auto id = take_name(in);
  if (!id) return false;
  key = {.hub = *std::move(hub), .id = *std::move(id)};
  return true;
}

TaskId task_from(std::uint32_t bits) { return TaskId{static_cast<std::int32_t>(bits)}; }

}  // namespace

std::string instance_prefix(const InstanceKey& key) { return with_instance(key, 0); }

std::string head_key(const InstanceKey& key) {
  std::string bytes = with_instance(key, 1);
  Writer(bytes).u8(static_cast<std::uint8_t>(Part::kHead));
  return bytes;
}

std::string prologue_key(const InstanceKey& key) {
  std::string bytes = with_instance(key, 1);
  Writer(bytes).u8(static_cast<std::uint8_t>(Part::kPrologue));
  return bytes;
}

std::string inbox_key(const InstanceKey& key, std::uint64_t number) {
  std::string bytes = with_instance(key, 9);
  Writer out(bytes);
  out.u8(static_cast<std::uint8_t>(Part::kInbox));
  out.be64(number);
  return bytes;
}

std::string task_key(const InstanceKey& key, TaskId task) {
  std::string bytes = with_instance(key, 5);
  Writer out(bytes);
  out.u8(static_cast<std::uint8_t>(Part::kTask));
  out.be32(static_cast<std::uint32_t>(task.value));
  return bytes;
}

std::string state_key(const InstanceKey& key) {
  std::string bytes = with_instance(key, 1);
  Writer(bytes).u8(static_cast<std::uint8_t>(Part::kState));
  return bytes;
}

std::optional<InstanceRowKey> parse_instance_row(std::string_view key) {
  Reader in(key);
  InstanceRowKey row;
  row.slot = Slot{in.be16()};
  if (!in.ok() || !take_instance(in, row.instance)) return std::nullopt;
  row.part = static_cast<Part>(in.u8());
  switch (row.part) {
    case Part::kHead:
    case Part::kPrologue:
    case Part::kState: break;
    case Part::kInbox: row.number = in.be64(); break;
    case Part::kTask: row.number = in.be32(); break;
    default: return std::nullopt;
  }
  if (!in.ok() || !in.done()) return std::nullopt;
  return row;
}

std::string history_prefix(const InstanceKey& key, Execution execution) {
  std::string bytes = with_instance(key, 16);
  Writer(bytes).be64(execution.value);
  return bytes;
}

std::string history_key(const InstanceKey& key, Execution execution, EventNumber first) {
  std::string bytes = history_prefix(key, execution);
  Writer(bytes).be64(first);
  return bytes;
}

std::optional<EventNumber> parse_history_first(std::string_view key) {
  Reader in(key);
  InstanceKey instance;
  in.be16();
  if (!in.ok() || !take_instance(in, instance)) return std::nullopt;
  in.be64();
  const EventNumber first = in.be64();
  if (!in.ok() || !in.done()) return std::nullopt;
  return first;
}

std::string ready_key(const InstanceKey& key) {
  return agenda_with_instance(AgendaKind::kReady, key);
}

std::string timer_key(const InstanceKey& key, base::Timestamp fire_at, Execution execution,
                      TaskId task) {
  std::string bytes = agenda_row(slot_of(key), AgendaKind::kTimer);
  Writer out(bytes);
  out.be64(ordered(fire_at));
  put_name(out, key);
  out.be64(execution.value);
  out.be32(static_cast<std::uint32_t>(task.value));
  return bytes;
}

std::string outbox_key(Slot slot, ShardId target, std::uint64_t sequence) {
  std::string bytes = agenda_row(slot, AgendaKind::kOutbox);
  Writer out(bytes);
  out.be32(target.value);
  out.be64(sequence);
  return bytes;
}

std::string garbage_key(const InstanceKey& key, Execution execution) {
  std::string bytes = agenda_with_instance(AgendaKind::kGarbage, key);
  Writer(bytes).be64(execution.value);
  return bytes;
}

std::string sent_key(Slot slot, ShardId target) {
  std::string bytes = agenda_row(slot, AgendaKind::kSent);
  Writer(bytes).be32(target.value);
  return bytes;
}

std::string taken_key(Slot slot, ShardId source) {
  std::string bytes = agenda_row(slot, AgendaKind::kTaken);
  Writer(bytes).be32(source.value);
  return bytes;
}

std::optional<AgendaRowKey> parse_agenda_row(std::string_view key) {
  Reader in(key);
  AgendaRowKey row;
  row.slot = Slot{in.be16()};
  row.kind = static_cast<AgendaKind>(in.u8());
  if (!in.ok()) return std::nullopt;
  switch (row.kind) {
    case AgendaKind::kReady:
      if (!take_instance(in, row.instance)) return std::nullopt;
      break;
    case AgendaKind::kTimer:
      row.fire_at = unordered(in.be64());
      if (!in.ok() || !take_instance(in, row.instance)) return std::nullopt;
      row.execution = Execution{in.be64()};
      row.task = task_from(in.be32());
      break;
    case AgendaKind::kOutbox:
      row.shard = ShardId{in.be32()};
      row.sequence = in.be64();
      break;
    case AgendaKind::kGarbage:
      if (!take_instance(in, row.instance)) return std::nullopt;
      row.execution = Execution{in.be64()};
      break;
    case AgendaKind::kSent:
    case AgendaKind::kTaken: row.shard = ShardId{in.be32()}; break;
    default: return std::nullopt;
  }
  if (!in.ok() || !in.done()) return std::nullopt;
  return row;
}

std::string slot_prefix(Slot slot) {
  std::string bytes;
  Writer(bytes).be16(slot.value);
  return bytes;
}

std::string prefix_end(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xFF) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

}  // namespace perdure::model

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The commands about entities. See commands.h.
#include <fmt/format.h>

#include "commands.h"
#include "json.h"
#include "text.h"

namespace perdure::cli {
namespace {

std::string json_of(const EntityInfo& entity) {
  JsonObject json;
  json.text("id", entity.id.text());
  json.raw("state", json_payload(entity.state));
  json.text("updated", show_time(entity.updated));
  json.raw("locked_by", entity.locked_by.empty() ? "null" : json_text(entity.locked_by));
  json.number("waiting", entity.waiting);
  return json.finish();
}

Result<EntityId> parse(const std::string& text) {
  const auto id = EntityId::parse(text);
  if (id) return *id;
  return Error(ErrorCode::kInvalidArgument,
               fmt::format("'{}' is no id of an entity; write @name@key", printable(text)));
}

}  // namespace

Result<void> list_entities(Client& client, Output output, const EntitiesArguments& arguments) {
  auto token = from_hex(arguments.next);
  if (!token) return token.error();
  std::vector<EntityInfo> found;
  std::string next = *token;
  do {
    auto page =
        client.entities(arguments.name, std::min(kPageSize, arguments.limit - found.size()), next);
    if (!page) return page.error();
    for (EntityInfo& entity : page->entities) found.push_back(std::move(entity));
    next = std::move(page->next);
  } while (!next.empty() && found.size() < arguments.limit);
  if (output.form == Form::kJson) {
    JsonArray array;
    for (const EntityInfo& entity : found) {
      JsonObject json;
      json.text("id", entity.id.text()).text("updated", show_time(entity.updated));
      json.raw("locked_by", entity.locked_by.empty() ? "null" : json_text(entity.locked_by));
      array.add(json.finish());
    }
    JsonObject json;
    json.raw("entities", array.finish());
    json.raw("next", next.empty() ? "null" : json_text(to_hex(next)));
    fmt::print("{}\n", json.finish());
    return {};
  }
  if (found.empty()) {
    fmt::print("no entities match\n");
  } else {
    Table table({"UPDATED", "LOCKED BY", "ID"});
    for (const EntityInfo& entity : found) {
      table.add({show_time(entity.updated),
                 entity.locked_by.empty() ? "-" : printable(entity.locked_by),
                 printable(entity.id.text())});
    }
    fmt::print(
        "{}", table.render([](std::size_t, std::size_t, const std::string& cell) { return cell; }));
  }
  if (!next.empty()) fmt::print("there may be more: --next {}\n", to_hex(next));
  return {};
}

Result<void> show_entity(Client& client, Output output, const std::string& id) {
  const auto parsed = parse(id);
  if (!parsed) return parsed.error();
  const auto info = client.get(*parsed);
  if (!info) return info.error();
  if (!info->state && info->locked_by.empty() && info->waiting == 0) {
    return Error(ErrorCode::kNotFound, fmt::format("no entity '{}'", printable(id)));
  }
  if (output.form == Form::kJson) {
    fmt::print("{}\n", json_of(*info));
    return {};
  }
  fmt::print("id         {}\nupdated    {}\n", printable(id), show_time(info->updated));
  if (!info->locked_by.empty()) fmt::print("locked by  {}\n", printable(info->locked_by));
  fmt::print("waiting    {} operations\n", info->waiting);
  fmt::print("state      {}\n", info->state ? printable(*info->state) : "none");
  return {};
}

Result<void> signal_entity(Client& client, Output output, const SignalArguments& arguments) {
  const auto parsed = parse(arguments.id);
  if (!parsed) return parsed.error();
  const auto send = [&](const auto&... input) {
    if (arguments.at)
      return client.signal_at(*arguments.at, *parsed, arguments.operation, input...);
    return client.signal(*parsed, arguments.operation, input...);
  };
  auto sent = arguments.input ? send(RawJson{*arguments.input}) : send();
  if (!sent) return sent;
  if (output.form == Form::kJson) {
    fmt::print("{}\n", JsonObject().text("id", arguments.id).finish());
  } else {
    fmt::print("signalled {} to {}\n", printable(arguments.operation), printable(arguments.id));
  }
  return {};
}

Result<void> call_entity(Client& client, Output output, const SignalArguments& arguments) {
  const auto parsed = parse(arguments.id);
  if (!parsed) return parsed.error();
  const auto answer = client.call_raw(*parsed, arguments.operation, arguments.input);
  if (!answer) return answer.error();
  if (output.form == Form::kJson) {
    fmt::print("{}\n",
               JsonObject().text("id", arguments.id).raw("result", json_payload(*answer)).finish());
  } else {
    fmt::print("{}\n", *answer ? printable(**answer) : "(no result)");
  }
  return {};
}

}  // namespace perdure::cli

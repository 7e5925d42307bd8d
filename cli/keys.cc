// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "access/api_key.h"
#include "access/files.h"
#include "access/keyring.h"
#include "access/scope.h"
#include "exit_status.h"
#include "json.h"
#include "runtime/clock.h"
#include "text.h"

namespace perdure::cli {
namespace {

struct Typed {
  std::string file;
  std::string name;  // of a new key
  std::vector<std::string> scopes;
  std::string expires;
  std::string identity;
  std::string id;  // of one to revoke
};

Error to_public(const base::Error& error) {
  return {static_cast<ErrorCode>(error.code), error.message};
}

TimePoint to_public(base::Timestamp at) { return TimePoint{std::chrono::microseconds(at.us)}; }

std::vector<std::string> texts_of(const std::vector<access::Scope>& scopes) {
  std::vector<std::string> texts;
  for (const access::Scope& scope : scopes) texts.push_back(to_text(scope));
  return texts;
}

JsonObject json_of(const access::KeyRecord& key) {
  JsonArray scopes;
  for (const std::string& scope : texts_of(key.scopes)) scopes.add(json_text(scope));
  JsonObject json;
  json.text("id", key.id).text("name", key.name).raw("scopes", scopes.finish());
  if (!key.identity.empty()) json.text("identity", key.identity);
  json.text("created", show_time(to_public(key.created)));
  json.raw("expires", key.expires ? json_text(show_time(to_public(*key.expires))) : "null");
  return json;
}

Result<access::KeyWish> wish_of(const Typed& typed, base::Timestamp now) {
  access::KeyWish wish{
      .name = typed.name, .scopes = {}, .created = now, .expires = {}, .identity = typed.identity};
  for (const std::string& text : typed.scopes) {
    auto scope = access::parse_scope(text);
    if (!scope) {
      return Error(ErrorCode::kInvalidArgument,
                   fmt::format("--scope '{}': {}", printable(text), scope.error().message));
    }
    wish.scopes.push_back(*std::move(scope));
  }
  if (!typed.expires.empty()) {
    const auto at = parse_time(typed.expires, to_public(now), Direction::kFuture);
    if (!at) return at.error();
    wish.expires = base::Timestamp{
        std::chrono::duration_cast<std::chrono::microseconds>(at->time_since_epoch()).count()};
  }
  return wish;
}

void print_new(const access::NewKey& key, Output output) {
  if (output.form == Form::kJson) {
    JsonObject json = json_of(key.record);
    if (!key.text.empty()) json.text("key", key.text);
    fmt::print("{}\n", json.finish());
    return;
  }
  const bool is_key = !key.text.empty();
  fmt::print("{}  {}\nid        {}\nname      {}\nscopes    {}\nexpires   {}\n",
             is_key ? "key     " : "identity", is_key ? key.text : printable(key.record.identity),
             key.record.id, printable(key.record.name),
             printable(fmt::format("{}", fmt::join(texts_of(key.record.scopes), ", "))),
             key.record.expires ? show_time(to_public(*key.record.expires)) : "never");
  if (is_key) {
    fmt::print("\nKeep the key now: only its digest is stored, nobody can show it again.\n");
  }
}

Result<int> create(const Typed& typed, Output output) {
  auto wish = wish_of(typed, runtime::SystemClock().now());
  if (!wish) return wish.error();
  const auto key = access::make_key(*std::move(wish));
  if (!key) return to_public(key.error());
  const auto written = access::change_access_file(
      typed.file, [&](std::string_view text) -> base::Result<std::string> {
        std::string changed(text);
        if (!changed.empty() && changed.back() != '\n') changed += '\n';
        changed += encode(key->record) + "\n";
        // A key that no server would accept is not to be given out.
        if (auto whole = access::Keyring::parse(changed, typed.file); !whole) {
          return std::unexpected(std::move(whole).error());
        }
        return changed;
      });
  if (!written) return to_public(written.error());
  print_new(*key, output);
  return kExitOk;
}

Result<int> show(const Typed& typed, Output output) {
  const auto text = access::read_access_file(typed.file);
  if (!text) return to_public(text.error());
  const auto ring = access::Keyring::parse(*text, typed.file);
  if (!ring) return to_public(ring.error());
  if (output.form == Form::kJson) {
    JsonArray keys;
    for (const access::KeyRecord& key : ring->records()) keys.add(json_of(key).finish());
    fmt::print("{}\n", JsonObject().raw("keys", keys.finish()).finish());
    return kExitOk;
  }
  const base::Timestamp now = runtime::SystemClock().now();
  Table table({"ID", "CREATED", "EXPIRES", "NAME", "SCOPES", "IDENTITY"});
  for (const access::KeyRecord& key : ring->records()) {
    std::string expires = key.expires ? show_time(to_public(*key.expires)) : "never";
    if (key.expires && now >= *key.expires) expires = "expired";
    table.add({key.id, show_time(to_public(key.created)), std::move(expires), printable(key.name),
               printable(fmt::format("{}", fmt::join(texts_of(key.scopes), ", "))),
               printable(key.identity)});
  }
  fmt::print("{}",
             table.render([](std::size_t, std::size_t, const std::string& cell) { return cell; }));
  return kExitOk;
}

Result<int> revoke(const Typed& typed, Output output) {
  const auto written = access::change_access_file(
      typed.file, [&](std::string_view text) { return access::without_key(text, typed.id); });
  if (!written) return to_public(written.error());
  if (output.form == Form::kJson) {
    fmt::print("{}\n", JsonObject().text("id", typed.id).finish());
  } else {
    fmt::print("revoked {}\n", printable(typed.id));
  }
  return kExitOk;
}

using Run = Result<int> (*)(const Typed&, Output);

/// Adds one of the commands; what it means is `run`.
CLI::App* add(CLI::App& keys, const std::string& name, const std::string& description,
              const std::shared_ptr<Typed>& typed, StorelessCommand& chosen, Run run) {
  CLI::App* command = keys.add_subcommand(name, description);
  command->fallthrough();
  command->footer("");  // not that of the program; `perdure keys --help` has examples
  command->callback([typed, &chosen, run] {
    chosen = [typed = *typed, run](Output output) -> Result<int> {
      if (typed.file.empty()) {
        return Error(ErrorCode::kInvalidArgument,
                     "name the file of the keys with --keys-file or PERDURE_SERVE_KEYS_FILE");
      }
      return run(typed, output);
    };
  });
  return command;
}

}  // namespace

void declare_keys(CLI::App& app, StorelessCommand& chosen) {
  CLI::App* keys = app.add_subcommand("keys", "make, show and revoke the API keys of a server");
  keys->fallthrough();
  keys->require_subcommand(1);
  const auto typed = std::make_shared<Typed>();  // lives as long as the declarations
  keys->add_option("--keys-file", typed->file, "as in perdure serve; made if it is not there")
      ->envname("PERDURE_SERVE_KEYS_FILE")
      ->type_name("FILE");
  CLI::App* creating = add(*keys, "create", "make a key and print it, once", typed, chosen, create);
  creating->add_option("name", typed->name, "for people: what it is for, who has it")->required();
  creating
      ->add_option(
          "--scope", typed->scopes,
          "read, operate, work or administer, in a task hub or in all (*); may be repeated")
      ->take_all()
      ->expected(1)
      ->required()
      ->type_name("ACTION:HUB");
  creating->add_option("--expires", typed->expires, "a time (UTC), or in 90d; without it: never")
      ->type_name("TIME");
  creating
      ->add_option("--identity", typed->identity,
                   "make no key: whom the certificate of the client is for (perdure serve "
                   "--tls-client-ca)")
      ->type_name("URI");
  add(*keys, "list", "show the keys; never their secrets", typed, chosen, show);
  CLI::App* revoking =
      add(*keys, "revoke", "forget a key: it opens nothing any more", typed, chosen, revoke);
  revoking->add_option("id", typed->id, "as perdure keys list shows it")->required();
  keys->footer(
      "operate includes read, administer includes everything; a worker needs work. A server that "
      "is\nrunning takes a change over within seconds.\n\n"
      "Examples:\n"
      "  perdure keys --keys-file keys.jsonl create shop --scope operate:orders --expires 90d\n"
      "  perdure keys --keys-file keys.jsonl create workers --scope work:orders --scope "
      "read:orders\n"
      "  perdure keys --keys-file keys.jsonl create till --scope operate:orders --identity "
      "spiffe://example.org/till\n"
      "  perdure keys --keys-file keys.jsonl list\n"
      "  perdure keys --keys-file keys.jsonl revoke 0123456789ab\n");
}

}  // namespace perdure::cli

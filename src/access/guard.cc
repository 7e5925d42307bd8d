// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/guard.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "access/files.h"
#include "access/jwt.h"
#include "access/keyring.h"
#include "access/scope.h"
#include "base/check.h"
#include "model/checks.h"
#include "model/limits.h"
#include "runtime/monitor.h"

namespace perdure::access {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;

/// Who calls, once that is believed.
struct Caller {
  std::string who;
  std::vector<Scope> scopes;
};

/// What the files say. Immutable: a call that is being decided keeps the one it began with.
struct Book {
  std::shared_ptr<const Keyring> keys =
      std::make_shared<Keyring>();        // both shared with other books
  std::shared_ptr<TokenVerifier> tokens;  // nullptr: no tokens here, or none yet
  bool awaits_token_keys = false;         // they come by set_token_keys
};

bool is_same_letter(char a, char b) { return (a | 0x20) == b; }

/// Behind "Bearer"; "": there is none, or it is of another scheme.
std::string_view bearer(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer";
  if (authorization.size() <= kScheme.size() || authorization[kScheme.size()] != ' ') return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    if (!is_same_letter(authorization[i], kScheme[i])) return {};
  }
  authorization.remove_prefix(kScheme.size());
  const std::size_t start = authorization.find_first_not_of(' ');
  if (start == std::string_view::npos) return {};
  return authorization.substr(start, authorization.find_last_not_of(' ') - start + 1);
}

Result<Caller> caller_of_key(const Book& book, std::string_view text, base::Timestamp now) {
  // One that was copied badly is told from one that is wrong; both tell nothing of what is right.
  if (const auto id = parse_key(text); !id) {
    return fail(ErrorCode::kUnauthenticated, id.error().message);
  }
  const KeyRecord* key = book.keys->find(text);
  if (key == nullptr) {
    return fail(ErrorCode::kUnauthenticated,
                "this server does not know the API key; it may have been revoked");
  }
  if (key->expires && now >= *key->expires) {
    return fail(ErrorCode::kUnauthenticated,
                fmt::format("the API key '{}' ({}) has expired: make another with perdure keys "
                            "create",
                            key->name, key->id));
  }
  return Caller{.who = key->name, .scopes = key->scopes};
}

/// Whatever is said of an identity and has not expired holds together, so that one record can take
/// the place of another.
Result<Caller> caller_of_certificate(const Book& book, std::string_view identity,
                                     base::Timestamp now) {
  Caller caller;
  for (const KeyRecord* one : book.keys->of_identity(identity)) {
    if (one->expires && now >= *one->expires) continue;
    caller.who = one->name;
    caller.scopes.insert(caller.scopes.end(), one->scopes.begin(), one->scopes.end());
  }
  if (!caller.scopes.empty()) return caller;
  return fail(ErrorCode::kUnauthenticated,
              fmt::format("this server does not know who '{}' is, whom the certificate is for; "
                          "perdure keys create --identity tells it",
                          identity));
}

Result<Caller> caller_of_token(const Book& book, std::string_view text, base::Timestamp now) {
  if (book.tokens == nullptr && book.awaits_token_keys) {
    return fail(ErrorCode::kUnauthenticated,
                "this server could not fetch the keys yet that tokens are checked with; it goes on "
                "trying");
  }
  if (book.tokens == nullptr) {
    return fail(ErrorCode::kUnauthenticated, "this server takes API keys, and this is none");
  }
  PERDURE_ASSIGN_OR_RETURN(const auto claims, book.tokens->verify(text, now));
  return Caller{.who = claims->subject, .scopes = claims->scopes};
}

Result<Caller> caller_of(const Book& book, const Credentials& credentials, base::Timestamp now) {
  const std::string_view authorization = credentials.authorization;
  if (authorization.empty() && !credentials.identity.empty()) {
    return caller_of_certificate(book, credentials.identity, now);
  }
  const std::string_view credential = bearer(authorization);
  if (credential.empty()) {
    return fail(
        ErrorCode::kUnauthenticated,
        authorization.empty()
            ? "send the header 'authorization: Bearer CREDENTIAL' with an API key or a token"
            : "the header 'authorization' is not of the form 'Bearer CREDENTIAL'");
  }
  if (credential.starts_with(kKeyPrefix)) return caller_of_key(book, credential, now);
  return caller_of_token(book, credential, now);
}

Result<std::shared_ptr<TokenVerifier>> make_verifier(const GuardOptions& options,
                                                     std::string_view jwks, std::string_view name,
                                                     std::function<void()> on_unknown_key = {}) {
  PERDURE_ASSIGN_OR_RETURN(KeySet keys, KeySet::parse(jwks, name));
  return std::make_shared<TokenVerifier>(std::move(keys),
                                         TokenRules{.issuer = options.issuer,
                                                    .audience = options.audience,
                                                    .scopes_claim = options.scopes_claim},
                                         std::move(on_unknown_key));
}

/// What the files say.
Result<Book> read_book(const GuardOptions& options) {
  Book book{.awaits_token_keys = !options.jwks_url.empty()};
  if (!options.keys_file.empty()) {
    PERDURE_ASSIGN_OR_RETURN(const std::string text, read_access_file(options.keys_file));
    PERDURE_ASSIGN_OR_RETURN(Keyring keys, Keyring::parse(text, options.keys_file));
    book.keys = std::make_shared<const Keyring>(std::move(keys));
  }
  if (!options.jwks_file.empty()) {
    PERDURE_ASSIGN_OR_RETURN(const std::string text, read_access_file(options.jwks_file));
    PERDURE_ASSIGN_OR_RETURN(book.tokens, make_verifier(options, text, options.jwks_file));
  }
  return book;
}

using Stamps = std::array<FileStamp, 2>;
Stamps stamps_of(const GuardOptions& options) {
  return {stamp_of(options.keys_file), stamp_of(options.jwks_file)};
}

}  // namespace

struct Guard::Gate {
  Gate(GuardOptions given, const runtime::Clock& its_clock)
      : options(std::move(given)), clock(its_clock) {}

  const GuardOptions options;
  const runtime::Clock& clock;
  std::function<void()> on_unknown_key;  // set before anybody calls
  mutable runtime::Mutex mutex;
  std::shared_ptr<const Book> book;  // shared with the calls that are being decided
  Stamps stamps;

  [[nodiscard]] std::shared_ptr<const Book> current() const {
    const std::lock_guard lock(mutex);
    return book;
  }
};

Guard::Guard(std::string default_hub, std::unique_ptr<Gate> gate)
    : default_hub_(std::move(default_hub)), gate_(std::move(gate)) {}
Guard::Guard(Guard&&) noexcept = default;
Guard& Guard::operator=(Guard&&) noexcept = default;
Guard::~Guard() = default;

Guard Guard::open_to_all(std::string default_hub) { return {std::move(default_hub), nullptr}; }

Result<Guard> Guard::open(GuardOptions options, const runtime::Clock& clock) {
  PERDURE_CHECK(
      !options.keys_file.empty() || !options.jwks_file.empty() || !options.jwks_url.empty(),
      "a guard that knows nobody");
  PERDURE_CHECK(options.jwks_file.empty() || options.jwks_url.empty(), "two sources of keys");
  std::string default_hub = options.default_hub;
  Guard guard(std::move(default_hub), std::make_unique<Gate>(std::move(options), clock));
  PERDURE_RETURN_IF_ERROR(guard.reload());
  return guard;
}

Result<Permit> Guard::admit(const Credentials& credentials, Action action,
                            std::string_view hub) const {
  if (hub.empty()) hub = default_hub_;
  PERDURE_RETURN_IF_ERROR(model::check_name("task hub name", hub, model::kHubNameBytesMax));
  if (gate_ == nullptr) return Permit(std::string(hub), action, {});
  const auto book = gate_->current();
  auto caller = caller_of(*book, credentials, gate_->clock.now());
  const auto wish = [&] { return fmt::format("'{}' in task hub '{}'", action_name(action), hub); };
  if (!caller) {
    return fail(ErrorCode::kUnauthenticated,
                fmt::format("{} needs a caller that is known: {}", wish(), caller.error().message));
  }
  if (!allow(caller->scopes, action, hub)) {
    return fail(ErrorCode::kPermissionDenied,
                fmt::format("'{}' may not {}: that needs a credential with the scope {}",
                            caller->who, wish(), to_text({action, std::string(hub)})));
  }
  return Permit(std::string(hub), action, std::move(caller->who));
}

Result<> Guard::reload() {
  if (gate_ == nullptr) return {};
  const Stamps stamps = stamps_of(gate_->options);  // before: a change meanwhile is seen next time
  auto book = read_book(gate_->options);
  const std::lock_guard lock(gate_->mutex);
  gate_->stamps = stamps;
  if (!book) return std::unexpected(std::move(book).error());
  if (book->awaits_token_keys && gate_->book != nullptr) book->tokens = gate_->book->tokens;
  gate_->book = std::make_shared<const Book>(*std::move(book));
  return {};
}

void Guard::on_unknown_key(std::function<void()> callback) {
  PERDURE_CHECK(gate_ != nullptr && !gate_->options.jwks_url.empty(), "keys of tokens for nobody");
  gate_->on_unknown_key = std::move(callback);
}

Result<> Guard::set_token_keys(std::string_view jwks) {
  PERDURE_CHECK(gate_ != nullptr && !gate_->options.jwks_url.empty(), "keys of tokens for nobody");
  PERDURE_ASSIGN_OR_RETURN(auto tokens, make_verifier(gate_->options, jwks, gate_->options.jwks_url,
                                                      gate_->on_unknown_key));
  const std::lock_guard lock(gate_->mutex);
  gate_->book = std::make_shared<const Book>(
      Book{.keys = gate_->book->keys, .tokens = std::move(tokens), .awaits_token_keys = true});
  return {};
}

Result<Reloaded> Guard::reload_if_changed() {
  if (gate_ == nullptr) return Reloaded::kUnchanged;
  {
    const std::lock_guard lock(gate_->mutex);
    if (gate_->stamps == stamps_of(gate_->options)) return Reloaded::kUnchanged;
  }
  PERDURE_RETURN_IF_ERROR(reload());
  return Reloaded::kChanged;
}

}  // namespace perdure::access

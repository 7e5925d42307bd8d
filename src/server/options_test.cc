// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/options.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "server/option_sources.h"
#include "server/option_values.h"

namespace perdure::server {
namespace {

using base::ErrorCode;

Layer flags(std::initializer_list<std::pair<std::string, std::string>> typed) {
  Layer layer;
  for (const auto& [name, text] : typed) layer[name] = {text, "--" + name};
  return layer;
}

std::string refusal(const base::Result<>& result) {
  EXPECT_FALSE(result.has_value());
  if (result) return "";
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  return result.error().message;
}

Options resolved(const Layer& layer) {
  auto made = resolve({layer});
  EXPECT_TRUE(made.has_value()) << made.error().message;
  return made ? made->options : Options{};
}

TEST(Options, defaults_are_valid_and_on_loopback) {
  const Options options = resolved({});
  EXPECT_TRUE(validate(options).has_value());
  EXPECT_TRUE(is_loopback(options.grpc));
  EXPECT_TRUE(is_loopback(options.http));
  EXPECT_EQ(to_text(options.grpc), "127.0.0.1:4001");
  EXPECT_EQ(to_text(options.http), "127.0.0.1:8080");
  EXPECT_EQ(options.hub, "default");
}

TEST(Options, every_declaration_is_complete_and_its_default_can_be_typed) {
  std::set<std::string> variables;
  for (const Declaration& option : declarations()) {
    EXPECT_FALSE(option.sentence.empty()) << option.name;
    EXPECT_TRUE(variables.insert(option.variable).second) << option.variable;
    EXPECT_TRUE(option.variable.starts_with("PERDURE_")) << option.variable;
    if (option.default_text.empty()) continue;
    const auto made = resolve({Layer{{option.name, {option.default_text, "here"}}}});
    EXPECT_TRUE(made.has_value()) << option.name << ": " << made.error().message;
  }
  EXPECT_GE(variables.size(), 20U);
}

TEST(Options, an_earlier_layer_wins) {
  const auto made = resolve({flags({{"executors", "3"}}),
                             {{"executors", {"4", "env"}}, {"attempts-max", {"5", "env"}}},
                             {{"executors", {"6", "file"}},
                              {"attempts-max", {"7", "file"}},
                              {"drain-seconds", {"8", "file"}}}});
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->options.executors, 3U);
  EXPECT_EQ(made->options.attempts_max, 5U);
  EXPECT_EQ(made->options.drain_seconds, 8U);
  EXPECT_EQ(made->origins.at("executors"), "--executors");
  EXPECT_EQ(made->origins.at("drain-seconds"), "file");
  EXPECT_FALSE(made->origins.contains("memory"));
}

TEST(Options, a_value_outside_its_bounds_is_refused_with_its_origin_and_what_is_right) {
  struct Case {
    std::string name, text, words;
  };
  for (const Case& one : std::vector<Case>{
           {"executors", "0", "1 to 64"},
           {"executors", "65", "1 to 64"},
           {"executors", "-1", "1 to 64"},
           {"executors", "1.5", "1 to 64"},
           {"executors", "", "1 to 64"},
           {"executors", "99999999999999999999", "1 to 64"},
           {"memory", "63MiB", "64MiB to 1TiB"},
           {"memory", "2TiB", "64MiB to 1TiB"},
           {"memory", "18446744073709551615TiB", "64MiB to 1TiB"},
           {"memory", "1GB", "KiB, MiB, GiB, TiB"},
           {"memory", "lots", "64MiB to 1TiB"},
           {"message-size-max", "33MiB", "64KiB to 32MiB"},
           {"grpc-address", "4001", "HOST:PORT"},
           {"grpc-address", "127.0.0.1:", "HOST:PORT"},
           {"grpc-address", "127.0.0.1:65536", "HOST:PORT"},
           {"grpc-address", "127.0.0.1:40 1", "HOST:PORT"},
           {"grpc-address", "example.org:4001", "HOST:PORT"},
           {"grpc-address", "::1:4001", "HOST:PORT"},
           {"grpc-address", "[127.0.0.1]:4001", "HOST:PORT"},
           {"log-level", "loud", "error, warning, info, debug"},
           {"allow-plaintext-credentials", "yes", "neither true nor false"},
           {"hub", "", "task hub name"},
           {"hub", std::string(65, 'h'), "task hub name"},
           {"keys-file", "a\nb", "control characters"},
           {"keys-file", "\xff", "UTF-8"},
           {"keys-file", "\xc0\x80", "UTF-8"},
           {"keys-file", "\xe2\x82", "UTF-8"},
           {"keys-file", "\xed\xa0\x80", "UTF-8"},
           {"keys-file", "\xf4\x90\x80\x80", "UTF-8"},
       }) {
    const auto made = resolve({flags({{one.name, one.text}})});
    ASSERT_FALSE(made.has_value()) << one.name << "=" << one.text;
    EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(made.error().message.starts_with("--" + one.name + ": ")) << made.error().message;
    const std::string words = one.words.substr(0, one.words.find(" to "));
    EXPECT_NE(made.error().message.find(words), std::string::npos) << made.error().message;
  }
}

TEST(Options, sizes_may_have_units) {
  EXPECT_EQ(resolved(flags({{"memory", "2GiB"}})).memory_bytes, std::uint64_t{2} << 30);
  EXPECT_EQ(resolved(flags({{"memory", "67108864"}})).memory_bytes, std::uint64_t{64} << 20);
  for (const std::uint64_t bytes : {1ULL, 1024ULL, 1536ULL, 1ULL << 30, 3ULL << 40}) {
    EXPECT_EQ(parse_bytes(bytes_text(bytes), {0, 1ULL << 50}).value(), bytes);
  }
}

TEST(Options, what_other_machines_reach_needs_callers_that_are_known) {
  for (const std::string name : {"grpc-address", "http-address"}) {
    for (const std::string host :
         {"0.0.0.0", "[::]", "192.168.1.7", "[2001:db8::1]", "128.0.0.1", "[::ffff:127.0.0.1]"}) {
      const std::string message = refusal(validate(resolved(flags({{name, host + ":9000"}}))));
      EXPECT_TRUE(message.starts_with(name + " " + host + ":9000")) << message;
      EXPECT_NE(message.find("keys-file"), std::string::npos) << message;
      EXPECT_NE(message.find("127.0.0.1"), std::string::npos) << message;
    }
    for (const std::string host : {"127.0.0.1", "127.9.9.9", "[::1]", "localhost"}) {
      EXPECT_TRUE(validate(resolved(flags({{name, host + ":9000"}}))).has_value()) << host;
    }
  }
}

TEST(Options, credentials_of_other_machines_need_tls_unless_somebody_takes_the_risk) {
  const Layer open = flags({{"grpc-address", "0.0.0.0:1"}, {"keys-file", "k"}});
  EXPECT_NE(refusal(validate(resolved(open))).find("allow-plaintext-credentials"),
            std::string::npos);
  Layer risky = open;
  risky["allow-plaintext-credentials"] = {"true", "here"};
  EXPECT_TRUE(validate(resolved(risky)).has_value());
  Layer encrypted = open;
  encrypted["tls-certificate"] = {"c.pem", "here"};
  EXPECT_NE(refusal(validate(resolved(encrypted))).find("belong together"), std::string::npos);
  encrypted["tls-key"] = {"k.pem", "here"};
  EXPECT_TRUE(validate(resolved(encrypted)).has_value());
  encrypted.erase("keys-file");  // TLS alone says nothing about who calls
  EXPECT_NE(refusal(validate(resolved(encrypted))).find("who may call"), std::string::npos);
}

TEST(Options, tokens_need_keys_an_issuer_and_an_audience) {
  refusal(validate(resolved(flags({{"jwks-file", "j"}}))));
  refusal(validate(resolved(flags({{"jwks-file", "j"}, {"jwt-issuer", "i"}}))));
  refusal(validate(resolved(flags({{"jwt-issuer", "i"}, {"jwt-audience", "a"}}))));
  const Layer complete = flags({{"jwks-file", "j"}, {"jwt-issuer", "i"}, {"jwt-audience", "a"}});
  EXPECT_TRUE(validate(resolved(complete)).has_value());
}

TEST(Options, keys_of_tokens_come_from_one_place_and_nobody_can_change_them_on_the_way) {
  Layer typed = flags({{"jwt-issuer", "i"}, {"jwt-audience", "a"}});
  for (const std::string url : {"https://id.example.org/keys", "http://127.0.0.1:9/keys",
                                "http://[::1]/k", "http://localhost:9/keys"}) {
    typed["jwks-url"] = {url, "here"};
    EXPECT_TRUE(validate(resolved(typed)).has_value()) << url;
  }
  for (const std::string url :
       {"http://id.example.org/keys", "http://127.0.0.1.example.org/", "http://10.0.0.1/",
        "ftp://127.0.0.1/", "keys.json", "https://a:b@id.example.org/"}) {
    typed["jwks-url"] = {url, "here"};
    const std::string message = refusal(validate(resolved(typed)));
    EXPECT_TRUE(message.starts_with("jwks-url")) << message;
  }
  typed["jwks-url"] = {"https://id.example.org/keys", "here"};
  typed["jwks-file"] = {"j", "here"};
  EXPECT_NE(refusal(validate(resolved(typed))).find("one source"), std::string::npos);
  refusal(validate(resolved(flags({{"jwks-url", "https://id.example.org/keys"}}))));
}

TEST(Options, certificates_of_clients_need_tls_and_somebody_who_says_what_they_may) {
  Layer typed = flags({{"tls-client-ca", "ca.pem"}, {"keys-file", "k"}});
  EXPECT_NE(refusal(validate(resolved(typed))).find("tls-certificate"), std::string::npos);
  typed["tls-certificate"] = {"c.pem", "here"};
  typed["tls-key"] = {"k.pem", "here"};
  EXPECT_TRUE(validate(resolved(typed)).has_value());
  typed.erase("keys-file");
  EXPECT_NE(refusal(validate(resolved(typed))).find("--identity"), std::string::npos);
}

TEST(Options, two_listeners_can_not_share_a_port) {
  refusal(validate(
      resolved(flags({{"grpc-address", "127.0.0.1:9000"}, {"http-address", "127.0.0.1:9000"}}))));
  const Layer chosen = flags({{"grpc-address", "127.0.0.1:0"}, {"http-address", "127.0.0.1:0"}});
  EXPECT_TRUE(validate(resolved(chosen)).has_value());
}

TEST(Options, what_is_printed_is_a_file_that_means_the_same) {
  const Layer typed = flags({{"memory", "96MiB"},
                             {"data", "a \"b\" \\c # d \xe2\x82\xac \xf0\x9f\x98\x80"},
                             {"allow-plaintext-credentials", "true"},
                             {"executors", "7"},
                             {"grpc-address", "[::1]:7"}});
  const auto made = resolve({typed});
  ASSERT_TRUE(made.has_value());
  const std::string file = print(*made);
  EXPECT_NE(file.find("executors = 7  # --executors\n"), std::string::npos) << file;
  EXPECT_NE(file.find("attempts-max = 100  # default\n"), std::string::npos) << file;
  const auto again = parse_file(file, "printed");
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->size(), declarations().size());
  const auto same = resolve({*again});
  ASSERT_TRUE(same.has_value()) << same.error().message;
  const auto values = [](const Configuration& one) {
    return print({.options = one.options, .origins = {}});
  };
  EXPECT_EQ(values(*same), values(*made));
}

TEST(Options, a_typing_mistake_is_near_to_what_was_meant) {
  const std::vector<std::string> names{"executors", "memory", "grpc-address"};
  EXPECT_EQ(nearest("executers", names), "executors");
  EXPECT_EQ(nearest("grpc_adress", names), "grpc-address");
  EXPECT_EQ(nearest("qqqqqqqqqqqq", names), "");
  EXPECT_EQ(nearest(std::string(100'000, 'x'), names), "");
}

/// PERDURE_UPDATE=1 writes the page anew.
TEST(ConfigPage, is_the_one_that_the_declarations_give) {
  const std::string path = PERDURE_CONFIG_PAGE;
  if (std::getenv("PERDURE_UPDATE") != nullptr) {
    std::ofstream(path, std::ios::trunc) << reference_page();
  }
  std::ostringstream there;
  there << std::ifstream(path).rdbuf();
  EXPECT_EQ(there.str(), reference_page());
}

}  // namespace
}  // namespace perdure::server

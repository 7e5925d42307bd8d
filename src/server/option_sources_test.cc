// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/option_sources.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace perdure::server {
namespace {

using base::ErrorCode;

std::string file_problem(std::string_view text) {
  const auto layer = parse_file(text, "serve.toml");
  EXPECT_FALSE(layer.has_value()) << text;
  if (layer) return "";
  EXPECT_EQ(layer.error().code, ErrorCode::kInvalidArgument);
  EXPECT_TRUE(layer.error().message.starts_with("serve.toml, line ")) << layer.error().message;
  EXPECT_EQ(layer.error().message.find('\n'), std::string::npos) << layer.error().message;
  return layer.error().message;
}

TEST(ConfigFile, texts_numbers_and_switches) {
  const auto layer = parse_file(
      "# a remark\n"
      "data = \"a # b, c\"   # another\n"
      "executors = 4\n"
      "allow-plaintext-credentials = true\n"
      "memory = '2GiB'\n",
      "serve.toml");
  ASSERT_TRUE(layer.has_value()) << layer.error().message;
  EXPECT_EQ(layer->at("data").text, "a # b, c");
  EXPECT_EQ(layer->at("data").origin, "serve.toml, line 2");
  EXPECT_EQ(layer->at("executors").text, "4");
  EXPECT_EQ(layer->at("allow-plaintext-credentials").text, "true");
  EXPECT_EQ(layer->at("memory").origin, "serve.toml, line 5");
}

TEST(ConfigFile, an_unknown_key_names_the_nearest) {
  const std::string message = file_problem("\nexecuters = 4\n");
  EXPECT_NE(message.find("line 2"), std::string::npos) << message;
  EXPECT_NE(message.find("did you mean 'executors'?"), std::string::npos) << message;
  EXPECT_NE(file_problem("grpc_address = \"127.0.0.1:1\"").find("'grpc-address'"),
            std::string::npos);
  EXPECT_NE(file_problem("[serve]\nexecutors = 4\n").find("sections"), std::string::npos);
}

TEST(ConfigFile, what_is_malformed_is_refused) {
  file_problem("executors\n");
  file_problem("executors = \n");
  file_problem("executors = 4\nexecutors = 5\n");
  file_problem("executors = [4]\n");
  file_problem("executors = 4.5\n");
  file_problem("data = \"open\n");
  file_problem("data = 2026-01-01\n");
  file_problem("data.x = 1\n");
  file_problem("data = here\n");
  file_problem("data = 'a' 'b'\n");
  file_problem("data = \"C:\\x\"\n");
  file_problem("data = \"a\\");
  file_problem("data = \"\"\"\na\n\"\"\"\n");
  file_problem("executors = -1\n");
  file_problem("executors = 0x4\n");
  file_problem("executors = 04\n");
  file_problem("= 4\n");
  file_problem("[[[[1");
  file_problem("\xff\xfe = 1\n");
}

TEST(ConfigFile, quotes_keep_what_is_in_them) {
  const auto layer = parse_file(
      "data = \"\\\"a\\\\ '#\" # x\r\n"
      "\thub='a\"\\'#y\r\n"
      "executors=4#z",
      "serve.toml");
  ASSERT_TRUE(layer.has_value()) << layer.error().message;
  EXPECT_EQ(layer->at("data").text, "\"a\\ '#");
  EXPECT_EQ(layer->at("hub").text, "a\"\\");
  EXPECT_EQ(layer->at("executors").text, "4");
}

TEST(ConfigFile, one_that_is_not_there_says_so) {
  const auto layer = load_file("no/such/serve.toml");
  ASSERT_FALSE(layer.has_value());
  EXPECT_EQ(layer.error().code, ErrorCode::kNotFound);
  EXPECT_NE(layer.error().message.find("no/such/serve.toml"), std::string::npos);
  EXPECT_FALSE(load_file("/").has_value());
}

TEST(Environment, variables_are_options) {
  const auto layer = parse_environment(
      {"PATH=/bin", "PERDURE_DATA=here", "PERDURE_SERVE_GRPC_ADDRESS=127.0.0.1:1",
       "PERDURE_SERVE_CONFIG=x.toml", "PERDURE_SEED=4", "PERDURE_SERVER_PORT=tcp://1.2.3.4:5",
       "PERDURE_SERVE_HUB=a=b", "nonsense"});
  ASSERT_TRUE(layer.has_value()) << layer.error().message;
  EXPECT_EQ(layer->size(), 3U);
  EXPECT_EQ(layer->at("data").text, "here");
  EXPECT_EQ(layer->at("grpc-address").origin, "PERDURE_SERVE_GRPC_ADDRESS");
  EXPECT_EQ(layer->at("hub").text, "a=b");
}

TEST(Environment, an_unknown_variable_names_the_nearest) {
  const auto layer = parse_environment({"PERDURE_SERVE_GRPC_ADRESS=127.0.0.1:1"});
  ASSERT_FALSE(layer.has_value());
  EXPECT_EQ(layer.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(layer.error().message.find("PERDURE_SERVE_GRPC_ADRESS"), std::string::npos);
  EXPECT_NE(layer.error().message.find("'PERDURE_SERVE_GRPC_ADDRESS'"), std::string::npos)
      << layer.error().message;
  EXPECT_FALSE(parse_environment({"PERDURE_SERVE_DATA=x"}).has_value());
}

}  // namespace
}  // namespace perdure::server

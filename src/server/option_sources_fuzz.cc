// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: any bytes as a configuration file, and, a line each, as the environment. They
// are refused with a sentence, or give options that print as a file which means the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "server/option_sources.h"
#include "server/options.h"

namespace {

namespace server = perdure::server;

void check_layer(const perdure::base::Result<server::Layer>& layer) {
  if (!layer) {
    PERDURE_CHECK(!layer.error().message.empty(), "an error says what is wrong");
    return;
  }
  const auto made = server::resolve({*layer});
  if (!made) {
    PERDURE_CHECK(!made.error().message.empty(), "an error says what is wrong");
    return;
  }
  static_cast<void>(server::validate(made->options));
  // Origins are remarks: whatever is in them, it must not become a line.
  const auto plain = server::print({.options = made->options, .origins = {}});
  const auto again = server::parse_file(plain, "printed");
  PERDURE_CHECK(again.has_value(), "what is printed is no file: " + plain);
  const auto same = server::resolve({*again});
  PERDURE_CHECK(same && server::print({.options = same->options, .origins = {}}) == plain,
                "what is printed means something else");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  check_layer(server::parse_file(text, "file"));
  std::vector<std::string_view> variables;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    variables.push_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  check_layer(server::parse_environment(variables));
  return 0;
}

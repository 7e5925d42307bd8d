// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The smallest program of a user, built against the installed package: an orchestration that calls
// an activity three times, on the virtual time of the test host and then on a store in a folder.
// Exits with 0 if both answered what they must.
#include <perdure/perdure.h>
#include <perdure/test_host.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace {

std::string greet(std::string name) { return "hello " + name; }

perdure::Task<std::string> greetings(perdure::Orchestration& ctx, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const std::string name = std::to_string(i);
    const std::string greeting = co_await ctx.call<std::string>("greet", name);
    text += greeting + "; ";
    co_await ctx.timer(std::chrono::milliseconds(1));
  }
  co_return text;
}

/// Runs one orchestration to its end. What goes wrong is thrown and ends the program.
void check(const std::string& where, perdure::Client client) {
  const std::string id = client.start("greetings", 3).value();
  const perdure::Instance done = client.wait(id).value();
  const auto output = done.output_as<std::string>().value();
  std::printf("%s: %s\n", where.c_str(), output.c_str());
  if (output != "hello 0; hello 1; hello 2; ") throw std::runtime_error("unexpected output");
}

}  // namespace

int main() {
  perdure::TestHost virtual_host;
  virtual_host.orchestration("greetings", greetings).activity("greet", greet);
  check("on virtual time", virtual_host.client());

  const auto folder = std::filesystem::current_path() / "store";
  std::filesystem::remove_all(folder);
  perdure::Host host(perdure::HostOptions().data(folder.string()));
  host.orchestration("greetings", greetings).activity("greet", greet);
  check("on a store in a folder", host.start().value());
  host.stop();
  return 0;
}

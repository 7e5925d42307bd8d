// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
//   consumer URL
//
// A durable HTTP call with the engine in the program, built against the installed package: on
// loopback, which the program must allow. Exits with 0 if the answer is what it must be.
#include <perdure/http.h>
#include <perdure/perdure.h>

#include <cstdio>
#include <filesystem>
#include <string>

namespace {

perdure::Task<std::string> ask(perdure::Orchestration& ctx, std::string url) {
  perdure::HttpRequest request;
  request.url = url;
  const perdure::HttpResponse answer = co_await perdure::http(ctx, request);
  co_return answer.body;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const auto folder = std::filesystem::current_path() / "store";
  std::filesystem::remove_all(folder);
  perdure::Host host(perdure::HostOptions().data(folder.string()));
  host.orchestration("ask", ask);
  perdure::HttpReach reach;
  reach.allowed = {"127.0.0.1"};
  perdure::register_http(host.registry(), reach).value();

  perdure::Client client = host.start().value();
  const std::string id = client.start("ask", std::string(arguments[1])).value();
  const auto output = client.wait(id).value().output_as<std::string>().value();
  std::printf("over HTTP: %s\n", output.c_str());
  return output == "hello" ? 0 : 1;
}

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
//   consumer SERVER URL
//
// The smallest worker of a server, built against the installed package: an orchestration that asks
// a URL and gives the answer to an activity. Exits with 0 if the result is what it must be.
#include <perdure/http.h>
#include <perdure/remote.h>

#include <chrono>
#include <cstdio>
#include <string>

namespace {

std::string shout(std::string text) { return text + "!"; }

perdure::Task<std::string> ask_and_shout(perdure::Orchestration& ctx, std::string url) {
  perdure::HttpRequest request;
  request.url = url;
  const perdure::HttpResponse answer = co_await perdure::http(ctx, request);
  const std::string body = answer.body;
  const std::string shouted = co_await ctx.call<std::string>("shout", body);
  co_return shouted;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const perdure::ConnectOptions server(arguments[1]);
  perdure::RemoteHost host(server);
  host.registry().orchestration("ask_and_shout", ask_and_shout).activity("shout", shout);
  host.start().value();

  perdure::Client client = perdure::connect(server).value();
  const std::string id = client.start("ask_and_shout", std::string(arguments[2])).value();
  const perdure::Instance done = client.wait(id, std::chrono::minutes(2)).value();
  const auto output = done.output_as<std::string>().value();
  std::printf("for a server: %s\n", output.c_str());
  host.stop();
  return output == "hello!" ? 0 : 1;
}

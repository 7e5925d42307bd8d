// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// build/release/examples/approval [--data DIR]: type the code that appears. With --data, kill it
// while it waits and run it again: the code and the deadline are still the same.
#include "approval/approval.h"

#include <iostream>

#include "program.h"

namespace {

/// The "telephone" of this example is the terminal.
void send_code(const std::string& phone, const std::string& code) {
  fmt::print("(to {}: your code is {})\n", phone, code);
  std::fflush(stdout);
}

void pay(const approval::Payment& payment) { fmt::print("(paying {} cents)\n", payment.cents); }

int talk(perdure::Client client) {
  const auto id = client.start(
      "confirm_payment", approval::Payment{.phone = "+49 30 1234", .cents = 4200},
      perdure::StartOptions().id("approval").if_exists(perdure::StartOptions::IfExists::kIgnore));
  if (!id) return example::report(id.error());
  fmt::print("type the code, then return; three attempts, five minutes\n");
  std::fflush(stdout);
  std::string line;
  while (!client.wait(*id, std::chrono::milliseconds(200)) && std::getline(std::cin, line)) {
    if (const auto raised = client.raise(*id, "code", line); !raised) break;  // it has ended
  }
  const auto ended = client.wait(*id);
  return ended ? example::report(*ended) : example::report(ended.error());
}

}  // namespace

int main(int count, char** values) {
  perdure::Host host(example::host_options(count, values));
  host.orchestration("confirm_payment", approval::confirm_payment)
      .activity("send_code", send_code)
      .activity("pay", pay);
  const auto client = host.start();
  return client ? talk(*client) : example::report(client.error());
}

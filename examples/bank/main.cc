// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
//   bank --data DIR [--accounts N] [--customers N]   transfers without end; kill it, run it again
//   bank --data DIR --close                          ends what was begun, and counts the money
//
// The journal lies beside the store, in DIR.journal; `grep transaction DIR.journal | perdure verify
// -` judges whether the transfers could have happened one after the other.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <random>
#include <thread>

#include "bank/bank.h"
#include "bank/journal.h"
#include "exit_status.h"

namespace {

constexpr long kCentsEach = 10'000;
/// Half of the transfers touch one of so many accounts: that is where customers meet.
constexpr int kPopular = 20;

struct Options {
  std::string folder;
  int accounts = 1'000;
  int customers = 32;
  bool close = false;
};

std::string name_of(int account) { return fmt::format("a{}", account); }

int report(const perdure::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return perdure::exit_status(error.code());
}

perdure::Result<void> open_accounts(perdure::Client& client, int count) {
  std::vector<std::future<perdure::Result<void>>> opened;
  for (int i = 0; i < count; ++i) {
    const perdure::Entity<bank::Account> account(name_of(i));
    opened.push_back(client.call_async(account, &bank::Account::open, kCentsEach));
  }
  for (auto& one : opened) {
    if (auto done = one.get(); !done) return done;
  }
  return {};
}

/// Asked again under its number, a transfer that is known answers as it did.
perdure::Result<bank::Receipt> carry_out(perdure::Client& client, const bank::Asked& asked) {
  const std::string id = fmt::format("transfer-{}", asked.transfer.number);
  const auto options =
      perdure::StartOptions().id(id).if_exists(perdure::StartOptions::IfExists::kIgnore);
  if (const auto started = client.start("transfer", asked.transfer, options); !started) {
    return started.error();
  }
  auto ended = client.wait(id);
  if (!ended) return ended.error();
  return ended->output_as<bank::Receipt>();
}

bank::Transfer some_transfer(std::int64_t number, int accounts, std::mt19937_64& random) {
  const auto account = [&] {
    const bool popular = random() % 2 == 0;
    return static_cast<int>(random() % static_cast<unsigned>(popular ? kPopular : accounts));
  };
  const int from = account();
  int to = account();
  while (to == from) to = account();
  return {.number = number,
          .from = name_of(from),
          .to = name_of(to),
          .cents = static_cast<long>(random() % 5'000) + 1};
}

/// One customer: a transfer after the other, until the process dies.
void be_customer(perdure::Client client, const Options& options, bank::Journal& journal,
                 std::atomic<std::int64_t>& last, std::int64_t process) {
  std::mt19937_64 random(static_cast<std::uint64_t>(bank::monotonic_ns() + process));
  for (;;) {
    bank::Asked asked{.transfer = some_transfer(++last, options.accounts, random),
                      .call_ns = bank::monotonic_ns(),
                      .process = process};
    journal.ask(asked);
    const auto receipt = carry_out(client, asked);
    if (!receipt) return;  // the host is going
    journal.answer(asked, *receipt);
  }
}

int count_money(perdure::Client& client, int accounts) {
  long sum = 0;
  int locked = 0;
  for (int i = 0; i < accounts; ++i) {
    const perdure::Entity<bank::Account> account(name_of(i));
    const auto cents = client.query(account, &bank::Account::balance);
    const auto info = client.get(account.id());
    if (!cents) return report(cents.error());
    if (!info) return report(info.error());
    sum += *cents;
    if (!info->locked_by.empty()) ++locked;
  }
  const bool right = sum == kCentsEach * accounts && locked == 0;
  fmt::print("{} accounts, {} cents, {} locked: {}\n", accounts, sum, locked,
             right ? "right" : "WRONG");
  return right ? perdure::kExitOk : perdure::kExitFailed;
}

int run(perdure::Client client, const Options& options) {
  bank::Journal journal;
  if (const std::string wrong = journal.open(options.folder + ".journal"); !wrong.empty()) {
    fmt::print(stderr, "{}\n", wrong);
    return perdure::kExitFailed;
  }
  if (const auto opened = open_accounts(client, options.accounts); !opened) {
    return report(opened.error());
  }
  for (const auto& [number, asked] : journal.open_transfers()) {
    const auto receipt = carry_out(client, asked);
    if (!receipt) return report(receipt.error());
    journal.answer(asked, *receipt);
  }
  if (options.close) return count_money(client, options.accounts);
  std::atomic<std::int64_t> last = journal.last_number();
  std::vector<std::thread> customers;
  const std::int64_t first = bank::monotonic_ns();  // a customer of a killed process is another one
  for (int i = 0; i < options.customers; ++i) {
    customers.emplace_back([&, i] { be_customer(client, options, journal, last, first + i); });
  }
  for (std::thread& customer : customers) customer.join();
  return perdure::kExitOk;
}

}  // namespace

int main(int count, char** values) {
  Options options;
  CLI::App app("Transfers between accounts that survive every kill.");
  app.add_option("--data", options.folder, "the store folder")->required();
  app.add_option("--accounts", options.accounts, "how many")->check(CLI::Range(2, 100'000));
  app.add_option("--customers", options.customers, "at once")->check(CLI::Range(1, 1'000));
  app.add_flag("--close", options.close, "end what was begun, then count the money");
  CLI11_PARSE(app, count, values);
  perdure::Host host(perdure::HostOptions().data(options.folder));
  host.entity<bank::Account>().orchestration("transfer", bank::transfer);
  const auto client = host.start();
  return client ? run(*client, options) : report(client.error());
}

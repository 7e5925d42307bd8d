// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
//   raw_rocksdb DIR SECONDS
//
// RocksDB alone: one record of 256 bytes in a synced write, from 1 to 64 threads, whose writes it
// commits as a group; and batches of many from one thread.
#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "measure.h"

namespace {

constexpr std::size_t kValueBytes = 256;

struct Mode {
  std::size_t threads;
  int puts;
};
constexpr Mode kModes[] = {{1, 1}, {16, 1}, {64, 1}, {256, 1}, {1, 32}, {1, 256}};

void write_until(rocksdb::DB& table, std::size_t thread, int puts, double end_us,
                 std::vector<double>& took) {
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const std::string value(kValueBytes, 'v');
  std::uint64_t number = 0;
  for (double last = bench::now_us(); last < end_us;) {
    rocksdb::WriteBatch batch;
    for (int i = 0; i < puts; ++i) {
      batch.Put(fmt::format("{:04}-{:016x}", thread, number++), value);
    }
    if (const auto done = table.Write(synced, &batch); !done.ok()) {
      fmt::print(stderr, "{}\n", done.ToString());
      std::exit(1);
    }
    const double now = bench::now_us();
    took.push_back(now - last);
    last = now;
  }
}

void measure(const std::string& folder, const Mode& mode, double span_us) {
  std::filesystem::remove_all(folder);
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  if (const auto done = rocksdb::DB::Open(options, folder, &opened); !done.ok()) {
    fmt::print(stderr, "{}\n", done.ToString());
    std::exit(1);
  }
  const std::unique_ptr<rocksdb::DB> table(opened);
  std::vector<std::vector<double>> took_by(mode.threads);
  const double begin = bench::now_us();
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < mode.threads; ++i) {
      threads.emplace_back(
          [&, i] { write_until(*table, i, mode.puts, begin + span_us, took_by[i]); });
    }
  }
  const double elapsed = bench::now_us() - begin;
  std::vector<double> all;
  for (const auto& took : took_by) all.insert(all.end(), took.begin(), took.end());
  bench::report(fmt::format("RocksDB synced, {} threads, {} puts a write", mode.threads, mode.puts),
                std::move(all), elapsed);
}

}  // namespace

int main(int count, char** values) {
  if (count != 3) {
    fmt::print(stderr, "usage: {} DIR SECONDS\n", values[0]);
    return 2;
  }
  for (const Mode& mode : kModes) {
    measure(values[1], mode, std::strtod(values[2], nullptr) * 1e6);
  }
  std::filesystem::remove_all(values[1]);
  return 0;
}

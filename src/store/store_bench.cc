// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What a durable group costs: stage + flush through a store in a folder, by rows in a group, and
// beside it the bare disk: one overwrite of as many bytes and one fdatasync. In the current folder.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <stdlib.h>  // mkdtemp

#include <filesystem>

#include "base/check.h"
#include "store/folder.h"

namespace perdure::store {
namespace {

/// What a step of an orchestration writes: a few rows of about this size.
constexpr std::size_t kValueBytes = 140;
constexpr std::uint64_t kFileBytes = std::uint64_t{16} << 20;

class Place {
 public:
  Place() {
    std::string path = "./store-bench-XXXXXX";
    PERDURE_CHECK(::mkdtemp(path.data()) != nullptr, path);
    path_ = path;
  }
  ~Place() { std::filesystem::remove_all(path_); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  [[nodiscard]] std::string path(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// A third of the rows are new, the others overwrite; keys are spread as slots are.
std::vector<Write> rows(std::uint64_t number, std::int64_t count, const std::string& value) {
  std::vector<Write> writes;
  writes.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t row = number * 1000 + static_cast<std::uint64_t>(i);
    const model::Space space = i % 3 == 0 ? model::Space::kHistory : model::Space::kInstance;
    const std::uint64_t name = space == model::Space::kHistory ? row : row % 20'000;
    writes.push_back({space, fmt::format("{:04x} instance {:012}", name % 65'536, name), value,
                      space == model::Space::kHistory});
  }
  return writes;
}

void stage_and_flush(benchmark::State& state) {
  const Place place;
  auto opened = open_folder(place.path("store"));
  PERDURE_CHECK(opened.has_value(), opened.error().message);
  Store& store = **opened;
  const std::string value(kValueBytes, 'v');
  std::uint64_t number = 0;
  for (auto _ : state) {
    PERDURE_CHECK(store.stage({}, rows(number++, state.range(0), value)).has_value(), "stage");
    PERDURE_CHECK(store.flush().has_value(), "flush");
    if (store.checkpoint_due()) {
      state.PauseTiming();
      PERDURE_CHECK(store.checkpoint().has_value(), "checkpoint");
      state.ResumeTiming();
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void stage_flush_and_checkpoint(benchmark::State& state) {
  const Place place;
  auto opened = open_folder(place.path("store"));
  PERDURE_CHECK(opened.has_value(), opened.error().message);
  Store& store = **opened;
  const std::string value(kValueBytes, 'v');
  std::uint64_t number = 0;
  for (auto _ : state) {
    PERDURE_CHECK(store.stage({}, rows(number++, state.range(0), value)).has_value(), "stage");
    PERDURE_CHECK(store.flush().has_value(), "flush");
    if (store.checkpoint_due()) PERDURE_CHECK(store.checkpoint().has_value(), "checkpoint");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void stage_alone(benchmark::State& state) {
  const Place place;
  auto opened = open_folder(place.path("store"));
  PERDURE_CHECK(opened.has_value(), opened.error().message);
  Store& store = **opened;
  const std::string value(kValueBytes, 'v');
  std::uint64_t number = 0;
  for (auto _ : state) {
    PERDURE_CHECK(store.stage({}, rows(number++, state.range(0), value)).has_value(), "stage");
    if (number % 1000 != 0) continue;
    state.PauseTiming();
    PERDURE_CHECK(store.checkpoint().has_value(), "checkpoint");
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void bare_write_and_sync(benchmark::State& state) {
  const Place place;
  const auto files = log::file::system_files();
  const std::string path = place.path("bare");
  const auto file = files->open(path, log::file::OpenMode::kEmpty);
  PERDURE_CHECK(file.has_value(), path);
  PERDURE_CHECK(write_all(**file, path, 0, std::string(kFileBytes, '\0')).has_value(), path);
  PERDURE_CHECK((*file)->sync().has_value(), path);
  const std::string bytes(static_cast<std::size_t>(state.range(0)) * (kValueBytes + 40), 'v');
  std::uint64_t at = 0;
  for (auto _ : state) {
    if (at + bytes.size() > kFileBytes) at = 0;
    PERDURE_CHECK(write_all(**file, path, at, bytes).has_value(), path);
    PERDURE_CHECK((*file)->sync().has_value(), path);
    at += (bytes.size() + 511) / 512 * 512;
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(stage_and_flush)->RangeMultiplier(8)->Range(1, 4096)->UseRealTime();
BENCHMARK(stage_flush_and_checkpoint)->RangeMultiplier(8)->Range(1, 4096)->UseRealTime();
BENCHMARK(stage_alone)->Arg(64)->UseRealTime();
BENCHMARK(bare_write_and_sync)->RangeMultiplier(8)->Range(1, 4096)->UseRealTime();

}  // namespace
}  // namespace perdure::store

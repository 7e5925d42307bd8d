// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// Drives a fuzzer's entry without libFuzzer, always in the same way: every input of its corpus,
// then so many mutations of them. For the normal test builds, whose sanitizers watch. The input
// that breaks a law is left in a file whose name is printed.
//
//   DRIVER CORPUS_FOLDER MUTATIONS
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/prng.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
/// Of the sanitizers' runtime; absent without one.
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());

namespace {

constexpr std::size_t kInputBytesMax = 4096;
constexpr const char* kFailedName = "fuzz-failed-input";

// What runs now: for the handler of a broken law, which can be given nothing.
const std::string* running = nullptr;

/// Only what a signal handler may do.
void keep_input() {
  if (running == nullptr) return;
  const int file = ::open(kFailedName, O_CREAT | O_TRUNC | O_WRONLY, 0600);
  if (file < 0 || ::write(file, running->data(), running->size()) < 0) return;
  constexpr std::string_view kTold = "the input is in the file fuzz-failed-input\n";
  static_cast<void>(::write(STDERR_FILENO, kTold.data(), kTold.size()));
  running = nullptr;
}

void on_abort(int) {
  keep_input();
  std::signal(SIGABRT, SIG_DFL);
  std::raise(SIGABRT);
}

void run(const std::string& input) {
  running = &input;
  std::vector<std::uint8_t> exact(input.begin(), input.end());  // so that a read past it is seen
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  running = nullptr;
}

std::vector<std::string> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void mutate(std::string& bytes, const std::vector<std::string>& corpus, perdure::base::Prng& prng) {
  const std::size_t at = bytes.empty() ? 0 : prng.below(bytes.size());
  switch (prng.below(6)) {
    case 0: bytes.insert(at, 1 + prng.below(4), static_cast<char>(prng.next())); break;
    case 1: bytes.erase(at, 1 + prng.below(8)); break;
    case 2: bytes.insert(at, bytes.substr(prng.below(bytes.size() + 1), prng.below(32))); break;
    case 3: {
      const std::string& other = corpus[prng.below(corpus.size())];
      bytes = bytes.substr(0, at) + other.substr(prng.below(other.size() + 1));
      break;
    }
    case 4:
      if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ 1 << prng.below(8));
      break;
    default:
      if (!bytes.empty()) bytes[at] = static_cast<char>(prng.next());
  }
  if (bytes.size() > kInputBytesMax) bytes.resize(kInputBytesMax);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER MUTATIONS\n", arguments[0]);
    return 2;
  }
  std::signal(SIGABRT, on_abort);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_input);
  const std::vector<std::string> corpus = read_corpus(arguments[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "the corpus %s is empty: nothing would be tested\n", arguments[1]);
    return 1;
  }
  for (const std::string& input : corpus) run(input);
  perdure::base::Prng prng(1);
  const std::uint64_t mutations = std::strtoull(arguments[2], nullptr, 10);
  for (std::uint64_t i = 0; i < mutations; ++i) {
    std::string input = corpus[prng.below(corpus.size())];
    for (std::uint64_t left = 1 + prng.below(6); left > 0; --left) mutate(input, corpus, prng);
    run(input);
  }
  std::printf("%zu inputs and %llu mutations broke no law\n", corpus.size(),
              static_cast<unsigned long long>(mutations));
  return 0;
}

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer entry: the bytes are a script for a log on a simulated disk. It appends, trims, closes,
// crashes, then damages the segment files: the checksums are real, so mutations reach what lies
// behind them. The laws: opening a log answers an error that says something, or records that were
// appended, under their own numbers, without a gap; all of them if nothing was damaged.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/check.h"
#include "store/log/file/file_log.h"
#include "store/log/file/testing/sim_disk.h"

namespace {

using perdure::base::Result;
using perdure::store::Position;
using perdure::store::log::file::Expect;
using perdure::store::log::file::FileLog;
using perdure::store::log::file::FileLogOptions;
using perdure::store::log::file::kSectorBytes;
using perdure::store::log::file::testing::SimDisk;

constexpr std::size_t kBytesMax = 512;
constexpr FileLogOptions kSmall{.segment_bytes = 8 * kSectorBytes, .spares_max = 2};
const std::string kFolder = "log";
const std::string kId = "0123456789abcdef";

class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  [[nodiscard]] bool done() const { return at_ == size_; }
  std::size_t byte() { return done() ? 0 : data_[at_++]; }
  std::size_t number() {
    const std::size_t high = byte();
    return high << 8 | byte();
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

/// A log, what was appended to it and what was damaged.
class World {
 public:
  void step(Script& script) {
    switch (script.byte() % 8) {
      case 0: return reopen();
      case 1: return crash();
      case 2: return trim(script.byte());
      case 3: return damage(script);
      case 4: return cut(script);
      default: return append(script.number());
    }
  }

  void finish() {
    reopen();
    if (log_ == nullptr) return;
    append(7);
    reopen();
    PERDURE_CHECK(log_ != nullptr, "a log that was opened and written to does not open again");
  }

 private:
  void open() {
    auto opened = FileLog::open(files_on(disk_), kFolder, kId, Expect::kNewOrOld, kSmall);
    if (!opened) return refused(opened.error().message);
    std::uint64_t next = trimmed_ + 1;
    const auto visit = [&](Position position, std::string_view bytes) -> Result<> {
      PERDURE_CHECK(position.value == next, "a gap in the records");
      const auto found = records_.find(next++);
      PERDURE_CHECK(found != records_.end() && found->second == bytes, "a record nobody appended");
      return {};
    };
    const auto replayed = (*opened)->replay(Position{trimmed_}, visit);
    if (!replayed) return refused(replayed.error().message);
    PERDURE_CHECK(damaged_ || next == last_ + 1, "a record is lost from whole files");
    last_ = next - 1;
    records_.erase(records_.upper_bound(last_), records_.end());
    damaged_ = false;  // what is there now was read, and what was torn was written anew
    log_ = *std::move(opened);
  }
  void refused(const std::string& message) {
    PERDURE_CHECK(damaged_, "whole files are refused: " + message);
    PERDURE_CHECK(!message.empty(), "an error says what is wrong");
    over_ = true;
  }
  bool ready() {
    if (log_ == nullptr && !over_) open();
    return log_ != nullptr;
  }

  void append(std::size_t size) {
    if (!ready()) return;
    std::string record = "record " + std::to_string(last_ + 1);
    record.resize(record.size() + size % 6000, static_cast<char>(size));
    const auto appended = log_->append(Position{last_ + 1}, record);
    PERDURE_CHECK(appended.has_value(), "the disk is well, and an append fails");
    records_[++last_] = std::move(record);
  }
  void trim(std::size_t keep) {
    if (!ready() || last_ < trimmed_ + keep) return;
    trimmed_ = last_ - keep;
    PERDURE_CHECK(log_->trim(Position{trimmed_}).has_value(), "a trim fails");
  }
  void reopen() {
    log_.reset();
    disk_->kill();
    static_cast<void>(ready());
  }
  /// Without the mark of a clean close.
  void crash() {
    disk_->fail_at(disk_->calls().size() + 1, EIO);
    log_.reset();
    disk_->kill();
  }

  std::string* file(Script& script) {
    log_.reset();
    disk_->kill();
    const auto names = disk_->names();
    if (names.empty() || over_) return nullptr;
    damaged_ = true;
    return &disk_->bytes(names[script.byte() % names.size()]);
  }
  void damage(Script& script) {
    std::string* bytes = file(script);
    if (bytes == nullptr || bytes->empty()) return;
    const std::size_t at = script.number() % bytes->size();
    (*bytes)[at] = static_cast<char>((*bytes)[at] ^ static_cast<char>(script.byte()));
  }
  void cut(Script& script) {
    std::string* bytes = file(script);
    if (bytes != nullptr) bytes->resize(script.number() % (bytes->size() + 1));
  }

  std::shared_ptr<SimDisk> disk_ = std::make_shared<SimDisk>();
  std::unique_ptr<FileLog> log_;
  std::map<std::uint64_t, std::string> records_;
  std::uint64_t last_ = 0;
  std::uint64_t trimmed_ = 0;
  bool damaged_ = false;
  bool over_ = false;  // refused for good reason
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kBytesMax) return 0;
  Script script(data, size);
  World world;
  while (!script.done()) world.step(script);
  world.finish();
  return 0;
}

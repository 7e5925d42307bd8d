// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The system's own files, in the current folder: both ways to write them give the same bytes, in
// any mixture.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>  // mkdtemp
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/prng.h"
#include "store/log/file/file_log.h"
#include "store/log/file/files.h"

namespace perdure::store::log::file {
namespace {

constexpr std::uint64_t kFileBytes = std::uint64_t{4} << 20;
const std::string kId = "0123456789abcdef";

class SystemFiles : public ::testing::TestWithParam<Writes> {
 protected:
  void SetUp() override {
    std::string made = std::filesystem::current_path() / "system_files.XXXXXX";
    ASSERT_NE(::mkdtemp(made.data()), nullptr);
    folder_ = made;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path() const { return folder_ + "/file"; }

  /// A file whose blocks all exist, and its handle.
  std::unique_ptr<File> blank(Writes writes) {
    auto file = *system_files_with(writes)->open(path(), OpenMode::kEmpty);
    EXPECT_TRUE(write_all(*file, path(), 0, std::string(kFileBytes, '\0')));
    EXPECT_TRUE(file->sync());
    return file;
  }

  [[nodiscard]] std::string content() const {
    const auto files = system_files();
    return *read_file(*files, path(), kFileBytes + 1);
  }

  std::string folder_;
};

TEST_P(SystemFiles, HoldWhatWasWrittenWhateverItsSizeAndPlace) {
  base::Prng prng(1);
  const auto file = blank(GetParam());
  std::string expected(kFileBytes, '\0');
  for (int i = 0; i < 300; ++i) {
    const bool is_whole = prng.below(3) != 0;  // sectors
    const std::uint64_t unit = is_whole ? kSectorBytes : 1;
    const std::uint64_t size =
        unit * (1 + prng.below((i % 50 == 0 ? kFileBytes / 2 : 9000) / unit));
    const std::uint64_t offset = unit * prng.below((kFileBytes - size) / unit + 1);
    const std::string bytes(size, static_cast<char>('a' + i % 26));
    ASSERT_TRUE(write_all(*file, path(), offset, bytes));
    expected.replace(offset, size, bytes);
    if (prng.below(2) == 0) ASSERT_TRUE(file->sync());
    ASSERT_EQ(*read_up_to(*file, path(), offset, size), bytes);
  }
  EXPECT_EQ(content(), expected);
}

TEST_P(SystemFiles, GrowWithWhatIsWrittenBehindTheirEnd) {
  const auto file = blank(GetParam());
  for (std::uint64_t i = 0; i < 3; ++i)
    ASSERT_TRUE(write_all(*file, path(), kFileBytes + i * kSectorBytes, std::string(512, 'x')));
  EXPECT_EQ(*file->size(), kFileBytes + 3 * kSectorBytes);
}

/// A log is written one way, and read and gone on with the other way.
TEST_P(SystemFiles, HoldALogWhicheverWayItWasWritten) {
  const Writes other = GetParam() == Writes::kDirect ? Writes::kThroughCache : Writes::kDirect;
  const auto record = [](std::uint64_t position) {
    return std::string(position % 13 == 0 ? 70000 : 20 + position * 131 % 3000, 'r') +
           std::to_string(position);
  };
  std::uint64_t last = 0;
  for (const Writes writes : {GetParam(), other, GetParam()}) {
    auto log = *FileLog::open(system_files_with(writes), folder_, kId, Expect::kNewOrOld,
                              {.segment_bytes = std::uint64_t{64} << 10, .spares_max = 2});
    std::uint64_t seen = 0;
    const auto visit = [&](Position position, std::string_view bytes) -> base::Result<> {
      EXPECT_EQ(position.value, ++seen);
      EXPECT_EQ(bytes, record(seen));
      return {};
    };
    ASSERT_TRUE(log->replay(Position{0}, visit));
    ASSERT_EQ(seen, last);
    for (const std::uint64_t end = last + 60; last < end; ++last)
      ASSERT_TRUE(log->append(Position{last + 1}, record(last + 1)));
  }
}

INSTANTIATE_TEST_SUITE_P(BothWays, SystemFiles,
                         ::testing::Values(Writes::kDirect, Writes::kThroughCache),
                         [](const auto& writes) {
                           return writes.param == Writes::kDirect ? "Direct" : "ThroughCache";
                         });

/// What this process gave to devices, as the kernel counts it: whole pages for a write through the
/// cache.
std::optional<std::uint64_t> bytes_to_devices() {
  std::ifstream file("/proc/self/io");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("write_bytes: ")) return std::stoull(line.substr(13));
  return std::nullopt;
}

bool takes_direct_writes(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_DIRECT);
  alignas(4096) static std::array<char, kSectorBytes> sector{};
  const bool taken = file >= 0 && ::pwrite(file, sector.data(), sector.size(), 0) > 0;
  if (file >= 0) ::close(file);
  return taken;
}

using DirectWrites = SystemFiles;

TEST_F(DirectWrites, GiveTheDeviceASectorForASector) {
  const auto file = blank(Writes::kDirect);
  const auto before = bytes_to_devices();
  if (!before || !takes_direct_writes(path())) GTEST_SKIP() << "not on this file system";
  if (*bytes_to_devices() != *before + kSectorBytes) GTEST_SKIP() << "it is not counted here";
  const std::uint64_t start = *bytes_to_devices();
  for (std::uint64_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(write_all(*file, path(), kSectorBytes * i, std::string(kSectorBytes, 'x')));
    ASSERT_TRUE(file->sync());
  }
  EXPECT_EQ(*bytes_to_devices(), start + 10 * kSectorBytes);
}

TEST_F(DirectWrites, GoOnAfterBytesThatWentThroughTheCache) {
  const auto file = blank(Writes::kDirect);
  ASSERT_TRUE(write_all(*file, path(), 100, "part of a sector"));
  ASSERT_TRUE(write_all(*file, path(), 512, std::string(kSectorBytes, 'x')));  // not yet synced
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(write_all(*file, path(), 1024, std::string(kSectorBytes, 'y')));
  const std::string found = content();
  EXPECT_EQ(found.substr(100, 16), "part of a sector");
  EXPECT_EQ(found.substr(512, 1024), std::string(512, 'x') + std::string(512, 'y'));
}

}  // namespace
}  // namespace perdure::store::log::file

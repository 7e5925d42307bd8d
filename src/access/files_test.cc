// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "access/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace perdure::access {
namespace {

using base::ErrorCode;

class AccessFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                  (std::string("perdure-access-") +
                                   ::testing::UnitTest::GetInstance()->current_test_info()->name() +
                                   std::to_string(::getpid()));
  std::string path_ = (folder_ / "keys").string();
};

base::Result<std::string> append(std::string_view text) { return std::string(text) + "x"; }

TEST_F(AccessFile, is_made_for_its_owner_only_and_replaced_whole) {
  ASSERT_TRUE(change_access_file(path_, append).has_value());
  ASSERT_TRUE(change_access_file(path_, append).has_value());
  EXPECT_EQ(read_access_file(path_).value(), "xx");
  struct stat status = {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(AccessFile, keeps_the_rights_that_it_was_given) {
  ASSERT_TRUE(change_access_file(path_, append).has_value());
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  ASSERT_TRUE(change_access_file(path_, append).has_value());
  struct stat status = {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST_F(AccessFile, a_change_that_fails_changes_nothing) {
  ASSERT_TRUE(change_access_file(path_, append).has_value());
  const auto failed = change_access_file(path_, [](std::string_view) -> base::Result<std::string> {
    return base::fail(ErrorCode::kNotFound, "no");
  });
  EXPECT_EQ(failed.error().message, "no");
  EXPECT_EQ(read_access_file(path_).value(), "x");
}

TEST_F(AccessFile, changes_at_the_same_time_are_all_there) {
  constexpr int kThreads = 4;
  constexpr int kChanges = 10;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([this] {
      for (int n = 0; n < kChanges; ++n) EXPECT_TRUE(change_access_file(path_, append).has_value());
    });
  }
  for (std::thread& one : threads) one.join();
  EXPECT_EQ(read_access_file(path_).value().size(), std::size_t{kThreads * kChanges});
}

TEST_F(AccessFile, what_everybody_may_write_to_is_refused) {
  ASSERT_TRUE(change_access_file(path_, append).has_value());
  ASSERT_EQ(::chmod(path_.c_str(), 0602), 0);
  const auto text = read_access_file(path_);
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().code, ErrorCode::kPermissionDenied);
  EXPECT_NE(text.error().message.find(path_), std::string::npos);
}

TEST_F(AccessFile, what_is_no_file_or_too_large_is_refused) {
  EXPECT_EQ(read_access_file(path_).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_access_file(folder_.string()).error().code, ErrorCode::kNotFound);
  std::ofstream(path_) << "x";
  std::filesystem::resize_file(path_, kAccessFileBytesMax + 1);
  EXPECT_EQ(read_access_file(path_).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(AccessFile, its_stamp_changes_with_it) {
  EXPECT_EQ(stamp_of(path_), FileStamp{});
  ASSERT_TRUE(change_access_file(path_, append).has_value());
  const FileStamp first = stamp_of(path_);
  EXPECT_NE(first, FileStamp{});
  EXPECT_EQ(stamp_of(path_), first);
  ASSERT_TRUE(change_access_file(path_, append).has_value());
  EXPECT_NE(stamp_of(path_), first);
}

}  // namespace
}  // namespace perdure::access

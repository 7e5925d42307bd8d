// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The backup on real folders, with the engine on virtual time. That it survives kill -9 is tested
// from outside, in tests/e2e.
#include "backup/backup.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "backup/arguments.h"
#include "backup/index.h"
#include "backup/listing.h"
#include "backup/objects.h"
#include "backup/path_text.h"
#include "backup/target.h"
#include "backup/verify.h"
#include "perdure/test_host.h"

namespace backup {
namespace {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "perdure-backup-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const Path& path() const { return path_; }

 private:
  Path path_;
};

void write(const Path& path, const std::string& content) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << content;
}

class Backup : public testing::Test {
 protected:
  Backup() { std::filesystem::create_directory(source_); }

  /// A backup from the start to its end.
  perdure::Instance run() {
    perdure::TestHost host;
    register_with(host);
    perdure::Client client = host.client();
    return client.wait(client.start("backup", job()).value()).value();
  }
  Report backed_up() {
    const Target held = Target::open(job()).value();
    return run().output_as<Report>().value();
  }
  Job job() { return make_job(source_, target_, folder_.path() / "store").value(); }
  Verdict verified() {
    return verify(job(), [](const Counts&) {}).value();
  }
  std::vector<std::string> copies() {
    std::ifstream in(copies_path(target_));
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  TemporaryFolder folder_;
  Path source_ = folder_.path() / "source";
  Path target_ = folder_.path() / "target";
};

TEST_F(Backup, CopiesEveryFileOnceAndRestoresItEqual) {
  write(source_ / "a.txt", "hello");
  write(source_ / "b" / "c.txt", std::string(1'000'000, 'x'));
  write(source_ / "b" / "empty", "");
  std::filesystem::create_symlink("../a.txt", source_ / "b" / "link");
  std::filesystem::create_directory(source_ / "nothing in it");
  ::chmod((source_ / "a.txt").c_str(), 0640);

  const Report report = backed_up();

  EXPECT_EQ(report.files, 3U);
  EXPECT_EQ(report.bytes, 1'000'005U);
  EXPECT_EQ(report.links, 1U);
  EXPECT_EQ(report.folders, 2U);
  EXPECT_EQ(report.objects, 3U);
  EXPECT_LT(report.stored_bytes, 2'000U);
  EXPECT_EQ(report.skipped, 0U);
  EXPECT_EQ(copies().size(), 3U);
  const Verdict verdict = verified();
  EXPECT_EQ(verdict.differences, 0U);
  EXPECT_EQ(verdict.files, 3U);
  EXPECT_EQ(verdict.links, 1U);
  EXPECT_EQ(verdict.folders, 2U);
}

TEST_F(Backup, StoresTheSameContentOnce) {
  for (int i = 0; i < 10; ++i) write(source_ / std::to_string(i), "the same");
  const Report report = backed_up();
  EXPECT_EQ(report.files, 10U);
  EXPECT_EQ(report.objects, 1U);
  EXPECT_EQ(verified().differences, 0U);
}

TEST_F(Backup, GoesThroughMoreThanOneGroup) {
  const std::size_t count = kGroupEntriesMax + 7;
  for (std::size_t i = 0; i < count; ++i) write(source_ / std::to_string(i), std::to_string(i));
  EXPECT_EQ(backed_up().files, count);
  EXPECT_EQ(copies().size(), count);
  EXPECT_EQ(verified().differences, 0U);
}

TEST_F(Backup, BacksUpAnEmptyFolder) {
  EXPECT_EQ(backed_up().files, 0U);
  EXPECT_EQ(verified().differences, 0U);
}

TEST_F(Backup, KeepsNamesThatAreNoText) {
  write(source_ / "100% \xff\n", "odd");
  EXPECT_EQ(backed_up().files, 1U);
  EXPECT_EQ(copies(), std::vector<std::string>{"100%25 %FF%0A"});
  EXPECT_EQ(verified().differences, 0U);
}

TEST_F(Backup, ReportsWhatIsNoFileAsSkipped) {
  write(source_ / "a", "a");
  ASSERT_EQ(::mkfifo((source_ / "pipe").c_str(), 0600), 0);
  const Report report = backed_up();
  EXPECT_EQ(report.files, 1U);
  EXPECT_EQ(report.skipped_first,
            std::vector<std::string>{"pipe: neither a file, a link nor a folder"});
}

TEST_F(Backup, SkipsAFileThatVanishesWhileItRuns) {
  write(source_ / "a", "a");
  write(source_ / "b", "b");
  const Target held = Target::open(job()).value();
  perdure::TestHost host;
  host.orchestration("backup", backup::run).orchestration("backup_group", run_group);
  host.activity("list_files", list_files)
      .activity("read_group",
                [this](const Job& job, std::uint32_t group) {
                  std::filesystem::remove(source_ / "a");
                  return read_group(job, group);
                })
      .activity("copy_file", copy_file)
      .activity("write_part", store_part)
      .activity("write_index", store_index)
      .activity("remove_work", finish);
  perdure::Client client = host.client();
  const std::string id = client.start("backup", job()).value();

  const Report report = client.wait(id).value().output_as<Report>().value();

  EXPECT_EQ(report.files, 1U);
  EXPECT_EQ(report.skipped_first, std::vector<std::string>{"a: No such file or directory"});
}

TEST_F(Backup, FailsWithAStableCodeWhenTheTargetCanNotBeWritten) {
  write(source_ / "a", "a");
  const perdure::Instance ended = run();  // nobody made the target
  ASSERT_TRUE(ended.failure.has_value());
  EXPECT_EQ(ended.failure->root().type, "NOT_FOUND");
  EXPECT_NE(ended.failure->root().message.find(to_text(target_)), std::string::npos);
}

TEST_F(Backup, NoticesEveryKindOfDifference) {
  write(source_ / "changed", "before");
  write(source_ / "gone", "x");
  write(source_ / "mode", "x");
  write(source_ / "damaged", "some content of its own");
  write(source_ / "same", "y");
  backed_up();
  write(source_ / "changed", "behind");
  std::filesystem::remove(source_ / "gone");
  ::chmod((source_ / "mode").c_str(), 0711);
  write(source_ / "new", "z");
  const std::string hash = hash_of("some content of its own");
  write(target_ / "objects" / hash.substr(0, 2) / hash.substr(2), "damaged");

  const Verdict verdict = verified();

  EXPECT_EQ(verdict.files, 1U);
  ASSERT_EQ(verdict.first.size(), 5U);
  EXPECT_EQ(verdict.first[0], "changed: has another content");
  EXPECT_TRUE(verdict.first[1].starts_with("damaged: "));
  EXPECT_EQ(verdict.first[2], "gone: is gone from the source");
  EXPECT_EQ(verdict.first[3], "mode: has other permissions");
  EXPECT_EQ(verdict.first[4], "new: is not in the backup");
}

TEST_F(Backup, RefusesFoldersWithinOneAnother) {
  const auto code = [&](const Path& from, const Path& to, const Path& store) {
    return make_job(from, to, store).error().code();
  };
  using perdure::ErrorCode;
  EXPECT_EQ(code(source_, source_ / "in", folder_.path() / "s"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(source_, source_, folder_.path() / "s"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(source_, target_, source_ / "s"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(source_, target_, target_ / "s"), ErrorCode::kInvalidArgument);
  EXPECT_EQ(code(source_ / "none", target_, folder_.path() / "s"), ErrorCode::kNotFound);
  write(folder_.path() / "file", "");
  EXPECT_EQ(code(folder_.path() / "file", target_, folder_.path() / "s"),
            ErrorCode::kInvalidArgument);
}

TEST_F(Backup, RefusesATargetThatIsSomethingElse) {
  write(target_ / "diary.txt", "private");
  EXPECT_EQ(Target::open(job()).error().code(), perdure::ErrorCode::kFailedPrecondition);
}

TEST_F(Backup, RefusesTheBackupOfAnotherFolder) {
  backed_up();
  source_ = folder_.path() / "other";
  std::filesystem::create_directory(source_);
  EXPECT_EQ(Target::open(job()).error().code(), perdure::ErrorCode::kFailedPrecondition);
}

TEST_F(Backup, LetsOneProcessAtATimeWrite) {
  const auto held = Target::open(job());
  ASSERT_TRUE(held.has_value());
  EXPECT_EQ(Target::open(job()).error().code(), perdure::ErrorCode::kUnavailable);
}

TEST(PathText, IsTheInverseOfItself) {
  for (const std::string name :
       {"plain", "with space", "100%", "\xff\xfe", "\xc3\xa4", "a\nb", ""}) {
    EXPECT_EQ(from_text(to_text(name)).native(), name);
  }
  EXPECT_EQ(to_text("\xc3\xa4 b"), "\xc3\xa4 b");
  EXPECT_THROW(from_text("%4"), perdure::Failure);
  EXPECT_THROW(from_text("%zz"), perdure::Failure);
}

TEST(Arguments, NamesWhatIsWrong) {
  const auto problem = [](std::vector<const char*> values) {
    values.insert(values.begin(), "backup");
    return parse_arguments(static_cast<int>(values.size()), values.data()).error().message();
  };
  EXPECT_EQ(problem({"--form", "x"}), "unknown argument '--form'; see backup --help");
  EXPECT_EQ(problem({"--from"}), "--from needs a folder; see backup --help");
  EXPECT_EQ(problem({"--to="}), "--to needs a folder; see backup --help");
}

TEST(Arguments, TakesBothFormsOfAnOption) {
  const std::vector<const char*> values = {"backup", "--from=a", "--to", "b", "--verify"};
  const Arguments arguments =
      parse_arguments(static_cast<int>(values.size()), values.data()).value();
  EXPECT_EQ(arguments.from, "a");
  EXPECT_EQ(arguments.to, "b");
  EXPECT_EQ(arguments.action, Arguments::Action::kBackupAndVerify);
}

}  // namespace
}  // namespace backup

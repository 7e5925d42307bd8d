// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// The backup program: opens the store, starts the orchestration of these two folders or goes on
// with the one that is there, shows how it gets on, and reports. Its work is in backup.cc.
#include <fmt/format.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "backup/arguments.h"
#include "backup/backup.h"
#include "backup/display.h"
#include "backup/objects.h"
#include "backup/path_text.h"
#include "backup/target.h"
#include "backup/verify.h"
#include "exit_status.h"
#include "perdure/host.h"

namespace backup {
namespace {

using perdure::Error;
using perdure::ErrorCode;
using perdure::Result;
using std::chrono_literals::operator""ms;

int report(const Error& error) {
  fmt::print(stderr, "backup: {}\n", error.what());
  return perdure::exit_status(error.code());
}

/// A failed sync or a full disk under the store: nothing more may be decided, and nothing is lost.
[[noreturn]] void end_at_once(std::string_view why) {
  fmt::print(stderr, "\nbackup: {}\n", why);
  std::_Exit(perdure::kExitStoreLost);
}

/// Ctrl-C and `kill`, as something to ask for: the threads of the host must not be torn apart.
class Interrupts {
 public:
  Interrupts() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    descriptor_ = ::signalfd(-1, &signals_, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~Interrupts() {
    take();  // one that came late must not change the exit status
    ::close(descriptor_);
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// Whether one came since it was last asked.
  bool take() {
    struct signalfd_siginfo signal = {};
    bool any = false;
    while (::read(descriptor_, &signal, sizeof signal) == sizeof signal) any = true;
    return any;
  }

 private:
  sigset_t signals_ = {};
  int descriptor_ = -1;
};

/// The same command means the same instance.
std::string instance_id(const Job& job) {
  return "backup-" + hash_of(job.from + '\n' + job.to).substr(0, 12);
}

/// What is recorded as done: the status of the backup, and of the groups that run now. The same
/// after a restart.
std::optional<Progress> recorded_progress(perdure::Client& client,
                                          const perdure::Instance& backup) {
  if (!backup.custom_status) return std::nullopt;
  Progress progress = perdure::Codec<Progress>::decode(*backup.custom_status);
  for (const perdure::Waiting& waiting : backup.waiting_for) {
    if (waiting.kind != "child") continue;
    const auto group = client.get(waiting.detail);
    if (!group || !group->custom_status) continue;
    const Counts done = perdure::Codec<Counts>::decode(*group->custom_status);
    progress.done.files += done.files;
    progress.done.bytes += done.bytes;
  }
  return progress;
}

/// Starts the backup, or finds the one that was cut off, and says which.
Result<std::string> start_or_go_on(perdure::Client& client, const Job& job) {
  const std::string id = instance_id(job);
  const auto found = client.get(id);
  if (!found && found.error().code() != ErrorCode::kNotFound) return found.error();
  if (found && found->status == perdure::Status::kSuspended) {
    return Error(
        ErrorCode::kFailedPrecondition,
        fmt::format("the backup {} is suspended; let it go on with: perdure resume {}", id, id));
  }
  if (found && !found->is_ended()) {
    const auto progress = recorded_progress(client, *found);
    fmt::print(stderr, "going on with {}: {} of {} files are done\n", id,
               show_count(progress ? progress->done.files : 0),
               progress && progress->total.files > 0 ? show_count(progress->total.files) : "?");
    return id;
  }
  if (found) {
    fmt::print(stderr, "{} has ended ({}); this is a new run of it\n", id,
               perdure::to_string(found->status));
    // If it was terminated, some of its groups may still run. Mostly none does, which is no error.
    static_cast<void>(client.terminate_tree(id, "a new run begins"));
  } else {
    fmt::print(stderr, "starting {}: {} -> {}\n", id, job.from, job.to);
  }
  return client.start("backup", job,
                      perdure::StartOptions()
                          .id(id)
                          .tag("from", job.from.substr(0, 200))
                          .tag("to", job.to.substr(0, 200))
                          .if_exists(perdure::StartOptions::IfExists::kReplaceEnded));
}

/// Empty: interrupted.
Result<std::optional<perdure::Instance>> wait_for_end(perdure::Client& client,
                                                      const std::string& id,
                                                      Interrupts& interrupts) {
  ProgressDisplay display;
  for (;;) {
    auto ended = client.wait(id, 100ms);
    if (ended) return std::optional(*std::move(ended));
    if (ended.error().code() != ErrorCode::kDeadlineExceeded) return ended.error();
    if (interrupts.take()) return std::optional<perdure::Instance>();
    const auto now = client.get(id);
    if (!now) return now.error();
    if (!now->parked.empty()) return Error(ErrorCode::kFailedPrecondition, now->parked);
    if (const auto progress = recorded_progress(client, *now)) {
      display.show(progress->phase, progress->done, progress->total);
    }
  }
}

/// The stable code that an activity gave its failure, or kInternal.
ErrorCode code_of(const perdure::FailureDetails& failure) {
  for (int number = 1; number <= static_cast<int>(ErrorCode::kInternal); ++number) {
    const auto code = static_cast<ErrorCode>(number);
    if (perdure::error_name(code) == failure.type) return code;
  }
  return ErrorCode::kInternal;
}

int report_failure(const perdure::Instance& backup) {
  if (!backup.failure) {
    fmt::print(stderr, "backup: {} was {}\n", backup.id, perdure::to_string(backup.status));
    return perdure::kExitFailed;
  }
  const perdure::FailureDetails& cause = backup.failure->root();
  const ErrorCode code = code_of(cause);
  if (code == ErrorCode::kInternal) {
    fmt::print(stderr, "backup: {} failed: {}: {}\n", backup.id, cause.type, cause.message);
    return perdure::kExitFailed;
  }
  return report(Error(code, fmt::format("{}; the same command begins a new run, or goes on with "
                                        "this one after 'perdure rewind {}'",
                                        cause.message, backup.id)));
}

void print_report(const Report& report, std::chrono::duration<double> time) {
  const double ratio = report.stored_bytes == 0 ? 1
                                                : static_cast<double>(report.bytes) /
                                                      static_cast<double>(report.stored_bytes);
  fmt::print("files     {:>10}   {}\n", show_count(report.files), show_bytes(report.bytes));
  fmt::print("links     {:>10}\n", show_count(report.links));
  fmt::print("folders   {:>10}\n", show_count(report.folders));
  fmt::print("objects   {:>10}   {} stored, {:.2f} : 1\n", show_count(report.objects),
             show_bytes(report.stored_bytes), ratio);
  fmt::print("skipped   {:>10}\n", show_count(report.skipped));
  for (const std::string& line : report.skipped_first) fmt::print("          {}\n", line);
  if (report.skipped > report.skipped_first.size()) {
    fmt::print("          and {} more: see the index\n",
               report.skipped - report.skipped_first.size());
  }
  fmt::print("time      {:>10}   from the first start to the end\n", show_duration(time));
}

int print_verdict(const Verdict& verdict) {
  for (const std::string& line : verdict.first) fmt::print("differs   {}\n", line);
  if (verdict.differences > verdict.first.size()) {
    fmt::print("          and {} more\n", verdict.differences - verdict.first.size());
  }
  fmt::print("verified  {:>10}   files, {}, {} links and {} folders restored and equal; {}\n",
             show_count(verdict.files), show_bytes(verdict.bytes), show_count(verdict.links),
             show_count(verdict.folders),
             verdict.differences == 0
                 ? "no difference"
                 : fmt::format("{} differences", show_count(verdict.differences)));
  return verdict.differences == 0 ? perdure::kExitOk : perdure::kExitFailed;
}

int verify_and_report(const Job& job, const Report& whole) {
  Result<Verdict> verdict = [&] {
    ProgressDisplay display;
    return verify(job, [&](const Counts& done) {
      display.show("verifying", done, {whole.files, whole.bytes});
    });
  }();
  return verdict ? print_verdict(*verdict) : report(verdict.error());
}

std::string quoted(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("/._-+,:@").contains(c);
  });
  if (plain) return text;
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

/// The tool beside this program, as the shell would find it.
std::string tool() {
  std::error_code error;
  const Path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const Path beside = self.parent_path().parent_path() / "bin" / "perdure";
  if (error || !std::filesystem::exists(beside)) return "perdure";
  const std::string near = std::filesystem::proximate(beside, error).string();
  return quoted(error || near.size() > beside.string().size() ? beside.string() : near);
}

void print_next_steps(const Arguments& arguments, const std::string& id) {
  const std::string perdure = tool();
  const std::string data = quoted(arguments.data);
  fmt::print(
      "\nLook at it:\n"
      "  {0} get {2} --data {1}\n"
      "  {0} history {2} --data {1}\n"
      "  {0} list --id-prefix {2} --data {1}\n"
      "Try next: give the command again and kill it in the middle (kill -9). The same command goes "
      "on\n"
      "where it was and ends with the same report; --verify compares every byte with the source.\n",
      perdure, data, id);
}

int run_backup(const Arguments& arguments) {
  const auto job = make_job(arguments.from, arguments.to, arguments.data);
  if (!job) return report(job.error());
  const auto target = Target::open(*job);  // held until the end
  if (!target) return report(target.error());

  std::optional<Interrupts> interrupts(std::in_place);  // before there are threads
  perdure::Host host(perdure::HostOptions().data(arguments.data).on_fatal(end_at_once));
  register_with(host);
  auto client = host.start();
  if (!client) return report(client.error());
  const auto id = start_or_go_on(*client, *job);
  if (!id) return report(id.error());
  const auto ended = wait_for_end(*client, *id, *interrupts);
  host.stop();
  if (ended && *ended) interrupts.reset();  // from here on, Ctrl-C means what it always does
  if (!ended) return report(ended.error());
  if (!*ended) {
    fmt::print(stderr, "interrupted; the same command goes on where it was\n");
    return perdure::kExitInterrupted;
  }
  const perdure::Instance& backup = **ended;
  const auto whole = backup.output_as<Report>();
  if (!whole) return report_failure(backup);
  print_report(*whole, backup.ended.value_or(backup.updated) - backup.created);
  std::fflush(stdout);
  const int status = arguments.action == Arguments::Action::kBackupAndVerify
                         ? verify_and_report(*job, *whole)
                         : perdure::kExitOk;
  print_next_steps(arguments, *id);
  return status;
}

}  // namespace
}  // namespace backup

int main(int count, char** values) try {
  const auto arguments = backup::parse_arguments(count, values);
  if (!arguments) return backup::report(arguments.error());
  if (arguments->action == backup::Arguments::Action::kHelp) {
    fmt::print("{}", backup::kHelp);
    return perdure::kExitOk;
  }
  return backup::run_backup(*arguments);
} catch (const std::exception& error) {
  fmt::print(stderr, "backup: INTERNAL: {}\n", error.what());
  return perdure::kExitInternal;
}

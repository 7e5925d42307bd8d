// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "engine/committer.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace perdure::engine {

Committer::Committer(store::Store& store, const runtime::Clock& clock, Listener listener)
    : store_(store),
      clock_(clock),
      listener_(std::move(listener)),
      scrub_at_(clock.monotonic() + kScrubBegin) {}

void Committer::start_threads() {
  commit_thread_ = runtime::Thread("perdure-commit", [this] { commit_loop(); });
  checkpoint_thread_ = runtime::Thread("perdure-fold", [this] { checkpoint_loop(); });
}

void Committer::stop() {
  stopping_ = true;
  commit_asked_.raise();
  checkpoint_asked_.raise();
  commit_thread_.join();
  checkpoint_thread_.join();
}

bool Committer::try_flush() {
  const std::unique_lock lock(flushing_, std::try_to_lock);
  if (!lock) return false;
  flushes_inline_.fetch_add(1, std::memory_order_relaxed);
  // A failure is told to everybody, this thread included.
  static_cast<void>(flush_locked());
  return true;
}

base::Result<> Committer::flush() {
  const std::lock_guard lock(flushing_);
  return flush_locked();
}

base::Result<> Committer::flush_locked() {
  if (auto flushed = store_.flush(); !flushed) {
    fail(flushed.error());
    return std::unexpected(std::move(flushed).error());
  }
  {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  listener_.durable();
  if (store_.checkpoint_due()) checkpoint_asked_.raise();
  return {};
}

void Committer::request() { commit_asked_.raise(); }

base::Result<> Committer::checkpoint_if_due() {
  if (!store_.checkpoint_due()) return {};
  auto folded = store_.checkpoint();
  if (!folded) fail(folded.error());
  return folded;
}

base::Result<> Committer::scrub_if_due() {
  const base::Timestamp now = clock_.monotonic();
  if (now < scrub_at_) return {};
  auto file = store_.scrub(scrubbed_);
  if (!file) {
    fail(file.error());
    return std::unexpected(std::move(file).error());
  }
  if (!*file) {
    scrubbed_.clear();
    scrub_at_ = now + kScrubRoundPause;
    return {};
  }
  constexpr std::uint64_t kMicrosecondsPerSecond = 1'000'000;
  const std::uint64_t us = (*file)->bytes * kMicrosecondsPerSecond / kScrubBytesPerSecond;
  scrub_at_ = now + std::max(kScrubPauseMin, base::microseconds(static_cast<std::int64_t>(us)));
  scrubbed_ = std::move((*file)->name);
  return {};
}

base::Result<> Committer::wait_durable(store::Position position) {
  runtime::Lock lock(mutex_);
  changed_.wait(lock, [&] { return failed_ || store_.durable() >= position; });
  if (failed_) return std::unexpected(error_);
  return {};
}

void Committer::fail(const base::Error& error) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(failed_, true)) return;
    error_ = error;
    changed_.notify_all();
  }
  listener_.failed(error);
}

void Committer::commit_loop() {
  for (;;) {
    commit_asked_.wait();
    if (stopping_) return;
    if (!flush()) return;
  }
}

void Committer::checkpoint_loop() {
  for (;;) {
    checkpoint_asked_.wait_for(scrub_at_ - clock_.monotonic());
    if (stopping_ || !checkpoint_if_due() || !scrub_if_due()) return;
  }
}

}  // namespace perdure::engine

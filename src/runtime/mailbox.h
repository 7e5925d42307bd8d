// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A bounded queue from many producers to one consumer, taken whole. Producers never wait: a full
// mailbox refuses. What must not be refused, because its number is bounded elsewhere (answers to
// leases, messages of an outbox), may pass the bound. Waking a thread costs more than handing over
// an item, so a producer wakes the consumer only when it sleeps, and the consumer looks a little
// before it sleeps.
//
// Items of one producer are taken in the order it pushed them. After `close` nothing gets in.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/time.h"
#include "runtime/monitor.h"
#include "runtime/spin.h"

namespace perdure::runtime {

enum class Pushed : std::uint8_t { kYes, kFull, kClosed };

template <class T>
class Mailbox final {
 public:
  explicit Mailbox(std::size_t items_max) : items_max_(items_max) {}

  // ---- any thread ----

  /// `item` is moved from only when the answer is kYes.
  Pushed push(T&& item) {
    Lock lock(mutex_);
    if (closed_) return Pushed::kClosed;
    if (items_.size() >= items_max_) return Pushed::kFull;
    items_.push_back(std::move(item));
    waiting_.store(true, std::memory_order_release);
    wake(lock);
    return Pushed::kYes;
  }

  /// Past the bound. False, with `item` untouched: closed.
  bool push_always(T&& item) {
    Lock lock(mutex_);
    if (closed_) return false;
    items_.push_back(std::move(item));
    waiting_.store(true, std::memory_order_release);
    wake(lock);
    return true;
  }

  /// The same for many, with one lock and at most one wake-up. `make` turns an element into a T.
  template <class Range, class Make>
  bool push_all_always(Range&& range, Make make) {
    Lock lock(mutex_);
    if (closed_) return false;
    for (auto& element : range) items_.push_back(make(std::move(element)));
    waiting_.store(true, std::memory_order_release);
    wake(lock);
    return true;
  }

  /// Ends the consumer's wait although there may be nothing to take.
  void poke() {
    Lock lock(mutex_);
    waiting_.store(true, std::memory_order_release);
    wake(lock);
  }

  /// Somebody else takes what is pushed from now on, in the consumer's place, until `leave`: the
  /// consumer is not woken for it.
  void attend() {
    const std::lock_guard lock(mutex_);
    attended_.store(true, std::memory_order_relaxed);
  }
  /// What was not taken is the consumer's.
  void leave() {
    Lock lock(mutex_);
    attended_.store(false, std::memory_order_relaxed);
    if (ready()) wake(lock);
  }

  /// Something was pushed or poked since the last take. A hint unless the consumer asks.
  [[nodiscard]] bool ready() const { return waiting_.load(std::memory_order_acquire); }

  // ---- the consumer ----

  /// Exchanges everything that waits for the (cleared) contents of `taken`.
  void take(std::vector<T>& taken) {
    taken.clear();
    if (!ready()) return;
    const std::lock_guard lock(mutex_);
    waiting_.store(false, std::memory_order_relaxed);
    taken.swap(items_);
  }

  /// Until ready(), and nobody attends, or the span is over.
  void wait_for(base::Duration span) {
    const auto is_mine = [this] { return ready() && !attended_.load(std::memory_order_relaxed); };
    if (span.us <= 0 || spin_.until(is_mine)) return;
    Lock lock(mutex_);
    // Somebody may have attended between the wake-up and now: then it goes on sleeping.
    condition_.wait_for(lock, span, [&] {
      sleeping_ = !is_mine();
      return !sleeping_;
    });
    sleeping_ = false;
  }

  /// Nothing gets in any more; answers what was still there.
  std::vector<T> close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    return std::exchange(items_, {});
  }

 private:
  void wake(Lock& lock) {
    const bool asleep =
        !attended_.load(std::memory_order_relaxed) && std::exchange(sleeping_, false);
    lock.unlock();
    if (asleep) condition_.notify_one();
  }

  const std::size_t items_max_;
  Mutex mutex_;
  Condition condition_;
  std::vector<T> items_;
  bool sleeping_ = false;
  bool closed_ = false;
  std::atomic<bool> waiting_ = false;
  std::atomic<bool> attended_ = false;  // written under the mutex
  Spin spin_;                           // the consumer's
};

}  // namespace perdure::runtime

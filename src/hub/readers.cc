// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "hub/readers.h"

#include <fmt/format.h>

#include <utility>

namespace perdure::hub {

Readers::Readers(std::size_t threads, std::size_t waiting_max) : waiting_max_(waiting_max) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back(fmt::format("reads-{}", i), [this] { serve(); });
  }
}

Readers::~Readers() {
  {
    const runtime::Lock lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
  threads_.clear();
}

bool Readers::run(Work work) {
  if (threads_.empty()) {
    work();
    return true;
  }
  {
    const runtime::Lock lock(mutex_);
    if (closed_ || waiting_.size() >= waiting_max_) return false;
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void Readers::serve() {
  runtime::Lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    if (closed_) return;
    Work work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

}  // namespace perdure::hub

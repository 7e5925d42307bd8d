// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "server/signals.h"

#include <csignal>
#include <ctime>

#include "base/check.h"

namespace perdure::server {
namespace {

sigset_t set_of(std::initializer_list<int> numbers) {
  sigset_t set = {};
  ::sigemptyset(&set);
  for (const int number : numbers) ::sigaddset(&set, number);
  return set;
}

void dispose(int number, void (*how)(int)) {
  struct sigaction action = {};
  action.sa_handler = how;
  PERDURE_CHECK(::sigaction(number, &action, nullptr) == 0, "a signal that can not be set");
}

}  // namespace

Signals::Signals() {
  // A peer that is gone is an error of the write to it, not the end of the process.
  dispose(SIGPIPE, SIG_IGN);
  // A shell starts what runs in the background with SIGINT ignored, and what is ignored is not
  // waited for.
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) dispose(number, SIG_DFL);
  const sigset_t set = set_of({SIGTERM, SIGINT, SIGHUP});
  PERDURE_CHECK(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0, "signals can not be blocked");
}

Told Signals::wait_for(base::Duration span) const {
  const sigset_t set = set_of({SIGTERM, SIGINT, SIGHUP});
  const timespec limit{.tv_sec = span.us / 1'000'000, .tv_nsec = span.us % 1'000'000 * 1000};
  switch (::sigtimedwait(&set, nullptr, &limit)) {
    case SIGTERM:
    case SIGINT: return Told::kEnd;
    case SIGHUP: return Told::kReload;
    default: return Told::kNothing;
  }
}

void Signals::next_one_ends_at_once() const {
  const sigset_t set = set_of({SIGTERM, SIGINT});
  PERDURE_CHECK(::pthread_sigmask(SIG_UNBLOCK, &set, nullptr) == 0, "signals stay blocked");
}

}  // namespace perdure::server

// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// A named thread that is joined when its owner lets go of it. The function must end by itself or be
// told to by other means before that. An exception that leaves the function ends the process.
#pragma once

#include <string>
#include <thread>
#include <utility>

namespace perdure::runtime {

class Thread final {
 public:
  Thread() = default;
  /// The name is cut to 15 bytes, what Linux keeps.
  template <class Function>
  Thread(std::string name, Function function)
      : thread_([name = std::move(name), function = std::move(function)]() mutable noexcept {
          name_this_thread(name);
          function();
        }) {}
  Thread(Thread&&) noexcept = default;
  Thread& operator=(Thread&& other) noexcept {
    join();
    thread_ = std::move(other.thread_);
    return *this;
  }
  ~Thread() { join(); }

  void join() {
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] bool running() const { return thread_.joinable(); }

 private:
  static void name_this_thread(const std::string& name);

  std::thread thread_;
};

}  // namespace perdure::runtime

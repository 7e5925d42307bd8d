// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What the subject was told, kept outside of the store: one line for each answer of the client API,
// one for each activity that ran. A line is one write(2) to a file opened for appending, and it is
// there before the subject goes on; so it outlives a kill, and a power cut of the store's own file
// system. What the lines say is what the next process holds the store to.
//
//   open                      a process, or a host of it, begins to use the store
//   try ID                    about to start an instance        start ID    it was acknowledged
//   send ID NUMBER            about to raise event NUMBER        raise ID NUMBER    acknowledged
//   end ID OUTPUT             the client was told how the instance ended
//   purging ID                about to purge it                  purged ID   acknowledged
//   ran ID EXECUTION/TASK TOKEN PREVIOUS      an activity ran, and is about to answer TOKEN
//   early ID DUE NOW          a timer fired before it was due
//
// Writer: thread-safe. Ledger: a value.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace torture {

class Writer {
 public:
  /// Takes the file descriptor; it stays open until the process ends.
  explicit Writer(int file) : file_(file) {}
  /// Ends the process if the line can not be written whole: nothing may rest on it then.
  void line(std::string_view text) const;

 private:
  int file_;
};

struct Run {
  std::string token;
  std::string previous;
};

/// Everything that the ledger says of one instance.
struct Told {
  bool start_acknowledged = false;
  bool purge_tried = false;
  bool purge_acknowledged = false;
  std::string output;  // empty: the client was not told of an end
  std::uint64_t last_event_tried = 0;
  std::set<std::uint64_t> events_acknowledged;
};

struct Ledger {
  std::uint64_t openings = 0;
  std::map<std::string, Told> instances;  // those that the client tried to start
  /// Activities by instance, then by "execution/task": each may have run more than once.
  std::map<std::string, std::map<std::string, std::vector<Run>>> runs;
  std::vector<std::string> faults;  // lines that are violations by themselves, or malformed

  /// Reads the file; the last line may be incomplete.
  static Ledger read(const std::string& path);
};

}  // namespace torture

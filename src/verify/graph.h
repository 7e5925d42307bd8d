// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
//
// What comes before what, and the cycles in it. A node is a transaction, or a *moment*: a node that
// stands between many that come before it and many that come after, so that the edges stay few.
// Pure; deterministic; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace perdure::verify {

/// Starts from which a shortest cycle of one component is looked for.
inline constexpr std::size_t kCycleStartsMax = 64;

enum class Dependency : std::uint8_t { kWw, kWr, kRw, kRealtime };
/// "ww", "wr", "rw", "realtime".
std::string_view dependency_name(Dependency kind);

/// A set of kinds.
class Dependencies {
 public:
  constexpr Dependencies() = default;
  [[nodiscard]] constexpr Dependencies with(Dependency kind) const {
    return Dependencies(bits_ | 1U << static_cast<unsigned>(kind));
  }
  [[nodiscard]] constexpr bool has(Dependency kind) const {
    return (bits_ >> static_cast<unsigned>(kind) & 1U) != 0;
  }

 private:
  explicit constexpr Dependencies(unsigned bits) : bits_(bits) {}
  unsigned bits_ = 0;
};

struct Edge {
  std::size_t from = 0;
  std::size_t to = 0;
  Dependency kind = Dependency::kWw;
  std::size_t key = 0;     // the number of the key it is about; none for realtime
  std::int64_t value = 0;  // what was appended, read, or not seen
};

/// Edges between transactions: each one ends where the next begins, and the last where the first
/// began. What led through moments is one edge, with the key and value of its last part.
using Cycle = std::vector<Edge>;

class Graph {
 public:
  explicit Graph(std::size_t transactions)
      : transactions_(transactions), edges_from_(transactions) {}

  std::size_t add_moment();
  /// An edge from a node to itself says nothing and is left out.
  void add(Edge edge);

  /// For each strongly connected component of these kinds of edges, a cycle: the shortest that is
  /// found from the first kCycleStartsMax of its transactions.
  [[nodiscard]] std::vector<Cycle> cycles(Dependencies kinds) const;

 private:
  class Components;

  [[nodiscard]] Cycle shortest_cycle(const std::vector<std::size_t>& component,
                                     const std::vector<std::size_t>& component_of,
                                     Dependencies kinds) const;
  [[nodiscard]] Cycle cycle_through(std::size_t start, const std::vector<std::size_t>& component_of,
                                    Dependencies kinds) const;
  [[nodiscard]] Cycle join_moments(const std::vector<Edge>& path) const;

  std::size_t transactions_;
  std::vector<std::vector<Edge>> edges_from_;
};

}  // namespace perdure::verify

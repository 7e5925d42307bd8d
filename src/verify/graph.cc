// SPDX-FileCopyrightText: 2026 The Perdure authors
// SPDX-License-Identifier: Apache-2.0
#include "verify/graph.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <optional>
#include <utility>

#include "base/check.h"

namespace perdure::verify {
namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

}  // namespace

std::string_view dependency_name(Dependency kind) {
  switch (kind) {
    case Dependency::kWw: return "ww";
    case Dependency::kWr: return "wr";
    case Dependency::kRw: return "rw";
    case Dependency::kRealtime: return "realtime";
  }
  PERDURE_CHECK(false, "a dependency without a name");
}

std::size_t Graph::add_moment() {
  edges_from_.emplace_back();
  return edges_from_.size() - 1;
}

void Graph::add(Edge edge) {
  if (edge.from != edge.to) edges_from_[edge.from].push_back(edge);
}

/// Tarjan's algorithm with a stack of its own: a history is longer than the stack is deep.
class Graph::Components {
 public:
  Components(const Graph& graph, Dependencies kinds)
      : graph_(graph),
        kinds_(kinds),
        order_(graph.edges_from_.size(), kNone),
        low_(graph.edges_from_.size(), 0),
        component_of_(graph.edges_from_.size(), kNone) {
    for (std::size_t node = 0; node < order_.size(); ++node) {
      if (order_[node] == kNone) visit_from(node);
    }
  }

  [[nodiscard]] const std::vector<std::vector<std::size_t>>& all() const { return components_; }
  [[nodiscard]] const std::vector<std::size_t>& component_of() const { return component_of_; }

 private:
  struct Visit {
    std::size_t node = 0;
    std::size_t next_edge = 0;
  };

  void visit_from(std::size_t root) {
    enter(root);
    while (!visits_.empty()) {
      Visit& visit = visits_.back();
      const std::size_t node = visit.node;
      const std::vector<Edge>& edges = graph_.edges_from_[node];
      if (visit.next_edge == edges.size()) {
        leave(node);
        continue;
      }
      const Edge& edge = edges[visit.next_edge++];
      if (!kinds_.has(edge.kind)) continue;
      if (order_[edge.to] == kNone) {
        enter(edge.to);
      } else if (component_of_[edge.to] == kNone) {
        low_[node] = std::min(low_[node], order_[edge.to]);
      }
    }
  }

  void enter(std::size_t node) {
    order_[node] = low_[node] = count_++;
    open_.push_back(node);
    visits_.push_back({node, 0});
  }

  void leave(std::size_t node) {
    visits_.pop_back();
    if (!visits_.empty()) {
      std::size_t& low = low_[visits_.back().node];
      low = std::min(low, low_[node]);
    }
    if (low_[node] != order_[node]) return;
    std::vector<std::size_t>& component = components_.emplace_back();
    std::size_t member = kNone;
    do {
      member = open_.back();
      open_.pop_back();
      component_of_[member] = components_.size() - 1;
      component.push_back(member);
    } while (member != node);
  }

  const Graph& graph_;
  Dependencies kinds_;
  std::vector<std::size_t> order_;
  std::vector<std::size_t> low_;
  std::vector<std::size_t> component_of_;
  std::vector<std::size_t> open_;
  std::vector<Visit> visits_;
  std::vector<std::vector<std::size_t>> components_;
  std::size_t count_ = 0;
};

std::vector<Cycle> Graph::cycles(Dependencies kinds) const {
  const Components components(*this, kinds);
  std::vector<Cycle> found;
  for (const std::vector<std::size_t>& component : components.all()) {
    if (component.size() < 2) continue;
    found.push_back(shortest_cycle(component, components.component_of(), kinds));
  }
  return found;
}

Cycle Graph::shortest_cycle(const std::vector<std::size_t>& component,
                            const std::vector<std::size_t>& component_of,
                            Dependencies kinds) const {
  std::vector<std::size_t> starts;
  std::ranges::copy_if(component, std::back_inserter(starts),
                       [&](std::size_t node) { return node < transactions_; });
  std::ranges::sort(starts);
  PERDURE_CHECK(!starts.empty(), "moments alone form no cycle");
  if (starts.size() > kCycleStartsMax) starts.resize(kCycleStartsMax);
  Cycle shortest;
  for (const std::size_t start : starts) {
    Cycle cycle = cycle_through(start, component_of, kinds);
    if (shortest.empty() || cycle.size() < shortest.size()) shortest = std::move(cycle);
  }
  return shortest;
}

/// Breadth first, where a step out of a moment costs nothing: the fewest transactions win.
Cycle Graph::cycle_through(std::size_t start, const std::vector<std::size_t>& component_of,
                           Dependencies kinds) const {
  std::vector<std::optional<Edge>> reached_by(edges_from_.size());
  std::vector<std::size_t> distance(edges_from_.size(), kNone);
  std::deque<std::size_t> waiting{start};
  distance[start] = 0;
  while (!waiting.empty()) {
    const std::size_t node = waiting.front();
    waiting.pop_front();
    if (node == start && reached_by[start]) break;
    const std::size_t cost = node < transactions_ ? 1 : 0;
    for (const Edge& edge : edges_from_[node]) {
      if (!kinds.has(edge.kind) || component_of[edge.to] != component_of[start]) continue;
      const std::size_t total = distance[node] + cost;
      const bool closes = edge.to == start;
      if (closes ? reached_by[start].has_value() : distance[edge.to] <= total) continue;
      if (!closes) distance[edge.to] = total;
      reached_by[edge.to] = edge;
      if (cost == 0) {
        waiting.push_front(edge.to);
      } else {
        waiting.push_back(edge.to);
      }
    }
  }
  std::vector<Edge> path;
  std::size_t node = start;
  do {
    path.push_back(reached_by[node].value());
    node = path.back().from;
  } while (node != start);
  std::ranges::reverse(path);
  return join_moments(path);
}

Cycle Graph::join_moments(const std::vector<Edge>& path) const {
  Cycle cycle;
  std::size_t from = path.front().from;
  for (Edge edge : path) {
    if (edge.to >= transactions_) continue;
    edge.from = std::exchange(from, edge.to);
    cycle.push_back(edge);
  }
  return cycle;
}

}  // namespace perdure::verify

// Networks that tests of this folder share.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_MESH_TESTING_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_MESH_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

// 2 to `most_nodes` nodes in one or two islands; parallel links, links without capacity, equal
// capacities (ties) as often as not, demands of all sizes, some 0, some between the islands.
inline MeshProblem SmallMesh(std::mt19937_64& random, int most_nodes = 9) {
  const auto number = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  MeshProblem problem;
  problem.node_count = number(2, most_nodes);
  const int island = number(0, 4) == 0 ? number(1, problem.node_count) : 0;
  const bool equal = number(0, 1) == 0;
  const auto link = [&](int from, int to) {
    if (from == to || (from < island) != (to < island)) return;
    for (const auto& [a, b] : {std::pair(from, to), std::pair(to, from)}) {
      const int capacity = number(0, 9) == 0 ? 0 : equal ? 10 : number(1, 50);
      problem.links.push_back({a, b, static_cast<double>(capacity)});
    }
  };
  for (int node = 1; node < problem.node_count; ++node) link(number(0, node - 1), node);
  for (int i = number(0, 2 * problem.node_count); i > 0; --i) {
    link(number(0, problem.node_count - 1), number(0, problem.node_count - 1));
  }
  for (int from = 0; from < problem.node_count; ++from) {
    for (int to = 0; to < problem.node_count; ++to) {
      if (from != to && number(0, 3) > 0) {
        problem.demands.push_back({from, to, static_cast<double>(number(0, 20))});
      }
    }
  }
  return problem;
}

// Delays of 0 to 10, often equal, and one to three bounds, from slack to out of reach for some.
inline void AddBounds(std::mt19937_64& random, MeshProblem* problem) {
  const auto number = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (MeshLink& link : problem->links) link.delay = number(0, 10);
  const int kinds = number(1, 7);
  if ((kinds & 1) != 0) problem->max_delay = number(3, 30);
  if ((kinds & 2) != 0) problem->max_hops = number(1, 5);
  if ((kinds & 4) != 0) problem->max_stretch = 1 + 0.25 * number(0, 6);
}

// All ways of each demand without a loop, over links with capacity.
inline std::vector<std::vector<std::vector<int32_t>>> AllPaths(const MeshProblem& problem) {
  std::vector<std::vector<std::vector<int32_t>>> all;
  for (const MeshDemand& demand : problem.demands) {
    std::vector<std::vector<int32_t>>& paths = all.emplace_back();
    std::vector<bool> visited(problem.node_count, false);
    std::vector<int32_t> links;
    const std::function<void(int32_t)> walk = [&](int32_t node) {
      if (node == demand.to) {
        paths.push_back(links);
        return;
      }
      visited[node] = true;
      for (size_t e = 0; e < problem.links.size(); ++e) {
        const MeshLink& link = problem.links[e];
        if (link.from != node || link.capacity <= 0 || visited[link.to]) continue;
        links.push_back(static_cast<int32_t>(e));
        walk(link.to);
        links.pop_back();
      }
      visited[node] = false;
    };
    walk(demand.from);
  }
  return all;
}

inline double DelayOf(const MeshProblem& problem, const std::vector<int32_t>& links) {
  double delay = 0;
  for (const int32_t link : links) delay += problem.links[link].delay;
  return delay;
}

// Those of AllPaths that keep the problem's bounds.
inline std::vector<std::vector<std::vector<int32_t>>> BoundedPaths(const MeshProblem& problem) {
  auto all = AllPaths(problem);
  for (auto& paths : all) {
    double least = 1e300;
    for (const auto& path : paths) least = std::min(least, DelayOf(problem, path));
    std::erase_if(paths, [&](const std::vector<int32_t>& path) {
      const double delay = DelayOf(problem, path), slack = 1 + 1e-9;
      return (problem.max_delay > 0 && delay > problem.max_delay * slack) ||
             (problem.max_hops > 0 && path.size() > static_cast<size_t>(problem.max_hops)) ||
             (problem.max_stretch > 0 && delay > problem.max_stretch * least * slack);
    });
  }
  return all;
}

// What a switch takes, checked from the problem alone; `unrouted`: demands that have no routes.
inline void ExpectProgrammable(const MeshProblem& problem, const MeshRoutes& routes,
                               size_t max_paths, int weight_total,
                               const std::vector<int32_t>& unrouted) {
  ASSERT_EQ(routes.demand_count(), problem.demands.size());
  const std::set<int32_t> without(unrouted.begin(), unrouted.end());
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    const MeshDemand& demand = problem.demands[d];
    std::set<std::vector<int32_t>> seen;
    int64_t weights = 0;
    for (size_t r = routes.first_route(d); r < routes.first_route(d + 1); ++r) {
      int32_t node = demand.from;
      std::set<int32_t> visited = {node};
      for (const int32_t link : routes.links(r)) {
        ASSERT_EQ(problem.links[link].from, node);
        ASSERT_GT(problem.links[link].capacity, 0);
        node = problem.links[link].to;
        EXPECT_TRUE(visited.insert(node).second) << "loop";
      }
      EXPECT_EQ(node, demand.to);
      EXPECT_GE(routes.weight(r), 1);
      weights += routes.weight(r);
      const auto links = routes.links(r);
      EXPECT_TRUE(seen.emplace(links.begin(), links.end()).second) << "twice the same";
    }
    EXPECT_LE(seen.size(), max_paths);
    const bool carried = demand.rate > 0 && !without.contains(static_cast<int32_t>(d));
    EXPECT_EQ(weights, carried ? weight_total : 0);
  }
}

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_MESH_TESTING_H_

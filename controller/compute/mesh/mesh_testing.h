// Networks that tests of this folder share.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_MESH_TESTING_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_MESH_TESTING_H_

#include <random>

#include "controller/compute/mesh/problem.h"

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

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_MESH_TESTING_H_

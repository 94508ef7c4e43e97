// Networks whose max-min fair rates are known without a linear programme, and the rates.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_FAIR_TESTING_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_FAIR_TESTING_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "controller/compute/mesh/problem.h"

namespace waymark {

// Between two nodes there is one way only, but for a choice among parallel links, which is worth
// what one link with the sum of their capacities is. So each demand's links are known, and water
// filling by definition is exact.
struct KnownFair {
  MeshProblem problem;
  std::vector<int32_t> bundle;             // by link: links that are parallel have the same
  std::vector<std::vector<int32_t>> used;  // by demand: bundles that all its routes are over
};

// Its exact rates. Each round the lowest of what is full or enough; O(rounds * bundles).
inline std::vector<double> FairRatesOf(const KnownFair& known) {
  const std::vector<MeshDemand>& demands = known.problem.demands;
  const size_t bundles = *std::ranges::max_element(known.bundle) + size_t{1};
  std::vector<double> rate(demands.size(), -1), room(bundles, 0);
  std::vector<std::vector<int32_t>> users(bundles);
  for (size_t e = 0; e < known.bundle.size(); ++e) {
    room[known.bundle[e]] += known.problem.links[e].capacity;
  }
  for (size_t d = 0; d < demands.size(); ++d) {
    for (const int32_t b : known.used[d]) users[b].push_back(static_cast<int32_t>(d));
  }
  std::vector<size_t> rising(bundles);
  for (size_t b = 0; b < bundles; ++b) rising[b] = users[b].size();
  std::vector<int32_t> by_rate(demands.size());
  std::iota(by_rate.begin(), by_rate.end(), 0);
  std::ranges::stable_sort(by_rate, {}, [&](int32_t d) { return demands[d].rate; });
  const auto stay = [&](int32_t d, double level) {
    if (rate[d] >= 0) return;
    rate[d] = level;
    for (const int32_t b : known.used[d]) {
      room[b] -= level;
      --rising[b];
    }
  };
  for (size_t next = 0; next < by_rate.size();) {
    if (rate[by_rate[next]] >= 0) {
      ++next;
      continue;
    }
    double least = demands[by_rate[next]].rate;
    size_t full = bundles;
    for (size_t b = 0; b < bundles; ++b) {
      const double level = std::max(0.0, room[b]) / static_cast<double>(rising[b]);
      if (rising[b] > 0 && level < least) {
        least = level;
        full = b;
      }
    }
    if (full == bundles) {
      stay(by_rate[next], least);
    } else {
      for (const int32_t d : users[full]) stay(d, least);
    }
  }
  return rate;
}

// Demands between all pairs of a tree; `parallel` links each way of each edge at most, capacities
// and rates from far too little to far too much. `reach`: how far back a node's parent is at most
// (1: a chain).
inline KnownFair TreeOfAllPairs(std::mt19937_64& random, int nodes, int reach, int parallel) {
  const auto number = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  KnownFair known;
  MeshProblem& problem = known.problem;
  problem.node_count = nodes;
  std::vector<int> parent(nodes, -1), depth(nodes, 0);
  for (int node = 1; node < nodes; ++node) {
    parent[node] = number(std::max(0, node - reach), node - 1);
    depth[node] = depth[parent[node]] + 1;
    const double usual[] = {100, 400, 1'000, 4'000, 10'000};
    const double capacity = usual[number(0, 4)] * 10 * number(50, 150);
    const double back = number(0, 2) == 0 ? capacity / 2 : capacity;
    for (int i = number(1, parallel); i > 0; --i) {
      const double part = parallel == 1 ? 1 : 0.25 * number(1, 4);
      // Bundle 2 * node - 2: to the node; the next: from it.
      problem.links.push_back({parent[node], node, std::round(capacity * part)});
      known.bundle.push_back(2 * node - 2);
      problem.links.push_back({node, parent[node], std::round(back * part)});
      known.bundle.push_back(2 * node - 1);
    }
  }
  const double factor = std::pow(10.0, number(1, 4));
  for (int from = 0; from < nodes; ++from) {
    for (int to = 0; to < nodes; ++to) {
      if (from == to) continue;
      const double size = std::log(std::uniform_real_distribution<double>(1e-9, 1)(random));
      problem.demands.push_back({from, to, std::round(factor * size * size) + 1});
      std::vector<int32_t>& used = known.used.emplace_back();
      for (int a = from, b = to; a != b;) {
        if (depth[a] >= depth[b]) {
          used.push_back(2 * a - 1);
          a = parent[a];
        } else {
          used.push_back(2 * b - 2);
          b = parent[b];
        }
      }
    }
  }
  return known;
}

// `many` demands on one link with room for 100 each, and a chain of links with room for 200 each
// for two: one over all of the chain, and one over each link of it. Half used when the many stay.
inline KnownFair ManyAndAChain(int many, int chain, double capacity = 400) {
  KnownFair known;
  MeshProblem& problem = known.problem;
  const auto link = [&](int from, int to, double capacity) {
    problem.links.push_back({from, to, capacity});
    known.bundle.push_back(static_cast<int32_t>(known.bundle.size()));
    return known.bundle.back();
  };
  // Stars on either side of the one link, so that its demands are of that many pairs.
  const int side = static_cast<int>(std::ceil(std::sqrt(many)));
  problem.node_count = 2 + 2 * side + chain + 1;
  const int32_t shared = link(0, 1, 100.0 * many);
  std::vector<int32_t> into, out;
  for (int i = 0; i < side; ++i) {
    into.push_back(link(2 + i, 0, 1e9));
    out.push_back(link(1, 2 + side + i, 1e9));
  }
  for (int i = 0; i < many; ++i) {
    problem.demands.push_back({2 + i / side, 2 + side + i % side, 2'000});
    known.used.push_back({into[i / side], shared, out[i % side]});
  }
  const int first = 2 + 2 * side;
  std::vector<int32_t> all;
  for (int i = 0; i < chain; ++i) all.push_back(link(first + i, first + i + 1, capacity));
  for (int i = 0; i < chain; ++i) {
    problem.demands.push_back({first + i, first + i + 1, 2'000});
    known.used.push_back({all[i]});
    if (i > 0) continue;
    problem.demands.push_back({first, first + chain, 2'000});
    known.used.push_back(all);
  }
  return known;
}

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_FAIR_TESTING_H_

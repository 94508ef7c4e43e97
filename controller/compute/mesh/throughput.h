// Private to this folder. As much as can be carried in all, with a certificate.
//
// Every pair may also overflow onto one more link, whose capacity is what is thought to be lost:
// all fits with an MLU of 1 if and only if no more is lost. Prices l of the links certify what can
// be carried: for every s >= 0, at most s * sum(capacity * l) + sum(rate * max(0, 1 - s *
// distance)) (weak duality of the path LP of the maximum multi-commodity flow). The least of that
// over s, by far the sharpest near the optimum, is what the capacity to overflow is set to next: a
// Newton iteration from below on the loss, the flows being kept.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_THROUGHPUT_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_THROUGHPUT_H_

#include <span>
#include <vector>

#include "controller/compute/mesh/path_mlu.h"
#include "controller/compute/mesh/problem.h"

namespace waymark {

struct Carried {
  std::vector<PairPaths> pairs;       // by demand; no link above its capacity
  std::vector<double> rate;           // by demand
  double total = 0, upper_bound = 0;  // upper_bound is certified, also when stopped
};

// `flow` has the rates of the problem, more than it can carry. Ends when total >= (1 - until.gap) *
// upper_bound.
Carried CarryMost(const MeshProblem& problem, PathMlu* flow, const PathMlu::Until& until);

// The certificate: the least over s of s * `volume` + sum of rate * max(0, 1 - s * distance).
// O(n log n).
double MostCarried(std::span<const double> rate, std::span<const double> distance, double volume);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_THROUGHPUT_H_

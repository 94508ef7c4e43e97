// Private to this folder. Ways of the pairs of hoses and pipes that keep the problem's bounds on
// delay, hops and stretch.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_WAYS_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_WAYS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/hose_state.h"
#include "controller/compute/mesh/problem.h"

namespace waymark {

// Working memory of one search at a time.
class HoseWays {
 public:
  // RESOURCE_EXHAUSTED as RouteBounds::CheckMemory. O(pairs), with bounds as RouteBounds.
  static absl::StatusOr<HoseWays> Create(const MeshProblem& problem, const HoseState& state);
  HoseWays(HoseWays&&);
  ~HoseWays();

  bool bounded() const { return bounds_ != nullptr; }
  // Leaves a way that keeps the pair's bounds as it is, and puts the cheapest that does under
  // `length` (by link, >= 0; infinite: not that one) in the place of one that does not. False:
  // there is none, or it is too hard to find.
  bool Mend(int32_t pair, std::span<const double> length, std::vector<int32_t>* way);

 private:
  struct Bounds;
  HoseWays();

  std::unique_ptr<Bounds> bounds_;  // null: there are none
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_WAYS_H_

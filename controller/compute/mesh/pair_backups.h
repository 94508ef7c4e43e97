// Private to this folder. Routes of one pair that outlive failures, under the prices of all others.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_PAIR_BACKUPS_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_PAIR_BACKUPS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "controller/compute/mesh/failure_cuts.h"
#include "controller/compute/mesh/failure_loads.h"
#include "controller/compute/mesh/joint_routes.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/route_bounds.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

// The first `working` routes carry the pair before any failure; the others are its backups.
struct GuardedPair {
  PairRoutes routes;
  size_t working = 0;
  size_t exposed = 0;  // failures that kill all routes though the network has another way
};

class PairBackups {
 public:
  struct Limits {
    size_t max_paths = 8;
    int32_t weight_total = 64;
    std::function<bool(std::span<const int32_t> links)> fits;  // empty: any does
  };
  // All must outlive this; `bounds` null: none.
  PairBackups(const MeshProblem& problem, const Limits& limits, const RouteBounds* bounds,
              const FailureLoads& loads, FailureCuts* cuts, RouteFinder* finder);

  // Failures that kill all routes though the network has another way, ascending.
  std::vector<int32_t> Exposed(size_t demand, const PairRoutes& routes) const;

  // Backups for a pair that has none yet, on short ways, whatever else they carry.
  void CoverPlainly(size_t demand, GuardedPair* pair);

  // What may change of a pair.
  enum class Freedom { kBackups, kWorkingToo };
  // The fewest failures exposed, then the cheapest under the prices, of the pair as it is and what
  // it could be. The pair is not in the loads. `tune`: weights, too.
  GuardedPair Improve(size_t demand, const GuardedPair& old, Freedom freedom, bool tune);

 private:
  enum class Prices { kPlain, kLoads };
  bool Find(size_t demand, std::span<const double> length, std::vector<int32_t>* links);
  // Of a link, finite, > 0.
  std::vector<double> Lengths(Prices prices, std::span<const int32_t> failures) const;
  std::vector<double> LengthsInAll() const;
  void Cover(size_t demand, Prices prices, GuardedPair* pair);
  std::optional<std::vector<int32_t>> Backup(size_t demand, std::vector<double> length,
                                             std::span<const int32_t> avoided);
  // Two routes found jointly, and backups for what these leave; either may be the working one.
  std::vector<GuardedPair> Jointly(size_t demand, Prices prices);
  std::optional<GuardedPair> Wider(size_t demand, const GuardedPair& old);
  GuardedPair OnlyWorking(const GuardedPair& old, size_t most) const;
  // Working routes share what backups leave of the total.
  bool SetWeights(GuardedPair* pair) const;
  // Moves weight from routes that load the worst state to others while that pays.
  void Tune(size_t demand, GuardedPair* pair) const;
  bool TuneOnce(size_t demand, GuardedPair* pair, double* cost) const;

  const MeshProblem& problem_;
  const Limits limits_;
  const RouteBounds* const bounds_;
  const FailureLoads& loads_;
  FailureCuts* const cuts_;
  RouteFinder* const finder_;
  JointRoutes joint_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_PAIR_BACKUPS_H_

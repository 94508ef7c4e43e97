// Several loop-free paths between two nodes for any-to-any traffic, with integer weights.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_PATHS_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_PATHS_H_

#include <optional>
#include <span>
#include <vector>

#include "controller/compute/constrained_path.h"

namespace waymark {

inline constexpr int kMeshWeightTotal = 64;
inline constexpr int kMaxMeshPaths = 8;

struct MeshPath {
  ComputedPath path;
  int weight = 0;  // 1..kMeshWeightTotal
};

struct MeshResult {
  Outcome outcome = Outcome::kInfeasible;
  // Ordered by (metric, link numbers); weights sum to kMeshWeightTotal. Not empty when kFound.
  std::vector<MeshPath> paths;
};

// At most `max_paths` (1..kMaxMeshPaths, clamped) paths. The first is the least; each further one
// is the least after the links of those before it have been made dearer, so that paths spread; it
// is kept only if it is new, costs at most twice the least and uses no more of what is in gentle
// maintenance. A path's weight follows the smallest capacity on it, each link shared equally among
// the paths over it. Deterministic. O(max_paths) searches, led by `costs`, which are those of
// CostsFrom(graph, from): many targets share them.
MeshResult MeshPaths(const SearchGraph& graph, std::span<const PathCost> costs, NodeId from,
                     NodeId to, int max_paths);

// One more path for pairs that have some, each pair by itself.
class AnotherMeshPath {
 public:
  // Keeps a reference to `graph`.
  explicit AnotherMeshPath(const SearchGraph& graph) : graph_(graph), penalised_(graph) {}

  // None of `used`: `least`, the first of MeshPaths, if it is not one of them, else the least after
  // the links of `used` have been made dearer, under the conditions of MeshPaths; nullopt: none
  // found. Deterministic. At most kMostTries searches, led by `costs` as there, most often one.
  std::optional<ComputedPath> Find(std::span<const PathCost> costs, NodeId from, NodeId to,
                                   const ComputedPath& least,
                                   std::span<const std::vector<LinkId>> used);

 private:
  static constexpr int kMostTries = 4;

  const SearchGraph& graph_;
  SearchGraph penalised_;  // while one is sought
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_PATHS_H_

// What the mesh optimiser works on: links with capacities and a matrix of demands, by number. Units
// are the caller's; rates and capacities must share one (bit/s in the controller, the file's in
// offline planning).
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_PROBLEM_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_PROBLEM_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"

namespace waymark {

struct MeshLink {
  int32_t from = 0, to = 0;  // from != to; parallel links are links of their own
  // kLeastMeshCapacity to kMostMeshRate; 0: the link carries nothing (down, forbidden, no room).
  double capacity = 0;
  double delay = 0;  // 0 to kMostMeshRate, in the unit of MeshProblem::max_delay
};

struct MeshDemand {
  int32_t from = 0, to = 0;
  double rate = 0;  // 0 to kMostMeshRate
};

inline constexpr double kMostMeshRate = 1e18;
// Below, its inverse would leave the range in which utilisations can be compared.
inline constexpr double kLeastMeshCapacity = 1e-18;
inline constexpr int32_t kMostMeshNodes = 100'000;

// A utilisation below counts as none: prices of links would leave the range of numbers.
inline constexpr double kLeastMeshMlu = 1e-100;

struct MeshProblem {
  int32_t node_count = 0;
  std::vector<MeshLink> links;
  std::vector<MeshDemand> demands;  // ordered by (from, to), each pair once

  // Of every route, each way that a packet may take, backups included. 0: no bound.
  double max_delay = 0;    // 0 to kMostMeshRate
  int32_t max_hops = 0;    // links
  double max_stretch = 0;  // 1 to kMostMeshRate: of the least delay of any way of the pair

  bool bounded() const { return max_delay > 0 || max_hops > 0 || max_stretch > 0; }
};

// INVALID_ARGUMENT names the field, such as "demands[3].rate". O(links + demands).
absl::Status CheckMeshProblem(const MeshProblem& problem);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_PROBLEM_H_

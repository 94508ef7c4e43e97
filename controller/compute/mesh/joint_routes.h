// Private to this folder. Two routes of a pair that meet as few failures together as can be, found
// jointly: a first route by itself can be a trap that leaves no second one.
//
// A minimum-cost flow of two units (Suurballe and Tarjan 1984), in which what fails by itself, a
// link or a node, costs a penalty to whoever uses it second. Where single fibres or nodes fail, the
// two outlive every failure that leaves the pair a way at all (Menger 1927). Links that fail with
// others count by themselves here.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_JOINT_ROUTES_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_JOINT_ROUTES_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/mesh/failure_loads.h"
#include "controller/compute/mesh/problem.h"

namespace waymark {

class JointRoutes {
 public:
  // Both must outlive this.
  JointRoutes(const MeshProblem& problem, const FailureLoads& loads);

  // Under `length` (by link, > 0, finite); false: no way. Both may be the same route. O(n * m).
  bool Find(int32_t from, int32_t to, std::span<const double> length,
            std::array<std::vector<int32_t>, 2>* routes);

 private:
  // In pairs: 2i, and 2i + 1 back.
  struct Edge {
    int32_t to;
    double cost;
    int32_t room;
    int32_t link;  // -1: within a node
  };
  void AddEdge(int32_t from, int32_t to, double cost, int32_t link);
  bool Augment(int32_t from, int32_t to, double tolerance);
  std::vector<int32_t> Walk(int32_t from, int32_t to);

  const MeshProblem& problem_;
  std::vector<bool> link_fails_;  // by link
  std::vector<bool> node_fails_;  // by node: all its links at once
  std::vector<Edge> edges_;
  std::vector<std::vector<int32_t>> out_;  // by state: 2 * node, and 2 * node + 1 where it is left
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_JOINT_ROUTES_H_

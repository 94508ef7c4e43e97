// How much of each demand fixed weighted routes can carry without
// overloading a link.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_FILL_ROUTES_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_FILL_ROUTES_H_

#include <memory>
#include <span>
#include <vector>

#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

class RouteFiller {
 public:
  // `routes` are of the problem, which must outlive this. O(L), as is the memory, in the total
  // length of the routes.
  RouteFiller(const MeshProblem& problem, const MeshRoutes& routes);
  ~RouteFiller();

  // From `wanted` (by demand; what is over a link that is too full shrinks to fit) rates rise: the
  // least of them first, together, each up to its demand's rate; those over a link that is full
  // stay (water filling; Bertsekas and Gallager 1992, section 6.5.2). From 0 that gives the max-min
  // fair rates of these routes, exactly; but there a trace of a demand on a full link would hold it
  // down that was never meant to stay so low. Demands without routes get 0. No link is above its
  // capacity. O(L log L), and a look at all links for each 2 % that rates rise.
  std::vector<double> FillFairly(std::span<const double> wanted) const;

  // From `wanted` (by demand, at most its rate): what is over a link that is too full shrinks to
  // fit, then room that is left is given away, to those with the fewest links first. No link is
  // above its capacity. O(L + demands * log(demands)).
  std::vector<double> FillUp(std::span<const double> wanted) const;

  class Shares;

 private:
  const MeshProblem& problem_;
  const std::unique_ptr<const Shares> shares_;
};

// As RouteFiller, where one answer is wanted.
std::vector<double> FillFairly(const MeshProblem& problem, const MeshRoutes& routes,
                               std::span<const double> wanted);
std::vector<double> FillUp(const MeshProblem& problem, const MeshRoutes& routes,
                           std::span<const double> wanted);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_FILL_ROUTES_H_

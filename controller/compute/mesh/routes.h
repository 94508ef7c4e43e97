// Weighted routes of many pairs, in flat arrays: a plan of 10^5 pairs is three allocations.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_ROUTES_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_ROUTES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace waymark {

// A pair's route while routes are being chosen.
struct WeightedRoute {
  std::vector<int32_t> links;
  int32_t weight = 0;  // >= 1

  friend bool operator==(const WeightedRoute&, const WeightedRoute&) = default;
};
using PairRoutes = std::vector<WeightedRoute>;

// Routes by demand of a MeshProblem. A demand may have none: nothing leads to its end.
class MeshRoutes {
 public:
  size_t demand_count() const { return first_route_.size() - 1; }
  size_t route_count() const { return weight_.size(); }
  // Routes of demand d are those from first_route(d) up to first_route(d + 1).
  size_t first_route(size_t demand) const { return first_route_[demand]; }
  std::span<const int32_t> links(size_t route) const {
    return std::span(links_).subspan(first_link_[route],
                                     first_link_[route + 1] - first_link_[route]);
  }
  // >= 1. A route carries weight / (sum of the weights of its demand's routes) of the demand.
  int32_t weight(size_t route) const { return weight_[route]; }
  void set_weight(size_t route, int32_t weight) { weight_[route] = weight; }

  PairRoutes pair(size_t demand) const {
    PairRoutes pair;
    for (size_t r = first_route(demand); r < first_route(demand + 1); ++r) {
      pair.push_back({{links(r).begin(), links(r).end()}, weight(r)});
    }
    return pair;
  }

  // Builds: all routes of demand 0, then EndDemand(), all of demand 1...
  void AddRoute(std::span<const int32_t> links, int32_t weight) {
    links_.insert(links_.end(), links.begin(), links.end());
    first_link_.push_back(links_.size());
    weight_.push_back(weight);
  }
  void AddRoutes(const PairRoutes& pair) {
    for (const WeightedRoute& route : pair) AddRoute(route.links, route.weight);
  }
  void EndDemand() { first_route_.push_back(weight_.size()); }

  friend bool operator==(const MeshRoutes&, const MeshRoutes&) = default;

 private:
  std::vector<size_t> first_route_ = {0}, first_link_ = {0};
  std::vector<int32_t> weight_, links_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_ROUTES_H_

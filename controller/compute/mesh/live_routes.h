// Private to this folder. Routes in force while some of them change: loads and prices of the links
// follow each change, and who uses a link is known.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_LIVE_ROUTES_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_LIVE_ROUTES_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"
#include "controller/compute/mesh/soft_max.h"

namespace waymark {

// Copies share what was there at first: a copy costs O(links + demands + changes). Routes may lead
// over links without capacity; they count in the loads, but not in utilisations.
class LiveRoutes {
 public:
  // `routes` have the demands of `problem`. O(total length of the routes + d log d).
  LiveRoutes(MeshProblem problem, MeshRoutes routes);

  const MeshProblem& problem() const { return problem_; }
  const SoftMax& soft_max() const { return soft_max_; }
  SoftMax& soft_max() { return soft_max_; }
  double mlu() const { return soft_max_.mlu(); }
  bool usable(std::span<const int32_t> links) const;

  // Of a demand, as it is now.
  size_t route_count(size_t demand) const {
    return slot_[demand] < 0
               ? base_->routes.first_route(demand + 1) - base_->routes.first_route(demand)
               : pairs_[slot_[demand]].size();
  }
  std::span<const int32_t> links(size_t demand, size_t route) const {
    return slot_[demand] < 0 ? base_->routes.links(base_->routes.first_route(demand) + route)
                             : std::span<const int32_t>(pairs_[slot_[demand]][route].links);
  }
  int32_t weight(size_t demand, size_t route) const {
    return slot_[demand] < 0 ? base_->routes.weight(base_->routes.first_route(demand) + route)
                             : pairs_[slot_[demand]][route].weight;
  }
  int64_t weight_total(size_t demand) const;
  PairRoutes pair(size_t demand) const;
  PairRoutes original(size_t demand) const { return base_->routes.pair(demand); }
  void Set(size_t demand, PairRoutes pair);
  // Whether it has been Set to other routes than it had at first.
  bool changed(size_t demand) const {
    return slot_[demand] >= 0 && pairs_[slot_[demand]] != original(demand);
  }
  std::vector<int32_t> Changed() const;  // ascending
  MeshRoutes Routes() const;

  // Calls visit(demand) for those that may have a route on the link: first those that had one at
  // first, by falling rate, then those that got one since. A demand may come twice, or have none on
  // it any more. Until visit returns false.
  template <typename Visit>
  void VisitUsers(int32_t link, Visit visit) const {
    for (size_t i = base_->first_user[link]; i < base_->first_user[link + 1]; ++i) {
      if (!visit(base_->users[i])) return;
    }
    for (const int32_t demand : later_users_[link]) {
      if (!visit(demand)) return;
    }
  }
  // What the demand puts on the link now, and the first of its routes that leads over it.
  struct Share {
    double load = 0;
    size_t route = 0;
  };
  Share On(int32_t link, size_t demand) const;
  // The greatest utilisation on the routes' links.
  double MostOn(const PairRoutes& pair) const;

  // They carry nothing from now on; routes over them stay until they are Set. O(links).
  void Fail(std::span<const int32_t> links);

 private:
  struct Base {
    MeshRoutes routes;
    std::vector<size_t> first_user;  // by link, then the number of all
    std::vector<int32_t> users;
  };
  static std::shared_ptr<const Base> MakeBase(const MeshProblem& problem, MeshRoutes routes);
  void AddLoad(size_t demand, double sign);

  MeshProblem problem_;
  std::shared_ptr<const Base> base_;
  SoftMax soft_max_;
  std::vector<int32_t> slot_;                      // by demand: in pairs_; -1: as at first
  std::vector<PairRoutes> pairs_;                  // of demands that have been Set
  std::vector<std::vector<int32_t>> later_users_;  // by link
};

// Brings the weights of the pair to a sum of `total`, nearly in proportion, each at least 1.
// `total`
// >= the number of routes.
void ScaleWeights(int32_t total, PairRoutes* pair);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_LIVE_ROUTES_H_

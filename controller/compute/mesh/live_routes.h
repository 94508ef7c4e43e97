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
// over links without capacity; they count in the loads, but not in utilisations. Memory grows with
// every Set: what was replaced stays until the routes are made anew of Routes().
class LiveRoutes {
 public:
  // `routes` have the demands of `problem`. O(total length of the routes + d log d).
  LiveRoutes(MeshProblem problem, MeshRoutes routes);

  const MeshProblem& problem() const { return problem_; }
  const SoftMax& soft_max() const { return soft_max_; }
  SoftMax& soft_max() { return soft_max_; }
  double mlu() const { return soft_max_.mlu(); }
  bool usable(std::span<const int32_t> links) const;

  // Of a demand, as it is now. Spans are good until the next Set.
  size_t route_count(size_t demand) const {
    const Place place = PlaceOf(demand);
    return place.routes->first_route(place.demand + 1) - place.routes->first_route(place.demand);
  }
  std::span<const int32_t> links(size_t demand, size_t route) const {
    const Place place = PlaceOf(demand);
    return place.routes->links(place.routes->first_route(place.demand) + route);
  }
  int32_t weight(size_t demand, size_t route) const {
    const Place place = PlaceOf(demand);
    return place.routes->weight(place.routes->first_route(place.demand) + route);
  }
  int64_t weight_total(size_t demand) const;
  PairRoutes pair(size_t demand) const {
    const Place place = PlaceOf(demand);
    return place.routes->pair(place.demand);
  }
  PairRoutes original(size_t demand) const { return base_->routes.pair(demand); }
  // Whether prices follow the loads, as at first, or stay until they are set anew.
  enum class Prices { kFollow, kStay };
  void SetPricing(Prices prices) { pricing_ = prices; }
  void Set(size_t demand, const PairRoutes& pair);
  // One route for all. `links` must not be of these routes.
  void SetOnly(size_t demand, std::span<const int32_t> links, int32_t weight);
  // Takes its load off the links; its routes stay as they are until it is Set.
  void TakeOff(size_t demand);
  // Whether it has been Set to other routes than it had at first.
  bool changed(size_t demand) const {
    return slot_[demand] >= 0 && pair(demand) != original(demand);
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
  struct Place {
    const MeshRoutes* routes;
    size_t demand;
  };
  Place PlaceOf(size_t demand) const {
    if (slot_[demand] < 0) return {&base_->routes, demand};
    return {&made_, static_cast<size_t>(slot_[demand])};
  }
  void AddLoad(size_t demand, double sign);
  // What has been added to made_ is the demand's from now on.
  void Take(size_t demand);

  MeshProblem problem_;
  std::shared_ptr<const Base> base_;
  SoftMax soft_max_;
  Prices pricing_ = Prices::kFollow;
  std::vector<int32_t> slot_;                      // by demand: in made_; -1: as at first
  std::vector<bool> taken_off_;                    // by demand
  MeshRoutes made_;                                // all that has been Set
  std::vector<std::vector<int32_t>> later_users_;  // by link
};

// Brings the weights of the pair to a sum of `total`, nearly in proportion, each at least 1.
// `total`
// >= the number of routes.
void ScaleWeights(int32_t total, PairRoutes* pair);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_LIVE_ROUTES_H_

// Private to this folder. Fractional min-MLU on explicit routes, where flows summed by source will
// not do: routes with bounds, rates that change from demand to demand, demands that may stay out.
//
// As min_mlu.h: a soft maximum of the utilisations, sharpened once it is about solved, and prices
// that certify. But what moves is the flow of one pair between two of its routes: from each dearer
// one onto the cheapest, which pricing finds (column generation; Bertsekas and Gallager 1992,
// section 5.7, on gradient projection over paths). The bound is weak duality of the path LP: every
// routing within the bounds has MLU >= sum of rate * bounded distance / sum of capacity * price.
//
// Routes may overflow: one more link that every pair can use as a route by itself, for what the
// network cannot carry.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_PATH_MLU_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_PATH_MLU_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "controller/compute/mesh/min_mlu.h"
#include "controller/compute/mesh/pair_paths.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/route_bounds.h"
#include "controller/compute/mesh/soft_max.h"

namespace waymark {

// Not thread-safe. Memory: the routes, and 8 bytes * demands.
class PathMlu {
 public:
  using Until = MinMlu::Until;

  // `start` (by demand): routes to begin with, scaled to the rates; may be empty, as may its pairs.
  // Those that do not keep the bounds are left out; pairs without any begin on the shortest way by
  // inverse capacity that does. Infeasible demands are left out. `problem` and `bounds` must
  // outlive this.
  PathMlu(const MeshProblem& problem, const RouteBounds& bounds, std::vector<PairPaths> start,
          ParallelFor parallel);

  // As in MinMlu. lower_bound() also counts `known`, a bound that the caller has.
  void Refine(const Until& until, double known = 0);

  // One round of moves, then the prices and distances that go with it. False: stopped.
  bool Step(const Until& until);
  // Of the soft maximum at hand, relatively, after Step().
  double gap() const { return gap_; }
  bool solved() const;
  void Sharpen();
  // Before what is to come differs much from what is: a sharp soft maximum creeps.
  void Soften(double softness);
  double softness() const { return softness_; }

  // Changes the rates (by demand), each pair's flows in proportion.
  void SetRates(std::span<const double> rates);
  std::span<const double> rates() const { return rate_; }
  // By link; 0 where the problem's is 0, and nowhere else.
  void SetCapacities(std::span<const double> capacities);
  // Of the link that all may overflow to. Nothing overflows before.
  void SetOverflow(double capacity);
  int32_t overflow_link() const { return static_cast<int32_t>(problem_.links.size()); }

  double mlu() const { return soft_max_.mlu(); }
  double lower_bound() const { return lower_bound_; }
  int rounds() const { return rounds_; }
  bool stopped() const { return stopped_; }
  const std::vector<PairPaths>& pairs() const { return pairs_; }
  std::span<const double> load() const { return soft_max_.load(); }      // by link
  std::span<const double> length() const { return soft_max_.length(); }  // by link
  // By demand, under length(); at most what overflow costs. 0: infeasible.
  std::span<const double> distance() const { return distance_; }
  // By demand, under other lengths (by link, >= 0), without overflow; 0: infeasible. Nothing if
  // stopped.
  std::optional<std::vector<double>> DistancesUnder(std::span<const double> length,
                                                    const Until& until);
  const MeshGraph& graph() const { return graph_; }

 private:
  struct Found {
    std::vector<std::vector<int32_t>> routes;  // of each demand of a source; empty: none
  };
  void StartPair(size_t demand);
  void Parallel(int count, const std::function<void(int)>& task) const;
  bool Round(const Until& until);
  bool Price(const Until& until);
  bool FindDistances(std::span<const double> length, double most, const Until& until,
                     std::vector<double>* distance);
  void FindRoutes(size_t source, BoundedSearch* search, Found* found) const;
  void MovePair(size_t demand, std::span<const int32_t> found);
  // Goes on between the routes that pairs have.
  void EvenOut(const Until& until);
  // Onto one of the pair's routes, from all that are dearer. False: none was.
  bool Gather(PairPaths* pair, size_t onto);
  // False: nothing was.
  bool Shift(PairPath* from, PairPath* to);
  double CostOf(std::span<const int32_t> links) const;
  void AddUpLoads();
  void ResetSoftMax();
  bool Stopped(const Until& until);

  const MeshProblem& problem_;
  const RouteBounds& bounds_;
  const ParallelFor parallel_;
  MeshGraph graph_;
  std::vector<size_t> first_demand_;  // of each source; then the number of demands
  std::vector<PairPaths> pairs_;
  std::vector<double> rate_, distance_;
  MeshProblem priced_;  // the links, then the one for overflow
  bool overflows_ = false;
  SoftMax soft_max_;
  std::vector<BoundedSearch> workers_;
  std::vector<Found> found_;
  std::vector<int8_t> mark_;
  FlowDirection direction_;
  double softness_ = 0.5, gap_ = 1;
  double lower_bound_ = 0;
  int rounds_ = 0;
  bool stopped_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_PATH_MLU_H_

// Private to this folder. Moves of few pairs that lower the soft maximum of the utilisations.
//
// A round looks at the links that are loaded most. The candidates of each are its pairs by falling
// rate, until they carry `breadth` times what the link has too much. All get a way around it under
// the prices at the round's start, in parallel; then, by falling gain, each has weight moved from
// the route over the link by a line search under prices that follow every move.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_ROUTE_SWEEP_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_ROUTE_SWEEP_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "controller/compute/mesh/live_routes.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/pivot_search.h"
#include "controller/compute/mesh/route_bounds.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {

struct SweepOptions {
  int max_paths = 8, weight_total = 64;
  const RouteBounds* bounds = nullptr;  // null: the problem has none
  // Whether a route may be. Empty: any. Several threads at once.
  std::function<bool(std::span<const int32_t> links)> fits;
  ParallelFor parallel;
};

// How rounds follow each other: softer and narrower ones while they help.
class SweepSchedule {
 public:
  struct Limits {
    double breadth = 4;  // at first
    double least_softness = 0.005, most_breadth = 32;
    // It ends after so many rounds at the least softness that lower the MLU by less than `use`.
    double use = 0.0005;
    int patience = 2;
  };
  SweepSchedule() : SweepSchedule(Limits()) {}
  explicit SweepSchedule(const Limits& limits) : limits_(limits), breadth_(limits.breadth) {}

  double softness() const { return softness_; }
  double breadth() const { return breadth_; }
  // After a round that began with an MLU of `before` and ended with `after`. False: it is over.
  bool GoesOn(double before, double after);

 private:
  Limits limits_;
  double softness_ = 0.05, breadth_;
  int idle_ = 0;
};

class RouteSweep {
 public:
  // Links of `live` must not fail while this is there. `options` must outlive it.
  RouteSweep(LiveRoutes* live, const SweepOptions& options);

  // How a way around a link is looked for: kAround with two searches for each link, which bend
  // routes near it; kAfresh with one for each source, from end to end.
  enum class Search { kAround, kAfresh };
  struct Scope {
    Search search = Search::kAround;
    // Links more than this below the top, relatively, are not looked at.
    double softness = 0.05;
    double breadth = 4;
    size_t fewest_pairs = 8;  // of a link that are looked at however little it has too much
    double target = 0;        // an MLU at which the round ends
    size_t most_moves = SIZE_MAX;
  };
  struct Moved {
    int32_t demand;
    PairRoutes before;
  };
  // How many pairs were moved; each move is added to `moved` (null: not asked for).
  size_t Round(const Scope& scope, std::vector<Moved>* moved = nullptr);

 private:
  struct Candidate {
    int32_t demand = -1;
    int32_t link = -1;  // that it is to leave
    size_t route = 0;   // the one that it takes over it
    double gain = 0;
    std::vector<int32_t> path;
  };
  struct Span {
    size_t begin = 0, end = 0;
  };
  // By link, hottest first; each demand once. `spans`: the candidates of each link.
  std::vector<Candidate> Choose(const Scope& scope, std::vector<Span>* spans);
  void PriceAround(const Scope& scope, std::span<const Span> spans,
                   std::vector<Candidate>* candidates);
  void PriceAfresh(const Scope& scope, std::vector<Candidate>* candidates);
  std::vector<int32_t> FindAfresh(int task, int32_t demand);
  double CostOf(const Candidate& candidate) const;  // of the route that it is to leave
  // What `path` gains; the candidate is left without a path if that is not worth while.
  void Weigh(double tolerance, double length, std::span<const int32_t> path,
             Candidate* candidate) const;
  bool Move(const Candidate& candidate);
  void SetDirection(std::span<const int32_t> from, std::span<const int32_t> onto);

  LiveRoutes& live_;
  const SweepOptions& options_;
  MeshGraphs graphs_;
  std::vector<PivotSearch> pivots_;  // one a task, as are those below
  std::vector<std::vector<int32_t>> ways_;
  std::vector<std::pair<std::vector<int32_t>, std::vector<int32_t>>> ends_;  // of its candidates
  std::vector<TreeSearch> trees_;
  std::vector<RouteFinder> finders_;  // where there are bounds
  std::vector<int32_t> chosen_;       // by demand: equal to mark_ if it is
  std::vector<int32_t> on_path_;      // by link
  int32_t mark_ = 0, path_mark_ = 0;
  FlowDirection direction_;
};

struct SweepResult {
  std::vector<int32_t> moved;  // demands, ascending
  int rounds = 0;
  bool stopped = false;
};

// Rounds as `schedule` has them, from the scope's target down to no gain; the best state stays.
SweepResult SweepDown(const SweepOptions& options, SweepSchedule schedule, RouteSweep::Scope scope,
                      const std::function<bool()>& stop, LiveRoutes* live);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_ROUTE_SWEEP_H_

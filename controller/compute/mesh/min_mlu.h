// Fractional min-MLU: the multi-commodity flow whose most loaded link is least loaded, approached
// from both sides.
//
// Minimises a soft maximum of the utilisations u (log-sum-exp with sharpness a, smooth and at most
// ln(m)/a above the true one) by block-coordinate Frank-Wolfe: the flow of one source is a block;
// the best answer of a block to the present prices (the gradient: exp(a u) / capacity) is a
// shortest-path tree, and a line search moves the block towards it. Once only short steps that way
// pay, flow is shifted between segments instead (segment_shift.h), which does not zigzag, and then
// between the same segments some more (segment_pairs.h), the oftener the more rounds it takes.
// Sharpness grows once the soft maximum at hand is about solved (Bienstock 2002 on potential
// reduction; Lacoste-Julien et al. 2013 on block coordinates). The demands of a source share its
// tree, so that a round costs two Dijkstras a source, however many pairs there are.
//
// Any prices p >= 0 certify: every routing has MLU >= sum of rate * distance under p / sum of
// capacity * p (weak duality of the edge LP). The bound kept is the best one met.
//
// Trees are found for a batch of sources at once under the prices at its start, in parallel, and
// while the batch before it is moved, one source after another: the batch's size is fixed, so
// threads do not change the result.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_MIN_MLU_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_MIN_MLU_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "controller/compute/mesh/block_search.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/segment_pairs.h"
#include "controller/compute/mesh/segment_shift.h"
#include "controller/compute/mesh/soft_max.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {

// How much of each source's traffic every link carries.
struct SourceFlows {
  std::vector<int32_t> sources;      // ascending; those with demands, be they 0 or lead nowhere
  std::vector<size_t> first_demand;  // of each source; then the number of demands of all
  std::vector<double> flow;          // sources x links
  size_t link_count = 0;

  std::span<const MeshDemand> demands(const MeshProblem& problem, size_t source) const {
    return std::span(problem.demands)
        .subspan(first_demand[source], first_demand[source + 1] - first_demand[source]);
  }
  std::span<double> row(size_t source) {
    return std::span(flow).subspan(source * link_count, link_count);
  }
  std::span<const double> row(size_t source) const {
    return std::span(flow).subspan(source * link_count, link_count);
  }
};

// One problem being solved. Not thread-safe. Memory: 8 bytes * sources * links.
class MinMlu {
 public:
  static constexpr double kLeastMlu = kLeastMeshMlu;

  // Routes everything on shortest paths by inverse capacity, which are prices too, so that there is
  // a bound from the start. `problem` must pass CheckMeshProblem and outlive this.
  MinMlu(const MeshProblem& problem, ParallelFor parallel);

  // Refines until mlu() <= (1 + gap) * lower_bound(), or `max_rounds` more, or `stop`, which is
  // asked every few searches. O(sources) searches a round. An mlu() below kLeastMlu counts as 0:
  // nothing to refine.
  struct Until {
    double gap = 0.005;
    int max_rounds = 400;
    std::function<bool()> stop;
    std::function<void(const MeshProgress&)> progress;
  };
  void Refine(const Until& until);

  double mlu() const { return soft_max_.mlu(); }
  double lower_bound() const { return lower_bound_; }
  // By link: those that certify the lower bound.
  const std::vector<double>& prices() const { return prices_; }
  int rounds() const { return rounds_; }
  bool stopped() const { return stopped_; }
  const SourceFlows& flows() const { return flows_; }
  std::span<const double> load() const { return soft_max_.load(); }
  // By index in the problem's demands, ascending.
  const std::vector<int32_t>& unreachable() const { return unreachable_; }
  const MeshGraph& graph() const { return graph_; }

 private:
  // Under length_.
  void FindTree(size_t source, BlockSearch* worker) const;
  // By the tree that `worker` has found.
  void Move(size_t source, const BlockSearch& worker);
  // Towards all of the source's traffic on the tree.
  void MoveOntoTree(size_t source, const BlockSearch& worker);
  // False: stopped before all sources had their turn.
  bool Round(const Until& until);
  // Goes on between the segments that the round has shifted flow between.
  void EvenOut(const Until& until);
  void AddUpLoads();
  // Updates lower_bound_ by the present prices; the relative duality gap of the soft maximum.
  // Nothing: stopped.
  std::optional<double> Bound(const Until& until);
  // What the demands of a source would cost if each had the shortest way.
  double LeastCost(size_t source, BlockSearch* worker) const;
  // The same on a tree that is there already.
  double CostOn(const TreeSearch& tree, size_t source) const;
  // By the prices of the constructor's trees, whose costs add up to `least`.
  void FirstBound(double least);
  bool Stopped(const Until& until);

  const MeshProblem& problem_;
  const ParallelFor parallel_;
  MeshGraph graph_;
  SourceFlows flows_;
  std::vector<BlockSearch> workers_;
  std::vector<double> length_;  // what trees are found under, while others move flow
  std::vector<int32_t> unreachable_;
  std::vector<bool> lost_;  // by demand
  SoftMax soft_max_;
  SegmentShift shift_;
  SegmentPairs pairs_;  // of the round at hand
  double softness_ = 0.5;
  double lower_bound_ = 0;
  std::vector<double> prices_;
  int rounds_ = 0;
  bool stopped_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_MIN_MLU_H_

// Private to this folder. Moves traffic of hoses and pipes off the worst link as long as that
// helps: see hose_optimize.h.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_SEARCH_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_SEARCH_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "controller/compute/mesh/hose_state.h"
#include "controller/compute/mesh/hose_ways.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {

class HoseSearch {
 public:
  static constexpr double kFirstSharpness = 5;

  struct Until {
    double limit = 0;  // utilisation that is good enough
    int max_paths = 8;
    int max_rounds = 0;
    // Of the soft maximum, where it begins. The greater, the less other links than the worst count.
    double sharpness = kFirstSharpness;
    std::function<bool()> stop;
    std::function<void(int round, double mlu)> progress;
  };

  // All must outlive this.
  HoseSearch(const MeshProblem& problem, HoseState& state, HoseWays& allowed, Until until);

  // Moves until the limit, a local optimum, or told to stop; the moves made. Everything is settled
  // and kept.
  int Run();
  bool stopped() const { return stopped_; }

 private:
  // Traffic over the worst link that has one end in common, or that of one pair.
  struct Block {
    int32_t hose = -1;  // -1: a pair
    int32_t end = 0;    // the group, or the pair
    bool sends = true;  // the group is where it comes from
    double value = 0;   // of the worst load
  };

  std::vector<Block> Blocks(int32_t hot) const;
  std::vector<int32_t> PairsOf(const Block& block, int32_t hot) const;
  void SetLengths(const Block& block, int32_t hot, double part);
  double PairGrowth(int32_t pair, int32_t link) const;
  double Growth(const Block& block, int32_t link) const;
  // Finds a way around for each pair; pairs without are left out.
  void FindWays(const Block& block, int32_t hot, double part);
  void Move(int32_t hot, double part);
  bool TryBlock(const Block& block, int32_t hot);
  bool Improve(int32_t hot);
  bool ImproveAny(int32_t hottest);

  const MeshProblem& problem_;
  HoseState& state_;
  HoseWays& allowed_;
  const Until until_;
  MeshProblem reversed_;
  MeshGraph graph_, reversed_graph_;
  TreeSearch forward_, backward_;
  std::vector<double> length_;
  std::vector<std::pair<int32_t, std::vector<int32_t>>> ways_;  // pair, links
  bool stopped_ = false;
};

// The links of the tree that lead to `node`; of a tree over reversed links, from it.
std::vector<int32_t> WayInTree(const MeshProblem& problem, const TreeSearch& tree, int32_t node);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_SEARCH_H_

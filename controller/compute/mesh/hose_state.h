// Private to this folder. The routes of all pairs of hoses and pipes while they are being chosen,
// with the exact worst load of every link, kept up as routes change; changes can be tried.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_STATE_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_STATE_H_

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "controller/compute/mesh/hose.h"
#include "controller/compute/mesh/problem.h"

namespace waymark {

struct HosePath {
  std::vector<int32_t> links;
  int32_t weight = 0;
};
using HosePaths = std::vector<HosePath>;  // of one pair; weights add up to the state's weight_total

class HoseState {
 public:
  // A hose's traffic of one pair, from group to group.
  struct Use {
    int32_t hose = 0, from = 0, to = 0;
  };
  struct Pair {
    HosePair nodes;
    double rate = 0;  // of its pipe
    std::vector<Use> uses;
    HosePaths paths;  // none: it loads nothing
  };
  // What one hose does to one link.
  struct Cell {
    int32_t hose = 0;
    std::vector<HoseShare> shares;  // by (from, to)
    double load = 0;
    std::vector<double> from_price, to_price;  // by group: what one more unit of rate adds
    int64_t trial = 0;                         // the last that has touched it
  };
  struct Pipe {
    int32_t pair = 0;
    int32_t weight = 0;  // of weight_total
  };

  // No routes yet. All outlive this; `background` by link, or empty.
  HoseState(const MeshProblem& problem, std::span<const Hose> hoses,
            std::span<const double> background, int weight_total);

  int weight_total() const { return weight_total_; }
  // By nodes, ascending, each once.
  const std::vector<Pair>& pairs() const { return pairs_; }
  int32_t PairOf(HosePair nodes) const;  // must exist
  int32_t hose_count() const { return static_cast<int32_t>(groups_.size()); }
  const HoseGroups& groups(int32_t hose) const { return groups_[hose]; }
  std::span<const Cell> cells(int32_t link) const { return cells_[link]; }
  const Cell* FindCell(int32_t link, int32_t hose) const;
  std::span<const Pipe> pipes(int32_t link) const { return pipes_[link]; }
  double load(int32_t link) const { return load_[link]; }
  double inverse(int32_t link) const { return inverse_[link]; }  // 1 / capacity, 0 without
  // The link with the greatest utilisation, the first of several; -1: no links.
  int32_t Hottest() const;
  double Utilisation(int32_t link) const { return load_[link] * inverse_[link]; }

  // The soft maximum that Settle() measures: sum of exp(sharpness * (utilisation / top - 1)).
  void SetSoftness(double top, double sharpness);
  double Cost(int32_t link, double load) const;

  // Changes routes; loads follow at Settle().
  void SetPaths(int32_t pair, HosePaths paths);
  // Brings loads up to date; how much the soft maximum has grown since the last Keep or Undo.
  double Settle();
  void Keep();
  void Undo();

 private:
  struct Saved {
    int32_t link = 0;
    Cell cell;
  };

  Cell& CellOf(int32_t link, int32_t hose);
  void SetShare(int32_t pair, int32_t link, int32_t weight);
  void SetPipe(int32_t pair, int32_t link, int32_t weight);
  void Measure(Cell& cell);
  double Sum(int32_t link) const;

  const int weight_total_;
  std::span<const double> background_;
  std::vector<HoseGroups> groups_;  // by hose
  std::vector<Pair> pairs_;
  std::vector<std::vector<Cell>> cells_;  // by link; by hose
  std::vector<std::vector<Pipe>> pipes_;  // by link; by pair
  std::vector<double> inverse_, load_;    // by link
  double top_ = 1, sharpness_ = 1;
  HoseTransport transport_;

  // Since the last Keep or Undo.
  std::vector<std::pair<int32_t, HosePaths>> old_paths_;
  std::vector<std::pair<int32_t, double>> old_loads_;
  std::vector<std::pair<int32_t, std::vector<Pipe>>> old_pipes_;
  std::vector<Saved> old_cells_;
  std::vector<std::pair<int32_t, int32_t>> dirty_;  // (link, hose), -1: pipes
  std::vector<int64_t> pipe_trial_;                 // by link, as Cell's
  int64_t trial_ = 1;
  std::vector<int32_t> weight_;  // by link; 0 between calls
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_STATE_H_

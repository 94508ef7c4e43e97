// Private to this folder. The linear programme of least worst-case utilisation over some paths of
// each pair and some matrices against each link, solved by COIN CLP and solved again, from where it
// was, as paths and matrices are added.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_PROGRAM_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace waymark {

// Not thread-safe, and runs on the caller's thread alone.
class HoseProgram {
 public:
  // Elements of the matrix and rates of cuts: 16 bytes each at most.
  static constexpr size_t kMostElements = size_t{1} << 24;

  // A matrix that the link has to hold: its rates as shares of what the link has.
  struct Cut {
    int32_t link = 0;
    double fixed = 0;           // whatever the paths are
    std::vector<double> share;  // by pair
  };

  explicit HoseProgram(size_t pairs);
  ~HoseProgram();
  HoseProgram(const HoseProgram&) = delete;
  HoseProgram& operator=(const HoseProgram&) = delete;

  // False: there is no place for more. Each path of a pair once.
  bool AddPath(int32_t pair, std::vector<int32_t> links);
  bool AddCut(Cut cut);
  // False: stopped, which is asked after each pivot, or given up.
  bool Solve(const std::function<bool()>& stop);

  const std::vector<Cut>& cuts() const { return cuts_; }
  const std::vector<std::vector<int32_t>>& paths(int32_t pair) const { return paths_[pair]; }
  // Of the last Solve. The utilisation that no cut is above; how much of a pair goes each way, >= 0
  // and 1 in sum; weights of the cuts, >= 0 and 1 in sum, unless all are 0.
  double value() const;
  std::vector<double> Amounts(int32_t pair) const;
  std::vector<double> Prices() const;

 private:
  struct Solver;

  std::vector<Cut> cuts_;
  std::vector<std::vector<std::vector<int32_t>>> paths_;  // by pair
  std::vector<std::vector<int>> column_;                  // by pair and path
  size_t elements_ = 0;
  bool grown_ = false;  // paths have been added since the last Solve
  std::unique_ptr<Solver> solver_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_PROGRAM_H_

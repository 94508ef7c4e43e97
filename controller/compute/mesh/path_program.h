// Private to this folder. The linear programme of least MLU over some routes of each demand, solved
// by COIN CLP and solved again, from where it was, when routes are added.
//
// Its size is that of the choices: each demand's first route is its rate less what the others
// carry, so that a demand without a choice has no column, and a row it has only from the third
// route on (generalised upper bounds; Dantzig and Van Slyke 1967).
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_PATH_PROGRAM_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_PATH_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "controller/compute/mesh/pair_paths.h"
#include "controller/compute/mesh/problem.h"

namespace waymark {

// Not thread-safe, and runs on the caller's thread alone.
class PathProgram {
 public:
  // Elements of the matrix: 16 bytes each, and as much again while CLP works.
  static constexpr size_t kMostElements = size_t{1} << 25;

  // `pairs` (by demand): at least one route of each demand that is to be carried, amounts that add
  // up to its rate. `mlu` > 0: of these amounts. Both must outlive this.
  PathProgram(const MeshProblem& problem, const std::vector<PairPaths>& pairs, double mlu);
  ~PathProgram();
  PathProgram(const PathProgram&) = delete;
  PathProgram& operator=(const PathProgram&) = delete;

  // Takes in the routes that `pairs` has got since, each at the end of its pair's. False: there are
  // too many, and none was taken.
  bool Grow();

  enum class End { kOptimal, kStopped, kFailed };
  // `stop` is asked after each pivot.
  End Solve(const std::function<bool()>& stop);

  // Of the last Solve, be it optimal or not: amounts of the routes (by demand, as in `pairs`), >=
  // 0, that add up to the rates but for rounding.
  void Amounts(std::vector<std::vector<double>>* amounts) const;
  // By link, >= 0: price times capacity add up to 1, unless all are 0.
  std::vector<double> Prices() const;
  size_t columns() const { return of_column_.size(); }

 private:
  struct Solver;
  struct Place {
    int32_t demand, route;
  };
  double ShareOf(int32_t link) const;
  void AddColumn(size_t demand, size_t route, int32_t row);

  const MeshProblem& problem_;
  const std::vector<PairPaths>& pairs_;
  double mlu_, unit_ = 1;
  std::vector<Place> of_column_;       // from column 1 on: column 0 is the MLU
  std::vector<int32_t> first_column_;  // by demand: of its second route; -1: none
  std::vector<int32_t> row_of_;        // by demand; -1: none
  std::vector<size_t> taken_;          // by demand: routes that are in
  size_t elements_ = 0;
  // Columns to be added.
  std::vector<int> starts_, rows_;
  std::vector<double> values_, upper_, slope_;
  std::unique_ptr<Solver> solver_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_PATH_PROGRAM_H_

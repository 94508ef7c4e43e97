#include "controller/compute/mesh/allocation_program.h"

#include <coin/Clp_C_Interface.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace waymark {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Of the greatest capacity: rates that differ by less are the same.
constexpr double kSame = 1e-5;

// Flows on the paths within the capacities, and one level. All in units of the greatest capacity,
// since the solver's tolerances are absolute.
class FlowProgram {
 public:
  FlowProgram(const MeshProblem& problem, const PathLists& paths) {
    for (const MeshLink& link : problem.links) unit_ = std::max(unit_, link.capacity);
    if (unit_ == 0) unit_ = 1;
    const size_t links = problem.links.size();
    for (const MeshLink& link : problem.links) AddRow(-kInfinity, link.capacity / unit_);
    for (size_t d = 0; d < problem.demands.size(); ++d) {
      AddRow(-kInfinity, problem.demands[d].rate / unit_);  // at most its rate
      AddRow(0, kInfinity);                                 // at least what it has, or the level
    }
    for (size_t d = 0; d < problem.demands.size(); ++d) {
      for (const auto& path : paths[d]) {
        for (const int32_t link : path) Put(link, 1);
        Put(static_cast<int>(links + 2 * d), 1);
        Put(static_cast<int>(links + 2 * d + 1), 1);
        demand_of_.push_back(static_cast<int32_t>(d));
        starts_.push_back(static_cast<CoinBigIndex>(rows_.size()));
      }
    }
    first_ = links;
  }

  double unit() const { return unit_; }
  void AtLeast(size_t demand, double rate) { lower_[first_ + 2 * demand + 1] = rate; }

  // The most of the flows of the demands in `counted`.
  std::optional<double> Most(const std::vector<bool>& counted, double most_seconds = 0) const {
    std::vector<double> objective;
    for (const int32_t demand : demand_of_) objective.push_back(counted[demand] ? -1 : 0);
    return Solve(starts_, rows_, values_, objective, most_seconds);
  }

  // The highest level, at most `most`, that all demands in `rising` reach.
  std::optional<double> Level(const std::vector<bool>& rising, double most) const {
    auto starts = starts_;
    auto rows = rows_;
    auto values = values_;
    for (size_t d = 0; d < rising.size(); ++d) {
      if (!rising[d]) continue;
      rows.push_back(static_cast<int>(first_ + 2 * d + 1));
      values.push_back(-1);
    }
    starts.push_back(static_cast<CoinBigIndex>(rows.size()));
    std::vector<double> objective(demand_of_.size(), 0);
    objective.push_back(-1);
    FlowProgram with_level = *this;
    for (size_t d = 0; d < rising.size(); ++d) {
      if (rising[d]) with_level.AtLeast(d, 0);
    }
    return with_level.Solve(starts, rows, values, objective, 0, most);
  }

 private:
  void AddRow(double lower, double upper) {
    lower_.push_back(lower);
    upper_.push_back(upper);
  }
  void Put(int row, double value) {
    rows_.push_back(row);
    values_.push_back(value);
  }

  std::optional<double> Solve(const std::vector<CoinBigIndex>& starts, const std::vector<int>& rows,
                              const std::vector<double>& values,
                              const std::vector<double>& objective, double most_seconds,
                              double most_of_last = kInfinity) const {
    const std::unique_ptr<Clp_Simplex, void (*)(Clp_Simplex*)> model(Clp_newModel(),
                                                                     Clp_deleteModel);
    const int columns = static_cast<int>(objective.size());
    if (columns == 0) return 0;
    std::vector<double> upper(objective.size(), kInfinity), lower(objective.size(), 0);
    upper.back() = most_of_last;
    Clp_setLogLevel(model.get(), 0);
    if (most_seconds > 0) Clp_setMaximumSeconds(model.get(), most_seconds);
    Clp_loadProblem(model.get(), columns, static_cast<int>(upper_.size()), starts.data(),
                    rows.data(), values.data(), lower.data(), upper.data(), objective.data(),
                    lower_.data(), upper_.data());
    Clp_initialSolve(model.get());
    if (Clp_status(model.get()) != 0) return std::nullopt;
    return -Clp_objectiveValue(model.get());
  }

  double unit_ = 0;
  size_t first_ = 0;  // row of the demands
  std::vector<double> lower_, upper_;
  std::vector<CoinBigIndex> starts_ = {0};
  std::vector<int> rows_;
  std::vector<double> values_;
  std::vector<int32_t> demand_of_;  // by column
};

}  // namespace

std::optional<double> MostCarriedOptimum(const MeshProblem& problem, const PathLists& paths,
                                         double most_seconds) {
  const FlowProgram program(problem, paths);
  const auto most = program.Most(std::vector<bool>(problem.demands.size(), true), most_seconds);
  if (!most) return std::nullopt;
  return *most * program.unit();
}

std::optional<std::vector<double>> FairOptimum(const MeshProblem& problem, const PathLists& paths) {
  FlowProgram program(problem, paths);
  const size_t demands = problem.demands.size();
  std::vector<double> rate(demands, 0);
  std::vector<bool> rising(demands);
  for (size_t d = 0; d < demands; ++d) {
    rising[d] = problem.demands[d].rate > 0 && !paths[d].empty();
  }
  while (std::ranges::count(rising, true) > 0) {
    double most = kInfinity;
    for (size_t d = 0; d < demands; ++d) {
      if (rising[d]) most = std::min(most, problem.demands[d].rate / program.unit());
    }
    const auto level = program.Level(rising, most);
    if (!level) return std::nullopt;
    // A hair below: what is exactly tight, a solver may call infeasible.
    for (size_t d = 0; d < demands; ++d) {
      if (rising[d]) program.AtLeast(d, *level * (1 - 1e-7));
    }
    std::vector<size_t> stay;
    for (size_t d = 0; d < demands; ++d) {
      if (!rising[d]) continue;
      std::vector<bool> alone(demands, false);
      alone[d] = true;
      const auto highest = program.Most(alone);
      if (!highest) return std::nullopt;
      if (*highest <= *level + kSame) stay.push_back(d);
    }
    if (stay.empty()) return std::nullopt;
    for (const size_t d : stay) {
      rising[d] = false;
      rate[d] = *level * program.unit();
    }
  }
  return rate;
}

}  // namespace waymark

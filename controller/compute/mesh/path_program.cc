#include "controller/compute/mesh/path_program.h"

#include <algorithm>
#include <cmath>
#include <coin/ClpEventHandler.hpp>
#include <coin/ClpSimplex.hpp>
#include <map>

namespace waymark {
namespace {

constexpr double kTolerance = 1e-9;

class StopHandler final : public ClpEventHandler {
 public:
  explicit StopHandler(const std::function<bool()>* const* stop) : stop_(stop) {}
  int event(Event which) override {
    if (which != endOfIteration && which != endOfFactorization) return -1;
    return *stop_ != nullptr && **stop_ && (**stop_)() ? 3 : -1;
  }
  ClpEventHandler* clone() const override { return new StopHandler(*this); }

 private:
  const std::function<bool()>* const* stop_;
};

}  // namespace

struct PathProgram::Solver {
  ClpSimplex model;
  const std::function<bool()>* stop = nullptr;
};

double PathProgram::ShareOf(int32_t link) const {
  return unit_ / (mlu_ * problem_.links[link].capacity);
}

PathProgram::PathProgram(const MeshProblem& problem, const std::vector<PairPaths>& pairs,
                         double mlu)
    : problem_(problem),
      pairs_(pairs),
      mlu_(mlu),
      of_column_(1, {-1, -1}),
      first_column_(pairs.size(), -1),
      row_of_(pairs.size(), -1),
      taken_(pairs.size(), 0),
      solver_(std::make_unique<Solver>()) {
  const size_t links = problem.links.size();
  // The solver's tolerances are absolute: a typical link's load at the MLU is about 1.
  std::vector<double> capacities;
  for (const MeshLink& link : problem.links) {
    if (link.capacity > 0) capacities.push_back(link.capacity * mlu);
  }
  if (!capacities.empty()) {
    const auto middle = capacities.begin() + static_cast<std::ptrdiff_t>(capacities.size() / 2);
    std::nth_element(capacities.begin(), middle, capacities.end());
    unit_ = *middle;
  }
  std::vector<double> base(links, 0);
  for (size_t d = 0; d < pairs.size(); ++d) {
    if (pairs[d].empty()) continue;
    taken_[d] = 1;
    for (const int32_t link : pairs[d][0].links) base[link] += problem.demands[d].rate / unit_;
  }
  std::vector<double> lower(links, -COIN_DBL_MAX), upper(links, 0);
  std::vector<int> starts = {0}, rows;
  std::vector<double> values;
  size_t fullest = 0;
  for (size_t e = 0; e < links; ++e) {
    if (problem.links[e].capacity <= 0) continue;
    upper[e] = -base[e] * ShareOf(static_cast<int32_t>(e));
    if (upper[e] < upper[fullest]) fullest = e;
    rows.push_back(static_cast<int>(e));
    values.push_back(-1);
  }
  starts.push_back(static_cast<int>(rows.size()));
  const double zero = 0, most = COIN_DBL_MAX, one = 1;
  ClpSimplex& model = solver_->model;
  model.setLogLevel(0);
  model.loadProblem(1, static_cast<int>(links), starts.data(), rows.data(), values.data(), &zero,
                    &most, &one, lower.data(), upper.data());
  model.setPrimalTolerance(kTolerance);
  model.setDualTolerance(kTolerance);
  // All on the first routes, which is feasible: the MLU is in the basis for its fullest link.
  model.createStatus();
  if (links > 0) {
    for (size_t e = 0; e < links; ++e) model.setRowStatus(static_cast<int>(e), ClpSimplex::basic);
    model.setRowStatus(static_cast<int>(fullest), ClpSimplex::atUpperBound);
    model.setColumnStatus(0, ClpSimplex::basic);
  }
  const StopHandler handler(&solver_->stop);
  model.passInEventHandler(&handler);
}

PathProgram::~PathProgram() = default;

void PathProgram::AddColumn(size_t demand, size_t route, int32_t row) {
  const PairPaths& pair = pairs_[demand];
  std::map<int32_t, int> sign;
  for (const int32_t link : pair[route].links) ++sign[link];
  for (const int32_t link : pair[0].links) --sign[link];
  for (const auto& [link, count] : sign) {
    if (count == 0) continue;
    rows_.push_back(link);
    values_.push_back(count * ShareOf(link));
  }
  if (row >= 0) {
    rows_.push_back(row);
    values_.push_back(1);
  }
  starts_.push_back(static_cast<int>(rows_.size()));
  upper_.push_back(problem_.demands[demand].rate / unit_);
  of_column_.push_back({static_cast<int32_t>(demand), static_cast<int32_t>(route)});
}

bool PathProgram::Grow() {
  ClpSimplex& model = solver_->model;
  const int old_columns = model.numberColumns(), old_rows = model.numberRows();
  size_t more = 0;
  for (size_t d = 0; d < pairs_.size(); ++d) {
    for (size_t r = std::max<size_t>(1, taken_[d]); r < pairs_[d].size(); ++r) {
      more += pairs_[d][r].links.size() + pairs_[d][0].links.size() + 2;
    }
  }
  if (elements_ + more > kMostElements) return false;
  // Rows for those that get a second column.
  std::vector<int> row_starts = {0}, row_columns;
  std::vector<double> row_values, row_lower, row_upper;
  for (size_t d = 0; d < pairs_.size(); ++d) {
    if (pairs_[d].size() < 3 || row_of_[d] >= 0) continue;
    row_of_[d] = old_rows + static_cast<int32_t>(row_upper.size());
    if (first_column_[d] >= 0) {
      row_columns.push_back(first_column_[d]);
      row_values.push_back(1);
    }
    row_starts.push_back(static_cast<int>(row_columns.size()));
    row_lower.push_back(-COIN_DBL_MAX);
    row_upper.push_back(problem_.demands[d].rate / unit_);
  }
  const int new_rows = static_cast<int>(row_upper.size());
  if (new_rows > 0) {
    model.addRows(new_rows, row_lower.data(), row_upper.data(), row_starts.data(),
                  row_columns.data(), row_values.data());
    for (int i = 0; i < new_rows; ++i) model.setRowStatus(old_rows + i, ClpSimplex::basic);
  }
  starts_.assign(1, 0);
  rows_.clear();
  values_.clear();
  upper_.clear();
  for (size_t d = 0; d < pairs_.size(); ++d) {
    for (size_t r = std::max<size_t>(1, taken_[d]); r < pairs_[d].size(); ++r) {
      if (first_column_[d] < 0) first_column_[d] = static_cast<int32_t>(of_column_.size());
      AddColumn(d, r, row_of_[d]);
    }
    taken_[d] = std::max(taken_[d], pairs_[d].size());
  }
  const int new_columns = static_cast<int>(upper_.size());
  if (new_columns == 0) return true;
  const std::vector<double> none(static_cast<size_t>(new_columns), 0);
  model.addColumns(new_columns, none.data(), upper_.data(), none.data(), starts_.data(),
                   rows_.data(), values_.data());
  for (int i = 0; i < new_columns; ++i) {
    model.setColumnStatus(old_columns + i, ClpSimplex::atLowerBound);
  }
  elements_ += rows_.size();
  return true;
}

PathProgram::End PathProgram::Solve(const std::function<bool()>& stop) {
  ClpSimplex& model = solver_->model;
  solver_->stop = &stop;
  try {
    model.primal(0);
  } catch (const CoinError&) {
    return End::kFailed;
  }
  if (model.status() == 0) return End::kOptimal;
  return stop && stop() ? End::kStopped : End::kFailed;
}

void PathProgram::Amounts(std::vector<std::vector<double>>* amounts) const {
  const double* solution = solver_->model.primalColumnSolution();
  amounts->resize(pairs_.size());
  for (size_t d = 0; d < pairs_.size(); ++d) (*amounts)[d].assign(taken_[d], 0);
  for (size_t c = 1; c < of_column_.size(); ++c) {
    const auto& [demand, route] = of_column_[c];
    const double amount = solution[c] * unit_;
    (*amounts)[demand][route] = amount > 0 ? amount : 0;
  }
  for (size_t d = 0; d < pairs_.size(); ++d) {
    std::vector<double>& pair = (*amounts)[d];
    if (pair.empty()) continue;
    const double rate = problem_.demands[d].rate;
    double others = 0;
    for (const double amount : pair) others += amount;
    if (others > rate) {
      for (double& amount : pair) amount *= rate / others;
    } else {
      pair[0] = rate - others;
    }
  }
}

std::vector<double> PathProgram::Prices() const {
  const double* dual = solver_->model.dualRowSolution();
  std::vector<double> prices(problem_.links.size(), 0);
  double sum = 0;
  for (size_t e = 0; e < prices.size(); ++e) {
    if (problem_.links[e].capacity > 0 && dual[e] < 0) sum -= dual[e];
  }
  if (!(sum > 0)) return prices;
  for (size_t e = 0; e < prices.size(); ++e) {
    if (problem_.links[e].capacity > 0 && dual[e] < 0) {
      prices[e] = -dual[e] / sum / problem_.links[e].capacity;
    }
  }
  return prices;
}

}  // namespace waymark

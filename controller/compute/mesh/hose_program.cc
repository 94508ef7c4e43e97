#include "controller/compute/mesh/hose_program.h"

#include <algorithm>
#include <coin/ClpEventHandler.hpp>
#include <coin/ClpSimplex.hpp>
#include <utility>

namespace waymark {
namespace {

constexpr double kTolerance = 1e-9;
constexpr double kLeastElement = 1e-12;

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

struct HoseProgram::Solver {
  ClpSimplex model;
  const std::function<bool()>* stop = nullptr;
};

// Column 0 is the utilisation; the first rows say that all of a pair goes somewhere.
HoseProgram::HoseProgram(size_t pairs)
    : paths_(pairs), column_(pairs), solver_(std::make_unique<Solver>()) {
  ClpSimplex& model = solver_->model;
  model.setLogLevel(0);
  const std::vector<double> one(pairs, 1);
  const int starts[] = {0, 0};
  const double zero = 0, most = COIN_DBL_MAX, cost = 1;
  model.loadProblem(1, static_cast<int>(pairs), starts, nullptr, nullptr, &zero, &most, &cost,
                    one.data(), one.data());
  model.setPrimalTolerance(kTolerance);
  model.setDualTolerance(kTolerance);
  const StopHandler handler(&solver_->stop);
  model.passInEventHandler(&handler);
}

HoseProgram::~HoseProgram() = default;

bool HoseProgram::AddPath(int32_t pair, std::vector<int32_t> links) {
  std::vector<int> rows = {pair};
  std::vector<double> values = {1};
  for (size_t c = 0; c < cuts_.size(); ++c) {
    const double share = cuts_[c].share[pair];
    if (share < kLeastElement || std::ranges::count(links, cuts_[c].link) == 0) continue;
    rows.push_back(static_cast<int>(paths_.size() + c));
    values.push_back(share);
  }
  if (elements_ + rows.size() > kMostElements) return false;
  elements_ += rows.size();
  column_[pair].push_back(solver_->model.numberColumns());
  solver_->model.addColumn(static_cast<int>(rows.size()), rows.data(), values.data(), 0,
                           COIN_DBL_MAX, 0);
  paths_[pair].push_back(std::move(links));
  grown_ = true;
  return true;
}

bool HoseProgram::AddCut(Cut cut) {
  std::vector<int> columns = {0};
  std::vector<double> values = {-1};
  for (size_t pair = 0; pair < paths_.size(); ++pair) {
    if (cut.share[pair] < kLeastElement) continue;
    for (size_t path = 0; path < paths_[pair].size(); ++path) {
      if (std::ranges::count(paths_[pair][path], cut.link) == 0) continue;
      columns.push_back(column_[pair][path]);
      values.push_back(cut.share[pair]);
    }
  }
  if (elements_ + columns.size() + paths_.size() > kMostElements) return false;
  elements_ += columns.size() + paths_.size();
  solver_->model.addRow(static_cast<int>(columns.size()), columns.data(), values.data(),
                        -COIN_DBL_MAX, -cut.fixed);
  cuts_.push_back(std::move(cut));
  return true;
}

bool HoseProgram::Solve(const std::function<bool()>& stop) {
  ClpSimplex& model = solver_->model;
  solver_->stop = &stop;
  try {
    // Cuts leave the prices as they are, paths the amounts.
    if (grown_) {
      model.primal(0);
    } else {
      model.dual(0);
    }
  } catch (const CoinError&) {
    return false;
  }
  grown_ = false;
  return model.status() == 0;
}

double HoseProgram::value() const { return solver_->model.objectiveValue(); }

std::vector<double> HoseProgram::Amounts(int32_t pair) const {
  const double* solution = solver_->model.primalColumnSolution();
  std::vector<double> amounts;
  double sum = 0;
  for (const int column : column_[pair]) {
    amounts.push_back(std::max(0.0, solution[column]));
    sum += amounts.back();
  }
  if (!(sum > 0)) {
    if (!amounts.empty()) amounts.front() = 1;
    return amounts;
  }
  for (double& amount : amounts) amount /= sum;
  return amounts;
}

std::vector<double> HoseProgram::Prices() const {
  const double* dual = solver_->model.dualRowSolution() + paths_.size();
  std::vector<double> prices;
  double sum = 0;
  for (size_t c = 0; c < cuts_.size(); ++c) {
    prices.push_back(std::max(0.0, -dual[c]));
    sum += prices.back();
  }
  if (sum > 0) {
    for (double& price : prices) price /= sum;
  }
  return prices;
}

}  // namespace waymark

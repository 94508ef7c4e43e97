#include "controller/compute/mesh/linear_program.h"

#include <coin/Clp_C_Interface.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace waymark {
namespace {

// Column by column. Every variable is >= 0; column 0 is the MLU, the objective.
class Program {
 public:
  explicit Program(const MeshProblem& problem) : links_(problem.links.size()) {
    // The solver's tolerances are absolute: flows in bit/s would all look optimal to it.
    for (const MeshLink& link : problem.links) unit_ = std::max(unit_, link.capacity);
    if (unit_ == 0) unit_ = 1;
    row_upper_.assign(links_, 0);
    row_lower_.assign(links_, -std::numeric_limits<double>::infinity());
    for (size_t e = 0; e < links_; ++e) {
      Put(static_cast<int>(e), -problem.links[e].capacity / unit_);
    }
    EndColumn();
  }

  // A row whose sum is this rate.
  int AddRow(double rate) {
    row_lower_.push_back(rate / unit_);
    row_upper_.push_back(rate / unit_);
    return static_cast<int>(row_upper_.size()) - 1;
  }
  void Put(int row, double value) {
    rows_.push_back(row);
    values_.push_back(value);
  }
  void EndColumn() { starts_.push_back(static_cast<CoinBigIndex>(rows_.size())); }

  std::optional<double> Least(double most_seconds) const {
    const std::unique_ptr<Clp_Simplex, void (*)(Clp_Simplex*)> model(Clp_newModel(),
                                                                     Clp_deleteModel);
    const int columns = static_cast<int>(starts_.size()) - 1;
    std::vector<double> objective(columns, 0);
    objective[0] = 1;
    Clp_setLogLevel(model.get(), 0);
    if (most_seconds > 0) Clp_setMaximumSeconds(model.get(), most_seconds);
    Clp_loadProblem(model.get(), columns, static_cast<int>(row_upper_.size()), starts_.data(),
                    rows_.data(), values_.data(), nullptr, nullptr, objective.data(),
                    row_lower_.data(), row_upper_.data());
    Clp_initialSolve(model.get());
    if (Clp_status(model.get()) != 0) return std::nullopt;
    return Clp_objectiveValue(model.get());
  }

 private:
  const size_t links_;
  double unit_ = 0;
  std::vector<CoinBigIndex> starts_ = {0};
  std::vector<int> rows_;
  std::vector<double> values_, row_lower_, row_upper_;
};

std::vector<bool> Reached(const MeshProblem& problem, int32_t source) {
  std::vector<bool> reached(problem.node_count, false);
  reached[source] = true;
  for (bool more = true; more;) {
    more = false;
    for (const MeshLink& link : problem.links) {
      if (link.capacity > 0 && reached[link.from] && !reached[link.to]) {
        reached[link.to] = more = true;
      }
    }
  }
  return reached;
}

}  // namespace

std::optional<double> EdgeOptimum(const MeshProblem& problem, double most_seconds) {
  Program program(problem);
  for (size_t d = 0; d < problem.demands.size();) {
    const int32_t source = problem.demands[d].from;
    const std::vector<bool> reached = Reached(problem, source);
    std::vector<double> ends(problem.node_count, 0);
    for (; d < problem.demands.size() && problem.demands[d].from == source; ++d) {
      if (reached[problem.demands[d].to]) ends[problem.demands[d].to] = problem.demands[d].rate;
    }
    std::vector<int> row(problem.node_count, -1);
    for (int32_t node = 0; node < problem.node_count; ++node) {
      if (reached[node] && node != source) row[node] = program.AddRow(ends[node]);
    }
    for (size_t e = 0; e < problem.links.size(); ++e) {
      const MeshLink& link = problem.links[e];
      if (link.capacity <= 0 || !reached[link.from] || link.to == source) continue;
      program.Put(static_cast<int>(e), 1);
      program.Put(row[link.to], 1);
      if (link.from != source) program.Put(row[link.from], -1);
      program.EndColumn();
    }
  }
  return program.Least(most_seconds);
}

std::optional<double> PathOptimum(const MeshProblem& problem,
                                  const std::vector<std::vector<std::vector<int32_t>>>& paths,
                                  double most_seconds) {
  Program program(problem);
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    if (paths[d].empty()) continue;
    const int row = program.AddRow(problem.demands[d].rate);
    for (const std::vector<int32_t>& path : paths[d]) {
      for (const int32_t link : path) program.Put(link, 1);
      program.Put(row, 1);
      program.EndColumn();
    }
  }
  return program.Least(most_seconds);
}

}  // namespace waymark

// Private to this folder. The load of every link in every state: without failure, and in each
// failure with the headends' answer to it; and prices on all of these.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_LOADS_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_LOADS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

// exp, but a straight line from where its values would leave the range that can be added up: dear
// stays dear, and no price is ever infinite.
double TamedExp(double exponent);

// Pairs have at most 64 routes here.
class FailureLoads {
 public:
  FailureLoads(const MeshProblem& problem, std::span<const std::vector<int32_t>> failures);

  int32_t failure_count() const { return static_cast<int32_t>(fails_.size()); }
  std::span<const int32_t> links_of(int32_t failure) const { return fails_[failure]; }
  // Whether the failure takes one of the links down.
  bool Kills(int32_t failure, std::span<const int32_t> links) const;
  // A failure that kills some of a pair's routes: bit i is route i.
  struct Hit {
    int32_t failure = 0;
    uint64_t dead = 0;
  };
  // Ascending by failure.
  std::vector<Hit> HitsOf(const PairRoutes& pair) const;
  // Those that kill all routes, ascending.
  std::vector<int32_t> UncoveredBy(const PairRoutes& pair) const;

  // Adds (sign 1) or takes away (-1) the pair's traffic in every state; once there are prices, they
  // follow.
  void Add(const PairRoutes& pair, double rate, int sign);

  // What is beyond a link's capacity no longer counts. No pair in the loads may be taken away then.
  // O(failures * links).
  void CutAtCapacity();

  // Row 0 is without failure, row f + 1 is failure f.
  double utilisation(int32_t row, size_t link) const {
    if (row == 0) return base_[link] * inverse_[link] * healthy_factor_;
    return (base_[link] + extra_[Cell(row - 1, link)]) * inverse_[link];
  }
  // Utilisation without failure counts this many times, here and in all that follows: what is
  // borne for the hours of a failure need not be borne for good. >= 1.
  void SetHealthyFactor(double factor) { healthy_factor_ = factor; }
  struct Worst {
    double utilisation = 0;
    int32_t row = 0;
    int32_t link = -1;  // -1: nothing is loaded
  };
  // The greatest; where rows tie, the first. O(failures * links).
  Worst FindWorst() const;
  // The greatest of a row.
  double WorstIn(int32_t row) const;
  // The greatest utilisation that the pair's links have in a state in which the pair loads them,
  // with `rate` more traffic of the pair than the loads have.
  Worst WorstOf(const PairRoutes& pair, double rate) const;

  // Prices anew: exp(sharpness * (utilisation - top)) / capacity. O(failures * links).
  void SetPrices(double sharpness, double top);
  // Summed over all states, into `length` (by link). Finite.
  void LengthInAll(std::vector<double>* length) const;
  // Summed over `failures`.
  void LengthIn(std::span<const int32_t> failures, std::vector<double>* length) const;
  // What the pair would add to the sum of exp(sharpness * (utilisation - top)) over all states;
  // exact where it answers to a failure, to first order elsewhere. The pair must not be in the
  // loads.
  double CostOf(const PairRoutes& pair, double rate) const;

 private:
  size_t Cell(int32_t failure, size_t link) const {
    return static_cast<size_t>(failure) * base_.size() + link;
  }
  double price(int32_t failure, size_t link) const {
    return level_[link] * price_[Cell(failure, link)];
  }
  // After changes of the load.
  void RepriceLink(size_t link);
  void RepriceCell(int32_t failure, size_t link);
  double SumOf(size_t link) const;

  std::vector<std::vector<int32_t>> fails_;  // links by failure, sorted
  std::vector<std::vector<int32_t>> kills_;  // failures by link
  std::vector<double> inverse_, base_;
  std::vector<double> extra_;  // failures x links: load beyond base_
  // A cell's price is level_ (what all failures share: exp of the base's utilisation) times price_
  // (exp of what the failure adds, less shift_), so that a change of the base costs one exp.
  std::vector<double> price_;  // failures x links
  std::vector<double> shift_, level_;
  std::vector<double> sum_;      // of price_ over the failures
  std::vector<double> healthy_;  // price without failure
  double healthy_factor_ = 1;
  double sharpness_ = 0, top_ = 0;
  bool priced_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_LOADS_H_

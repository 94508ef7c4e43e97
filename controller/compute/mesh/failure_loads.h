// Private to this folder. The load of every link in every state: without failure, and in each
// failure with the headends' answer to it.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_LOADS_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_LOADS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

class FailureLoads {
 public:
  FailureLoads(const MeshProblem& problem, std::span<const std::vector<int32_t>> failures);

  int32_t failure_count() const { return static_cast<int32_t>(fails_.size()); }
  std::span<const int32_t> links_of(int32_t failure) const { return fails_[failure]; }
  // Whether the failure takes one of the links down.
  bool Kills(int32_t failure, std::span<const int32_t> links) const;
  // Those that kill at least one of the routes, ascending.
  std::vector<int32_t> FailuresOf(const PairRoutes& pair) const;
  // Those that kill all of them.
  std::vector<int32_t> UncoveredBy(const PairRoutes& pair) const;

  // Adds (sign 1) or takes away (-1) the pair's traffic in every state.
  void Add(const PairRoutes& pair, double rate, int sign);

  // Row 0 is without failure, row f + 1 is failure f.
  double utilisation(int32_t row, size_t link) const {
    if (row == 0) return base_[link] * inverse_[link] * healthy_factor_;
    return (base_[link] + extra_[static_cast<size_t>(row - 1) * base_.size() + link]) *
           inverse_[link];
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
  // The greatest utilisation that the pair's traffic meets in any state.
  double WorstOf(const PairRoutes& pair) const;

  // Prices anew: exp(sharpness * (utilisation - top)) / capacity. Loads that change later change
  // them. O(failures * links).
  void SetPrices(double sharpness, double top);
  // Summed over all states, into `length` (by link).
  void LengthInAll(std::vector<double>* length) const;
  // Summed over `failures`.
  void LengthIn(std::span<const int32_t> failures, std::vector<double>* length) const;
  // What the pair would add to the sum of exp(sharpness * (utilisation - top)) over all states;
  // exact where it answers to a failure, to first order elsewhere. The pair must not be in the
  // loads.
  double CostOf(const PairRoutes& pair, double rate) const;

 private:
  // Calls visit(link, change of load) for what the failure changes of the pair's traffic.
  template <typename Visit>
  void ForEachChange(const PairRoutes& pair, double rate, int32_t failure, Visit visit) const;
  double ExactPrice(int32_t row, size_t link) const;
  double& price(int32_t row, size_t link) {
    return price_[link * (fails_.size() + 1) + static_cast<size_t>(row)];
  }
  double price(int32_t row, size_t link) const {
    return price_[link * (fails_.size() + 1) + static_cast<size_t>(row)];
  }
  // After `change` of the load, which is in the loads already.
  void Reprice(int32_t row, size_t link, double change);
  void RepriceAll(size_t link, double change);

  std::vector<std::vector<int32_t>> fails_;  // links by failure, sorted
  std::vector<std::vector<int32_t>> kills_;  // failures by link
  std::vector<double> inverse_, base_;
  std::vector<double> extra_;         // failures x links: load beyond base_
  std::vector<double> price_;         // by link, then row: the rows of a link change together
  std::vector<double> price_in_all_;  // sums of the rows, by link
  double healthy_factor_ = 1;
  double sharpness_ = 0, top_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_LOADS_H_

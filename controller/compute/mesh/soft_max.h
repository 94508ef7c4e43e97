// Private to this folder. The soft maximum of the links' utilisations, its gradient as prices, and
// line searches on it.
//
// log(sum of exp(a * (u - top))) / a + top, with a floor under each price, which falls with
// the softness: at most ln(m) / a above the true maximum.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_SOFT_MAX_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_SOFT_MAX_H_

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/mesh/problem.h"

namespace waymark {

// A change of flow: by how much a full step raises each link's utilisation. No link twice.
struct FlowDirection {
  std::vector<int32_t> links;
  std::vector<double> slope;

  void Clear() {
    links.clear();
    slope.clear();
  }
  void Add(int32_t link, double change) {
    links.push_back(link);
    slope.push_back(change);
  }
};

class SoftMax {
 public:
  explicit SoftMax(const MeshProblem& problem);

  // By link.
  std::span<const double> inverse() const { return inverse_; }  // 1 / capacity; 0: unusable
  std::span<const double> load() const { return load_; }
  std::span<const double> length() const { return length_; }  // price / capacity: the gradient
  double mlu() const;
  double top() const { return top_; }  // the mlu when prices were last set

  void SetLoad(std::span<const double> load);
  // All prices anew; `softness` = ln(m + 1) / (a * mlu): how far it is off, relatively. > 0, and so
  // is the mlu.
  void SetPrices(double softness);
  // Changes the load of a link, and its price.
  void Add(int32_t link, double amount);
  // Its load alone: prices are what they were until SetPrices.
  void AddLoad(int32_t link, double amount) { load_[link] = std::max(0.0, load_[link] + amount); }

  // What the second-order model promises of a direction.
  struct Promise {
    double step = 0;  // 0 to 1; 0: it leads up
    double gain = 0;
  };
  Promise PromiseOf(const FlowDirection& direction) const;
  // A step of 0 to `most` that is not beyond the minimum along the direction, and near it: the
  // lower end of a bracket of the derivative's zero, so the soft maximum never rises. O(links), at
  // most 8 times.
  double StepAlong(const FlowDirection& direction, double most) const;

  // How much a step along the direction changes the sum of the prices.
  double ChangeAt(const FlowDirection& direction, double step) const;

 private:
  double PriceAfter(int32_t link, double change) const;

  std::vector<double> inverse_, load_;
  std::vector<double> price_, length_;
  double sharpness_ = 0, top_ = 0, floor_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_SOFT_MAX_H_

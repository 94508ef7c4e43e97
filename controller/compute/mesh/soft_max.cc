#include "controller/compute/mesh/soft_max.h"

#include <algorithm>
#include <cmath>

namespace waymark {
namespace {

// Every link keeps this much of the price of the most loaded one, so that idle links are not free:
// trees stay short and no cycle pays. That is off the true prices by up to as much for each link,
// so all together keep at most this share of the softness: less than it is off by anyway.
constexpr double kMostFloor = 1e-7, kFloorShare = 0.1;
// A line search ends where the derivative is this share of what it was.
constexpr double kNearEnough = 0.2;
constexpr int kMostTrials = 8;

// What is next to nothing is nothing: libraries take long to say by how much it is not.
double Exp(double x) { return x < -700 ? 0 : std::exp(x); }

}  // namespace

SoftMax::SoftMax(const MeshProblem& problem)
    : inverse_(problem.links.size(), 0),
      load_(problem.links.size(), 0),
      price_(problem.links.size(), 0) {
  for (size_t e = 0; e < inverse_.size(); ++e) {
    if (problem.links[e].capacity > 0) inverse_[e] = 1 / problem.links[e].capacity;
  }
  length_ = inverse_;
}

double SoftMax::mlu() const {
  double most = 0;
  for (size_t e = 0; e < load_.size(); ++e) most = std::max(most, load_[e] * inverse_[e]);
  return most;
}

void SoftMax::SetLoad(std::span<const double> load) { std::ranges::copy(load, load_.begin()); }

void SoftMax::SetPrices(double softness) {
  top_ = mlu();
  const auto links = static_cast<double>(load_.size());
  sharpness_ = std::log(links + 1) / (softness * top_);
  floor_ = std::min(kMostFloor, kFloorShare * softness / links);
  for (size_t e = 0; e < load_.size(); ++e) {
    price_[e] = Exp(sharpness_ * (load_[e] * inverse_[e] - top_));
    length_[e] = (price_[e] + floor_) * inverse_[e];
  }
}

// With `change` more utilisation. Most changes are small, and a library's exp would be most of
// their cost; the series' error is below 1e-10, and SetPrices makes good what adds up.
double SoftMax::PriceAfter(int32_t link, double change) const {
  const double x = sharpness_ * change;
  // Not from prices that have all but vanished: factors would not bring them back.
  if (x > -0.02 && x < 0.02 && price_[link] > 1e-100) {
    return price_[link] * (1 + x * (1 + x * (0.5 + x * (1.0 / 6 + x / 24))));
  }
  return Exp(sharpness_ * (load_[link] * inverse_[link] + change - top_));
}

void SoftMax::Add(int32_t link, double amount) {
  const double inverse = inverse_[link];
  const double load = std::max(0.0, load_[link] + amount);
  price_[link] = PriceAfter(link, (load - load_[link]) * inverse);
  length_[link] = (price_[link] + floor_) * inverse;
  load_[link] = load;
}

SoftMax::Promise SoftMax::PromiseOf(const FlowDirection& direction) const {
  double slope = 0, curvature = 0;
  for (size_t i = 0; i < direction.links.size(); ++i) {
    const double price = price_[direction.links[i]], change = direction.slope[i];
    slope += (price + floor_) * change;
    curvature += price * sharpness_ * change * change;
  }
  if (!(slope < 0)) return {};
  const double step = curvature > 0 ? std::min(1.0, -slope / curvature) : 1.0;
  return {step, -(slope + curvature * step / 2) * step};
}

double SoftMax::ChangeAt(const FlowDirection& direction, double step) const {
  double change = 0;
  for (size_t i = 0; i < direction.links.size(); ++i) {
    const int32_t link = direction.links[i];
    change += PriceAfter(link, step * direction.slope[i]) - price_[link];
  }
  return change;
}

double SoftMax::StepAlong(const FlowDirection& direction, double most) const {
  double at_zero = 0, curvature = 0;
  for (size_t i = 0; i < direction.links.size(); ++i) {
    const double price = price_[direction.links[i]], change = direction.slope[i];
    at_zero += (price + floor_) * change;
    curvature += price * sharpness_ * change * change;
  }
  if (!(at_zero < 0)) return 0;
  const auto derivative = [&](double step) {
    double sum = 0;
    for (size_t i = 0; i < direction.links.size(); ++i) {
      const double change = direction.slope[i];
      sum += (PriceAfter(direction.links[i], step * change) + floor_) * change;
    }
    return sum;
  };
  double low = 0, low_value = at_zero, high = -1, high_value = 0;
  double step = curvature > 0 ? std::min(most, -at_zero / curvature) : most;
  for (int i = 0; i < kMostTrials; ++i) {
    const double value = derivative(step);
    if (value <= 0) {
      low = step;
      low_value = value;
      if (step >= most || value >= kNearEnough * at_zero) break;
    } else {
      high = step;
      high_value = value;
    }
    if (high < 0) {
      step = std::min(most, 2 * step);
      continue;
    }
    const double secant = low - low_value * (high - low) / (high_value - low_value);
    step = std::clamp(secant, low + 0.1 * (high - low), low + 0.9 * (high - low));
    if (value > 0) step = std::min(step, 0.5 * (low + high));
  }
  return low;
}

}  // namespace waymark

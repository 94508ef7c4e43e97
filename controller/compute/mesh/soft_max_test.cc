#include "controller/compute/mesh/soft_max.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "controller/compute/mesh/mesh_testing.h"

namespace waymark {
namespace {

// Times the sharpness, from the definition, with what the floor under the prices adds: what a step
// must not raise. `top` as the prices have it.
double Potential(const MeshProblem& problem, const std::vector<double>& load, double sharpness,
                 double top) {
  double sum = 0;
  for (size_t e = 0; e < load.size(); ++e) {
    if (problem.links[e].capacity == 0) continue;
    const double u = load[e] / problem.links[e].capacity;
    sum += std::exp(sharpness * (u - top)) / sharpness + 1e-7 * u;
  }
  return sum;
}

struct Case {
  MeshProblem problem;
  std::vector<double> load;
  double softness = 0, sharpness = 0, top = 0;

  explicit Case(std::mt19937_64& random) {
    do {
      problem = SmallMesh(random);
      load.clear();
      top = 0;
      for (const MeshLink& link : problem.links) {
        load.push_back(link.capacity > 0 ? static_cast<double>(random() % 1000) / 10 : 0);
        if (link.capacity > 0) top = std::max(top, load.back() / link.capacity);
      }
    } while (top == 0);
    softness = std::pow(10, -static_cast<double>(random() % 40) / 10);
    sharpness = std::log(static_cast<double>(load.size()) + 1) / (softness * top);
  }
  // Some links up, some down, none below nothing at a step of 1.
  FlowDirection Direction(std::mt19937_64& random) const {
    FlowDirection direction;
    for (size_t e = 0; e < load.size(); ++e) {
      const double capacity = problem.links[e].capacity;
      if (capacity == 0 || random() % 3 == 0) continue;
      const double share = static_cast<double>(random() % 1000) / 1000;
      const double change = random() % 2 == 0 ? -share * load[e] : share * 100;
      if (change != 0) direction.Add(static_cast<int32_t>(e), change / capacity);
    }
    return direction;
  }
  std::vector<double> After(const FlowDirection& direction, double step) const {
    std::vector<double> after = load;
    for (size_t i = 0; i < direction.links.size(); ++i) {
      const int32_t e = direction.links[i];
      after[e] += step * direction.slope[i] * problem.links[e].capacity;
    }
    return after;
  }
};

TEST(SoftMaxTest, LengthsAreTheGradient) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 300; ++i) {
    const Case c(random);
    SoftMax soft_max(c.problem);
    soft_max.SetLoad(c.load);
    soft_max.SetPrices(c.softness);
    EXPECT_DOUBLE_EQ(soft_max.mlu(), c.top);
    EXPECT_DOUBLE_EQ(soft_max.top(), c.top);
    for (size_t e = 0; e < c.load.size(); ++e) {
      const double capacity = c.problem.links[e].capacity;
      if (capacity == 0) {
        EXPECT_EQ(soft_max.length()[e], 0);
        continue;
      }
      std::vector<double> more = c.load, less = c.load;
      const double width = 1e-4 * capacity / c.sharpness;
      more[e] += width;
      less[e] -= width;
      // Of one link's term alone: of the sum, rounding leaves nothing.
      const auto term = [&](double load) {
        return std::expm1(c.sharpness * (load - c.load[e]) / capacity) *
                   std::exp(c.sharpness * (c.load[e] / capacity - c.top)) / c.sharpness +
               1e-7 * (load - c.load[e]) / capacity;
      };
      const double slope = (term(more[e]) - term(less[e])) / (more[e] - less[e]);
      EXPECT_NEAR(soft_max.length()[e] / slope, 1, 1e-5);
    }
  }
}

TEST(SoftMaxTest, ManySmallChangesKeepThePrices) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 100; ++i) {
    const Case c(random);
    SoftMax soft_max(c.problem);
    soft_max.SetLoad(c.load);
    soft_max.SetPrices(c.softness);
    std::vector<double> load = c.load;
    for (int k = 0; k < 2000; ++k) {
      const size_t e = random() % load.size();
      const double capacity = c.problem.links[e].capacity;
      const double step = 0.03 * capacity / c.sharpness;
      const double change =
          std::max(-load[e], (static_cast<double>(random() % 2001) / 1000 - 1) * step);
      soft_max.Add(static_cast<int32_t>(e), change);
      load[e] += change;
    }
    for (size_t e = 0; e < load.size(); ++e) {
      const double capacity = c.problem.links[e].capacity;
      if (capacity == 0) continue;
      const double price = std::exp(c.sharpness * (load[e] / capacity - c.top)) + 1e-7;
      EXPECT_NEAR(soft_max.length()[e] * capacity / price, 1, 1e-6);
      EXPECT_NEAR(soft_max.load()[e], load[e], 1e-9);
    }
  }
}

TEST(SoftMaxTest, AStepNeverRaisesThePotentialAndGetsNearItsMinimum) {
  std::mt19937_64 random(3);
  int moved = 0;
  for (int i = 0; i < 3000; ++i) {
    const Case c(random);
    const FlowDirection direction = c.Direction(random);
    SoftMax soft_max(c.problem);
    soft_max.SetLoad(c.load);
    soft_max.SetPrices(c.softness);
    const double most = i % 2 == 0 ? 1 : 0.3;
    const double step = soft_max.StepAlong(direction, most);
    EXPECT_GE(step, 0);
    EXPECT_LE(step, most);
    if (step == 0) continue;
    ++moved;
    const auto slope = [&](double at) {
      const std::vector<double> load = c.After(direction, at);
      double sum = 0;
      for (size_t k = 0; k < direction.links.size(); ++k) {
        const int32_t e = direction.links[k];
        const double u = load[e] / c.problem.links[e].capacity;
        sum += (std::exp(c.sharpness * (u - c.top)) + 1e-7) * direction.slope[k];
      }
      return sum;
    };
    // Convex: what still falls at its end fell all the way.
    EXPECT_LE(slope(step), 1e-9 * std::abs(slope(0))) << i;
    EXPECT_LE(Potential(c.problem, c.After(direction, step), c.sharpness, c.top),
              Potential(c.problem, c.load, c.sharpness, c.top) * (1 + 1e-12));
  }
  EXPECT_GT(moved, 1000);
}

TEST(SoftMaxTest, WhatOnlyHelpsIsTakenWhole) {
  const MeshProblem problem = {.node_count = 2, .links = {{0, 1, 10}, {0, 1, 1000}}};
  SoftMax soft_max(problem);
  soft_max.SetLoad(std::vector<double>{10, 0});
  soft_max.SetPrices(1);
  FlowDirection direction;
  direction.Add(0, -0.5);
  direction.Add(1, 0.005);
  EXPECT_EQ(soft_max.StepAlong(direction, 1), 1);
  EXPECT_EQ(soft_max.StepAlong(direction, 0.25), 0.25);
  EXPECT_GT(soft_max.PromiseOf(direction).gain, 0);
  FlowDirection back;
  back.Add(0, 0.5);
  back.Add(1, -0.005);
  EXPECT_EQ(soft_max.StepAlong(back, 1), 0);
  EXPECT_EQ(soft_max.PromiseOf(back).step, 0);
}

TEST(SoftMaxTest, PricesThatHaveVanishedComeBack) {
  const MeshProblem problem = {.node_count = 2, .links = {{0, 1, 1}, {0, 1, 1}}};
  SoftMax soft_max(problem);
  soft_max.SetLoad(std::vector<double>{1, 0.99});
  soft_max.SetPrices(1e-5);  // exp(-1,100) is 0
  EXPECT_NEAR(soft_max.length()[1], 1e-7, 1e-12);
  // Up to the top in steps so small that each changes the price by a factor.
  const double step = 1e-7;
  for (int i = 0; i < 100'000; ++i) soft_max.Add(1, step);
  EXPECT_NEAR(soft_max.length()[1], 1, 1e-2);
}

TEST(SoftMaxTest, StepsOverTheRangeOfExpStayFigures) {
  for (const double far : {1e3, 1e9, 1e18, 1e30}) {
    const MeshProblem problem = {.node_count = 2, .links = {{0, 1, 1}, {0, 1, 1 / far}, {0, 1, 1}}};
    SoftMax soft_max(problem);
    soft_max.SetLoad(std::vector<double>{1, 0, 0.5});
    soft_max.SetPrices(1e-6);
    FlowDirection direction;
    direction.Add(0, -1);
    direction.Add(1, far);
    direction.Add(2, 0.1);
    const double step = soft_max.StepAlong(direction, 1);
    EXPECT_TRUE(step >= 0 && step <= 1 && step * far <= 1.1) << far << ": " << step;
  }
}

}  // namespace
}  // namespace waymark

#include "controller/compute/mesh/failure_states.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "controller/compute/mesh/mesh_testing.h"
#include "controller/compute/mesh/optimize.h"

namespace waymark {
namespace {

// Every set of elements, by hand.
std::vector<FailureState> AllStates(const std::vector<double>& probability) {
  std::vector<FailureState> all;
  for (uint32_t set = 0; set < uint32_t{1} << probability.size(); ++set) {
    FailureState& state = all.emplace_back(FailureState{1, {}});
    for (size_t i = 0; i < probability.size(); ++i) {
      const bool down = (set >> i & 1) != 0;
      state.probability *= down ? probability[i] : 1 - probability[i];
      if (down) state.down.push_back(static_cast<int32_t>(i));
    }
  }
  return all;
}

TEST(FailureStatesTest, AreAllThoseAboveTheCutOffByFallingProbability) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 40; ++i) {
    std::vector<double> probability;
    for (size_t e = 0; e < random() % 9; ++e) {
      probability.push_back(random() % 5 == 0 ? 0 : static_cast<double>(random() % 500) / 1000);
    }
    const double cut_off = i % 2 == 0 ? 1e-3 : 1e-300;
    const auto listed = ListFailureStates(probability, {.cut_off = cut_off});
    ASSERT_TRUE(listed.ok());
    std::vector<std::vector<int32_t>> expected, found;
    double mass = 0;
    for (const FailureState& state : AllStates(probability)) {
      if (state.probability < cut_off * (1 + 1e-9)) continue;
      expected.push_back(state.down);
      mass += state.probability;
    }
    double before = 1;
    for (const FailureState& state : listed->states) {
      EXPECT_LE(state.probability, before * (1 + 1e-12));
      before = state.probability;
      found.push_back(state.down);
    }
    std::ranges::sort(expected);
    std::ranges::sort(found);
    EXPECT_EQ(found, expected);
    EXPECT_NEAR(listed->mass, mass, 1e-12);
    EXPECT_NEAR(listed->residual(), 1 - mass, 1e-12);
  }
}

TEST(FailureStatesTest, AvailabilityIsThatOfAllStatesOneByOne) {
  std::mt19937_64 random(2);
  double partly = 0;
  for (int i = 0; i < 30; ++i) {
    const MeshProblem problem = SmallMesh(random, 7);
    if (problem.links.empty()) continue;
    const auto plan = OptimizeMesh(problem, {});
    std::vector<double> probability;
    std::vector<std::vector<int32_t>> links;
    for (int element = 0; element < 6; ++element) {
      probability.push_back(0.01 * static_cast<double>(1 + random() % 20));
      links.push_back({static_cast<int32_t>(random() % problem.links.size())});
      if (element == 0) links[0].push_back(static_cast<int32_t>(random() % problem.links.size()));
    }
    std::vector<double> served(problem.demands.size(), 0);
    for (const FailureState& state : AllStates(probability)) {
      std::vector<bool> down(problem.links.size(), false);
      for (const int32_t element : state.down) {
        for (const int32_t link : links[element]) down[link] = true;
      }
      // Loads by hand: each route that is left carries its share of what is left.
      std::vector<double> load(problem.links.size(), 0);
      const auto left = [&](const WeightedRoute& route) {
        return std::ranges::none_of(route.links, [&](int32_t link) { return down[link]; });
      };
      for (size_t d = 0; d < problem.demands.size(); ++d) {
        double total = 0;
        for (const WeightedRoute& route : plan->routes.pair(d)) total += left(route) * route.weight;
        for (const WeightedRoute& route : plan->routes.pair(d)) {
          if (!left(route)) continue;
          for (const int32_t link : route.links) {
            load[link] += problem.demands[d].rate * route.weight / total;
          }
        }
      }
      for (size_t d = 0; d < problem.demands.size(); ++d) {
        bool has = problem.demands[d].rate <= 0, fits = true;
        for (const WeightedRoute& route : plan->routes.pair(d)) {
          if (!left(route)) continue;
          has = true;
          for (const int32_t link : route.links) {
            fits &= load[link] <= problem.links[link].capacity * (1 + 1e-7) ||
                    problem.demands[d].rate <= 0;
          }
        }
        if (has && fits) served[d] += state.probability;
      }
    }
    const auto states = ListFailureStates(probability, {.cut_off = 1e-300});
    const MeshAvailability available = MeasureAvailability(problem, plan->routes, links, *states);
    for (size_t d = 0; d < served.size(); ++d) {
      EXPECT_NEAR(available.served[d], served[d], 1e-9) << i << " " << d;
      if (served[d] > 0.1 && served[d] < 0.9) ++partly;
    }
    // What is not listed is what may be missing.
    const auto some = ListFailureStates(probability, {.most_states = 5});
    const MeshAvailability least = MeasureAvailability(problem, plan->routes, links, *some);
    for (size_t d = 0; d < served.size(); ++d) {
      EXPECT_LE(least.served[d], served[d] + 1e-12);
      EXPECT_GE(least.served[d] + some->residual(), served[d] - 1e-12);
    }
  }
  EXPECT_GT(partly, 10);
}

TEST(FailureStatesTest, BadInputIsRefused) {
  const std::vector<double> high = {0.1, 0.6}, fine = {0.1};
  EXPECT_EQ(ListFailureStates(high, {}).status().message(),
            "probability[1]: is 0.6; must be 0 to 0.5");
  EXPECT_EQ(ListFailureStates(fine, {.cut_off = 0}).status().message(),
            "cut_off: is 0; must be above 0 and at most 1");
  EXPECT_FALSE(ListFailureStates(fine, {.most_states = 0}).ok());
}

}  // namespace
}  // namespace waymark

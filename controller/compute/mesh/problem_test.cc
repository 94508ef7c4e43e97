#include "controller/compute/mesh/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <utility>

namespace waymark {
namespace {

MeshProblem Good() {
  return {.node_count = 3,
          .links = {{0, 1, 10}, {1, 2, 0}, {0, 1, 5}},
          .demands = {{0, 1, 1}, {0, 2, 0}, {1, 0, kMostMeshRate}}};
}

TEST(MeshProblemTest, GoodOnesPass) {
  EXPECT_TRUE(CheckMeshProblem(Good()).ok());
  EXPECT_TRUE(CheckMeshProblem({}).ok());
  MeshProblem bounded = Good();
  bounded.links[0].delay = 3;
  bounded.max_delay = 1e9;
  bounded.max_hops = 1;
  bounded.max_stretch = 1;
  EXPECT_TRUE(CheckMeshProblem(bounded).ok());
}

TEST(MeshProblemTest, BadFieldsAreNamed) {
  const struct {
    std::function<void(MeshProblem&)> spoil;
    std::string message;
  } kCases[] = {
      {[](auto& p) { p.node_count = -1; }, "node_count is -1: give 0 to 100000"},
      {[](auto& p) { p.node_count = kMostMeshNodes + 1; }, "node_count is 100001"},
      {[](auto& p) { p.links[1].from = -1; }, "links[1].from is -1: there are nodes 0 to 2"},
      {[](auto& p) { p.links[2].to = 3; }, "links[2].to is 3"},
      {[](auto& p) { p.links[0].to = 0; }, "links[0].to is 0 as from is"},
      {[](auto& p) { p.links[0].capacity = -1; }, "links[0].capacity is -1: give 0 to 1e+18"},
      {[](auto& p) { p.links[0].capacity = std::nan(""); }, "links[0].capacity is nan"},
      {[](auto& p) { p.links[0].capacity = INFINITY; }, "links[0].capacity is inf"},
      {[](auto& p) { p.links[0].capacity = 1e-300; },
       "links[0].capacity is 1e-300: give 0 or at least 1e-18"},
      {[](auto& p) { p.links[1].delay = -2; }, "links[1].delay is -2: give 0 to 1e+18"},
      {[](auto& p) { p.links[1].delay = std::nan(""); }, "links[1].delay is nan"},
      {[](auto& p) { p.max_delay = -1; }, "max_delay is -1: give 0 to 1e+18"},
      {[](auto& p) { p.max_delay = INFINITY; }, "max_delay is inf"},
      {[](auto& p) { p.max_delay = std::nan(""); }, "max_delay is nan"},
      {[](auto& p) { p.max_hops = -1; }, "max_hops is -1: give 0 (no bound) or more"},
      {[](auto& p) { p.max_stretch = 0.99; }, "max_stretch is 0.99: give 0 (no bound), or 1 or"},
      {[](auto& p) { p.max_stretch = std::nan(""); }, "max_stretch is nan"},
      {[](auto& p) { p.demands[1].to = 7; }, "demands[1].to is 7"},
      {[](auto& p) { p.demands[2].to = 1; }, "demands[2].to is 1 as from is"},
      {[](auto& p) { p.demands[0].rate = -0.5; }, "demands[0].rate is -0.5"},
      {[](auto& p) { p.demands[0].rate = 1.1e18; }, "demands[0].rate is 1.1e+18"},
      {[](auto& p) { p.demands[1].to = 1; }, "demands[1].from and to do not come after"},
      {[](auto& p) { std::swap(p.demands[1], p.demands[2]); }, "demands[2].from and to"},
  };
  for (const auto& [spoil, message] : kCases) {
    MeshProblem problem = Good();
    spoil(problem);
    const absl::Status status = CheckMeshProblem(problem);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(message));
  }
}

}  // namespace
}  // namespace waymark

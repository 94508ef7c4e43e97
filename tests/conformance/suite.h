// The fixture of the conformance suite. A test program that wants the suite run against its world
// links the suite and says
//   INSTANTIATE_TEST_SUITE_P(Linux, DataPlaneConformance, ::testing::Values(WorldFactory{...}),
//   WorldName);
#ifndef WAYMARK_TESTS_CONFORMANCE_SUITE_H_
#define WAYMARK_TESTS_CONFORMANCE_SUITE_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "tests/conformance/carrier.h"
#include "tests/conformance/world.h"

namespace waymark {

class DataPlaneConformance : public ::testing::TestWithParam<WorldFactory> {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<DataPlaneWorld>> made = GetParam().make();
    // Where the right to namespaces is known to be there, a world that can't be made is a failure.
    if (absl::IsFailedPrecondition(made.status()) && !std::getenv("WAYMARK_REQUIRE_KERNEL")) {
      GTEST_SKIP() << made.status();
    }
    ASSERT_TRUE(made.ok()) << made.status();
    world_ = *std::move(made);
    carrier_ = std::make_unique<TestCarrier>(*world_);
  }

  // Switches a, b, c in a line with a host at each: ha, hb, hc; policies of one color between all.
  void MakeThreeSites(uint32_t color) {
    carrier().AddLine({"a", "b", "c"});
    carrier().PutRoutes();
    carrier().PutMesh(color, 0, {"a", "b", "c"});
    for (const char* node : {"a", "b", "c"}) carrier().AddHost(std::string("h") + node, node);
  }

  // a and d, joined three ways: by b, by c, and by two parallel links a-d and a-d2. An E-LAN 100 of
  // hosts ha and hd. Frames of `default_color` come back from d on the first direct link.
  void MakeDiamond(const AttachmentSpec& spec) {
    for (const char* node : {"a", "b", "c", "d"}) carrier().AddSwitch(node);
    carrier().AddLink("a", "b");
    carrier().AddLink("b", "d");
    carrier().AddLink("a", "c");
    carrier().AddLink("c", "d");
    carrier().AddLink("a", "d");
    carrier().AddLink("a", "d", "2");
    carrier().PutRoutes();
    carrier().AddHost("ha", "a");
    carrier().AddHost("hd", "d");
    carrier().PutPolicy("d", "a", {.color = spec.default_color, .working = {{"d-a"}}});
    carrier().PutService(100, southbound::v1::INSTANCE_E_LAN, {"ha", "hd"}, spec);
  }

  DataPlaneWorld& world() { return *world_; }
  TestCarrier& carrier() { return *carrier_; }

 private:
  std::unique_ptr<DataPlaneWorld> world_;
  std::unique_ptr<TestCarrier> carrier_;
};

inline std::string WorldName(const ::testing::TestParamInfo<WorldFactory>& info) {
  return info.param.name;
}

}  // namespace waymark

#endif  // WAYMARK_TESTS_CONFORMANCE_SUITE_H_

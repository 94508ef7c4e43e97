// The common suite, and what only a kernel can get wrong.
#include <string>
#include <vector>

#include "tests/conformance/linux_world.h"
#include "tests/conformance/suite.h"
#include "tests/lab/process.h"

namespace waymark {
namespace {

using southbound::v1::INSTANCE_E_LAN;

constexpr uint32_t kColor = 7;

INSTANTIATE_TEST_SUITE_P(Linux, DataPlaneConformance,
                         ::testing::Values(WorldFactory{"Kernel",
                                                        &MakeLinuxWorld}),
                         WorldName);

class LinuxConformance : public DataPlaneConformance {
protected:
  std::string RunIn(const std::string &node, std::vector<std::string> command) {
    command.insert(command.begin(),
                   {"ip", "netns", "exec", LinuxNamespace(world(), node)});
    absl::StatusOr<std::string> output = lab::RunChecked(command);
    EXPECT_TRUE(output.ok()) << output.status();
    return output.value_or("");
  }
};

INSTANTIATE_TEST_SUITE_P(Linux, LinuxConformance,
                         ::testing::Values(WorldFactory{"Kernel",
                                                        &MakeLinuxWorld}),
                         WorldName);

// Whoever flushes the ruleset stops traffic; he does not send it where its
// class may not go.
TEST_P(LinuxConformance, NothingLeavesWithoutSteering) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hb", "hc"},
                       {.default_color = kColor});
  carrier().Acquaint("ha", "hc");
  // Only ours: the counters of this test are nftables' too.
  RunIn("a", {"nft", "delete", "table", "ip6", "waymark"});
  std::string known, flooded;
  const auto crossed = carrier().Crossed([&] {
    known = carrier().Send("ha", "hc");
    flooded = carrier().SendTo("ha", {});
  });
  EXPECT_TRUE(crossed.empty()) << crossed.begin()->first;
  EXPECT_TRUE(carrier().Absent("hc", known));
  EXPECT_TRUE(carrier().Absent("hb", flooded));

  const auto report = world().At("a").Reconcile(carrier().Expected("a"), true);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->failed.empty());
  EXPECT_FALSE(report->repaired.empty());
  EXPECT_TRUE(carrier().Arrives("hc", carrier().Send("ha", "hc")));
}

} // namespace
} // namespace waymark

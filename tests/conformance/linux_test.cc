// The common suite, and what only a kernel can get wrong.
#include <string>
#include <vector>

#include "tests/conformance/linux_world.h"
#include "tests/conformance/suite.h"
#include "tests/lab/process.h"

namespace waymark {
namespace {

using southbound::v1::INSTANCE_E_LAN;
using southbound::v1::INSTANCE_E_LINE;

constexpr uint32_t kColor = 7;

INSTANTIATE_TEST_SUITE_P(Linux, DataPlaneConformance,
                         ::testing::Values(WorldFactory{"Kernel", &MakeLinuxWorld}), WorldName);

class LinuxConformance : public DataPlaneConformance {
 protected:
  std::string RunIn(const std::string& node, std::vector<std::string> command) {
    command.insert(command.begin(), {"ip", "netns", "exec", LinuxNamespace(world(), node)});
    absl::StatusOr<std::string> output = lab::RunChecked(command);
    EXPECT_TRUE(output.ok()) << output.status();
    return output.value_or("");
  }
};

INSTANTIATE_TEST_SUITE_P(Linux, LinuxConformance,
                         ::testing::Values(WorldFactory{"Kernel", &MakeLinuxWorld}), WorldName);

// Whoever flushes the ruleset stops traffic; he does not send it where its class may not go.
TEST_P(LinuxConformance, NothingLeavesWithoutSteering) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hb", "hc"}, {.default_color = kColor});
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

// The switch has addresses of its own, whatever for. A customer must not find them.
TEST_P(LinuxConformance, CustomersDoNotReachTheSwitchItself) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hb"}, {.default_color = kColor});
  // An E-Line that has no attachment at this end yet.
  carrier().Put("a", carrier().InstanceObjectOf(300, INSTANCE_E_LINE, {"c"}));
  carrier().Put("c", carrier().InstanceObjectOf(300, INSTANCE_E_LINE, {"a"}));
  carrier().Put("c", carrier().AttachmentObjectOf("hc", 300, {.default_color = kColor}));
  const std::string reserved("\x01\x80\xc2\x00\x00\x0e", 6);
  // What frames.h addresses to a broadcast, to `reserved` and to host 1.
  for (const char* address : {"10.0.0.255/32", "10.0.0.14/32", "10.0.0.1/32"}) {
    RunIn("a", {"ip", "address", "add", address, "dev", "lo"});
  }
  const auto received = [&] {
    return RunIn("a", {"awk", "/^Ip: [0-9]/ { print $4 }", "/proc/net/snmp"});
  };
  const std::string before = received();
  const std::string lan = carrier().SendTo("ha", {});
  EXPECT_TRUE(carrier().Arrives("hb", lan));
  carrier().SendTo("ha", {.to = reserved});
  carrier().SendTo("hb", {});
  carrier().SendTo("hc", {});
  // Who has 10.0.0.255?
  const std::string arp("\x00\x01\x08\x00\x06\x04\x00", 7);
  const std::string mac = carrier().Mac("ha");
  const std::string question = arp + "\x01" + mac + std::string("\x0a\x00\x00\x4d", 4) +
                               std::string(6, '\0') + std::string("\x0a\x00\x00\xff", 4);
  carrier().SendRaw("ha", MakeRawFrame(kBroadcastMac, mac, 0x0806, question));
  EXPECT_TRUE(carrier().Arrives("hb", question)) << "bridged as ever";
  EXPECT_TRUE(carrier().Absent("ha", arp + "\x02"));
  EXPECT_EQ(received(), before);
}

}  // namespace
}  // namespace waymark

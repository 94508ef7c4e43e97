// What an agent may rely on: idempotence, restart without a trace, repair of drift, retry, any
// legal order.
#include <algorithm>
#include <set>

#include "controller/base/object.h"
#include "tests/conformance/suite.h"

namespace waymark {
namespace {

using southbound::v1::INSTANCE_E_LAN;
using southbound::v1::Object;

using Links = std::set<std::string>;

constexpr uint32_t kColor = 1;
const Links kAcross = {"a-b", "b-c"};

bool Contains(const std::vector<std::string>& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

TEST_P(DataPlaneConformance, PutTwiceChangesNothing) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hc"}, {.default_color = kColor});
  carrier().Acquaint("ha", "hc");
  for (const char* node : {"a", "b", "c"}) {
    for (const Object& object : carrier().Expected(node)) carrier().Put(node, object);
  }
  // Not even a learned address is lost: a flooded frame would reach the switch between too.
  EXPECT_EQ(carrier().PathTaken("ha", "hc"), kAcross);
}

TEST_P(DataPlaneConformance, RemoveTwiceIsFine) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hc"}, {.default_color = kColor});
  carrier().Acquaint("ha", "hc");
  std::vector<Object> objects = carrier().Expected("a");
  std::reverse(objects.begin(), objects.end());
  for (const Object& object : objects) {
    carrier().Remove("a", object);
    carrier().Remove("a", object);
  }
  EXPECT_TRUE(carrier().Absent("hc", carrier().Send("ha", "hc")));
  // And all of it can be put again.
  std::reverse(objects.begin(), objects.end());
  for (const Object& object : objects) carrier().Put("a", object);
  carrier().Acquaint("ha", "hc");
  EXPECT_EQ(carrier().PathTaken("ha", "hc"), kAcross);
}

TEST_P(DataPlaneConformance, ReopenedHandleFindsEverythingInPlace) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hc"}, {.default_color = kColor});
  carrier().Acquaint("ha", "hc");
  for (const char* node : {"a", "b", "c"}) {
    SCOPED_TRACE(node);
    ASSERT_TRUE(world().Reopen(node).ok());
    EXPECT_TRUE(carrier().Arrives("hc", carrier().Send("ha", "hc"))) << "before it reconciles";
    const std::vector<Object> expected = carrier().Expected(node);
    const auto report = world().At(node).Reconcile(expected, true);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->kept.size(), expected.size());
    EXPECT_TRUE(report->repaired.empty()) << report->repaired.front();
    EXPECT_TRUE(report->removed.empty()) << report->removed.front();
    EXPECT_TRUE(report->failed.empty()) << report->failed.front().second;
    EXPECT_EQ(carrier().PathTaken("ha", "hc"), kAcross);
  }
  // The new handles work: an object changes through one.
  carrier().Remove("a", carrier().PolicyObjectOf("a", "c", {.color = kColor}));
  EXPECT_TRUE(carrier().Absent("hc", carrier().Send("ha", "hc")));
}

TEST_P(DataPlaneConformance, ReopenedHandleHearsEvents) {
  MakeThreeSites(kColor);
  ASSERT_TRUE(world().Reopen("a").ok());
  ASSERT_TRUE(world().At("a").Reconcile(carrier().Expected("a"), true).ok());
  ASSERT_TRUE(world().CutWire(carrier().Wire("a-b")).ok());
  EXPECT_TRUE(world().WaitFor(
      [&] {
        for (const auto& event : world().TakeEvents("a")) {
          if (event.link().link() == "a-b" && !event.link().up()) return true;
        }
        return false;
      },
      TestCarrier::kDeadline));
}

TEST_P(DataPlaneConformance, ReconcileRepairsDrift) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hc"}, {.default_color = kColor});
  carrier().Acquaint("ha", "hc");
  const Object policy =
      carrier().PolicyObjectOf("a", "c", {.color = kColor, .working = {{"a-b", "b-c"}}});
  for (const Object& lost : {policy, carrier().LinkObjectOf("a-b")}) {
    const std::string key = ObjectKey(lost);
    SCOPED_TRACE(key);
    ASSERT_TRUE(world().Drift("a", lost).ok());
    EXPECT_TRUE(carrier().Absent("hc", carrier().Send("ha", "hc"))) << "the hook must take";

    const std::vector<Object> expected = carrier().Expected("a");
    auto report = world().At("a").Reconcile(expected, false);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(Contains(report->repaired, key));
    EXPECT_TRUE(carrier().Absent("hc", carrier().Send("ha", "hc"))) << "only reported";

    report = world().At("a").Reconcile(expected, true);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(Contains(report->repaired, key));
    EXPECT_EQ(report->kept.size() + report->repaired.size(), expected.size());
    EXPECT_TRUE(carrier().Arrives("hc", carrier().Send("ha", "hc")));

    report = world().At("a").Reconcile(expected, true);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->kept.size(), expected.size());
  }
}

TEST_P(DataPlaneConformance, ReconcileRemovesTheUnexpected) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hc"}, {.default_color = kColor});
  carrier().Acquaint("ha", "hc");
  std::vector<Object> expected = carrier().Expected("a");
  const std::string policy = PolicyKey(kColor, carrier().Sid("c"));
  std::erase_if(expected, [&](const Object& object) { return ObjectKey(object) == policy; });
  auto report = world().At("a").Reconcile(expected, false);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->removed, std::vector<std::string>{policy});
  EXPECT_TRUE(carrier().Arrives("hc", carrier().Send("ha", "hc"))) << "only reported";
  report = world().At("a").Reconcile(expected, true);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->removed, std::vector<std::string>{policy});
  EXPECT_EQ(report->kept.size(), expected.size());
  EXPECT_TRUE(carrier().Absent("hc", carrier().Send("ha", "hc")));
}

TEST_P(DataPlaneConformance, MissingInterfaceIsUnavailableUntilItExists) {
  MakeThreeSites(kColor);
  carrier().Put("a", carrier().InstanceObjectOf(100, INSTANCE_E_LAN, {"c"}));
  carrier().Put("c", carrier().InstanceObjectOf(100, INSTANCE_E_LAN, {"a"}));
  carrier().Put("a", carrier().AttachmentObjectOf("ha", 100, {.default_color = kColor}));
  const Object late = carrier().AttachmentObjectOf("late", 100, {.default_color = kColor});
  EXPECT_TRUE(absl::IsUnavailable(world().At("c").Put(late)));
  EXPECT_TRUE(absl::IsUnavailable(world().At("c").Put(late))) << "again";
  world().TakeEvents("c");
  carrier().AddHost("late", "c");
  // A link event tells the agent to try again.
  EXPECT_TRUE(world().WaitFor(
      [&] {
        for (const auto& event : world().TakeEvents("c")) {
          if (event.has_link() && event.link().up()) return true;
        }
        return false;
      },
      TestCarrier::kDeadline));
  carrier().Put("c", late);
  EXPECT_TRUE(carrier().Arrives("late", carrier().SendTo("ha", {})));

  Object link = carrier().LinkObjectOf("a-b");
  link.mutable_link()->set_link("a-x");
  link.mutable_link()->set_interface("a-x");
  link.mutable_link()->set_adjacency_sid(0x9000);
  EXPECT_TRUE(absl::IsUnavailable(world().At("a").Put(link)));
}

TEST_P(DataPlaneConformance, OrderOfPoliciesAndServicesDoesNotMatter) {
  carrier().AddLine({"a", "b", "c"});
  carrier().PutRoutes();
  carrier().AddHost("ha", "a");
  carrier().AddHost("hc", "c");
  // The service before its policies; then the policies before another service.
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hc"}, {.default_color = kColor});
  EXPECT_TRUE(carrier().Absent("hc", carrier().SendTo("ha", {})));
  carrier().PutMesh(kColor, 0, {"a", "c"});
  carrier().Acquaint("ha", "hc");
  EXPECT_EQ(carrier().PathTaken("ha", "hc"), kAcross);
  carrier().AddHost("xa", "a");
  carrier().AddHost("xc", "c");
  carrier().PutService(200, INSTANCE_E_LAN, {"xa", "xc"}, {.default_color = kColor});
  carrier().Acquaint("xa", "xc");
  EXPECT_EQ(carrier().PathTaken("xa", "xc"), kAcross);
}

TEST_P(DataPlaneConformance, RemovedAttachmentIsCutOff) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hb", "hc"}, {.default_color = kColor});
  carrier().Acquaint("ha", "hc");
  carrier().Remove("c", carrier().AttachmentObjectOf("hc", 100, {.default_color = kColor}));
  const std::string text = carrier().SendTo("ha", {});
  EXPECT_TRUE(carrier().Arrives("hb", text)) << "the others are not touched";
  EXPECT_TRUE(carrier().Absent("hc", text));
  EXPECT_TRUE(carrier().Absent("ha", carrier().SendTo("hc", {})));
}

}  // namespace
}  // namespace waymark

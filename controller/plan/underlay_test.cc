#include <gtest/gtest.h>

#include <functional>

#include "controller/compute/test_network.h"
#include "controller/plan/test_carrier.h"

namespace waymark {
namespace {

TEST(UnderlayTest, QueuesOfAllClasses) {
  const Plan plan = TestCarrier().MakePlan();
  const auto& node = plan.objects.at("zrh").Find("node:")->node();
  ASSERT_EQ(node.queues_size(), 4);  // 0, 1, 4, 6
  uint32_t total = 0;
  for (const auto& queue : node.queues()) total += queue.permille();
  EXPECT_EQ(total, 1000u);
  EXPECT_EQ(node.queues(1).dscp(0), 10u);
  EXPECT_EQ(node.queues(2).permille(), 1000u * 5 / 15);
  EXPECT_EQ(node.queues(3).dscp(0), 46u);
}

TEST(UnderlayTest, LinkObjects) {
  const Plan plan = TestCarrier().MakePlan();
  const auto& there = plan.objects.at("zrh").Find("link:zrh--gva")->link();
  const auto& back = plan.objects.at("gva").Find("link:gva--zrh")->link();
  EXPECT_EQ(there.reverse_sid(), back.adjacency_sid());
  EXPECT_EQ(back.neighbor_sid(), plan.objects.at("zrh").Find("node:")->node().node_sid());
  EXPECT_FALSE(there.interface().empty());
}

// However many links fail at once, what each switch does alone (the first of its links that is up)
// sends no packet in a loop: it arrives or is dropped.
TEST(UnderlayTest, RoutesArriveAndAlternatesMakeNoLoop) {
  std::mt19937 random(5);
  int alternates = 0, aside = 0;
  for (int round = 0; round < 200; ++round) {
    const auto snapshot = RandomNetwork(random, 7, 16);
    const Intents intents;
    const std::set<std::string> down;
    const std::map<std::string, stored::v1::Placement> placements;
    const Plan plan = MakePlan({*snapshot, intents, down, placements, {}});
    const auto route = [&](NodeId at, NodeId to) -> const southbound::v1::RouteObject* {
      const auto* object = plan.objects.at(std::string(ResourceId(snapshot->node(at).name)))
                               .Find("route:" + std::to_string(snapshot->node(to).node_sid));
      return object == nullptr ? nullptr : &object->route();
    };
    const int share = round % 4;  // how many of four links have failed
    std::vector<bool> failed(snapshot->links().size());
    for (size_t i = 0; i < failed.size(); ++i) failed[i] = static_cast<int>(random() % 4) < share;
    for (int i = 0; i < 7; ++i) {
      for (int j = 0; j < 7; ++j) {
        const NodeId from{i}, to{j};
        if (i == j || route(from, to) == nullptr) continue;
        alternates += route(from, to)->links_size() - 1;
        NodeId at = from;
        for (int hops = 0; at != to; ++hops) {
          ASSERT_LT(hops, 7);
          ASSERT_NE(route(at, to), nullptr);
          NodeId next = NodeId::kNone;
          for (const std::string& name : route(at, to)->links()) {
            const LinkId link = *snapshot->FindLink("links/" + name);
            if (failed[Index(link)]) continue;
            next = snapshot->link(link).target;
            aside += name != route(at, to)->links(0);
            break;
          }
          if (next == NodeId::kNone) break;
          at = next;
        }
        if (share == 0) {
          EXPECT_EQ(at, to);
        }
      }
    }
  }
  EXPECT_GT(alternates, 1000);
  EXPECT_GT(aside, 300);
}

TEST(UnderlayTest, MaintenanceAndDownLinks) {
  TestCarrier carrier;
  const auto first = [&] {
    const Plan plan = carrier.MakePlan();
    const uint32_t lon = plan.objects.at("lon").Find("node:")->node().node_sid();
    return plan.objects.at("zrh").Find("route:" + std::to_string(lon))->route().links(0);
  };
  EXPECT_EQ(first(), "zrh--par");
  carrier.network.Link("links/zrh--par").set_admin_state(v1::AVOID);
  EXPECT_EQ(first(), "zrh--fra");
  carrier.links_down = {"links/lon--fra"};
  carrier.network.Link("links/zrh--par").set_admin_state(v1::FORBID);
  EXPECT_EQ(first(), "zrh--gva");
}

}  // namespace
}  // namespace waymark

#include "controller/compute/path_risks.h"

#include <gtest/gtest.h>

#include "controller/compute/risk_oracle.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

TEST(PathRisksTest, RisksOfEveryPathAreTheWords) {
  std::mt19937 random(51);
  for (int round = 0; round < 2000; ++round) {
    const int nodes = 2 + static_cast<int>(random() % 5);
    const auto snapshot = RandomNetwork(random, nodes, 3 + static_cast<int>(random() % 10));
    const SearchGraph graph(*snapshot, {}, {.ignore_forbid = true});
    const NodeId from{0}, to{nodes - 1};
    const Protection protection = RandomProtection(random);
    const PathRisks risks(*snapshot, protection, from, to);
    for (const ComputedPath& path : AllPaths(graph, from, to)) {
      const auto names = risks.Names(risks.Of(path.links));
      const auto words = RisksInWords(*snapshot, protection, from, to, path);
      ASSERT_EQ(std::set<std::string>(names.begin(), names.end()), words) << round;
      ASSERT_EQ(names.size(), words.size());
    }
    for (int32_t risk = 0; risk < risks.size(); ++risk) {
      std::vector<LinkId> takers;
      for (size_t i = 0; i < snapshot->links().size(); ++i) {
        const LinkId link{static_cast<int32_t>(i)};
        if (std::ranges::binary_search(risks.Of({{link}}), risk)) takers.push_back(link);
      }
      ASSERT_EQ(risks.LinksOf(risk), takers) << round;
    }
  }
}

TEST(PathRisksTest, BuildingsAreOfTheirTypeAlone) {
  TestNetwork network;
  network.Srlg("duct", v1::DUCT);
  network.Srlg("hall", v1::BUILDING);
  network.Srlg("landing", v1::LANDING_STATION);
  network.Srlg("power", v1::POWER);
  network.Node("a");
  network.Node("m").add_srlgs("srlgs/hall");
  network.Node("b");
  v1::Link& link = network.OneWay("a", "m");
  for (const char* group : {"srlgs/duct", "srlgs/landing", "srlgs/power"}) link.add_srlgs(group);
  const auto snapshot = network.Build();
  const NodeId a = *snapshot->FindNode("nodes/a"), b = *snapshot->FindNode("nodes/b");
  const auto names = [&](const Protection& protection) {
    const PathRisks risks(*snapshot, protection, a, b);
    return risks.Names(risks.Of({{LinkId{0}}}));
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names({.link = true, .building = true}),
            (Names{"links/a--m", "srlgs/hall", "srlgs/landing"}));
  EXPECT_EQ(names({.link = true, .srlg = true, .building = true}),
            (Names{"links/a--m", "srlgs/duct", "srlgs/hall", "srlgs/landing", "srlgs/power"}));
  EXPECT_EQ(names({.link = true}), (Names{"links/a--m"}));
}

}  // namespace
}  // namespace waymark

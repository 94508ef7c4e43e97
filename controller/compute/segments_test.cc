#include "controller/compute/segments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "controller/compute/segment_oracle.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using LinkPath = std::vector<LinkId>;

// Joined end to end, no node twice, over links that are up; empty when the first step fails.
LinkPath RandomPath(std::mt19937& random, const Snapshot& snapshot, const LinkState& state) {
  NodeId at = static_cast<NodeId>(random() % snapshot.nodes().size());
  std::vector<bool> seen(snapshot.nodes().size(), false);
  seen[Index(at)] = true;
  LinkPath path;
  const size_t most = 1 + random() % snapshot.nodes().size();
  while (path.size() < most) {
    LinkPath next;
    for (const LinkId link : snapshot.out_links(at)) {
      if (state.IsUp(link) && !seen[Index(snapshot.link(link).target)]) next.push_back(link);
    }
    if (next.empty()) break;
    path.push_back(next[random() % next.size()]);
    at = snapshot.link(path.back()).target;
    seen[Index(at)] = true;
  }
  return path;
}

LinkState RandomLinkState(std::mt19937& random, const Snapshot& snapshot) {
  LinkState state(snapshot);
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    if (random() % 8 == 0) state.SetDown(static_cast<LinkId>(i));
  }
  return state;
}

std::vector<uint32_t> Sids(const Snapshot& snapshot, const std::vector<Segment>& segments) {
  std::vector<uint32_t> sids;
  EXPECT_TRUE(ToSids(snapshot, segments, &sids).ok());
  return sids;
}

std::vector<uint32_t> Fewest(const Snapshot& snapshot, const LinkState* state,
                             const LinkPath& path) {
  UniqueShortestPaths table(snapshot, state);
  std::vector<Segment> segments;
  EncodeFewest(table, path, &segments);
  return Sids(snapshot, segments);
}

// Whether packets take exactly this path.
bool Gives(const Snapshot& snapshot, const LinkState* state, const std::vector<uint32_t>& sids,
           const LinkPath& path) {
  const auto paths = Forward(snapshot, state, snapshot.link(path.front()).source, sids);
  return paths.ok() && *paths == std::vector<LinkPath>{path};
}

TEST(SegmentsTest, DecodesToExactlyThePathThatWasEncoded) {
  std::mt19937 random(1);
  int paths = 0, shorter = 0;
  for (int round = 0; round < 4000; ++round) {
    const int nodes = 2 + static_cast<int>(random() % 12);
    const auto snapshot = RandomNetwork(random, nodes, static_cast<int>(random() % 40));
    const LinkState state = RandomLinkState(random, *snapshot);
    UniqueShortestPaths table(*snapshot, &state);
    for (int i = 0; i < 5; ++i) {
      const LinkPath path = RandomPath(random, *snapshot, state);
      if (path.empty()) continue;
      ++paths;
      std::vector<Segment> segments;
      EncodeStrict(path, &segments);
      EXPECT_EQ(segments.size(), path.size());
      EXPECT_TRUE(Gives(*snapshot, &state, Sids(*snapshot, segments), path)) << round;
      EncodeFewest(table, path, &segments);
      EXPECT_LE(segments.size(), path.size());
      shorter += segments.size() < path.size();
      EXPECT_TRUE(Gives(*snapshot, &state, Sids(*snapshot, segments), path)) << round;
    }
  }
  EXPECT_GT(paths, 10'000);
  EXPECT_GT(shorter, 1'000);
}

// By trying every list that is shorter.
bool SomeShorterGives(const Snapshot& snapshot, const LinkState& state,
                      const std::vector<uint32_t>& all, size_t length, const LinkPath& path,
                      std::vector<uint32_t>* list) {
  if (!list->empty()) {
    if (Gives(snapshot, &state, *list, path)) return true;
  }
  if (list->size() == length) return false;
  for (const uint32_t sid : all) {
    list->push_back(sid);
    const bool found = SomeShorterGives(snapshot, state, all, length, path, list);
    list->pop_back();
    if (found) return true;
  }
  return false;
}

TEST(SegmentsTest, NoShorterListGivesThePath) {
  std::mt19937 random(2);
  int three = 0;
  for (int round = 0; round < 1500; ++round) {
    const int nodes = 2 + static_cast<int>(random() % 5);
    const auto snapshot = RandomNetwork(random, nodes, static_cast<int>(random() % 12));
    const LinkState state = RandomLinkState(random, *snapshot);
    const LinkPath path = RandomPath(random, *snapshot, state);
    if (path.empty()) continue;
    const std::vector<uint32_t> fewest = Fewest(*snapshot, &state, path);
    if (fewest.size() > 3) continue;
    three += fewest.size() == 3;
    std::vector<uint32_t> all, list;
    for (const NodeInfo& node : snapshot->nodes()) all.push_back(node.node_sid);
    for (const LinkInfo& link : snapshot->links()) all.push_back(link.adjacency_sid);
    EXPECT_FALSE(SomeShorterGives(*snapshot, state, all, fewest.size() - 1, path, &list)) << round;
  }
  EXPECT_GT(three, 30);
}

TEST(SegmentsTest, TheTableKnowsTheOnlyShortestPaths) {
  std::mt19937 random(5);
  int one = 0, several = 0;
  for (int round = 0; round < 500; ++round) {
    const auto snapshot = RandomNetwork(random, 8, static_cast<int>(random() % 24));
    const LinkState state = RandomLinkState(random, *snapshot);
    UniqueShortestPaths table(*snapshot, &state);
    table.FillAll();
    for (int from = 0; from < 8; ++from) {
      for (int to = 0; to < 8; ++to) {
        if (from == to) continue;
        const NodeId a = static_cast<NodeId>(from), b = static_cast<NodeId>(to);
        const auto paths =
            Forward(*snapshot, &state, a, std::vector<uint32_t>{snapshot->node(b).node_sid});
        const bool only = paths.ok() && paths->size() == 1;
        ++(only ? one : several);
        EXPECT_EQ(table.FirstLink(a, b), only ? paths->front().front() : LinkId::kNone);
        EXPECT_EQ(table.LastLink(a, b), only ? paths->front().back() : LinkId::kNone);
      }
    }
  }
  EXPECT_GT(std::min(one, several), 1'000);
}

TEST(SegmentsTest, OneTableServesLazilyAndFilled) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    const auto snapshot = RandomNetwork(random, 10, 30);
    const LinkState state(*snapshot);
    UniqueShortestPaths filled(*snapshot);
    filled.FillAll();
    UniqueShortestPaths lazy(*snapshot);
    for (int i = 0; i < 5; ++i) {
      const LinkPath path = RandomPath(random, *snapshot, state);
      std::vector<Segment> a, b;
      EncodeFewest(lazy, path, &a);
      EncodeFewest(std::as_const(filled), path, &b);
      EXPECT_EQ(a, b);
    }
  }
}

// A network in which metrics may be as large as they get, and much is in gentle maintenance.
std::shared_ptr<const Snapshot> Maintained(std::mt19937& random, int nodes, uint32_t most_metric) {
  TestNetwork net;
  const v1::AdminState admins[] = {v1::ENABLED, v1::AVOID, v1::AVOID, v1::FORBID};
  for (int i = 0; i < nodes; ++i) {
    net.Node("n" + std::to_string(10 + i))
        .set_admin_state(admins[random() % 4 % (1 + random() % 4)]);
  }
  for (int i = 0; i < 3 * nodes; ++i) {
    const int from = static_cast<int>(random()) & 0xffff, step = static_cast<int>(random() % 7);
    net.OneWay("n" + std::to_string(10 + from % nodes),
               "n" + std::to_string(10 + (from + 1 + step) % nodes), 0,
               most_metric - static_cast<uint32_t>(random() % 3), "." + std::to_string(i))
        .set_admin_state(admins[random() % 4 % (1 + random() % 3)]);
  }
  return net.Build();
}

// Whatever carries it: 32 bits, or more where they do not hold all that a path may cost.
TEST(UnderlayPathsTest, MaintenanceFirstThenTheMetric) {
  using Cost = std::pair<int, int64_t>;  // places in gentle maintenance, metric
  std::mt19937 random(7);
  int reached = 0, gentle = 0;
  for (int round = 0; round < 60; ++round) {
    const int nodes = 20;
    const auto snapshot = Maintained(random, nodes, round % 2 == 0 ? 5 : (1 << 24) - 1);
    const LinkState state = RandomLinkState(random, *snapshot);
    const UnderlayPaths paths(*snapshot, &state);
    const auto cost = [&](const LinkInfo& link) {
      return Cost((link.admin == v1::AVOID) + (snapshot->node(link.target).admin == v1::AVOID),
                  link.igp_metric);
    };
    paths.ForEachTarget([&](NodeId target, std::span<const uint64_t> distance) {
      EXPECT_TRUE(std::ranges::equal(paths.DistancesTo(target), distance));
      // Bellman and Ford.
      const Cost far(1 << 20, 0);
      std::vector<Cost> least(nodes, far);
      least[static_cast<size_t>(Index(target))] = {0, 0};
      for (int i = 0; i < nodes; ++i) {
        for (size_t l = 0; l < snapshot->links().size(); ++l) {
          const LinkInfo& link = snapshot->links()[l];
          const Cost ahead = least[static_cast<size_t>(Index(link.target))];
          if (!state.IsUp(static_cast<LinkId>(l)) || link.admin == v1::FORBID || ahead == far ||
              snapshot->node(link.source).admin == v1::FORBID ||
              snapshot->node(link.target).admin == v1::FORBID) {
            continue;
          }
          const Cost step = cost(link);
          Cost& best = least[static_cast<size_t>(Index(link.source))];
          best = std::min(best, {ahead.first + step.first, ahead.second + step.second});
        }
      }
      for (size_t a = 0; a < least.size(); ++a) {
        EXPECT_EQ(distance[a] == UnderlayPaths::kUnreachable, least[a] == far);
        reached += least[a] != far;
        gentle += least[a] != far && least[a].first > 0;
        for (size_t b = 0; b < least.size(); ++b) {
          EXPECT_EQ(distance[a] < distance[b], least[a] < least[b]) << round;
        }
      }
    });
  }
  EXPECT_GT(reached, 5'000);
  EXPECT_GT(gentle, 2'000);
}

class Diamond : public testing::Test {
 protected:
  // a - b - d and a - c - d, equal cost; d - e.
  Diamond() {
    for (const char* id : {"a", "b", "c", "d", "e"}) net_.Node(id);
    for (const auto& [x, y] : {std::pair("a", "b"), {"b", "d"}, {"a", "c"}, {"c", "d"}, {"d", "e"}})
      net_.Fibre(x, y);
  }
  void Build() { snapshot_ = net_.Build(); }
  LinkPath Path(std::initializer_list<const char*> names) const {
    LinkPath path;
    for (const char* name : names) path.push_back(*snapshot_->FindLink(name));
    return path;
  }
  uint32_t Node(const char* name) const {
    return snapshot_->node(*snapshot_->FindNode(name)).node_sid;
  }
  uint32_t Link(const char* name) const {
    return snapshot_->link(*snapshot_->FindLink(name)).adjacency_sid;
  }

  TestNetwork net_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(Diamond, EqualCostPathsNeedOneMore) {
  Build();
  const LinkPath path = Path({"links/a--b", "links/b--d", "links/d--e"});
  EXPECT_THAT(Fewest(*snapshot_, nullptr, path), ElementsAre(Node("nodes/b"), Node("nodes/e")));
  // The end alone leaves both ways open.
  const auto both = Forward(*snapshot_, nullptr, *snapshot_->FindNode("nodes/a"),
                            std::vector<uint32_t>{Node("nodes/e")});
  ASSERT_TRUE(both.ok()) << both.status();
  EXPECT_THAT(*both, ElementsAre(path, Path({"links/a--c", "links/c--d", "links/d--e"})));
}

TEST_F(Diamond, OneIsEnoughWhereTheOtherWayIsDown) {
  Build();
  LinkState state(*snapshot_);
  state.SetDown(*snapshot_->FindLink("links/a--c"));
  EXPECT_THAT(Fewest(*snapshot_, &state, Path({"links/a--b", "links/b--d", "links/d--e"})),
              ElementsAre(Node("nodes/e")));
}

TEST_F(Diamond, ParallelLinksNeedTheAdjacency) {
  net_.Fibre("d", "e", 1000, 10, "-2");
  Build();
  const LinkPath path = Path({"links/b--d", "links/d--e"});
  EXPECT_THAT(Fewest(*snapshot_, nullptr, path), ElementsAre(Node("nodes/d"), Link("links/d--e")));
  EXPECT_THAT(Fewest(*snapshot_, nullptr, Path({"links/d--e"})), ElementsAre(Link("links/d--e")));
}

TEST_F(Diamond, MaintenanceMovesTheUnderlayAway) {
  net_.Link("links/a--c").set_admin_state(v1::AVOID);
  Build();
  EXPECT_THAT(Fewest(*snapshot_, nullptr, Path({"links/a--b", "links/b--d"})),
              ElementsAre(Node("nodes/d")));
  EXPECT_THAT(Fewest(*snapshot_, nullptr, Path({"links/a--c", "links/c--d"})),
              ElementsAre(Link("links/a--c"), Node("nodes/d")));
}

TEST_F(Diamond, SwitchesDropWhatIsNotTheirs) {
  Build();
  const NodeId a = *snapshot_->FindNode("nodes/a");
  const auto fate = [&](std::vector<uint32_t> sids) {
    const auto paths = Forward(*snapshot_, nullptr, a, sids);
    return paths.ok() ? "" : std::string(paths.status().message());
  };
  EXPECT_THAT(fate({Link("links/b--d")}), HasSubstr("nodes/a drops"));
  EXPECT_THAT(fate({Link("links/b--d")}), HasSubstr("not its adjacency"));
  EXPECT_THAT(fate({0x7ffe}), HasSubstr("no such node"));
  EXPECT_THAT(fate({0xfffe}), HasSubstr("no such adjacency"));
  EXPECT_EQ(fate({Node("nodes/b"), Link("links/b--d")}), "");
  // The far end consumes it too.
  EXPECT_EQ(fate({Link("links/b--a"), Node("nodes/b")}), "");
  const auto capped = Forward(*snapshot_, nullptr, a, std::vector<uint32_t>{Node("nodes/e")}, 1);
  EXPECT_EQ(capped.status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(SegmentsTest, TooLongAndUnnumberedAreSaid) {
  TestNetwork net;
  constexpr int kNodes = 67;
  for (int i = 0; i < kNodes; ++i) net.Node("n" + std::to_string(100 + i));
  for (int i = 0; i + 1 < kNodes; ++i) {
    net.Fibre("n" + std::to_string(100 + i), "n" + std::to_string(101 + i));
  }
  const auto snapshot = net.Build();
  LinkPath path;
  for (int i = 0; i + 1 < kNodes; ++i) {
    path.push_back(
        *snapshot->FindLink("links/n" + std::to_string(100 + i) + "--n" + std::to_string(101 + i)));
  }
  std::vector<Segment> segments;
  std::vector<uint32_t> sids;
  EncodeStrict(path, &segments);
  const absl::Status status = ToSids(*snapshot, segments, &sids);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("needs 66 uSIDs, a packet holds 64"));
  UniqueShortestPaths table(*snapshot);
  EncodeFewest(table, path, &segments);
  EXPECT_EQ(segments.size(), 1u);

  std::vector<v1::Node> nodes(snapshot->node_resources().begin(), snapshot->node_resources().end());
  nodes.back().set_node_sid(0);
  const std::vector<v1::Link> links(snapshot->link_resources().begin(),
                                    snapshot->link_resources().end());
  const auto bare = Snapshot::Build(nodes, links, {});
  ASSERT_TRUE(bare.ok()) << bare.status();
  const absl::Status unnumbered = ToSids(**bare, segments, &sids);
  EXPECT_EQ(unnumbered.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(unnumbered.message()), HasSubstr("nodes/n166 has no uSID"));
}

TEST(SegmentsTest, ContainersHoldSixInOrder) {
  std::mt19937 random(4);
  for (size_t size = 1; size <= static_cast<size_t>(kMaxUsids); ++size) {
    std::vector<uint32_t> sids;
    while (sids.size() < size) sids.push_back(1 + random() % 0xffff);
    const std::vector<Ipv6> containers = PackCarriers(sids);
    EXPECT_EQ(containers.size(), (size + 5) / 6);
    const auto back = UnpackCarriers(containers);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, sids);
    EXPECT_EQ(SegmentListMessage(sids).containers_size(), static_cast<int>(containers.size()));
  }
  EXPECT_THAT(SegmentListMessage(std::vector<uint32_t>{1, 2, 0x8003}).containers(),
              ElementsAre("fcbb:bbbb:1:2:8003::"));
}

TEST(SegmentsTest, BrokenContainersAreRefused) {
  const std::vector<uint32_t> sids = {1, 2, 3};
  const Ipv6 good = PackCarriers(sids)[0];
  const auto message = [](const Ipv6& container) {
    const auto sids_read = UnpackCarriers(std::vector<Ipv6>{container});
    return sids_read.ok() ? "" : std::string(sids_read.status().message());
  };
  EXPECT_EQ(message(good), "");
  Ipv6 bad = good;
  bad[0] = 0x20;
  EXPECT_THAT(message(bad), HasSubstr("outside the uSID block fcbb:bbbb::/32"));
  bad = good;
  bad[6] = bad[7] = 0;
  EXPECT_THAT(message(bad), HasSubstr("behind its end"));
  bad = good;
  bad[4] = bad[5] = 0;
  EXPECT_THAT(message(bad), HasSubstr("carries no uSID"));
}

}  // namespace
}  // namespace waymark

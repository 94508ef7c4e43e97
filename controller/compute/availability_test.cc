#include "controller/compute/availability.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "controller/compute/test_network.h"

namespace waymark {
namespace {

using Paths = std::vector<std::vector<LinkId>>;

// a -- b -- d and a -- c -- d, and a duct under a--b and c--d.
class AvailabilityTest : public testing::Test {
 protected:
  AvailabilityTest() {
    for (const char* id : {"a", "b", "c", "d"}) network_.Node(id);
    network_.Srlg("duct");
    for (const auto& [x, y] : {std::pair{"a", "b"}, {"b", "d"}, {"a", "c"}, {"c", "d"}}) {
      network_.Fibre(x, y);
    }
  }
  void State(v1::Link& link, double mtbf, double mttr) {
    link.set_mtbf_hours(mtbf);
    link.set_mttr_hours(mttr);
  }
  std::vector<LinkId> Path(const std::vector<std::string>& links) {
    std::vector<LinkId> path;
    for (const std::string& link : links) path.push_back(*snapshot_->FindLink("links/" + link));
    return path;
  }
  Paths Both() { return {Path({"a--b", "b--d"}), Path({"a--c", "c--d"})}; }

  TestNetwork network_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(AvailabilityTest, SeriesAndParallel) {
  State(network_.Link("links/a--b"), 99, 1);
  State(network_.Link("links/b--d"), 98, 2);
  State(network_.Link("links/a--c"), 97, 3);
  snapshot_ = network_.Build();
  const AvailabilityModel model(*snapshot_);
  EXPECT_NEAR(model.Unavailability(Paths{Both()[0]}), 1 - 0.99 * 0.98, 1e-15);
  EXPECT_NEAR(model.Unavailability(Both()), (1 - 0.99 * 0.98) * 0.03, 1e-15);
}

TEST_F(AvailabilityTest, FibreCountsTheWorseDirectionOnce) {
  State(network_.Link("links/a--b"), 99, 1);
  State(network_.Link("links/b--a"), 96, 4);
  State(network_.Link("links/d--b"), 98, 2);  // the other direction alone states figures
  snapshot_ = network_.Build();
  const AvailabilityModel model(*snapshot_);
  EXPECT_NEAR(model.Unavailability(Paths{Both()[0]}), 1 - 0.96 * 0.98, 1e-15);
}

TEST_F(AvailabilityTest, EndsAndSharedDuctAreCommon) {
  network_.Link("links/a--b").add_srlgs("srlgs/duct");
  network_.Link("links/c--d").add_srlgs("srlgs/duct");
  State(network_.Link("links/a--b"), 99, 1);
  State(network_.Link("links/a--c"), 98, 2);
  auto nodes = std::vector<v1::Node>();
  snapshot_ = network_.Build();
  for (v1::Node node : snapshot_->node_resources()) {
    if (node.name() == "nodes/a") node.set_mtbf_hours(995), node.set_mttr_hours(5);
    nodes.push_back(node);
  }
  auto srlgs =
      std::vector<v1::Srlg>(snapshot_->srlg_resources().begin(), snapshot_->srlg_resources().end());
  srlgs[0].set_mtbf_hours(997);
  srlgs[0].set_mttr_hours(3);
  snapshot_ = *Snapshot::Build(nodes, snapshot_->link_resources(), srlgs);
  const AvailabilityModel model(*snapshot_);
  const double up = 0.995 * 0.997 * (1 - 0.01 * 0.02);
  EXPECT_NEAR(model.Unavailability(Both()), 1 - up, 1e-15);
  const Availability told = model.Explain(Both());
  EXPECT_TRUE(told.stated);
  ASSERT_EQ(told.terms.size(), 5u);
  EXPECT_EQ(told.terms[0].label(), "availability, common to both paths");
  EXPECT_EQ(told.terms[0].value(), "99.20 % = nodes/a 99.50 % x srlgs/duct 99.70 %");
  EXPECT_EQ(told.terms[1].label(), "availability, protect path alone");
  EXPECT_EQ(told.terms[1].value(), "98.0 % = links/a--c");
  EXPECT_EQ(told.terms[2].value(), "99.0 % = links/a--b");
  EXPECT_EQ(told.terms[3].value(),
            "99.18 %, down 4304 minutes a year = common x (1 - (1 - working) x (1 - protect))");
  EXPECT_EQ(told.terms[4].value(), "nodes/b, nodes/c, nodes/d, links/b--d, links/c--d");
}

TEST_F(AvailabilityTest, NothingStatedPromisesNothing) {
  snapshot_ = network_.Build();
  const Availability told = AvailabilityModel(*snapshot_).Explain(Both());
  EXPECT_FALSE(told.stated);
  EXPECT_EQ(told.unavailability, 0);
  EXPECT_FALSE(told.Meets(0.5));
  EXPECT_TRUE(told.Meets(0));
  ASSERT_EQ(told.terms.size(), 1u);
  EXPECT_EQ(told.terms[0].label(), "availability, not stated, counted as never failing");
}

TEST_F(AvailabilityTest, ATargetIsEchoedAsItWasGiven) {
  EXPECT_EQ(AvailabilityText(1 - 0.999999), "99.99990 %");
  EXPECT_EQ(AvailabilityText(1 - 0.99999), "99.9990 %");
  EXPECT_EQ(AvailabilityText(1 - 0.9999999), "99.999990 %");
  EXPECT_EQ(AvailabilityText(1.01e-6), "99.99989 %");
}

TEST_F(AvailabilityTest, OneFigureAloneIsNotStated) {
  network_.Link("links/a--b").set_mtbf_hours(100);
  network_.Link("links/b--d").set_mttr_hours(100);
  snapshot_ = network_.Build();
  EXPECT_FALSE(AvailabilityModel(*snapshot_).Explain(Both()).stated);
}

TEST_F(AvailabilityTest, TinyUnavailabilitiesKeepTheirDigits) {
  State(network_.Link("links/a--b"), 1e9, 1);
  State(network_.Link("links/a--c"), 1e9, 1);
  snapshot_ = network_.Build();
  const double one = 1 / (1e9 + 1);
  const double both = AvailabilityModel(*snapshot_).Unavailability(Both());
  EXPECT_NEAR(both / (one * one), 1, 1e-12);  // 1e-18: lost altogether in 1 - 1e-18
}

TEST_F(AvailabilityTest, TargetIsMetExactly) {
  EXPECT_TRUE((Availability{.unavailability = 0.00001, .stated = true}).Meets(0.99999));
  EXPECT_FALSE((Availability{.unavailability = 0.0000101, .stated = true}).Meets(0.99999));
}

TEST(AvailabilityTextTest, ShowsTwoDigitsOfWhatIsMissingAndNeverMoreThanThereIs) {
  EXPECT_EQ(AvailabilityText(0), "100 %");
  EXPECT_EQ(AvailabilityText(1), "0 %");
  EXPECT_EQ(AvailabilityText(1e-5), "99.9990 %");
  EXPECT_EQ(AvailabilityText(8.71e-6), "99.99912 %");
  EXPECT_EQ(AvailabilityText(0.25), "75.0 %");
  EXPECT_EQ(DowntimeText(1e-5), "5.26 minutes a year");
  EXPECT_EQ(DowntimeText(1e-7), "3.16 seconds a year");
  EXPECT_EQ(DowntimeText(1e-18), "3.2e-11 seconds a year");
}

// A network whose elements mostly state figures, some of them the worst imaginable.
std::shared_ptr<const Snapshot> FailingNetwork(std::mt19937& random, double worst) {
  const auto plain = RandomNetwork(random, 3 + random() % 4, 4 + random() % 6);
  std::vector<v1::Node> nodes(plain->node_resources().begin(), plain->node_resources().end());
  std::vector<v1::Link> links(plain->link_resources().begin(), plain->link_resources().end());
  std::vector<v1::Srlg> srlgs(plain->srlg_resources().begin(), plain->srlg_resources().end());
  std::uniform_real_distribution<double> uniform(0.01 * worst, worst);
  const auto set = [&](auto& resource) {
    if (random() % 5 == 0) return;
    const double down = uniform(random);
    resource.set_mttr_hours(10);
    resource.set_mtbf_hours(10 / down - 10);
  };
  for (auto& node : nodes) set(node);
  for (auto& link : links) set(link);
  for (auto& srlg : srlgs) set(srlg);
  return *Snapshot::Build(nodes, links, srlgs);
}

// What the header says, again, for an oracle: elements by name with their unavailability.
std::map<std::string, double> ElementsByName(const Snapshot& snapshot,
                                             const std::vector<LinkId>& path) {
  const auto down = [](double mtbf, double mttr) {
    return mtbf > 0 && mttr > 0 ? mttr / (mtbf + mttr) : 0.0;
  };
  std::map<std::string, double> elements;
  std::set<std::string> groups;
  for (const LinkId link : path) {
    const v1::Link& resource = snapshot.link_resources()[Index(link)];
    std::string name = resource.name();
    double worse = down(resource.mtbf_hours(), resource.mttr_hours());
    if (!resource.reverse().empty()) {
      const v1::Link& other =
          snapshot.link_resources()[Index(*snapshot.FindLink(resource.reverse()))];
      name = std::min(name, other.name());
      worse = std::max(worse, down(other.mtbf_hours(), other.mttr_hours()));
    }
    elements[name] = worse;
    groups.insert(resource.srlgs().begin(), resource.srlgs().end());
    for (const std::string& end : {resource.source(), resource.target()}) {
      const v1::Node& node = snapshot.node_resources()[Index(*snapshot.FindNode(end))];
      elements[end] = down(node.mtbf_hours(), node.mttr_hours());
      groups.insert(node.srlgs().begin(), node.srlgs().end());
    }
  }
  for (const v1::Srlg& srlg : snapshot.srlg_resources()) {
    if (groups.contains(srlg.name())) {
      elements[srlg.name()] = down(srlg.mtbf_hours(), srlg.mttr_hours());
    }
  }
  return elements;
}

Paths RandomPaths(std::mt19937& random, const Snapshot& snapshot, size_t most) {
  const SearchGraph graph(snapshot, {}, {.ignore_forbid = true});
  std::vector<ComputedPath> all = AllPaths(graph, static_cast<NodeId>(0), static_cast<NodeId>(1));
  std::shuffle(all.begin(), all.end(), random);
  Paths paths;
  for (size_t i = 0; i < std::min(all.size(), 1 + random() % most); ++i) {
    paths.push_back(all[i].links);
  }
  return paths;
}

TEST(AvailabilityOracleTest, EveryStateOfEveryElement) {
  std::mt19937 random(1);
  int compared = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto snapshot = FailingNetwork(random, 0.5);
    const Paths paths = RandomPaths(random, *snapshot, 5);
    if (paths.empty()) continue;
    std::vector<std::map<std::string, double>> of;
    std::map<std::string, double> all;
    for (const auto& path : paths) {
      of.push_back(ElementsByName(*snapshot, path));
      all.insert(of.back().begin(), of.back().end());
    }
    std::erase_if(all, [](const auto& element) { return element.second == 0; });
    if (all.size() > 14) continue;
    double expected = 0;
    for (uint32_t state = 0; state < uint32_t{1} << all.size(); ++state) {
      double probability = 1;
      std::set<std::string> dead;
      size_t i = 0;
      for (const auto& [name, down] : all) {
        const bool is_down = (state >> i++ & 1) != 0;
        probability *= is_down ? down : 1 - down;
        if (is_down) dead.insert(name);
      }
      const bool any_up = std::any_of(of.begin(), of.end(), [&](const auto& elements) {
        return std::none_of(elements.begin(), elements.end(),
                            [&](const auto& element) { return dead.contains(element.first); });
      });
      if (!any_up) expected += probability;
    }
    ASSERT_NEAR(AvailabilityModel(*snapshot).Unavailability(paths), expected, 1e-12);
    ++compared;
  }
  EXPECT_GT(compared, 500);
}

TEST(AvailabilityOracleTest, InclusionAndExclusion) {
  std::mt19937 random(2);
  int compared = 0;
  for (int round = 0; round < 1000; ++round) {
    const auto snapshot = FailingNetwork(random, 0.01);
    const Paths paths = RandomPaths(random, *snapshot, kMaxAvailabilityPaths);
    if (paths.empty()) continue;
    double up = 0;
    for (uint32_t subset = 1; subset < uint32_t{1} << paths.size(); ++subset) {
      std::map<std::string, double> all;
      for (size_t i = 0; i < paths.size(); ++i) {
        if ((subset >> i & 1) == 0) continue;
        const auto elements = ElementsByName(*snapshot, paths[i]);
        all.insert(elements.begin(), elements.end());
      }
      double product = 1;
      for (const auto& [name, down] : all) product *= 1 - down;
      up += std::popcount(subset) % 2 == 1 ? product : -product;
    }
    ASSERT_NEAR(AvailabilityModel(*snapshot).Unavailability(paths), 1 - up, 1e-13);
    const Availability told = AvailabilityModel(*snapshot).Explain(paths);
    ASSERT_EQ(told.unavailability, AvailabilityModel(*snapshot).Unavailability(paths));
    const Availability figures = AvailabilityModel(*snapshot).Of(paths);
    ASSERT_EQ(told.unavailability, figures.unavailability);
    ASSERT_EQ(told.stated, figures.stated);
    ++compared;
  }
  EXPECT_GT(compared, 500);
}

TEST(AvailabilityOracleTest, MonteCarlo) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform(0, 1);
  constexpr int kSamples = 40'000;
  int compared = 0;
  for (int round = 0; compared < 20; ++round) {
    ASSERT_LT(round, 1000);
    const auto snapshot = FailingNetwork(random, 0.2);
    const Paths paths = RandomPaths(random, *snapshot, 3);
    if (paths.size() < 2) continue;
    std::vector<std::map<std::string, double>> of;
    std::map<std::string, double> all;
    for (const auto& path : paths) {
      of.push_back(ElementsByName(*snapshot, path));
      all.insert(of.back().begin(), of.back().end());
    }
    int down = 0;
    for (int sample = 0; sample < kSamples; ++sample) {
      std::set<std::string> dead;
      for (const auto& [name, probability] : all) {
        if (uniform(random) < probability) dead.insert(name);
      }
      down += std::all_of(of.begin(), of.end(), [&](const auto& elements) {
        return std::any_of(elements.begin(), elements.end(),
                           [&](const auto& element) { return dead.contains(element.first); });
      });
    }
    const double expected = AvailabilityModel(*snapshot).Unavailability(paths);
    const double deviation = std::sqrt(expected * (1 - expected) / kSamples);
    // Five standard deviations: one sample in two million; and the seed is fixed.
    ASSERT_NEAR(static_cast<double>(down) / kSamples, expected, 5 * deviation + 1e-9);
    ++compared;
  }
}

}  // namespace
}  // namespace waymark

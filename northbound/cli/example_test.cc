// The example carrier keeps what its README and the proof promise. Shortest paths are computed here
// by the plainest means, apart from controller/compute, so that the two check each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <sstream>

#include "controller/topology/snapshot.h"
#include "northbound/cli/bundle_files.h"
#include "northbound/cli/kind.h"

namespace waymark::cli {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Le;

class ExampleTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::istringstream none;
    const auto read = ReadBundles({"deploy/example"}, none);
    ASSERT_TRUE(read.ok()) << read.status();
    bundle_ = new v1::Bundle(read->bundle);
  }
  static void TearDownTestSuite() { delete bundle_; }

  using Filter = std::function<bool(const v1::Link&)>;
  using Weight = std::function<double(const v1::Link&)>;

  static std::string JurisdictionOf(const std::string& node) {
    for (const auto& n : bundle_->nodes()) {
      if (n.name() == node) return n.jurisdiction();
    }
    return "";
  }
  static bool InSwitzerland(const v1::Link& l) {
    return JurisdictionOf(l.source()) == "CH" && JurisdictionOf(l.target()) == "CH";
  }
  static bool HasGroup(const v1::Link& l, const std::string& group) {
    return std::find(l.admin_groups().begin(), l.admin_groups().end(), group) !=
           l.admin_groups().end();
  }

  // Bellman-Ford; the links' short names from `from` to `to`, empty when there is no path.
  static std::vector<std::string> Shortest(const std::string& from, const std::string& to,
                                           const Weight& weight, const Filter& allowed) {
    std::map<std::string, double> best = {{"nodes/" + from, 0}};
    std::map<std::string, const v1::Link*> by;
    for (int round = 0; round < bundle_->nodes_size(); ++round) {
      for (const v1::Link& l : bundle_->links()) {
        if (!allowed(l) || !best.contains(l.source())) continue;
        const double d = best[l.source()] + weight(l);
        if (!best.contains(l.target()) || d < best[l.target()]) {
          best[l.target()] = d;
          by[l.target()] = &l;
        }
      }
    }
    std::vector<std::string> path;
    for (std::string at = "nodes/" + to; at != "nodes/" + from; at = by[at]->source()) {
      if (!by.contains(at)) return {};
      path.insert(path.begin(), ShortName(by[at]->name()));
    }
    return path;
  }

  static const v1::Bundle* bundle_;
};
const v1::Bundle* ExampleTest::bundle_ = nullptr;

TEST_F(ExampleTest, IsAValidTopology) {
  const std::vector<v1::Node> nodes(bundle_->nodes().begin(), bundle_->nodes().end());
  const std::vector<v1::Link> links(bundle_->links().begin(), bundle_->links().end());
  const std::vector<v1::Srlg> srlgs(bundle_->srlgs().begin(), bundle_->srlgs().end());
  for (const auto& problem : Snapshot::Validate(nodes, links, srlgs)) {
    ADD_FAILURE() << problem.resource << " " << problem.field << ": " << problem.message;
  }
}

TEST_F(ExampleTest, IsAsLargeAndVariedAsPromised) {
  EXPECT_GE(bundle_->nodes_size(), 20);
  EXPECT_GE(bundle_->links_size(), 2 * 44);
  std::set<std::string> continents;
  for (const auto& n : bundle_->nodes()) {
    EXPECT_TRUE(n.has_coordinates()) << n.name();
    EXPECT_FALSE(n.jurisdiction().empty()) << n.name();
    EXPECT_GE(n.ports_size(), 2) << n.name();
    const double lat = n.latitude();
    const double lon = n.longitude();
    if (lon < -30) {
      continents.insert(lat > 12 ? "North America" : "South America");
    } else if (lat > 36 && lon < 45) {
      continents.insert("Europe");
    } else if (lon < 52 && lat < 36) {
      continents.insert("Africa");
    } else {
      continents.insert(lat < -10 ? "Oceania" : "Asia");
    }
  }
  EXPECT_THAT(continents.size(), Ge(4U));
  std::set<std::string> providers;
  std::set<std::pair<std::string, std::string>> pairs;
  bool parallel = false;
  for (const auto& l : bundle_->links()) {
    providers.insert(l.provider());
    parallel |= !pairs.emplace(l.source(), l.target()).second;
    EXPECT_THAT(l.capacity_bps(), AllOf(Ge(10'000'000'000), Le(400'000'000'000))) << l.name();
    EXPECT_GT(l.delay_ns(), 0) << l.name();
    EXPECT_GT(l.mtbf_hours(), 0) << l.name();
    EXPECT_FALSE(l.srlgs().empty()) << l.name();
    EXPECT_FALSE(l.reverse().empty()) << l.name();
  }
  EXPECT_GE(providers.size(), 3U);
  EXPECT_TRUE(parallel);
  std::set<v1::SrlgType> types;
  for (const auto& s : bundle_->srlgs()) types.insert(s.type());
  EXPECT_GE(types.size(), 3U);
}

TEST_F(ExampleTest, EveryReferenceExists) {
  const std::vector<std::string> list = NamesIn(*bundle_);
  const std::set<std::string> names(list.begin(), list.end());
  std::set<std::string> ports;
  for (const auto& s : bundle_->sites()) {
    EXPECT_TRUE(names.contains(s.node())) << s.name();
    EXPECT_TRUE(ports.insert(s.node() + s.port()).second) << s.name() << " shares its port";
  }
  for (const auto& m : bundle_->class_maps()) {
    EXPECT_TRUE(names.contains(m.default_class())) << m.name();
    for (const auto& rule : m.rules()) EXPECT_TRUE(names.contains(rule.traffic_class()));
  }
  for (const auto& s : bundle_->services()) {
    EXPECT_TRUE(names.contains(s.class_map())) << s.name();
    for (const auto& e : s.endpoints()) EXPECT_TRUE(names.contains(e.site())) << e.site();
    for (const auto& r : s.rates()) EXPECT_TRUE(names.contains(r.traffic_class())) << s.name();
  }
}

TEST_F(ExampleTest, TwoProvidersEachJoinTheBanksSitesInsideSwitzerland) {
  const auto hops = [](const v1::Link&) { return 1.0; };
  for (const char* provider : {"alpenfaden", "rheinader"}) {
    for (const auto& [from, to] : {std::pair{"zrh", "gva"}, {"gva", "bsl"}, {"bsl", "zrh"}}) {
      EXPECT_FALSE(
          Shortest(from, to, hops,
                   [&](const v1::Link& l) { return InSwitzerland(l) && l.provider() == provider; })
              .empty())
          << from << " to " << to << " by " << provider;
    }
  }
}

TEST_F(ExampleTest, ThreeMarksBetweenLondonAndSingaporeTakeThreeRoutes) {
  using Route = std::vector<std::string>;
  const auto delay = [](const v1::Link& l) { return static_cast<double>(l.delay_ns()); };
  const auto cost = [](const v1::Link& l) { return l.cost(); };
  const auto te = [](const v1::Link& l) { return static_cast<double>(l.te_metric()); };
  const auto any = [](const v1::Link&) { return true; };
  const auto ordinary = [](const v1::Link& l) { return l.admin_groups().empty(); };
  const auto no_express = [](const v1::Link& l) { return !HasGroup(l, "express"); };
  EXPECT_EQ(Shortest("lon", "sin", delay, any),
            (Route{"lon--par", "par--mrs", "mrs--mum", "mum--sin"}));
  EXPECT_EQ(Shortest("lon", "sin", cost, no_express), (Route{"lon--jnb", "jnb--sin"}));
  EXPECT_EQ(Shortest("lon", "sin", te, ordinary),
            (Route{"lon--par", "par--mrs", "mrs--dxb", "dxb--mum", "mum--sin"}));
  // Best effort never takes an express or economy link, so its other paths differ from the first
  // two as well.
  EXPECT_EQ(Shortest("mum", "lon", delay, any), (Route{"mum--mrs", "mrs--par", "par--lon"}));
}

}  // namespace
}  // namespace waymark::cli

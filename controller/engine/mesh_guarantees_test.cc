#include "controller/engine/mesh_guarantees.h"

#include <gtest/gtest.h>

#include "controller/compute/latency.h"
#include "controller/engine/mesh_figures.h"
#include "controller/engine/mesh_holds.h"
#include "controller/engine/mesh_optimizer_testing.h"
#include "controller/engine/resources.h"

namespace waymark {
namespace {

TEST_F(MeshOptimizerTest, GuaranteesAreToldWithWorstCaseAndDelays) {
  bundle_.mutable_services(0)->mutable_rates(0)->set_cir_bps(6'000'000'000);
  for (v1::Link& link : *bundle_.mutable_links()) link.set_delay_ns(1'000'000);
  bundle_.mutable_links(0)->set_delay_ns(3'000'000);
  Start();
  Pass(absl::Seconds(1));
  const auto ask = [&](const std::string& parent, bool whole, bool stop = false) {
    Resources resources;
    EXPECT_TRUE(resources.Load(store_, store_.current()).ok());
    v1::ListMeshGuaranteesRequest request;
    request.set_parent(parent);
    request.set_whole(whole);
    return AnswerListMeshGuarantees(resources, {}, request, [&] { return stop; });
  };
  auto told = ask("", false);
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->revision(), store_.current());
  ASSERT_EQ(told->guarantees_size(), 1);
  const v1::MeshGuarantee held = told->guarantees(0);
  EXPECT_EQ(held.service(), kLine);
  EXPECT_EQ(held.status().state(), v1::UP);
  EXPECT_EQ(held.worst_link_bps(), 6'000'000'000);
  EXPECT_EQ(held.worst_link_promisable_bps(), 10'000'000'000);
  ASSERT_EQ(held.worst_matrix_size(), 1);
  EXPECT_EQ(held.worst_matrix(0).bps(), 6'000'000'000);
  EXPECT_EQ(held.worst_matrix(0).share(), 1);
  const std::string first = bundle_.links(0).source().substr(6);
  EXPECT_EQ(held.worst_from(), "customers/c/sites/" + first);
  // 0.4 ms of its rate in one burst, behind one longest frame.
  constexpr double kWait = (300'000 + 1 + kLongestFrameBytes) * 0.8;
  EXPECT_EQ(held.waiting_unknown(), "");
  EXPECT_NEAR(static_cast<double>(held.worst_latency_ns()), 3e6 + kForwardingDelayNs + kWait, 20);
  EXPECT_EQ(held.latency_ns_size(), 0);
  // The whole: every two sites.
  told = ask(kLine, true);
  ASSERT_TRUE(told.ok()) << told.status();
  ASSERT_EQ(told->guarantees(0).sites_size(), 3);
  ASSERT_EQ(told->guarantees(0).latency_ns_size(), 9);
  for (int i = 0; i < 9; ++i) {
    const int64_t latency = told->guarantees(0).latency_ns(i);
    EXPECT_GE(latency, i % 4 == 0 ? 0 : 1'000'000 + kForwardingDelayNs + 247'000);
    EXPECT_EQ(latency == 0, i % 4 == 0);
  }
  EXPECT_EQ(ask("customers/other", false)->guarantees_size(), 0);
  EXPECT_TRUE(absl::IsNotFound(ask("customers/c/services/none", false).status()));
  EXPECT_TRUE(absl::IsCancelled(ask("", false, true).status()));
  // What it was raised to does not fit: what fails it, and what would help.
  SetRate(12'000'000'000);
  Pass(absl::Seconds(1));
  told = ask(kLine, false);
  ASSERT_TRUE(told.ok()) << told.status();
  const v1::Status status = told->guarantees(0).status();
  EXPECT_EQ(status.state(), v1::DEGRADED);
  EXPECT_NE(status.reason().find("too little"), std::string::npos) << status.reason();
  EXPECT_NE(status.blocking_constraint().find("bandwidth on links/"), std::string::npos);
  EXPECT_FALSE(status.relaxation().empty());
}

// a to b goes over c, where its bursts have grown by what they waited before.
TEST_F(MeshOptimizerTest, WaitingGrowsOnTheWayAndHasNoBoundWhereAllMaySend) {
  bundle_.mutable_services(0)->mutable_rates(0)->set_cir_bps(3'000'000'000);
  for (v1::Link& link : *bundle_.mutable_links()) link.set_delay_ns(1'000'000);
  Start();
  Pass(absl::Seconds(1));
  const auto agent = std::make_shared<FakeAgent>(*engine_, "a");
  ASSERT_TRUE(agent->Connect().ok());
  agent->ReportLink("a--b", false);
  Pass(absl::Seconds(1));
  const auto ask = [&] {
    Resources resources;
    EXPECT_TRUE(resources.Load(store_, store_.current()).ok());
    v1::ListMeshGuaranteesRequest request;
    request.set_parent(kLine);
    const auto told =
        AnswerListMeshGuarantees(resources, {"links/a--b"}, request, [] { return false; });
    EXPECT_TRUE(told.ok()) << told.status();
    return told->guarantees(0);
  };
  v1::MeshGuarantee told = ask();
  EXPECT_EQ(told.waiting_unknown(), "");
  // On a--c two bursts of 150 kB; on c--b 6 Gbit/s for the 298.02 us of that hop's budget more.
  constexpr double kFirst = (300'000 + 1 + kLongestFrameBytes) * 0.8;
  constexpr double kSecond = (300'000 + 223'515 + 1 + kLongestFrameBytes) * 0.8;
  EXPECT_NEAR(static_cast<double>(told.worst_latency_ns()),
              2e6 + 2 * kForwardingDelayNs + kFirst + kSecond, 20);
  const int64_t bounded = told.worst_latency_ns();
  // Nobody has promised to keep to an excess rate.
  v1::Service line = bundle_.services(0);
  line.mutable_rates(0)->set_eir_bps(1);
  ASSERT_TRUE(
      store_.CommitAndWait({{StoreKey(kServicePrefix, kLine), line.SerializeAsString(), {}}}).ok());
  told = ask();
  EXPECT_EQ(told.waiting_unknown(),
            "trafficClasses/gold: customers/c/services/line may send in "
            "trafficClasses/gold an excess rate");
  EXPECT_LT(told.worst_latency_ns(), bounded);
  EXPECT_EQ(told.worst_latency_ns(), 2'000'000 + 2 * kForwardingDelayNs);
}

TEST_F(MeshOptimizerTest, GuaranteesComeInPages) {
  for (const char* more : {"m", "n"}) {
    v1::Service other = bundle_.services(0);
    other.set_name(std::string("customers/c/services/") + more);
    other.set_vni(other.vni() + static_cast<uint32_t>(bundle_.services_size()));
    other.mutable_rates(0)->set_cir_bps(1'000'000);
    for (v1::ServiceEndpoint& endpoint : *other.mutable_endpoints()) {
      endpoint.set_vlan(20 + static_cast<uint32_t>(bundle_.services_size()));
    }
    *bundle_.add_services() = other;
  }
  Start();
  Pass(absl::Seconds(1));
  Resources resources;
  ASSERT_TRUE(resources.Load(store_, store_.current()).ok());
  v1::ListMeshGuaranteesRequest request;
  request.set_page_size(2);
  const auto ask = [&] {
    auto page = AnswerListMeshGuarantees(resources, {}, request, [] { return false; });
    EXPECT_TRUE(page.ok()) << page.status();
    return *page;
  };
  v1::ListMeshGuaranteesResponse page = ask();
  ASSERT_EQ(page.guarantees_size(), 2);
  EXPECT_EQ(page.next_page_token(), page.guarantees(1).service());
  request.set_page_token(page.next_page_token());
  const std::string second = page.next_page_token();
  page = ask();
  ASSERT_EQ(page.guarantees_size(), 1);
  EXPECT_GT(page.guarantees(0).service(), second);
  EXPECT_EQ(page.next_page_token(), "");
}

// Between a and b 9.5 of a link's 10 are promised to two services, elsewhere 1 to one of them.
class MeshPromisesTest : public MeshOptimizerTest {
 protected:
  MeshPromisesTest() {
    AddFourth();
    // All go the direct way.
    bundle_.mutable_traffic_classes(0)->set_max_hops(1);
    bundle_.mutable_services(0)->mutable_rates(0)->set_cir_bps(1'000'000'000);
    v1::Service other = bundle_.services(0);
    other.set_name("customers/c/services/m");
    other.set_vni(other.vni() + 1);
    other.mutable_rates(0)->set_cir_bps(8'500'000'000);
    other.mutable_endpoints()->DeleteSubrange(2, other.endpoints_size() - 2);
    for (v1::ServiceEndpoint& endpoint : *other.mutable_endpoints()) endpoint.set_vlan(20);
    *bundle_.add_services() = other;
  }
  void Load() {
    ASSERT_TRUE(resources_.Load(store_, store_.current()).ok());
    auto work = MakeMeshWork(resources_, {});
    ASSERT_TRUE(work.ok()) << work.status();
    work_ = *std::move(work);
    results_.assign(1, {});
    results_[0].traffic_class = work_.classes[0].traffic_class;
    results_[0].routes = work_.classes[0].present;
  }
  // Moves the pair off its own link; returns its place.
  int32_t Detour(char from, char over, char to) {
    const auto node = [&](char id) {
      return *work_.snapshot->FindNode(std::string("nodes/") + id);
    };
    const auto link = [&](char a, char b) {
      return Index(*work_.snapshot->FindLink(std::string("links/") + a + "--" + b));
    };
    const std::vector<int32_t> links = {link(from, over), link(over, to)};
    int32_t place = -1;
    MeshRoutes next;
    for (size_t d = 0; d < work_.classes[0].problem.demands.size(); ++d) {
      const MeshDemand& demand = work_.classes[0].problem.demands[d];
      if (demand.from == Index(node(from)) && demand.to == Index(node(to))) {
        place = static_cast<int32_t>(d);
        next.AddRoute(links, 64);
      } else {
        next.AddRoutes(results_[0].routes.pair(d));
      }
      next.EndDemand();
    }
    results_[0].routes = std::move(next);
    results_[0].changed_demands.push_back(place);
    return place;
  }
  absl::StatusOr<int> Keep() {
    return MeshHolds(resources_, work_).KeepPromised([] { return false; }, &results_);
  }

  Resources resources_;
  MeshWork work_;
  std::vector<MeshClassResult> results_;
};

TEST_F(MeshPromisesTest, OnlyWhatWouldBreakAPromiseStays) {
  Start();
  Pass(absl::Seconds(1));
  Load();
  ASSERT_EQ(resources_.guarantees().size(), 2u);
  EXPECT_EQ(*Keep(), 0);
  // Of these two the first does not fit, the second does.
  const int32_t first = Detour('a', 'c', 'b');
  const int32_t second = Detour('c', 'b', 'd');
  EXPECT_EQ(*Keep(), 1);
  EXPECT_EQ(results_[0].changed_demands, std::vector<int32_t>{second});
  EXPECT_EQ(results_[0].routes.pair(first), work_.classes[0].present.pair(first));
  EXPECT_TRUE(MeshHolds(resources_, work_).Kept(results_));
  // Figures are those of the routes that stay.
  ASSERT_TRUE(MeasureMesh(work_, nullptr, &results_).ok());
  EXPECT_NEAR(results_[0].mlu, 0.95, 1e-9);
  EXPECT_LE(results_[0].lower_bound, results_[0].mlu);
  EXPECT_NEAR(results_[0].granted_bps, 2 * 9.5e9 + 10 * 1e9, 10);
}

TEST_F(MeshPromisesTest, WhereOthersTakeTheRoomOfAPromiseAllStays) {
  Start();
  Pass(absl::Seconds(1));
  Load();
  Detour('c', 'a', 'b');
  EXPECT_EQ(*Keep(), 1);
  EXPECT_TRUE(results_[0].changed_demands.empty());
  for (size_t d = 0; d < results_[0].routes.demand_count(); ++d) {
    EXPECT_EQ(results_[0].routes.pair(d), work_.classes[0].present.pair(d));
  }
}

TEST_F(MeshPromisesTest, RefusedServicesHaveTheirTurnEach) {
  for (const char* more : {"n", "o", "p"}) {
    v1::Service other = bundle_.services(1);
    other.set_name(std::string("customers/c/services/") + more);
    other.set_vni(other.vni() + static_cast<uint32_t>(bundle_.services_size()));
    // No routes hold it.
    other.mutable_rates(0)->set_cir_bps(90'000'000'000);
    for (v1::ServiceEndpoint& endpoint : *other.mutable_endpoints()) {
      endpoint.set_vlan(20 + static_cast<uint32_t>(bundle_.services_size()));
    }
    *bundle_.add_services() = other;
  }
  Start();
  Pass(absl::Seconds(1));
  Load();
  MeshHolds holds(resources_, work_);
  RefusedTurn turn;
  const auto route = [&](int tries) {
    std::string seen = turn.last;
    const auto stop = [&] {
      if (turn.last != seen) --tries;
      seen = turn.last;
      return tries <= 0;
    };
    const auto found = holds.RouteRefused(stop, &turn, &results_);
    EXPECT_EQ(*found, 0);
    return turn.last.substr(turn.last.rfind('/') + 1) + (turn.left ? " left" : "");
  };
  EXPECT_EQ(route(1), "n left");
  EXPECT_EQ(route(1), "o left");
  EXPECT_EQ(route(1), "p");
  // The next turn begins after whom the last ended with.
  EXPECT_EQ(route(2), "o left");
  EXPECT_EQ(route(9), "p");
  EXPECT_EQ(route(0), "p left");
  EXPECT_EQ(route(9), "p");
}

}  // namespace
}  // namespace waymark

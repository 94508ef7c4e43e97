#include "northbound/api/trace.h"

#include <gtest/gtest.h>

#include "controller/base/srv6.h"
#include "northbound/api/testing.h"

namespace waymark {
namespace {

constexpr char kLan[] = "customers/bank/services/lan";

// The small carrier with identifiers, and a view that is filled by the tests.
class TraceTest : public testing::Test {
 protected:
  TraceTest() {
    v1::Bundle b = SmallCarrier();
    uint32_t id = 0;
    for (auto& node : *b.mutable_nodes()) Put(Kind::kNode, node, [&] { node.set_node_sid(++id); });
    id = 0x8000;
    for (auto& link : *b.mutable_links()) {
      Put(Kind::kLink, link, [&] {
        link.set_adjacency_sid(id++);
        link.set_interface("if" + link.name().substr(6));
      });
    }
    id = 0;
    for (auto& c : *b.mutable_traffic_classes()) {
      Put(Kind::kTrafficClass, c, [&] { c.set_class_index(++id); });
    }
    for (auto& site : *b.mutable_sites()) Put(Kind::kSite, site, [] {});
    for (auto& map : *b.mutable_class_maps()) Put(Kind::kClassMap, map, [] {});
    v1::Service& service = *b.mutable_services(0);
    Put(Kind::kService, service, [&] { service.set_vni(5); });
    model_.revision = 9;
    request_.set_service(kLan);
    request_.set_from_site("customers/bank/sites/a");
    request_.set_to_site("customers/bank/sites/b");
  }

  template <typename T, typename Fill>
  void Put(Kind kind, T& resource, Fill fill) {
    fill();
    model_.Put(kind, std::make_shared<T>(resource));
  }

  v1::Policy& AddPolicy(uint32_t color, v1::State state) {
    auto policy = std::make_shared<v1::Policy>();
    policy->set_name(PolicyName("nodes/a", color, "nodes/b"));
    policy->mutable_status()->set_state(state);
    view_.policies[policy->name()] = policy;
    return *policy;
  }

  static v1::Path Direct(v1::State state, uint32_t weight = 1) {
    v1::Path path;
    for (const char* node : {"nodes/a", "nodes/b"}) path.add_nodes(node);
    path.add_links("links/a--b");
    path.add_sids(0x8000);
    path.set_state(state);
    path.set_weight(weight);
    return path;
  }
  static v1::Path Around(v1::State state, uint32_t weight = 1) {
    v1::Path path;
    for (const char* node : {"nodes/a", "nodes/c", "nodes/b"}) path.add_nodes(node);
    for (const char* link : {"links/a--c", "links/c--b"}) path.add_links(link);
    path.add_sids(3);
    path.add_sids(2);
    path.set_state(state);
    path.set_weight(weight);
    return path;
  }

  v1::TraceResponse Ok() {
    auto reply = Trace(model_, view_, request_);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : v1::TraceResponse();
  }

  Model model_;
  NetworkView view_;
  v1::TraceRequest request_;
};

TEST_F(TraceTest, MarkSelectsClass) {
  request_.set_dscp(46);
  EXPECT_EQ(Ok().matched(), "dscp 46");
  EXPECT_EQ(Ok().queue(), 7u);
  EXPECT_EQ(Ok().outer_dscp(), 46u);
  EXPECT_EQ(Ok().policy(), absl::StrCat("policies/a:", Color(5, 1), ":b"));
  request_.set_pcp(5);
  EXPECT_EQ(Ok().matched(), "pcp 5");
  EXPECT_EQ(Ok().traffic_class(), "trafficClasses/voice");
  request_.set_pcp(4);
  EXPECT_EQ(Ok().matched(), "default");
  request_.clear_mark();
  EXPECT_EQ(Ok().traffic_class(), "trafficClasses/rest");
  // Mesh policies are shared by all customers.
  EXPECT_EQ(Ok().policy(), absl::StrCat("policies/a:", Color(0, 2), ":b"));
  request_.set_dscp(64);
  EXPECT_TRUE(absl::IsInvalidArgument(Trace(model_, view_, request_).status()));
  request_.set_pcp(8);
  EXPECT_TRUE(absl::IsInvalidArgument(Trace(model_, view_, request_).status()));
}

TEST_F(TraceTest, ServiceThatIsNotProgrammedIsNotUp) {
  request_.set_dscp(46);
  v1::Policy& policy = AddPolicy(Color(5, 1), v1::UP);
  *policy.add_working() = Direct(v1::UP);
  for (const v1::State state : {v1::PENDING, v1::DOWN, v1::BLOCKED}) {
    auto status = std::make_shared<v1::Status>();
    status->set_state(state);
    status->set_reason("switch a rejected attachment:p1");
    view_.statuses[kLan] = status;
    EXPECT_EQ(Ok().status().state(), state);
    EXPECT_EQ(Ok().status().reason(), "switch a rejected attachment:p1");
    EXPECT_EQ(Ok().paths_size(), 1);
  }
  // Other pairs have less than they should; this one has all.
  auto degraded = std::make_shared<v1::Status>();
  degraded->set_state(v1::DEGRADED);
  view_.statuses[kLan] = degraded;
  EXPECT_EQ(Ok().status().state(), v1::UP);
  // What is wrong with the pair itself says more.
  auto pending = std::make_shared<v1::Status>();
  pending->set_state(v1::PENDING);
  view_.statuses[kLan] = pending;
  policy.mutable_status()->set_state(v1::DOWN);
  policy.mutable_status()->set_reason("no path");
  EXPECT_EQ(Ok().status().reason(), "no path");
}

TEST_F(TraceTest, PinnedWithProtect) {
  request_.set_dscp(46);
  v1::Policy& policy = AddPolicy(Color(5, 1), v1::UP);
  *policy.add_working() = Direct(v1::UP);
  *policy.mutable_protect() = Around(v1::UP);
  policy.set_binding_sid("fd00::b");
  v1::TraceResponse reply = Ok();
  ASSERT_EQ(reply.paths_size(), 1);
  EXPECT_EQ(reply.paths(0).share_percent(), 100);
  ASSERT_EQ(reply.paths(0).hops_size(), 2);
  EXPECT_EQ(reply.paths(0).hops(0).interface(), "ifa--b");
  EXPECT_EQ(reply.paths(0).hops(0).provider(), "south");
  EXPECT_EQ(reply.paths(0).hops(0).sid(), 0x8000u);
  EXPECT_EQ(reply.paths(0).hops(1).delay_ns(), 1'000'000);
  EXPECT_EQ(reply.paths(0).hops(1).provider(), "north");
  EXPECT_EQ(reply.paths(0).hops(1).link(), "");
  EXPECT_EQ(reply.protect().hops_size(), 3);
  EXPECT_EQ(reply.protect().hops(0).sid(), 3u);
  EXPECT_EQ(reply.protect().hops(1).sid(), 2u);
  EXPECT_EQ(reply.status().state(), v1::UP);

  policy.set_on_protect(true);
  policy.mutable_status()->set_state(v1::DEGRADED);
  reply = Ok();
  EXPECT_EQ(reply.paths(0).hops_size(), 3);
  EXPECT_TRUE(reply.on_protect());
  EXPECT_FALSE(reply.has_protect());
}

TEST_F(TraceTest, MeshSharesByWeightOfWhatIsAlive) {
  v1::Policy& policy = AddPolicy(Color(0, 2), v1::UP);
  *policy.add_working() = Direct(v1::UP, 3);
  *policy.add_working() = Around(v1::UP, 1);
  EXPECT_EQ(Ok().paths(0).share_percent(), 75);
  EXPECT_EQ(Ok().paths(1).share_percent(), 25);
  policy.mutable_working(0)->set_state(v1::DOWN);
  ASSERT_EQ(Ok().paths_size(), 1);
  EXPECT_EQ(Ok().paths(0).share_percent(), 100);
  policy.mutable_working(1)->set_state(v1::DOWN);
  EXPECT_EQ(Ok().paths_size(), 0);
  EXPECT_EQ(Ok().status().state(), v1::DOWN);
  EXPECT_NE(Ok().status().reason(), "");
}

TEST_F(TraceTest, SaysWhyNothingArrives) {
  EXPECT_EQ(Ok().status().state(), v1::PENDING);
  EXPECT_NE(Ok().status().reason(), "");
  v1::Policy& policy = AddPolicy(Color(0, 2), v1::BLOCKED);
  policy.mutable_status()->set_reason("no path");
  *policy.add_working() = Direct(v1::UP);
  EXPECT_EQ(Ok().paths_size(), 0);
  EXPECT_EQ(Ok().status().reason(), "no path");
}

TEST_F(TraceTest, OneSwitchAndLeaves) {
  auto site = std::make_shared<v1::Site>(*model_.Find<v1::Site>("customers/bank/sites/b"));
  site->set_node("nodes/a");
  model_.Put(Kind::kSite, site);
  ASSERT_EQ(Ok().paths_size(), 1);
  EXPECT_EQ(Ok().paths(0).hops_size(), 1);
  EXPECT_EQ(Ok().policy(), "");
  EXPECT_EQ(Ok().status().state(), v1::PENDING);
  auto status = std::make_shared<v1::Status>();
  status->set_state(v1::UP);
  view_.statuses[kLan] = status;
  EXPECT_EQ(Ok().status().state(), v1::UP);

  auto service = std::make_shared<v1::Service>(*model_.Find<v1::Service>(kLan));
  service->set_type(v1::E_TREE);
  for (auto& endpoint : *service->mutable_endpoints()) endpoint.set_role(v1::LEAF);
  model_.Put(Kind::kService, service);
  EXPECT_EQ(Ok().status().state(), v1::DOWN);
  EXPECT_EQ(Ok().paths_size(), 0);
}

TEST_F(TraceTest, BadRequests) {
  request_.set_to_site("customers/bank/sites/a");
  EXPECT_TRUE(absl::IsInvalidArgument(Trace(model_, view_, request_).status()));
  request_.set_to_site("customers/shop/sites/b");
  EXPECT_TRUE(absl::IsInvalidArgument(Trace(model_, view_, request_).status()));
  request_.set_service("customers/bank/services/none");
  EXPECT_TRUE(absl::IsNotFound(Trace(model_, view_, request_).status()));
}

}  // namespace
}  // namespace waymark

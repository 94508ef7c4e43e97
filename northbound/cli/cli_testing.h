// The program against a fake controller, for its tests.
#ifndef WAYMARK_NORTHBOUND_CLI_CLI_TESTING_H_
#define WAYMARK_NORTHBOUND_CLI_CLI_TESTING_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "northbound/cli/fake_server.h"
#include "northbound/cli/run_for_test.h"

namespace waymark::cli {

class CliTest : public testing::Test {
 protected:
  CliTest() {
    folder_ =
        testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  Ran Run(std::vector<std::string> args, const std::string& in = "",
          const bool interactive = false) {
    args.insert(args.begin(), {"--server", server_.address()});
    return Waymark(args, in, interactive);
  }

  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  // Two nodes, a link with a policy on it, and the bank.
  void Populate() {
    v1::Bundle b;
    for (const auto& [id, place] : {std::pair{"zrh", "Zürich"}, {"gva", "Geneva"}}) {
      auto* node = b.add_nodes();
      node->set_name(absl::StrCat("nodes/", id));
      node->set_display_name(place);
      node->set_jurisdiction("CH");
      node->set_provider("edelhaus");
      node->add_ports()->set_id("c1");
      node->mutable_status()->set_state(v1::UP);
    }
    auto* link = b.add_links();
    link->set_name("links/zrh--gva");
    link->set_source("nodes/zrh");
    link->set_target("nodes/gva");
    link->set_capacity_bps(100'000'000'000);
    link->set_delay_ns(1'592'000);
    link->set_te_metric(238);
    link->set_cost(8.5);
    link->set_provider("rheinader");
    b.add_customers()->set_name("customers/bank");
    for (const char* id : {"zrh", "gva"}) {
      auto* site = b.add_sites();
      site->set_name(absl::StrCat("customers/bank/sites/", id));
      site->set_node(absl::StrCat("nodes/", id));
      site->set_port("c1");
    }
    auto* traffic_class = b.add_traffic_classes();
    traffic_class->set_name("trafficClasses/swiss");
    traffic_class->set_queue(5);
    traffic_class->set_dscp(34);
    traffic_class->set_treatment(v1::PINNED);
    traffic_class->set_objective(v1::MIN_DELAY);
    traffic_class->add_allowed_jurisdictions("CH");
    traffic_class->add_protection(v1::LINK);
    traffic_class->add_protection(v1::PROVIDER);
    auto* map = b.add_class_maps();
    map->set_name("customers/bank/classMaps/marks");
    auto* rule = map->add_rules();
    rule->add_dscp(46);
    rule->set_traffic_class("trafficClasses/swiss");
    map->set_default_class("trafficClasses/best-effort");
    auto* service = b.add_services();
    service->set_name("customers/bank/services/core");
    service->set_type(v1::E_LAN);
    service->set_class_map(map->name());
    for (const auto& site : b.sites()) service->add_endpoints()->set_site(site.name());
    auto* rate = service->add_rates();
    rate->set_traffic_class("trafficClasses/swiss");
    rate->set_cir_bps(2'000'000'000);
    service->set_vni(1);
    service->mutable_status()->set_state(v1::DEGRADED);
    service->mutable_status()->set_reason("zrh to gva has no protect path");
    server_.PutBundle(b);

    v1::Resource r;
    auto* policy = r.mutable_policy();
    policy->set_name("policies/zrh:257:gva");
    policy->set_headend("nodes/zrh");
    policy->set_endpoint("nodes/gva");
    policy->set_color(257);
    policy->set_traffic_class("trafficClasses/swiss");
    policy->set_service("customers/bank/services/core");
    policy->set_reserved_bps(2'000'000'000);
    auto* path = policy->add_working();
    path->add_nodes("nodes/zrh");
    path->add_nodes("nodes/gva");
    path->add_links("links/zrh--gva");
    path->add_sids(0x8001);
    path->set_delay_ns(1'592'000);
    path->set_te_metric(238);
    policy->mutable_status()->set_state(v1::UP);
    server_.Put(r);
    auto* agent = r.mutable_agent();
    agent->set_name("agents/zrh");
    agent->set_connected(true);
    agent->set_dataplane("sim");
    agent->set_desired_objects(12);
    agent->set_acked_objects(11);
    agent->add_rejected("policy:257:2: no such interface");
    server_.Put(r);
  }

  FakeServer server_;
  std::string folder_;
};

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_CLI_TESTING_H_

#include "northbound/cli/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "northbound/cli/fake_server.h"
#include "northbound/cli/run_for_test.h"

namespace waymark::cli {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class CliTest : public testing::Test {
 protected:
  // Sockets have short paths: not the test's own folder, which may be deep.
  CliTest() : socket_(absl::StrCat("/tmp/wmcli-", getpid(), ".sock")), server_(socket_) {
    folder_ =
        testing::TempDir() + "/" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~CliTest() override { std::filesystem::remove(socket_); }

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

  const std::string socket_;
  FakeServer server_;
  std::string folder_;
};

TEST_F(CliTest, GetTables) {
  Populate();
  EXPECT_EQ(Run({"get", "nodes"}).out,
            "NAME  PLACE   COUNTRY  PROVIDER  PORTS  ADMIN    STATE\n"
            "gva   Geneva  CH       edelhaus  1      enabled  UP\n"
            "zrh   Zürich  CH       edelhaus  1      enabled  UP\n");
  EXPECT_EQ(Run({"get", "li"}).out,
            "NAME      FROM  TO   CAPACITY  DELAY     TE-METRIC  COST  PROVIDER   GROUPS  ADMIN    "
            "STATE\n"
            "zrh--gva  zrh   gva  100G      1.592 ms  238        8.5   rheinader  -       enabled  "
            "-\n");
  EXPECT_EQ(
      Run({"get", "services"}).out,
      "NAME       TYPE   CLASS-MAP   SITES    VNI  STATE\n"
      "bank/core  e-lan  bank/marks  zrh,gva  1    DEGRADED: zrh to gva has no protect path\n");
  EXPECT_EQ(Run({"get", "classes"}).out,
            "NAME   QUEUE  DSCP       TREATMENT  OBJECTIVE  MAX-DELAY  PLACES   PROTECTION\n"
            "swiss  5      34 (AF41)  pinned     min-delay  -          CH only  link+provider\n");
  EXPECT_EQ(Run({"get", "cm"}).out,
            "NAME        RULES\n"
            "bank/marks  dscp 46 (EF) -> swiss; default -> best-effort\n");
  EXPECT_EQ(Run({"get", "policies"}).out,
            "NAME         CLASS  SERVICE    RESERVED  ROUTE      DELAY     ON       STATE\n"
            "zrh:257:gva  swiss  bank/core  2G        zrh - gva  1.592 ms  working  UP\n");
  EXPECT_THAT(Run({"get", "sites", "--customer", "bank"}).out, HasSubstr("bank/gva  gva   c1"));
  EXPECT_EQ(server_.last_list().parent(), "customers/bank");
}

TEST_F(CliTest, EmptyListsAreSaidOnStandardError) {
  const Ran ran = Run({"get", "services"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "no services found\n");
  EXPECT_EQ(Run({"get", "services", "-o", "json"}).out, "{\n \"services\": []\n}\n");
}

TEST_F(CliTest, GetFollowsEveryPage) {
  for (int i = 0; i < 7; ++i) {
    v1::Resource r;
    r.mutable_customer()->set_name(absl::StrCat("customers/c", i));
    server_.Put(r);
  }
  server_.set_page_size(3);
  EXPECT_EQ(Run({"get", "customers", "-o", "name"}).out, "c0\nc1\nc2\nc3\nc4\nc5\nc6\n");
}

TEST_F(CliTest, MachineFormats) {
  Populate();
  EXPECT_EQ(Run({"get", "customer", "bank", "-o", "json"}).out,
            "{\n \"name\": \"customers/bank\"\n}\n");
  EXPECT_EQ(Run({"get", "customers", "-o", "json"}).out,
            "{\n \"customers\": [\n  {\n   \"name\": \"customers/bank\"\n  }\n ]\n}\n");
  // What is printed can be applied again: no output-only fields.
  const Ran yaml = Run({"get", "services", "-o", "yaml"});
  EXPECT_THAT(yaml.out, Not(HasSubstr("vni")));
  const Ran applied = Run({"apply", "-f", "-"}, yaml.out);
  EXPECT_EQ(applied.code, 0) << applied.err;
  EXPECT_EQ(server_.last_apply().put().services(0).endpoints_size(), 2);
  EXPECT_THAT(Run({"get", "agents", "-o", "yaml"}).out,
              StartsWith("agents:\n  - name: agents/zrh\n"));
}

TEST_F(CliTest, AsOfAsksForThePast) {
  Populate();
  EXPECT_EQ(Run({"get", "node", "zrh", "--as-of", "17"}).code, 0);
  EXPECT_EQ(server_.last_get().as_of(), 17);
  EXPECT_EQ(Run({"get", "nodes", "--as-of", "2026-01-31T12:00:00.5Z"}).code, 0);
  EXPECT_EQ(server_.last_list().as_of_time().seconds(), 1769860800);
  EXPECT_EQ(server_.last_list().as_of_time().nanos(), 500'000'000);
}

TEST_F(CliTest, DescribeShowsWhatRefersToIt) {
  Populate();
  const Ran service = Run({"describe", "service", "bank/core"});
  EXPECT_EQ(service.code, 0) << service.err;
  EXPECT_THAT(service.out, HasSubstr("State:      DEGRADED: zrh to gva has no protect path\n"));
  EXPECT_THAT(service.out, HasSubstr("  bank/zrh  all   root  -        -\n"));
  EXPECT_THAT(service.out, HasSubstr("  swiss  2G         -\n"));
  EXPECT_THAT(service.out, HasSubstr("  zrh -> gva  swiss  UP\n"
                                     "    Working:  zrh - gva, 1.592 ms, TE metric 238, cost 0\n"
                                     "      links:  zrh--gva\n"
                                     "      uSIDs:  0x8001\n"));
  EXPECT_THAT(Run({"describe", "link", "zrh--gva"}).out,
              HasSubstr("Policies that cross it, working or protect\n"));
  EXPECT_THAT(Run({"describe", "node", "zrh"}).out, HasSubstr("Customer sites\n"));
  for (const char* kind : {"node", "link"}) {
    EXPECT_THAT(Run({"describe", kind, kind == std::string("node") ? "zrh" : "zrh--gva"}).out,
                ContainsRegex("Admin state: +enabled\n"));
  }
  EXPECT_THAT(Run({"describe", "class", "swiss"}).out, HasSubstr("Max delay:"));
  EXPECT_THAT(Run({"describe", "classmap", "marks", "--customer", "bank"}).out,
              HasSubstr("  any other     best-effort\n"));
  EXPECT_THAT(Run({"agent", "show", "zrh"}).out,
              HasSubstr("Rejected by the switch\n  policy:257:2: no such interface\n"));
  for (const char* kind : {"customer", "site", "policy"}) {
    const Ran ran = Run({"describe", kind,
                         kind == std::string("policy") ? "zrh:257:gva"
                         : kind == std::string("site") ? "bank/zrh"
                                                       : "bank"});
    EXPECT_EQ(ran.code, 0) << kind << ran.err;
    EXPECT_FALSE(ran.out.empty()) << kind;
  }
}

constexpr char kNodes[] = "nodes:\n  - {name: zrh, jurisdiction: CH}\n";
constexpr char kCustomer[] = "customers:\n  - {name: bank}\n";

TEST_F(CliTest, ApplyIsOneChangeOfAllFiles) {
  Write("a.yaml", kNodes);
  Write("b.yml", kCustomer);
  Write("notes.txt", "not: yaml: at all");
  const Ran ran = Run({"apply", "-f", folder_, "--request-id", "r1"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "node zrh created\ncustomer bank created\nrevision 7: 2 created\n");
  EXPECT_EQ(server_.applies(), 1);
  EXPECT_EQ(server_.last_apply().request_id(), "r1");
  EXPECT_EQ(server_.last_apply().put().nodes(0).name(), "nodes/zrh");
  EXPECT_THAT(Run({"apply", "-f", "-", "--validate-only"}, kNodes).out,
              HasSubstr("valid, nothing changed: 1 created\n"));
  EXPECT_TRUE(server_.last_apply().validate_only());
}

TEST_F(CliTest, ApplyErrorsNameTheFileAndLine) {
  const std::string file = Write("a.yaml", std::string("# first\n") + kNodes);
  server_.FailWith(RefusedStatus(grpc::StatusCode::INVALID_ARGUMENT, "FIELD_INVALID", "nodes/zrh",
                                 "jurisdiction", "is not known; write CH"));
  const Ran ran = Run({"apply", "-f", file});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, absl::StrCat("waymark: ", file,
                                  ":3: nodes/zrh: jurisdiction: is not known; write CH "
                                  "(FIELD_INVALID)\n"));
}

TEST_F(CliTest, FilesThatCannotBeApplied) {
  const std::string a = Write("a.yaml", kNodes);
  const std::string b = Write("b.yaml", kNodes);
  const std::string empty = Write("empty.yaml", "");
  std::filesystem::create_directories(folder_ + "/none");
  struct Case {
    std::vector<std::string> args;
    int code;
    const char* message;
  };
  for (const Case& c :
       std::vector<Case>{{{"apply", "-f", folder_ + "/gone.yaml"}, 4, "gone.yaml: no such file"},
                         {{"apply", "-f", folder_ + "/none"}, 4, "no *.yaml or *.yml file"},
                         {{"apply", "-f", a, "-f", b}, 1, "nodes/zrh is already defined in"},
                         {{"apply", "-f", empty}, 1, "nothing to apply"},
                         {{"apply", "-f", "-", "-f", "-"}, 2, "given twice"},
                         {{"delete", "-f", empty}, 1, "nothing to delete"}}) {
    const Ran ran = Run(c.args);
    EXPECT_EQ(ran.code, c.code) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(c.message));
  }
  EXPECT_EQ(server_.applies(), 0);
}

TEST_F(CliTest, DeleteShowsAndAsks) {
  const Ran no = Run({"delete", "service", "bank/core"}, "n\n", true);
  EXPECT_EQ(no.code, 1);
  EXPECT_EQ(no.err, "deletes service bank/core\nGo on? [y/N] nothing changed\n");
  EXPECT_EQ(server_.applies(), 0);
  const Ran yes = Run({"delete", "service", "bank/core"}, "y\n", true);
  EXPECT_EQ(yes.out, "service bank/core deleted\nrevision 7: 1 deleted\n");
  EXPECT_THAT(server_.last_apply().delete_(), ElementsAre("customers/bank/services/core"));
  EXPECT_EQ(Run({"delete", "sites", "a", "b", "--customer", "bank", "--yes"}, "", true).code, 0);
  EXPECT_EQ(server_.last_apply().delete__size(), 2);
  const std::string file = Write("a.yaml", kNodes);
  EXPECT_EQ(Run({"delete", "-f", file}).code, 0);
  EXPECT_THAT(server_.last_apply().delete_(), ElementsAre("nodes/zrh"));
}

TEST_F(CliTest, DrainShowsAndAsks) {
  Populate();
  const std::string drain =
      "nodes:\n  - {name: zrh, admin_state: forbid}\n  - {name: new, admin_state: avoid}\n";
  const std::string file = Write("drain.yaml", drain);
  const Ran no = Run({"apply", "-f", file}, "\n", true);
  EXPECT_EQ(no.err, "drains node zrh: enabled -> forbid\nGo on? [y/N] nothing changed\n");
  EXPECT_EQ(server_.applies(), 0);
  EXPECT_EQ(Run({"apply", "-f", file, "-y"}, "", true).code, 0);
  // Drained already: nothing to ask.
  EXPECT_EQ(Run({"apply", "-f", file}, "", true).err, "");
  EXPECT_EQ(server_.applies(), 2);
}

TEST_F(CliTest, WatchPrintsEventsUntilTheBookmark) {
  std::vector<v1::WatchEvent> events(3);
  events[0].set_revision(5);
  events[0].set_change(v1::CREATED);
  events[0].set_name("customers/bank/services/core");
  auto* service = events[0].mutable_resource()->mutable_service();
  service->mutable_status()->set_state(v1::PENDING);
  events[1].set_revision(6);
  events[1].set_change(v1::DELETED);
  events[1].set_name("nodes/zrh");
  events[2].set_bookmark(true);
  server_.set_events(events);
  EXPECT_EQ(Run({"watch", "--once"}).out,
            "5  created  service bank/core  PENDING\n6  deleted  node zrh\n");
  EXPECT_TRUE(server_.last_watch().include_status());
  EXPECT_EQ(Run({"watch", "services", "--once", "--from", "4"}).out,
            "5  created  service bank/core  PENDING\n");
  EXPECT_EQ(server_.last_watch().start_revision(), 4);
  EXPECT_THAT(server_.last_watch().prefixes(), ElementsAre("customers/"));
  EXPECT_EQ(Run({"watch", "nodes", "--once", "-o", "json"}).out,
            "{\"revision\":\"6\",\"change\":\"DELETED\",\"name\":\"nodes/zrh\"}\n");
  EXPECT_THAT(server_.last_watch().prefixes(), ElementsAre("nodes/"));
  EXPECT_EQ(Run({"watch", "--timeout", "0.2"}).code, 5);
  // How things are is no change since --from; without it, it belongs to what exists.
  events[0].set_change(v1::STATUS_CHANGED);
  server_.set_events(events);
  EXPECT_EQ(Run({"watch", "--once", "--from", "4"}).out, "6  deleted  node zrh\n");
  std::swap(events[0], events[2]);
  server_.set_events(events);
  EXPECT_EQ(Run({"watch", "--from", "4", "--timeout", "0.2"}).out,
            "6  deleted  node zrh\n5  status_changed  service bank/core  PENDING\n");
}

TEST_F(CliTest, WaitForUp) {
  Populate();
  std::vector<v1::WatchEvent> events(2);
  events[0].set_bookmark(true);
  events[1].set_change(v1::STATUS_CHANGED);
  events[1].set_name("customers/bank/services/core");
  auto* status = events[1].mutable_resource()->mutable_service()->mutable_status();
  status->set_state(v1::UP);
  server_.set_events(events);
  const Ran up = Run({"wait", "--for=up", "bank/core"});
  EXPECT_EQ(up.code, 0) << up.err;
  EXPECT_EQ(up.out, "bank/core UP\n");

  server_.set_events({events[0]});
  const Ran late = Run({"wait", "--for=up", "bank/core", "--timeout", "200ms"});
  EXPECT_EQ(late.code, 5);
  EXPECT_EQ(late.err,
            "waymark: not there after 200ms: bank/core is DEGRADED: zrh to gva has no protect "
            "path\n");
  EXPECT_EQ(Run({"wait", "--for=up", "bank/gone"}).code, 4);

  v1::WatchEvent gone;
  gone.set_change(v1::DELETED);
  gone.set_name("customers/bank/services/core");
  server_.set_events({events[0], gone});
  EXPECT_EQ(Run({"wait", "--for=up", "bank/core"}).code, 4);
}

TEST_F(CliTest, WaitForConverged) {
  v1::ServerInfo info;
  info.set_revision(9);
  info.set_computed_revision(8);
  info.set_converged(true);
  server_.set_info(info);
  // Acked, but what was acked was computed from an older revision.
  const Ran late = Run({"wait", "--for", "converged", "--timeout", "0.3"});
  EXPECT_EQ(late.code, 5);
  EXPECT_THAT(late.err, HasSubstr("revision 9, computed up to 8"));
  // Many events at once are one reason to ask again, and never one to watch again.
  std::vector<v1::WatchEvent> events(500);
  for (auto& event : events) event.set_bookmark(true);
  server_.set_events(events);
  const int watches = server_.watches(), infos = server_.infos();
  EXPECT_EQ(Run({"wait", "--for", "converged", "--timeout", "0.6"}).code, 5);
  EXPECT_EQ(server_.watches(), watches + 1);
  EXPECT_GE(server_.infos(), infos + 2);
  EXPECT_LE(server_.infos(), infos + 7);
  // It becomes so while the watch is open, and no event says so.
  auto later = std::async(std::launch::async, [&] {
    return Run({"wait", "--for", "converged", "--timeout", "30"});
  });
  while (server_.watches() < watches + 2) std::this_thread::yield();
  info.set_computed_revision(9);
  server_.set_info(info);
  EXPECT_EQ(later.get().out, "converged at revision 9\n");
  EXPECT_EQ(server_.watches(), watches + 2);
  info.set_computed_revision(9);
  server_.set_info(info);
  EXPECT_EQ(Run({"wait", "--for", "converged"}).out, "converged at revision 9\n");
}

TEST_F(CliTest, TracePrintsEveryHop) {
  v1::TraceResponse r;
  r.set_traffic_class("trafficClasses/swiss");
  r.set_matched("dscp 46");
  r.set_queue(5);
  r.set_outer_dscp(34);
  r.set_treatment(v1::PINNED);
  r.set_vni(1);
  r.set_policy("policies/zrh:257:gva");
  r.set_binding_sid("fd00:0:2:b::101");
  r.set_revision(7);
  r.mutable_status()->set_state(v1::UP);
  auto* path = r.add_paths();
  path->set_delay_ns(1'592'000);
  path->set_state(v1::UP);
  auto* hop = path->add_hops();
  hop->set_node("nodes/zrh");
  hop->set_link("links/zrh--gva");
  hop->set_interface("l8001");
  hop->set_jurisdiction("CH");
  hop->set_provider("rheinader");
  hop->set_sid(0x8001);
  hop = path->add_hops();
  hop->set_node("nodes/gva");
  hop->set_jurisdiction("CH");
  hop->set_delay_ns(1'592'000);
  *r.mutable_protect() = *path;
  server_.set_trace(r);

  const Ran ran = Run({"trace", "bank/core", "--from", "zrh", "--to", "bank/gva", "--dscp", "EF"});
  EXPECT_EQ(ran.out,
            "Frame:        bank/zrh -> bank/gva in bank/core, marked DSCP 46 (EF)\n"
            "Class:        swiss (matched dscp 46), pinned\n"
            "Queue:        5, outer DSCP 34 (AF41), VNI 1\n"
            "Policy:       zrh:257:gva\n"
            "Binding SID:  fd00:0:2:b::101\n"
            "State:        UP\n"
            "Revision:     7\n"
            "\n"
            "Path, 1.592 ms, UP\n"
            "  #  NODE  PLACE  PROVIDER   INTERFACE  LINK      USID    DELAY SO FAR\n"
            "  0  zrh   CH     rheinader  l8001      zrh--gva  0x8001  0.000 ms\n"
            "  1  gva   CH     -          -          -         -       1.592 ms\n"
            "\n"
            "Protect path, ready, 1.592 ms, UP\n"
            "  #  NODE  PLACE  PROVIDER   INTERFACE  LINK      USID    DELAY SO FAR\n"
            "  0  zrh   CH     rheinader  l8001      zrh--gva  0x8001  0.000 ms\n"
            "  1  gva   CH     -          -          -         -       1.592 ms\n");
  EXPECT_EQ(server_.last_trace().dscp(), 46U);
  EXPECT_EQ(server_.last_trace().to_site(), "customers/bank/sites/gva");
  EXPECT_EQ(Run({"trace", "bank/core", "--from", "zrh", "--to", "gva", "--pcp", "5"}).code, 0);
  EXPECT_EQ(server_.last_trace().pcp(), 5U);
  EXPECT_THAT(Run({"trace", "bank/core", "--from", "zrh", "--to", "gva", "-o", "json"}).out,
              HasSubstr("\"binding_sid\": \"fd00:0:2:b::101\""));
  EXPECT_EQ(server_.last_trace().mark_case(), v1::TraceRequest::MARK_NOT_SET);
}

TEST_F(CliTest, InfoAndBackup) {
  v1::ServerInfo info;
  info.set_version("1.0");
  info.set_revision(9);
  server_.set_info(info);
  EXPECT_THAT(Run({"info"}).out, HasSubstr("Revision:   9\n"));
  EXPECT_THAT(Run({"backup", "/var/backups/w"}).out,
              HasSubstr("4096 bytes, written to /var/backups/w"));
}

TEST_F(CliTest, ServerErrors) {
  EXPECT_EQ(Run({"get", "node", "xxx"}).code, 4);
  EXPECT_EQ(Run({"get", "node", "xxx"}).err, "waymark: nodes/xxx: does not exist (NOT_FOUND)\n");
  server_.FailWith(grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "not\033[2Jyours"));
  EXPECT_EQ(Run({"get", "nodes"}).code, 1);
  EXPECT_EQ(Run({"get", "nodes"}).err, "waymark: not?[2Jyours\n");
  // Details that are no google.rpc.Status: the message is shown instead.
  server_.FailWith(grpc::Status(grpc::StatusCode::INTERNAL, "broken", "\xff\xff\xff"));
  EXPECT_EQ(Run({"info"}).err, "waymark: broken\n");
  server_.FailWith(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED, "late"));
  EXPECT_EQ(Run({"info"}).code, 5);
}

constexpr char kTopology[] =
    "nodes:\n"
    "  - {name: zrh, jurisdiction: CH}\n"
    "  - {name: gva, jurisdiction: CH}\n"
    "links:\n"
    "  - {source: zrh, target: gva, both_ways: true, capacity_bps: 100G, delay_ns: 1.6ms}\n";

TEST_F(CliTest, ImportAppliesAndReplaceDeletesTheRest) {
  Populate();
  v1::Resource old;
  old.mutable_node()->set_name("nodes/old");
  server_.Put(old);
  const std::string file = Write("t.yaml", kTopology);
  const Ran ran = Run({"topology", "import", file, "--replace"}, "y\n", true);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("deletes node old\n"));
  EXPECT_THAT(server_.last_apply().delete_(), ElementsAre("nodes/old"));
  EXPECT_EQ(server_.last_apply().put().links_size(), 2);
  EXPECT_THAT(ran.out, HasSubstr("2 nodes, 2 links, 0 risk groups\n"));
  // Machines get JSON alone.
  EXPECT_THAT(Run({"topology", "import", file, "-o", "json"}).out, StartsWith("{"));
  EXPECT_THAT(Run({"topology", "export"}).out, HasSubstr("ietf-network:networks"));
}

}  // namespace
}  // namespace waymark::cli

// What is shown of resources, traces and the controller.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "northbound/cli/cli_testing.h"

namespace waymark::cli {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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
  EXPECT_THAT(Run({"info"}).out, HasSubstr("Revision:     9\n"));
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

}  // namespace
}  // namespace waymark::cli

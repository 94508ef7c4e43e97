#include "northbound/cli/print.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "controller/topology/yaml_bundle.h"
#include "northbound/cli/proto_text.h"

namespace waymark::cli {
namespace {

using google::protobuf::RepeatedPtrField;

std::string Join(const RepeatedPtrField<std::string>& names) {
  return absl::StrJoin(
      names, ", ", [](std::string* out, const std::string& name) { out->append(ShortName(name)); });
}

std::vector<std::string> Row(const v1::Node& n) {
  return {ShortName(n.name()),
          n.display_name(),
          n.jurisdiction(),
          n.provider(),
          absl::StrCat(n.ports_size()),
          AdminName(n.admin_state()),
          FormatStatus(n.status())};
}

std::vector<std::string> Row(const v1::Link& l) {
  return {ShortName(l.name()),
          ShortName(l.source()),
          ShortName(l.target()),
          FormatRate(l.capacity_bps()),
          FormatDelay(l.delay_ns()),
          absl::StrCat(l.te_metric()),
          FormatNumber(l.cost()),
          l.provider(),
          absl::StrJoin(l.admin_groups(), ","),
          AdminName(l.admin_state()),
          FormatStatus(l.status())};
}

std::vector<std::string> Row(const v1::Srlg& s) {
  return {ShortName(s.name()), Lower(v1::SrlgType_Name(s.type())), s.display_name(),
          FormatNumber(s.mtbf_hours()), FormatNumber(s.mttr_hours())};
}

std::vector<std::string> Row(const v1::Customer& c) {
  return {ShortName(c.name()), c.display_name(), absl::StrCat(c.revision())};
}

std::vector<std::string> Row(const v1::Site& s) {
  return {ShortName(s.name()), ShortName(s.node()), s.port(), s.display_name()};
}

std::vector<std::string> Row(const v1::TrafficClass& c) {
  std::vector<std::string> protection;
  for (const int p : c.protection()) {
    protection.push_back(Lower(v1::Disjointness_Name(static_cast<v1::Disjointness>(p))));
  }
  const auto objective =
      c.objective() == v1::OBJECTIVE_UNSPECIFIED ? v1::MIN_TE_METRIC : c.objective();
  return {ShortName(c.name()),
          absl::StrCat(c.queue()),
          FormatDscp(c.dscp()),
          Lower(v1::Treatment_Name(c.treatment())),
          Lower(v1::Objective_Name(objective)),
          c.max_delay_ns() == 0 ? "-" : FormatDelay(c.max_delay_ns()),
          FormatPlaces(c),
          absl::StrJoin(protection, "+")};
}

std::vector<std::string> Row(const v1::ClassMap& m) {
  return {ShortName(m.name()), FormatRules(m)};
}

std::vector<std::string> Row(const v1::Service& s) {
  std::vector<std::string> sites;
  for (const auto& endpoint : s.endpoints()) {
    const std::string site = ShortName(endpoint.site());
    sites.push_back(absl::StrCat(site.substr(site.find('/') + 1),
                                 endpoint.vlan() > 0 ? absl::StrCat(".", endpoint.vlan()) : ""));
  }
  return {ShortName(s.name()),
          Lower(v1::ServiceType_Name(s.type())),
          ShortName(s.class_map()),
          absl::StrJoin(sites, ","),
          s.vni() == 0 ? "-" : absl::StrCat(s.vni()),
          FormatStatus(s.status())};
}

std::vector<std::string> Row(const v1::Policy& p) {
  const std::string more =
      p.working_size() > 1 ? absl::StrCat(" (+", p.working_size() - 1, ")") : "";
  const v1::Path none;
  const v1::Path& now = p.on_protect() ? p.protect() : p.working_size() > 0 ? p.working(0) : none;
  return {ShortName(p.name()),
          ShortName(p.traffic_class()),
          p.service().empty() ? "-" : ShortName(p.service()),
          FormatRate(p.reserved_bps()),
          FormatNodes(now) + more,
          now.links_size() > 0 ? FormatDelay(now.delay_ns()) : "-",
          p.on_protect() ? "protect" : "working",
          FormatStatus(p.status())};
}

std::vector<std::string> Row(const v1::Agent& a) {
  return {ShortName(a.name()),
          a.connected() ? "yes" : "no",
          a.dataplane(),
          a.version(),
          absl::StrCat(a.desired_objects()),
          absl::StrCat(a.sent_objects()),
          absl::StrCat(a.acked_objects()),
          absl::StrCat(a.observed_objects()),
          absl::StrCat(a.rejected_size()),
          FormatStatus(a.status())};
}

// {"FIELD": [...]}, each resource as JSON; there is no one message that holds a list of any kind.
std::string JsonList(Kind kind, std::span<const v1::Resource> resources) {
  std::string out = absl::StrCat("{\n \"", std::string(InfoOf(kind).field), "\": [");
  for (size_t i = 0; i < resources.size(); ++i) {
    std::string one = ToJson(MessageOf(resources[i]));
    one.pop_back();
    absl::StrAppend(&out, i > 0 ? ",\n  " : "\n  ", absl::StrReplaceAll(one, {{"\n", "\n  "}}));
  }
  return out + (resources.empty() ? "]\n}\n" : "\n ]\n}\n");
}

bool AddToBundle(const v1::Resource& resource, v1::Bundle* bundle) {
  switch (resource.kind_case()) {
    case v1::Resource::kNode:
      *bundle->add_nodes() = resource.node();
      return true;
    case v1::Resource::kLink:
      *bundle->add_links() = resource.link();
      return true;
    case v1::Resource::kSrlg:
      *bundle->add_srlgs() = resource.srlg();
      return true;
    case v1::Resource::kCustomer:
      *bundle->add_customers() = resource.customer();
      return true;
    case v1::Resource::kSite:
      *bundle->add_sites() = resource.site();
      return true;
    case v1::Resource::kTrafficClass:
      *bundle->add_traffic_classes() = resource.traffic_class();
      return true;
    case v1::Resource::kClassMap:
      *bundle->add_class_maps() = resource.class_map();
      return true;
    case v1::Resource::kService:
      *bundle->add_services() = resource.service();
      return true;
    default:
      return false;
  }
}

std::string YamlList(Kind kind, std::span<const v1::Resource> resources) {
  v1::Bundle bundle;
  v1::ListPoliciesResponse policies;
  v1::ListAgentsResponse agents;
  for (const v1::Resource& resource : resources) {
    if (AddToBundle(resource, &bundle)) continue;
    if (resource.has_policy()) *policies.add_policies() = resource.policy();
    if (resource.has_agent()) *agents.add_agents() = resource.agent();
  }
  if (resources.empty()) return absl::StrCat(std::string(InfoOf(kind).field), ": []\n");
  if (kind == Kind::kPolicy) return ToYaml(policies);
  if (kind == Kind::kAgent) return ToYaml(agents);
  return WriteYamlBundle(bundle);
}

}  // namespace

std::string AdminName(v1::AdminState admin) {
  return admin == v1::ADMIN_STATE_UNSPECIFIED ? "enabled" : Lower(v1::AdminState_Name(admin));
}

std::string Lower(const std::string& enum_name) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(enum_name), {{"_", "-"}});
}

std::string FormatRules(const v1::ClassMap& map) {
  std::vector<std::string> rules;
  for (const auto& rule : map.rules()) {
    std::vector<std::string> marks;
    for (const uint32_t dscp : rule.dscp())
      marks.push_back(absl::StrCat("dscp ", FormatDscp(dscp)));
    for (const uint32_t pcp : rule.pcp()) marks.push_back(absl::StrCat("pcp ", pcp));
    rules.push_back(
        absl::StrCat(absl::StrJoin(marks, ", "), " -> ", ShortName(rule.traffic_class())));
  }
  rules.push_back(absl::StrCat("default -> ", ShortName(map.default_class())));
  return absl::StrJoin(rules, "; ");
}

std::string FormatPlaces(const v1::TrafficClass& c) {
  std::vector<std::string> parts;
  const auto add = [&](const char* before, const RepeatedPtrField<std::string>& names,
                       const char* after) {
    if (!names.empty()) parts.push_back(absl::StrCat(before, Join(names), after));
  };
  add("", c.allowed_jurisdictions(), " only");
  add("not ", c.forbidden_jurisdictions(), "");
  add("providers ", c.allowed_providers(), " only");
  add("not providers ", c.forbidden_providers(), "");
  add("any of ", c.include_any(), "");
  add("all of ", c.include_all(), "");
  add("no ", c.exclude(), "");
  return parts.empty() ? "anywhere" : absl::StrJoin(parts, "; ");
}

const google::protobuf::Message& MessageOf(const v1::Resource& resource) {
  const auto* reflection = resource.GetReflection();
  const auto* oneof = resource.GetDescriptor()->oneof_decl(0);
  return reflection->GetMessage(resource, reflection->GetOneofFieldDescriptor(resource, oneof));
}

std::vector<std::string> TableHeader(Kind kind) {
  switch (kind) {
    case Kind::kNode:
      return {"NAME", "PLACE", "COUNTRY", "PROVIDER", "PORTS", "ADMIN", "STATE"};
    case Kind::kLink:
      return {"NAME", "FROM",     "TO",     "CAPACITY", "DELAY", "TE-METRIC",
              "COST", "PROVIDER", "GROUPS", "ADMIN",    "STATE"};
    case Kind::kSrlg:
      return {"NAME", "TYPE", "DESCRIPTION", "MTBF-HOURS", "MTTR-HOURS"};
    case Kind::kCustomer:
      return {"NAME", "DESCRIPTION", "REVISION"};
    case Kind::kSite:
      return {"NAME", "NODE", "PORT", "DESCRIPTION"};
    case Kind::kTrafficClass:
      return {"NAME",      "QUEUE",     "DSCP",   "TREATMENT",
              "OBJECTIVE", "MAX-DELAY", "PLACES", "PROTECTION"};
    case Kind::kClassMap:
      return {"NAME", "RULES"};
    case Kind::kService:
      return {"NAME", "TYPE", "CLASS-MAP", "SITES", "VNI", "STATE"};
    case Kind::kPolicy:
      return {"NAME", "CLASS", "SERVICE", "RESERVED", "ROUTE", "DELAY", "ON", "STATE"};
    case Kind::kAgent:
      return {"NAME", "CONNECTED", "DATAPLANE", "VERSION",  "DESIRED",
              "SENT", "ACKED",     "OBSERVED",  "REJECTED", "STATE"};
  }
  return {};
}

std::vector<std::string> TableRow(const v1::Resource& resource) {
  switch (resource.kind_case()) {
    case v1::Resource::kNode:
      return Row(resource.node());
    case v1::Resource::kLink:
      return Row(resource.link());
    case v1::Resource::kSrlg:
      return Row(resource.srlg());
    case v1::Resource::kCustomer:
      return Row(resource.customer());
    case v1::Resource::kSite:
      return Row(resource.site());
    case v1::Resource::kTrafficClass:
      return Row(resource.traffic_class());
    case v1::Resource::kClassMap:
      return Row(resource.class_map());
    case v1::Resource::kService:
      return Row(resource.service());
    case v1::Resource::kPolicy:
      return Row(resource.policy());
    case v1::Resource::kAgent:
      return Row(resource.agent());
    case v1::Resource::KIND_NOT_SET:
      break;
  }
  return {};
}

bool PrintedForMachine(Context& context, const google::protobuf::Message& reply) {
  switch (context.globals().output) {
    case Output::kJson:
      context.out() << ToJson(reply);
      return true;
    case Output::kYaml:
      context.out() << ToYaml(reply);
      return true;
    default:
      return false;
  }
}

void PrintAnswer(Context& context, const google::protobuf::Message& reply,
                 std::span<const std::string> names, const std::function<void()>& table) {
  if (PrintedForMachine(context, reply)) return;
  if (context.globals().output == Output::kTable) return table();
  for (const std::string& name : names) context.out() << Printable(name) << '\n';
}

void PrintResources(Context& context, Kind kind, std::span<const v1::Resource> resources,
                    Shape shape) {
  switch (context.globals().output) {
    case Output::kJson:
      context.out() << (shape == Shape::kSingle && resources.size() == 1
                            ? ToJson(MessageOf(resources[0]))
                            : JsonList(kind, resources));
      return;
    case Output::kYaml:
      context.out() << YamlList(kind, resources);
      return;
    case Output::kName:
      for (const auto& resource : resources)
        context.out() << Printable(ShortName(NameOf(resource))) << '\n';
      return;
    case Output::kTable: {
      if (resources.empty()) {
        // To err: a script that counts lines of a table must not count this one.
        context.io().err << "no " << InfoOf(kind).plural << " found\n";
        return;
      }
      Table table(TableHeader(kind));
      for (const auto& resource : resources) table.Add(TableRow(resource));
      table.Print(context.out(), context.color());
      return;
    }
  }
}

}  // namespace waymark::cli

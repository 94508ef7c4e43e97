#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "northbound/cli/client.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/mesh_guarantees.h"
#include "northbound/cli/path_print.h"
#include "northbound/cli/path_text.h"
#include "northbound/cli/print.h"

namespace waymark::cli {
namespace {

using v1::Resource;

std::string Names(const google::protobuf::RepeatedPtrField<std::string>& names) {
  return absl::StrJoin(
      names, ", ", [](std::string* out, const std::string& name) { out->append(ShortName(name)); });
}

bool Contains(const google::protobuf::RepeatedPtrField<std::string>& names,
              const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool Crosses(const v1::Policy& policy, const std::string& link) {
  const auto on = [&](const v1::Path& path) { return Contains(path.links(), link); };
  return std::any_of(policy.working().begin(), policy.working().end(), on) || on(policy.protect());
}

bool Visits(const v1::Policy& policy, const std::string& node) {
  const auto on = [&](const v1::Path& path) { return Contains(path.nodes(), node); };
  return std::any_of(policy.working().begin(), policy.working().end(), on) || on(policy.protect());
}

std::string Reliability(double mtbf_hours, double mttr_hours) {
  if (mtbf_hours == 0) return "";
  return absl::StrCat("one failure in ", FormatNumber(mtbf_hours), " h, ", FormatNumber(mttr_hours),
                      " h to mend");
}

class Describer {
 public:
  Describer(Context& context, Client& client) : context_(context), client_(client) {}

  // What the resource itself says, and then what refers to it.
  absl::Status Describe(const Resource& resource) {
    switch (resource.kind_case()) {
      case Resource::kNode:
        return Node(resource.node());
      case Resource::kLink:
        return Link(resource.link());
      case Resource::kSrlg:
        return Srlg(resource.srlg());
      case Resource::kCustomer:
        return Customer(resource.customer());
      case Resource::kSite:
        return Site(resource.site());
      case Resource::kTrafficClass:
        return TrafficClass(resource.traffic_class());
      case Resource::kClassMap:
        return ClassMap(resource.class_map());
      case Resource::kService:
        return Service(resource.service());
      case Resource::kPolicy:
        return Policy(resource.policy());
      case Resource::kAgent:
        return Agent(resource.agent());
      case Resource::KIND_NOT_SET:
        break;
    }
    return absl::InternalError("the controller sent an empty resource");
  }

 private:
  std::ostream& out() { return context_.out(); }
  void Print(const Fields& fields) { fields.Print(out(), context_.color()); }

  // A table of those of `kind` that `wanted` picks, under a heading; nothing when there are none.
  template <typename Wanted>
  absl::Status Related(const std::string& heading, Kind kind, const std::string& customer,
                       const Wanted& wanted) {
    const auto all = client_.List(kind, customer, context_.globals().as_of);
    if (!all.ok()) return all.status();
    Table table(TableHeader(kind));
    for (const Resource& resource : *all) {
      if (wanted(resource)) table.Add(TableRow(resource));
    }
    if (table.empty()) return absl::OkStatus();
    out() << '\n' << heading << '\n';
    table.Print(out(), context_.color(), "  ");
    return absl::OkStatus();
  }

  absl::Status Node(const v1::Node& n) {
    std::vector<std::string> ports;
    for (const auto& port : n.ports()) {
      ports.push_back(absl::StrCat(
          port.id(), port.capacity_bps() > 0 ? " " + FormatRate(port.capacity_bps()) : ""));
    }
    Print(Fields()
              .Add("Node", n.name())
              .Add("Place", n.display_name())
              .Add("Country", n.jurisdiction().empty() ? "unknown" : n.jurisdiction())
              .Add("Provider", n.provider())
              .Add("Coordinates",
                   n.has_coordinates() ? absl::StrCat(n.latitude(), ", ", n.longitude()) : "")
              .Add("Ports", absl::StrJoin(ports, ", "))
              .Add("Risk groups", Names(n.srlgs()))
              .Add("Reliability", Reliability(n.mtbf_hours(), n.mttr_hours()))
              .Add("Admin state", AdminName(n.admin_state()))
              .Add("uSID", n.node_sid() > 0 ? FormatSid(n.node_sid()) : "")
              .Add("Loopback", n.loopback())
              .Add("State", FormatStatus(n.status()))
              .Add("Since", FormatTime(n.status().since()))
              .Add("Revision", absl::StrCat(n.revision())));
    if (auto s = Related("Links", Kind::kLink, "",
                         [&](const Resource& r) {
                           return r.link().source() == n.name() || r.link().target() == n.name();
                         });
        !s.ok()) {
      return s;
    }
    if (auto s = Related("Customer sites", Kind::kSite, "",
                         [&](const Resource& r) { return r.site().node() == n.name(); });
        !s.ok()) {
      return s;
    }
    return Related("Policies that pass here", Kind::kPolicy, "",
                   [&](const Resource& r) { return Visits(r.policy(), n.name()); });
  }

  absl::Status Link(const v1::Link& l) {
    Print(
        Fields()
            .Add("Link", l.name())
            .Add("From", absl::StrCat(ShortName(l.source()),
                                      l.interface().empty() ? "" : ", interface " + l.interface()))
            .Add("To", ShortName(l.target()))
            .Add("Reverse", ShortName(l.reverse()))
            .Add("Capacity", FormatRate(l.capacity_bps()))
            .Add("Oversubscription",
                 l.oversubscription() != 0 ? FormatNumber(l.oversubscription()) : "")
            .Add("Delay", FormatDelay(l.delay_ns()))
            .Add("IGP metric", absl::StrCat(l.igp_metric()))
            .Add("TE metric", absl::StrCat(l.te_metric()))
            .Add("Cost", FormatNumber(l.cost()))
            .Add("Provider", l.provider())
            .Add("Groups", absl::StrJoin(l.admin_groups(), ", "))
            .Add("Risk groups", Names(l.srlgs()))
            .Add("Reliability", Reliability(l.mtbf_hours(), l.mttr_hours()))
            .Add("Admin state", AdminName(l.admin_state()))
            .Add("uSID", l.adjacency_sid() > 0 ? FormatSid(l.adjacency_sid()) : "")
            .Add("State", FormatStatus(l.status()))
            .Add("Since", FormatTime(l.status().since()))
            .Add("Revision", absl::StrCat(l.revision())));
    return Related("Policies that cross it, working or protect", Kind::kPolicy, "",
                   [&](const Resource& r) { return Crosses(r.policy(), l.name()); });
  }

  absl::Status Srlg(const v1::Srlg& s) {
    Print(Fields()
              .Add("Risk group", s.name())
              .Add("What", s.display_name())
              .Add("Type", Lower(v1::SrlgType_Name(s.type())))
              .Add("Reliability", Reliability(s.mtbf_hours(), s.mttr_hours()))
              .Add("Revision", absl::StrCat(s.revision())));
    if (auto status =
            Related("Nodes that share it", Kind::kNode, "",
                    [&](const Resource& r) { return Contains(r.node().srlgs(), s.name()); });
        !status.ok()) {
      return status;
    }
    return Related("Links that share it", Kind::kLink, "",
                   [&](const Resource& r) { return Contains(r.link().srlgs(), s.name()); });
  }

  absl::Status Customer(const v1::Customer& c) {
    Print(Fields()
              .Add("Customer", c.name())
              .Add("What", c.display_name())
              .Add("Revision", absl::StrCat(c.revision())));
    const std::string id = CustomerOf(c.name());
    const auto mine = [&](const Resource& r) { return CustomerOf(NameOf(r)) == id; };
    for (const auto& [heading, kind] : {std::pair{"Sites", Kind::kSite},
                                        {"Class maps", Kind::kClassMap},
                                        {"Services", Kind::kService}}) {
      if (auto s = Related(heading, kind, id, mine); !s.ok()) return s;
    }
    return absl::OkStatus();
  }

  absl::Status Site(const v1::Site& s) {
    Print(Fields()
              .Add("Site", s.name())
              .Add("What", s.display_name())
              .Add("Node", ShortName(s.node()))
              .Add("Port", s.port())
              .Add("Revision", absl::StrCat(s.revision())));
    return Related("Services", Kind::kService, CustomerOf(s.name()), [&](const Resource& r) {
      const auto& ends = r.service().endpoints();
      return std::any_of(ends.begin(), ends.end(),
                         [&](const auto& end) { return end.site() == s.name(); });
    });
  }

  absl::Status TrafficClass(const v1::TrafficClass& c) {
    const Resource whole = [&] {
      Resource r;
      *r.mutable_traffic_class() = c;
      return r;
    }();
    const std::vector<std::string> header = TableHeader(Kind::kTrafficClass);
    const std::vector<std::string> row = TableRow(whole);
    Fields fields;
    fields.Add("Class", c.name()).Add("What", c.display_name());
    const auto title = [](std::string text) {
      for (size_t i = 1; i < text.size(); ++i) {
        text[i] = text[i] == '-' ? ' ' : static_cast<char>(std::tolower(text[i]));
      }
      return text;
    };
    for (size_t i = 1; i < header.size(); ++i) fields.Add(title(header[i]), row[i]);
    fields
        .Add("Most paths",
             c.treatment() == v1::MESH ? absl::StrCat(c.max_paths() == 0 ? 4 : c.max_paths()) : "")
        .Add("What does not fit", c.treatment() != v1::MESH            ? ""
                                  : c.sharing() == v1::MOST_THROUGHPUT ? "the most in all"
                                                                       : "max-min fair")
        .Add("Longest route", c.max_stretch() > 0 ? absl::StrCat(FormatNumber(c.max_stretch()),
                                                                 " times the shortest way")
                                                  : "")
        .Add("Most hops", c.max_hops() > 0 ? absl::StrCat(c.max_hops()) : "")
        .Add("Availability",
             c.availability_target() > 0 ? absl::StrCat(c.availability_target()) : "")
        .Add("Latency at most", c.max_latency_ns() > 0 ? FormatDelay(c.max_latency_ns()) : "")
        .Add("Pair", c.pair_objective() == v1::MIN_MAX ? "the dearer path as cheap as can be" : "")
        .Add("Without a disjoint pair", c.protection_size() == 0 || c.treatment() == v1::MESH ? ""
                                        : c.allow_shared_risks()
                                            ? "the pair that shares fewest risks"
                                            : "blocked")
        .Add("Protect bandwidth", c.protect_bandwidth() == v1::SHARED ? "shared" : "")
        .Add("Priorities",
             c.has_setup_priority() || c.has_hold_priority()
                 ? absl::StrCat("setup ", c.has_setup_priority() ? c.setup_priority() : 7,
                                ", hold ", c.has_hold_priority() ? c.hold_priority() : 0)
                 : "")
        .Add("Oversubscription", c.oversubscription() > 1 ? FormatNumber(c.oversubscription()) : "")
        .Add("Class index", absl::StrCat(c.class_index()))
        .Add("Revision", absl::StrCat(c.revision()));
    Print(fields);
    if (auto s = Related("Class maps that use it", Kind::kClassMap, "",
                         [&](const Resource& r) {
                           const auto& m = r.class_map();
                           return m.default_class() == c.name() ||
                                  std::any_of(m.rules().begin(), m.rules().end(),
                                              [&](const auto& rule) {
                                                return rule.traffic_class() == c.name();
                                              });
                         });
        !s.ok()) {
      return s;
    }
    return Related("Policies", Kind::kPolicy, "",
                   [&](const Resource& r) { return r.policy().traffic_class() == c.name(); });
  }

  absl::Status ClassMap(const v1::ClassMap& m) {
    Print(Fields()
              .Add("Class map", m.name())
              .Add("What", m.display_name())
              .Add("Revision", absl::StrCat(m.revision())));
    out() << "\nRules\n";
    Table table({"MARK", "CLASS"});
    for (const auto& rule : m.rules()) {
      for (const uint32_t pcp : rule.pcp()) {
        table.Add({absl::StrCat("pcp ", pcp), ShortName(rule.traffic_class())});
      }
      for (const uint32_t dscp : rule.dscp()) {
        table.Add({absl::StrCat("dscp ", FormatDscp(dscp)), ShortName(rule.traffic_class())});
      }
    }
    table.Add({"any other", ShortName(m.default_class())});
    table.Print(out(), context_.color(), "  ");
    return Related("Services that use it", Kind::kService, CustomerOf(m.name()),
                   [&](const Resource& r) { return r.service().class_map() == m.name(); });
  }

  absl::Status Service(const v1::Service& s) {
    Print(Fields()
              .Add("Service", s.name())
              .Add("What", s.display_name())
              .Add("Type", Lower(v1::ServiceType_Name(s.type())))
              .Add("Class map", ShortName(s.class_map()))
              .Add("VNI", s.vni() > 0 ? absl::StrCat(s.vni()) : "")
              .Add("State", FormatStatus(s.status()))
              .Add("Since", FormatTime(s.status().since()))
              .Add("Revision", absl::StrCat(s.revision())));
    out() << "\nEndpoints\n";
    Table ends({"SITE", "VLAN", "ROLE", "INGRESS", "EGRESS"});
    for (const auto& e : s.endpoints()) {
      ends.Add({ShortName(e.site()), e.vlan() == 0 ? "all" : absl::StrCat(e.vlan()),
                e.role() == v1::LEAF ? "leaf" : "root", FormatRate(e.ingress_bps()),
                FormatRate(e.egress_bps())});
    }
    ends.Print(out(), context_.color(), "  ");
    out() << "\nRates between each two sites\n";
    Table rates({"CLASS", "COMMITTED", "EXCESS"});
    for (const auto& r : s.rates()) {
      rates.Add({ShortName(r.traffic_class()), FormatRate(r.cir_bps()), FormatRate(r.eir_bps())});
    }
    rates.Print(out(), context_.color(), "  ");
    Guarantee(s);
    return ServicePolicies(s);
  }

  // Of now, whatever past the rest is of; without an answer to it the rest is shown all the same.
  void Guarantee(const v1::Service& s) {
    v1::ListMeshGuaranteesRequest request;
    request.set_parent(s.name());
    const auto all = client_.ListMeshGuarantees(request);
    if (!all.ok()) {
      out() << "\nGuarantee\n  unknown: " << all.status().message() << '\n';
    } else if (!all->guarantees().empty()) {
      PrintMeshGuarantee(context_, all->guarantees(0));
    }
  }

  // Its own pinned policies with every hop, and the shared mesh policies of its edges.
  absl::Status ServicePolicies(const v1::Service& s) {
    const auto policies = client_.List(Kind::kPolicy, "", context_.globals().as_of);
    if (!policies.ok()) return policies.status();
    const auto sites = client_.List(Kind::kSite, CustomerOf(s.name()), context_.globals().as_of);
    if (!sites.ok()) return sites.status();
    const auto map = client_.Get(Kind::kClassMap, s.class_map(), context_.globals().as_of);
    if (!map.ok()) return map.status();
    const auto edge = [&](const std::string& node) {
      return std::any_of(sites->begin(), sites->end(), [&](const Resource& r) {
        return r.site().node() == node &&
               std::any_of(s.endpoints().begin(), s.endpoints().end(),
                           [&](const auto& e) { return e.site() == r.site().name(); });
      });
    };
    const auto uses = [&](const std::string& traffic_class) {
      const auto& m = map->class_map();
      return m.default_class() == traffic_class ||
             std::any_of(m.rules().begin(), m.rules().end(),
                         [&](const auto& rule) { return rule.traffic_class() == traffic_class; });
    };
    bool heading = false;
    std::vector<const v1::Policy*> pinned;
    for (const Resource& r : *policies) {
      const v1::Policy& p = r.policy();
      const bool shared =
          p.service().empty() && edge(p.headend()) && edge(p.endpoint()) && uses(p.traffic_class());
      if (p.service() != s.name() && !shared) continue;
      if (!heading) out() << "\nPolicies\n";
      heading = true;
      PrintPolicy(p, "  ");
      if (!shared) pinned.push_back(&p);
    }
    RiskSheet(pinned);
    return absl::OkStatus();
  }

  void PrintPolicy(const v1::Policy& p, std::string_view indent) {
    out() << indent << Printable(ShortName(p.headend())) << " -> "
          << Printable(ShortName(p.endpoint())) << "  " << Printable(ShortName(p.traffic_class()))
          << (p.service().empty() ? " (shared mesh)" : "") << "  "
          << Painted(Printable(FormatStatus(p.status())), context_.color()) << '\n';
    PrintPolicyPaths(out(), context_.color(), p, std::string(indent) + "  ");
  }

  // What its customer was promised, policy by policy, and what can break it.
  void RiskSheet(const std::vector<const v1::Policy*>& pinned) {
    Table table({"FROM", "TO", "CLASS", "AVAILABILITY", "DOWN A YEAR", "LATENCY WORKING",
                 "LATENCY PROTECT", "FAILOVER", "SHARED RISKS"});
    for (const v1::Policy* p : pinned) {
      if (!p->has_promise()) continue;
      const v1::Promise& promise = p->promise();
      const std::string availability = FormatAvailability(promise);
      const bool stated = !availability.empty();
      table.Add({ShortName(p->headend()), ShortName(p->endpoint()), ShortName(p->traffic_class()),
                 stated ? availability.substr(0, availability.find(',')) : "-",
                 stated ? FormatNumber(promise.downtime_minutes_a_year()) + " min" : "-",
                 FormatPromised(promise.working_latency_ns()),
                 FormatPromised(promise.protect_latency_ns()),
                 FormatPromised(promise.failover_ns()),
                 promise.shared_risks().empty() ? (p->has_protect() ? "none" : "unprotected")
                                                : Names(promise.shared_risks())});
    }
    if (table.empty()) return;
    out() << "\nRisk sheet (at most; - is: no figure can be promised)\n";
    table.Print(out(), context_.color(), "  ");
  }

  absl::Status Policy(const v1::Policy& p) {
    Print(Fields()
              .Add("Policy", p.name())
              .Add("From", ShortName(p.headend()))
              .Add("To", ShortName(p.endpoint()))
              .Add("Color", absl::StrCat(p.color()))
              .Add("Class", ShortName(p.traffic_class()))
              .Add("Service", p.service().empty() ? "shared mesh" : ShortName(p.service()))
              .Add("Reserved", FormatRate(p.reserved_bps()))
              .Add("Binding SID", p.binding_sid())
              .Add("Traffic on", p.on_protect() ? "protect" : "working")
              .Add("State", FormatStatus(p.status()))
              .Add("Since", FormatTime(p.status().since()))
              .Add("Revision", absl::StrCat(p.revision())));
    out() << '\n';
    PrintPolicyPaths(out(), context_.color(), p, "");
    if (p.has_promise()) {
      out() << '\n';
      PrintPromise(out(), context_.color(), p.promise(), Arithmetic::kShown, "");
    }
    return absl::OkStatus();
  }

  absl::Status Agent(const v1::Agent& a) {
    Print(Fields()
              .Add("Agent", a.name())
              .Add("Connected",
                   a.connected() ? "yes, since " + FormatTime(a.connected_since()) : "no")
              .Add("Instance", a.instance())
              .Add("Version", a.version())
              .Add("Data plane", a.dataplane())
              .Add("Persistence", a.persistence())
              .Add("Objects",
                   absl::StrCat(a.desired_objects(), " desired, ", a.sent_objects(), " sent, ",
                                a.acked_objects(), " acked, ", a.observed_objects(), " observed"))
              .Add("Operations sent", absl::StrCat(a.operations_sent()))
              .Add("Acked revision", absl::StrCat(a.last_acked_revision()))
              .Add("State", FormatStatus(a.status()))
              .Add("Since", FormatTime(a.status().since())));
    if (!a.rejected().empty()) out() << "\nRejected by the switch\n";
    for (const std::string& rejected : a.rejected()) out() << "  " << Printable(rejected) << '\n';
    return absl::OkStatus();
  }

  Context& context_;
  Client& client_;
};

}  // namespace

absl::Status RunDescribe(Context& context, const GetArgs& args) {
  // Machines get the resource itself: relations are for people.
  if (context.globals().output != Output::kTable) return RunGet(context, args);
  const auto kind = FindKind(args.kind);
  if (!kind.ok()) return kind.status();
  const auto name = ResourceName(*kind, args.names.at(0), args.customer);
  if (!name.ok()) return name.status();
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto resource = (*client)->Get(*kind, *name, context.globals().as_of);
  if (!resource.ok()) return resource.status();
  return Describer(context, **client).Describe(*resource);
}

}  // namespace waymark::cli

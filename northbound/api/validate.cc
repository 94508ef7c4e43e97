#include "northbound/api/validate.h"

#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "northbound/api/field_checker.h"

namespace waymark {
namespace {

using google::protobuf::Message;

void CheckProtection(const v1::TrafficClass& c, FieldChecker& check) {
  if ((c.protection_size() > 0 || c.availability_target() > 0) && c.treatment() == v1::MESH &&
      c.max_paths() == 1) {
    check.Add(
        "max_paths",
        "is 1: with protection or an availability target a pair needs 2 at least, one of them "
        "a backup");
  }
  CheckDisjoint("protection", c.protection(), check);
  const auto only_protected = [&](bool set, const char* field) {
    if (set && c.protection_size() == 0) {
      check.Add(field, "means nothing without protection: name what both paths must not share");
    }
  };
  only_protected(c.allow_shared_risks(), "allow_shared_risks");
  CheckPairObjective("pair_objective", c.pair_objective(), check);
  only_protected(c.pair_objective() != v1::PAIR_OBJECTIVE_UNSPECIFIED, "pair_objective");
  if (!v1::ProtectBandwidth_IsValid(c.protect_bandwidth())) {
    check.Add("protect_bandwidth", "is ", static_cast<int>(c.protect_bandwidth()),
              ": use DEDICATED (1) or SHARED (2), or 0");
  }
  only_protected(c.protect_bandwidth() == v1::SHARED, "protect_bandwidth");
}

// RFC 3209 section 4.7.1: a session whose hold were weaker than its setup could be taken down by
// its like at once.
void CheckPriorities(const v1::TrafficClass& c, FieldChecker& check) {
  const uint32_t setup = c.has_setup_priority() ? c.setup_priority() : 7;
  const uint32_t hold = c.has_hold_priority() ? c.hold_priority() : 0;
  check.Range("setup_priority", setup, 0, 7, ", 0 is strongest");
  check.Range("hold_priority", hold, 0, 7, ", 0 is strongest");
  if (setup <= 7 && hold <= 7 && hold > setup) {
    check.Add("hold_priority", "is ", hold, ", weaker than setup_priority ", setup, ": give 0 to ",
              setup);
  }
}

// A mesh is spread over several paths, which hold no bandwidth and make no promise: what its class
// asked of them would be forgotten silently.
void CheckPinnedOnly(const v1::TrafficClass& c, FieldChecker& check) {
  if (c.treatment() != v1::MESH) return;
  const auto refuse = [&](bool set, const char* field) {
    if (set) check.Add(field, "is only for PINNED classes: leave it out, or make the class PINNED");
  };
  refuse(c.has_setup_priority(), "setup_priority");
  refuse(c.has_hold_priority(), "hold_priority");
  refuse(c.max_latency_ns() != 0, "max_latency_ns");
  refuse(c.allow_shared_risks(), "allow_shared_risks");
  refuse(c.pair_objective() != v1::PAIR_OBJECTIVE_UNSPECIFIED, "pair_objective");
  refuse(c.protect_bandwidth() != v1::PROTECT_BANDWIDTH_UNSPECIFIED, "protect_bandwidth");
}

void CheckMeshOnly(const v1::TrafficClass& c, FieldChecker& check) {
  if (!v1::MeshSharing_IsValid(c.sharing())) {
    check.Add("sharing", "is ", static_cast<int>(c.sharing()),
              ": use MAX_MIN_FAIR (1) or MOST_THROUGHPUT (2), or 0");
  }
  if (c.max_stretch() != 0 && !(c.max_stretch() >= 1 && c.max_stretch() <= 1'000)) {
    check.Add("max_stretch", "is ", PlainNumber(c.max_stretch()),
              ": give 1 to 1000 times the shortest way, or 0 for no bound");
  }
  if (c.treatment() != v1::PINNED) return;
  const auto refuse = [&](bool set, const char* field) {
    if (set) check.Add(field, "is only for MESH classes: leave it out, or make the class MESH");
  };
  refuse(c.sharing() != v1::MESH_SHARING_UNSPECIFIED, "sharing");
  refuse(c.max_stretch() != 0, "max_stretch");
}

void CheckTrafficClass(const v1::TrafficClass& c, FieldChecker& check) {
  check.Range("queue", c.queue(), 0, 7);
  check.Range("dscp", c.dscp(), 0, 63);
  if (c.treatment() != v1::PINNED && c.treatment() != v1::MESH) {
    check.Add("treatment", "is ", static_cast<int>(c.treatment()), ": use PINNED (1) or MESH (2)");
  }
  CheckObjective("objective", c.objective(), check);
  check.Range("max_delay_ns", c.max_delay_ns(), 0, kMaxDelayBoundNs, " ns, 0 for no bound");
  check.Range("max_latency_ns", c.max_latency_ns(), 0, kMaxDelayBoundNs, " ns, 0 for no bound");
  CheckPlaces(c, "", check);
  CheckProtection(c, check);
  CheckPriorities(c, check);
  CheckPinnedOnly(c, check);
  CheckMeshOnly(c, check);
  check.Range("max_paths", c.max_paths(), 0, 8, ", 0 for 4");
  CheckAvailability("availability_target", c.availability_target(), check);
  if (c.oversubscription() != 0 && !(c.oversubscription() >= 1 && c.oversubscription() <= 1'000)) {
    check.Add("oversubscription", "is ", PlainNumber(c.oversubscription()),
              ": give 1 to 1000, or 0 for 1");
  }
  check.Range("max_hops", c.max_hops(), 0, 64, ", 0 for 64");
}

void CheckMarks(const std::string& at, const google::protobuf::RepeatedField<uint32_t>& marks,
                const char* what, uint32_t most, std::set<uint32_t>& seen, FieldChecker& check) {
  for (int i = 0; i < marks.size() && i <= static_cast<int>(most) + 1; ++i) {
    const std::string field = absl::StrCat(at, ".", what, "[", i, "]");
    if (marks[i] > most) {
      check.Add(field, "is ", marks[i], ": give 0 to ", most);
    } else if (!seen.insert(marks[i]).second) {
      check.Add(field, what, " ", marks[i],
                " appears twice in this class map: a mark belongs to one class");
    }
  }
}

void CheckClassMap(const v1::ClassMap& map, FieldChecker& check) {
  if (!check.Count("rules", map.rules_size(), kMaxRules)) return;
  std::set<uint32_t> dscps, pcps;
  for (int i = 0; i < map.rules_size(); ++i) {
    const v1::ClassRule& rule = map.rules(i);
    const std::string at = absl::StrCat("rules[", i, "]");
    if (rule.dscp().empty() == rule.pcp().empty()) {
      check.Add(at, "needs either dscp or pcp: set exactly one of the two lists");
    }
    CheckMarks(at, rule.dscp(), "dscp", 63, dscps, check);
    CheckMarks(at, rule.pcp(), "pcp", 7, pcps, check);
    check.Reference(at + ".traffic_class", rule.traffic_class(), Kind::kTrafficClass);
  }
  check.Reference("default_class", map.default_class(), Kind::kTrafficClass);
}

void CheckEndpoint(const v1::Service& service, int i, FieldChecker& check) {
  const v1::ServiceEndpoint& endpoint = service.endpoints(i);
  const std::string at = absl::StrCat("endpoints[", i, "]");
  if (check.Reference(at + ".site", endpoint.site(), Kind::kSite) &&
      ParentOf(endpoint.site()) != ParentOf(service.name())) {
    check.Add(at + ".site", Quoted(endpoint.site()),
              " is another customer's: a service joins sites of its own customer");
  }
  if (endpoint.vlan() > 4094) {
    check.Add(at + ".vlan", "is ", endpoint.vlan(), ": give 1 to 4094, or 0 for the whole port");
  }
  if (!v1::EndpointRole_IsValid(endpoint.role())) {
    check.Add(at + ".role", "is ", static_cast<int>(endpoint.role()), ": use ROOT (1) or LEAF (2)");
  } else if (endpoint.role() == v1::LEAF && service.type() != v1::E_TREE) {
    check.Add(at + ".role", "is LEAF, which only an E_TREE has: use ROOT or make it an E_TREE");
  }
  check.Range(at + ".ingress_bps", endpoint.ingress_bps(), 0, kMaxRateBps, " bit/s");
  check.Range(at + ".egress_bps", endpoint.egress_bps(), 0, kMaxRateBps, " bit/s");
}

void CheckEndpoints(const v1::Service& service, FieldChecker& check) {
  const int count = service.endpoints_size();
  if (!check.Count("endpoints", count, kMaxEndpoints)) return;
  if (service.type() == v1::E_LINE && count != 2) {
    check.Add("endpoints", "has ", count, " entries: an E_LINE joins exactly two sites");
  } else if (count < 2) {
    check.Add("endpoints", "has ", count, " entries: a service joins at least two sites");
  }
  std::set<std::string> sites;
  bool root = false;
  for (int i = 0; i < count; ++i) {
    CheckEndpoint(service, i, check);
    root |= service.endpoints(i).role() != v1::LEAF;
    if (!sites.insert(service.endpoints(i).site()).second) {
      check.Add(absl::StrCat("endpoints[", i, "].site"), Quoted(service.endpoints(i).site()),
                " is listed twice: a site joins a service once");
    }
  }
  if (service.type() == v1::E_TREE && count > 0 && !root) {
    check.Add("endpoints", "has no root: an E_TREE needs at least one endpoint with role ROOT");
  }
}

void CheckService(const v1::Service& service, FieldChecker& check) {
  if (service.type() < v1::E_LINE || service.type() > v1::E_TREE) {
    check.Add("type", "is ", static_cast<int>(service.type()),
              ": use E_LINE (1), E_LAN (2) or E_TREE (3)");
  }
  if (check.Reference("class_map", service.class_map(), Kind::kClassMap) &&
      ParentOf(service.class_map()) != ParentOf(service.name())) {
    check.Add("class_map", Quoted(service.class_map()),
              " is another customer's: use one of the service's own customer");
  }
  CheckEndpoints(service, check);
  if (!check.Count("rates", service.rates_size(), 255)) return;
  std::set<std::string> classes;
  for (int i = 0; i < service.rates_size(); ++i) {
    const v1::ClassRate& rate = service.rates(i);
    const std::string at = absl::StrCat("rates[", i, "]");
    check.Reference(at + ".traffic_class", rate.traffic_class(), Kind::kTrafficClass);
    if (!classes.insert(rate.traffic_class()).second) {
      check.Add(at + ".traffic_class", Quoted(rate.traffic_class()),
                " has a rate already: give one rate a class");
    }
    check.Range(at + ".cir_bps", rate.cir_bps(), 0, kMaxRateBps, " bit/s");
    check.Range(at + ".eir_bps", rate.eir_bps(), 0, kMaxRateBps, " bit/s");
    check.Range(at + ".burst_bytes", rate.burst_bytes(), 0, kMaxBurstBytes, ", 0 for the default");
  }
}

void CheckSite(const v1::Site& site, FieldChecker& check) {
  check.Reference("node", site.node(), Kind::kNode);
  if (site.port().empty()) check.Add("port", "is missing: name a port of the node, such as c1");
  check.Text("port", site.port(), 15);
}

// One without the other promises nothing, and would be forgotten silently.
template <typename Resource>
void CheckReliability(const Resource& resource, FieldChecker& check) {
  if (!std::isfinite(resource.mtbf_hours()) || !std::isfinite(resource.mttr_hours())) return;
  const bool mtbf = resource.mtbf_hours() > 0, mttr = resource.mttr_hours() > 0;
  if (mtbf && !mttr)
    check.Add("mttr_hours", "is missing beside mtbf_hours: state both, or neither");
  if (mttr && !mtbf)
    check.Add("mtbf_hours", "is missing beside mttr_hours: state both, or neither");
}

}  // namespace

void ValidateName(Kind kind, const std::string& name, Problems& problems) {
  if (KindOfName(name) == kind || problems.size() >= kMaxProblems) return;
  problems.push_back(MakeProblem(
      "FIELD_INVALID", name.empty() ? "" : Quoted(name), "name",
      name.empty()
          ? absl::StrCat("is missing: write ", NamePattern(kind))
          : absl::StrCat(Quoted(name), " (", name.size(), " bytes) is no valid name: write ",
                         NamePattern(kind), ", where ID is 1 to 63 of a-z 0-9 . - and ",
                         "begins and ends with a letter or digit")));
}

void ValidateFields(const Message& message, Problems& problems) {
  const Kind kind = *KindOfMessage(message);
  FieldChecker check(NameOf(message), problems);
  if (kind != Kind::kLink)
    check.Text("display_name", GetString(message, "display_name"), kMaxDisplayName);
  switch (kind) {
    case Kind::kSite:
      return CheckSite(static_cast<const v1::Site&>(message), check);
    case Kind::kTrafficClass:
      return CheckTrafficClass(static_cast<const v1::TrafficClass&>(message), check);
    case Kind::kClassMap:
      return CheckClassMap(static_cast<const v1::ClassMap&>(message), check);
    case Kind::kService:
      return CheckService(static_cast<const v1::Service&>(message), check);
    case Kind::kNode:
      return CheckReliability(static_cast<const v1::Node&>(message), check);
    case Kind::kLink:
      return CheckReliability(static_cast<const v1::Link&>(message), check);
    case Kind::kSrlg:
      return CheckReliability(static_cast<const v1::Srlg&>(message), check);
    case Kind::kCustomer:
      return;
  }
}

}  // namespace waymark

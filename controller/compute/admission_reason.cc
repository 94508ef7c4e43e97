// Why a single link is not admitted: the rules of search_graph.h again, in words.
#include <algorithm>

#include "controller/compute/explanation.h"
#include "controller/compute/refusal.h"

namespace waymark {
namespace {

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string ListText(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "[" : ", ") + name;
  return text + "]";
}

class Admission {
 public:
  Admission(const Snapshot& snapshot, const PathConstraints& constraints,
            const SearchGraph::Environment& environment)
      : snapshot_(snapshot), constraints_(constraints), environment_(environment) {}

  std::string OfLink(LinkId link) const {
    const LinkInfo& info = snapshot_.link(link);
    if (environment_.link_state != nullptr && !environment_.link_state->IsUp(link)) {
      return info.name + " is down";
    }
    if (!environment_.ignore_forbid && info.admin == v1::FORBID) return Maintenance(info.name);
    for (const NodeId node : {info.source, info.target}) {
      std::string reason = OfNode(snapshot_.node(node));
      if (!reason.empty()) return reason;
    }
    std::string reason = Excluded(info.name, info.srlgs);
    if (reason.empty()) reason = Provider(info.provider, info.name);
    if (reason.empty()) reason = Affinities(info);
    if (reason.empty()) reason = Room(link);
    return reason;
  }

 private:
  static std::string Maintenance(const std::string& name) {
    return name + " is in maintenance (admin_state FORBID)";
  }

  std::string OfNode(const NodeInfo& node) const {
    if (!environment_.ignore_forbid && node.admin == v1::FORBID) return Maintenance(node.name);
    std::string reason = Excluded(node.name, node.srlgs);
    if (reason.empty()) reason = Jurisdiction(node);
    if (reason.empty()) reason = Provider(node.provider, node.name);
    return reason;
  }

  std::string Excluded(const std::string& name, const std::vector<SrlgId>& srlgs) const {
    const std::vector<std::string>& excluded = constraints_.exclude_resources;
    if (excluded.empty()) return "";
    if (Has(excluded, name)) return name + " is excluded";
    for (const SrlgId srlg : srlgs) {
      const std::string& group = snapshot_.srlg_names()[Index(srlg)];
      if (Has(excluded, group)) return group + " of " + name + " is excluded";
    }
    return "";
  }

  std::string Jurisdiction(const NodeInfo& node) const {
    const auto& allowed = constraints_.allowed_jurisdictions;
    const auto& forbidden = constraints_.forbidden_jurisdictions;
    if (allowed.empty() && forbidden.empty()) return "";
    if (node.jurisdiction == JurisdictionId::kNone) return node.name + " states no jurisdiction";
    const std::string& code = snapshot_.jurisdiction_codes()[Index(node.jurisdiction)];
    if ((allowed.empty() || Has(allowed, code)) && !Has(forbidden, code)) return "";
    return "jurisdiction " + code + " of " + node.name;
  }

  std::string Provider(ProviderId provider, const std::string& place) const {
    const auto& allowed = constraints_.allowed_providers;
    if (provider == ProviderId::kNone) {
      return allowed.empty() ? "" : place + " states no provider";
    }
    const std::string& name = snapshot_.provider_names()[Index(provider)];
    if ((allowed.empty() || Has(allowed, name)) && !Has(constraints_.forbidden_providers, name)) {
      return "";
    }
    return "provider " + name + " of " + place;
  }

  std::string Affinities(const LinkInfo& link) const {
    std::vector<std::string> carried;
    for (const AffinityId group : link.admin_groups) {
      carried.push_back(snapshot_.affinity_names()[Index(group)]);
    }
    for (const std::string& name : constraints_.exclude) {
      if (Has(carried, name)) return "affinity " + name + " of " + link.name + " is excluded";
    }
    for (const std::string& name : constraints_.include_all) {
      if (!Has(carried, name)) return link.name + " lacks affinity " + name;
    }
    const std::vector<std::string>& any = constraints_.include_any;
    if (any.empty() || std::any_of(any.begin(), any.end(),
                                   [&](const std::string& name) { return Has(carried, name); })) {
      return "";
    }
    return link.name + " has none of the affinities " + ListText(any);
  }

  std::string Room(LinkId link) const {
    const LinkInfo& info = snapshot_.link(link);
    const int64_t residual = environment_.ledger != nullptr
                                 ? environment_.ledger->Residual(link, constraints_.setup_priority)
                                 : info.reservable_bps;
    if (residual >= constraints_.bandwidth_bps) return "";
    return "no room: " + BandwidthText(residual) + " free on " + info.name + ", " +
           BandwidthText(constraints_.bandwidth_bps) + " asked";
  }

  const Snapshot& snapshot_;
  const PathConstraints& constraints_;
  const SearchGraph::Environment& environment_;
};

}  // namespace

std::string WhyNotUsable(const Snapshot& snapshot, const PathConstraints& constraints,
                         const SearchGraph::Environment& environment, LinkId link) {
  const Admission admission(snapshot, constraints, environment);
  std::string reason = admission.OfLink(link);
  if (!reason.empty() || !environment.corouted) return reason;
  const LinkId reverse = snapshot.link(link).reverse;
  if (reverse == LinkId::kNone) return snapshot.link(link).name + " has no reverse link";
  return admission.OfLink(reverse);
}

}  // namespace waymark

#include "controller/compute/constraints.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <span>

namespace waymark {
namespace {

template <typename Repeated>
std::vector<std::string> Sorted(const Repeated& names) {
  std::vector<std::string> sorted(names.begin(), names.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool ProviderMeets(const Snapshot& snapshot, const PathConstraints& constraints,
                   ProviderId provider) {
  if (provider == ProviderId::kNone) return constraints.allowed_providers.empty();
  const std::string& name = snapshot.provider_names()[Index(provider)];
  if (!constraints.allowed_providers.empty() && !Has(constraints.allowed_providers, name)) {
    return false;
  }
  return !Has(constraints.forbidden_providers, name);
}

bool JurisdictionMeets(const Snapshot& snapshot, const PathConstraints& constraints,
                       JurisdictionId jurisdiction) {
  if (jurisdiction == JurisdictionId::kNone) {
    return constraints.allowed_jurisdictions.empty() && constraints.forbidden_jurisdictions.empty();
  }
  const std::string& code = snapshot.jurisdiction_codes()[Index(jurisdiction)];
  if (!constraints.allowed_jurisdictions.empty() && !Has(constraints.allowed_jurisdictions, code)) {
    return false;
  }
  return !Has(constraints.forbidden_jurisdictions, code);
}

bool AffinitiesMeet(const Snapshot& snapshot, const PathConstraints& constraints,
                    const std::vector<AffinityId>& groups) {
  const auto carries = [&](const std::string& name) {
    return std::any_of(groups.begin(), groups.end(), [&](AffinityId group) {
      return snapshot.affinity_names()[Index(group)] == name;
    });
  };
  return std::none_of(constraints.exclude.begin(), constraints.exclude.end(), carries) &&
         std::all_of(constraints.include_all.begin(), constraints.include_all.end(), carries) &&
         (constraints.include_any.empty() ||
          std::any_of(constraints.include_any.begin(), constraints.include_any.end(), carries));
}

bool Excludes(const PathConstraints& constraints, const std::string& resource) {
  return std::binary_search(constraints.exclude_resources.begin(),
                            constraints.exclude_resources.end(), resource);
}

// The place itself, or a risk group that it is in.
bool ExclusionsMeet(const Snapshot& snapshot, const PathConstraints& constraints,
                    const std::string& name, const std::vector<SrlgId>& srlgs) {
  if (constraints.exclude_resources.empty()) return true;
  return !Excludes(constraints, name) && std::none_of(srlgs.begin(), srlgs.end(), [&](SrlgId srlg) {
    return Excludes(constraints, snapshot.srlg_names()[Index(srlg)]);
  });
}

}  // namespace

PathConstraints ConstraintsOf(const v1::TrafficClass& traffic_class, int64_t bandwidth_bps) {
  PathConstraints c;
  if (traffic_class.objective() != v1::OBJECTIVE_UNSPECIFIED) {
    c.objective = traffic_class.objective();
  }
  c.max_delay_ns = std::max<int64_t>(0, traffic_class.max_delay_ns());
  c.bandwidth_bps = std::max<int64_t>(0, bandwidth_bps);
  if (traffic_class.max_hops() != 0) {
    c.max_hops = static_cast<int>(std::min<uint32_t>(traffic_class.max_hops(), kMaxPathHops));
  }
  c.allowed_jurisdictions = Sorted(traffic_class.allowed_jurisdictions());
  c.forbidden_jurisdictions = Sorted(traffic_class.forbidden_jurisdictions());
  c.allowed_providers = Sorted(traffic_class.allowed_providers());
  c.forbidden_providers = Sorted(traffic_class.forbidden_providers());
  c.include_any = Sorted(traffic_class.include_any());
  c.include_all = Sorted(traffic_class.include_all());
  c.exclude = Sorted(traffic_class.exclude());
  for (const int level : traffic_class.protection()) {
    if (level == v1::DISJOINTNESS_UNSPECIFIED) continue;
    c.protection.link = true;
    if (level == v1::NODE) c.protection.node = true;
    if (level == v1::SRLG) c.protection.srlg = true;
    if (level == v1::PROVIDER) c.protection.provider = true;
    if (level == v1::BUILDING_DISJOINT) c.protection.building = true;
  }
  if (traffic_class.pair_objective() == v1::MIN_MAX) c.pair_order = PairOrder::kMinMax;
  c.allow_shared_risks = traffic_class.allow_shared_risks();
  if (traffic_class.has_setup_priority()) {
    c.setup_priority = static_cast<int>(
        std::min<uint32_t>(traffic_class.setup_priority(), uint32_t{kWeakestPriority}));
  }
  return c;
}

void LinkState::SpreadToReverse(const Snapshot& snapshot) {
  for (size_t i = 0; i < down_.size(); ++i) {
    const LinkId reverse = snapshot.links()[i].reverse;
    if (down_[i] && reverse != LinkId::kNone) down_[Index(reverse)] = true;
  }
}

bool NodeMeets(const Snapshot& snapshot, const PathConstraints& constraints, NodeId node) {
  const NodeInfo& info = snapshot.node(node);
  return JurisdictionMeets(snapshot, constraints, info.jurisdiction) &&
         ProviderMeets(snapshot, constraints, info.provider) &&
         ExclusionsMeet(snapshot, constraints, info.name, info.srlgs);
}

bool LinkMeets(const Snapshot& snapshot, const PathConstraints& constraints, LinkId link) {
  const LinkInfo& info = snapshot.link(link);
  return ProviderMeets(snapshot, constraints, info.provider) &&
         AffinitiesMeet(snapshot, constraints, info.admin_groups) &&
         ExclusionsMeet(snapshot, constraints, info.name, info.srlgs);
}

std::vector<std::string> UnknownNames(const Snapshot& snapshot,
                                      const PathConstraints& constraints) {
  constexpr size_t kFew = 8;
  std::vector<std::string> notes;
  const auto add = [&](const char* nothing_has, std::span<const std::string> known,
                       std::initializer_list<const std::vector<std::string>*> lists) {
    std::set<std::string> unknown;
    for (const std::vector<std::string>* list : lists) unknown.insert(list->begin(), list->end());
    for (const std::string& name : known) unknown.erase(name);
    const std::set<std::string> sorted(known.begin(), known.end());
    std::string there_are;
    for (const std::string& name : sorted) there_are += (there_are.empty() ? "" : ", ") + name;
    if (sorted.empty()) there_are = "none at all";
    for (const std::string& name : unknown) {
      notes.push_back(nothing_has + name +
                      (sorted.size() <= kFew ? ": there are " + there_are : std::string()));
    }
  };
  add("no node or link is of provider ", snapshot.provider_names(),
      {&constraints.allowed_providers, &constraints.forbidden_providers});
  add("no link has affinity ", snapshot.affinity_names(),
      {&constraints.include_any, &constraints.include_all, &constraints.exclude});
  add("no node is in jurisdiction ", snapshot.jurisdiction_codes(),
      {&constraints.allowed_jurisdictions, &constraints.forbidden_jurisdictions});
  return notes;
}

}  // namespace waymark

#include "controller/topology/snapshot.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/link_interface.h"

namespace waymark {
namespace {

using NameIndex = absl::flat_hash_map<std::string, int32_t>;

constexpr uint32_t kDefaultIgpMetric = 10;

template <typename Resource>
std::vector<Resource> SortedByName(std::span<const Resource> resources) {
  std::vector<Resource> sorted(resources.begin(), resources.end());
  std::ranges::sort(sorted, {}, [](const Resource& r) -> const std::string& { return r.name(); });
  return sorted;
}

NameIndex IndexOf(std::span<const std::string> names) {
  NameIndex index;
  index.reserve(names.size());
  for (size_t i = 0; i < names.size(); ++i) index.emplace(names[i], static_cast<int32_t>(i));
  return index;
}

std::vector<std::string> ToVector(const std::set<std::string>& names) {
  return {names.begin(), names.end()};
}

template <typename Id>
Id Lookup(const NameIndex& index, std::string_view name) {
  const auto it = index.find(absl::string_view(name.data(), name.size()));
  return it == index.end() ? Id::kNone : Id{it->second};
}

template <typename Id>
std::optional<Id> Find(const NameIndex& index, std::string_view name) {
  const Id id = Lookup<Id>(index, name);
  if (id == Id::kNone) return std::nullopt;
  return id;
}

template <typename Id, typename List>
std::vector<Id> LookupAll(const NameIndex& index, const List& names) {
  std::vector<Id> ids;
  ids.reserve(names.size());
  for (const std::string& name : names) ids.push_back(Lookup<Id>(index, name));
  std::ranges::sort(ids);
  return ids;
}

v1::AdminState Resolved(v1::AdminState admin) {
  return admin == v1::ADMIN_STATE_UNSPECIFIED ? v1::ENABLED : admin;
}

// In whole millionths of the factor, so that every machine rounds alike.
int64_t Reservable(const v1::Link& link) {
  constexpr int64_t kUnit = 1'000'000;
  if (link.oversubscription() == 0) return link.capacity_bps();
  const auto factor = static_cast<__int128>(std::llround(link.oversubscription() * kUnit));
  return static_cast<int64_t>(factor * link.capacity_bps() / kUnit);
}

// Compressed sparse rows of links; rows keep link order. `rows_of(link, add)` calls add(row) for
// each row that the link is in, once.
template <typename RowsOf>
void FillRows(std::span<const LinkInfo> links, size_t row_count, const RowsOf& rows_of,
              std::vector<int32_t>& begin, std::vector<LinkId>& row) {
  begin.assign(row_count + 1, 0);
  for (const LinkInfo& link : links) {
    rows_of(link, [&](auto id) { ++begin[Index(id) + 1]; });
  }
  std::partial_sum(begin.begin(), begin.end(), begin.begin());
  row.resize(begin.back());
  std::vector<int32_t> next(begin.begin(), begin.end() - 1);
  for (size_t i = 0; i < links.size(); ++i) {
    rows_of(links[i], [&](auto id) { row[next[Index(id)]++] = LinkId{static_cast<int32_t>(i)}; });
  }
}

template <typename Id>
std::span<const LinkId> Row(std::span<const int32_t> begin, std::span<const LinkId> row, Id id) {
  const int32_t first = begin[Index(id)];
  return row.subspan(first, begin[Index(id) + 1] - first);
}

}  // namespace

std::string LinkInterface(const v1::Link& link, int32_t index) {
  if (!link.interface().empty()) return link.interface();
  if (link.adjacency_sid() != 0) return absl::StrCat("l", absl::Hex(link.adjacency_sid()));
  return absl::StrCat("l-", index);
}

absl::StatusOr<std::shared_ptr<const Snapshot>> Snapshot::Build(std::span<const v1::Node> nodes,
                                                                std::span<const v1::Link> links,
                                                                std::span<const v1::Srlg> srlgs) {
  const std::vector<Problem> problems = Validate(nodes, links, srlgs, 1);
  if (!problems.empty()) {
    const Problem& problem = problems.front();
    return absl::InvalidArgumentError(
        absl::StrCat(problem.resource, ": ", problem.field, " ", problem.message));
  }
  std::shared_ptr<Snapshot> snapshot(new Snapshot);
  snapshot->node_resources_ = SortedByName(nodes);
  snapshot->link_resources_ = SortedByName(links);
  snapshot->srlg_resources_ = SortedByName(srlgs);
  snapshot->NumberNames();
  snapshot->FillNodes();
  snapshot->FillLinks();
  snapshot->FillReliance();
  return snapshot;
}

void Snapshot::NumberNames() {
  std::set<std::string> providers, jurisdictions, affinities;
  std::vector<std::string> node_names, link_names;
  for (const v1::Node& node : node_resources_) {
    node_names.push_back(node.name());
    if (!node.provider().empty()) providers.insert(node.provider());
    if (!node.jurisdiction().empty()) jurisdictions.insert(node.jurisdiction());
  }
  for (const v1::Link& link : link_resources_) {
    link_names.push_back(link.name());
    if (!link.provider().empty()) providers.insert(link.provider());
    affinities.insert(link.admin_groups().begin(), link.admin_groups().end());
  }
  for (const v1::Srlg& srlg : srlg_resources_) srlg_names_.push_back(srlg.name());
  provider_names_ = ToVector(providers);
  jurisdiction_codes_ = ToVector(jurisdictions);
  affinity_names_ = ToVector(affinities);
  node_index_ = IndexOf(node_names);
  link_index_ = IndexOf(link_names);
  srlg_index_ = IndexOf(srlg_names_);
  provider_index_ = IndexOf(provider_names_);
  jurisdiction_index_ = IndexOf(jurisdiction_codes_);
  affinity_index_ = IndexOf(affinity_names_);
}

void Snapshot::FillNodes() {
  nodes_.reserve(node_resources_.size());
  for (const v1::Node& node : node_resources_) {
    nodes_.push_back(
        {.name = node.name(),
         .node_sid = node.node_sid(),
         .jurisdiction = Lookup<JurisdictionId>(jurisdiction_index_, node.jurisdiction()),
         .provider = Lookup<ProviderId>(provider_index_, node.provider()),
         .srlgs = LookupAll<SrlgId>(srlg_index_, node.srlgs()),
         .admin = Resolved(node.admin_state()),
         .mtbf_hours = node.mtbf_hours(),
         .mttr_hours = node.mttr_hours()});
  }
}

void Snapshot::FillLinks() {
  links_.reserve(link_resources_.size());
  for (const v1::Link& link : link_resources_) {
    const uint32_t igp = link.igp_metric() != 0 ? link.igp_metric() : kDefaultIgpMetric;
    links_.push_back({.name = link.name(),
                      .source = Lookup<NodeId>(node_index_, link.source()),
                      .target = Lookup<NodeId>(node_index_, link.target()),
                      .reverse = Lookup<LinkId>(link_index_, link.reverse()),
                      .adjacency_sid = link.adjacency_sid(),
                      .interface = LinkInterface(link, static_cast<int32_t>(links_.size())),
                      .capacity_bps = link.capacity_bps(),
                      .reservable_bps = Reservable(link),
                      .delay_ns = link.delay_ns(),
                      .igp_metric = igp,
                      .te_metric = link.te_metric() != 0 ? link.te_metric() : igp,
                      .cost = link.cost(),
                      .provider = Lookup<ProviderId>(provider_index_, link.provider()),
                      .srlgs = LookupAll<SrlgId>(srlg_index_, link.srlgs()),
                      .admin_groups = LookupAll<AffinityId>(affinity_index_, link.admin_groups()),
                      .admin = Resolved(link.admin_state()),
                      .mtbf_hours = link.mtbf_hours(),
                      .mttr_hours = link.mttr_hours()});
  }
  const auto source = [](const LinkInfo& link, const auto& add) { add(link.source); };
  const auto target = [](const LinkInfo& link, const auto& add) { add(link.target); };
  FillRows(links_, nodes_.size(), source, out_begin_, out_);
  FillRows(links_, nodes_.size(), target, in_begin_, in_);
}

void Snapshot::FillReliance() {
  const auto srlgs = [this](const LinkInfo& link, const auto& add) {
    const std::vector<SrlgId>& entered = node(link.target).srlgs;
    for (const SrlgId srlg : link.srlgs) add(srlg);
    for (const SrlgId srlg : entered) {
      if (!std::ranges::binary_search(link.srlgs, srlg)) add(srlg);
    }
  };
  const auto providers = [this](const LinkInfo& link, const auto& add) {
    const ProviderId entered = node(link.target).provider;
    if (link.provider != ProviderId::kNone) add(link.provider);
    if (entered != ProviderId::kNone && entered != link.provider) add(entered);
  };
  FillRows(links_, srlg_names_.size(), srlgs, by_srlg_begin_, by_srlg_);
  FillRows(links_, provider_names_.size(), providers, by_provider_begin_, by_provider_);
}

std::span<const LinkId> Snapshot::out_links(NodeId id) const { return Row(out_begin_, out_, id); }

std::span<const LinkId> Snapshot::in_links(NodeId id) const { return Row(in_begin_, in_, id); }

std::span<const LinkId> Snapshot::links_by(SrlgId id) const {
  return Row(by_srlg_begin_, by_srlg_, id);
}

std::span<const LinkId> Snapshot::links_by(ProviderId id) const {
  return Row(by_provider_begin_, by_provider_, id);
}

std::optional<NodeId> Snapshot::FindNode(std::string_view name) const {
  return Find<NodeId>(node_index_, name);
}

std::optional<LinkId> Snapshot::FindLink(std::string_view name) const {
  return Find<LinkId>(link_index_, name);
}

std::optional<ProviderId> Snapshot::FindProvider(std::string_view name) const {
  return Find<ProviderId>(provider_index_, name);
}

std::optional<JurisdictionId> Snapshot::FindJurisdiction(std::string_view code) const {
  return Find<JurisdictionId>(jurisdiction_index_, code);
}

std::optional<AffinityId> Snapshot::FindAffinity(std::string_view name) const {
  return Find<AffinityId>(affinity_index_, name);
}

}  // namespace waymark

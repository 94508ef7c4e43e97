#include "controller/compute/route_oracle.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "controller/compute/risk_oracle.h"

namespace waymark {
namespace {

template <typename Names>
bool Has(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

RouteOracle::RouteOracle(Asked asked) : asked_(std::move(asked)) {
  for (const v1::Node& node : asked_.snapshot.node_resources()) nodes_[node.name()] = &node;
  for (const v1::Link& link : asked_.snapshot.link_resources()) links_[link.name()] = &link;
}

const v1::Link& RouteOracle::Link(LinkId link) const {
  return *links_.at(asked_.snapshot.link(link).name);
}

template <typename Place>
bool RouteOracle::AdmitsProvider(const Place& place) const {
  const PathConstraints& c = asked_.constraints;
  if (!c.allowed_providers.empty() && !Has(c.allowed_providers, place.provider())) return false;
  return place.provider().empty() || !Has(c.forbidden_providers, place.provider());
}

template <typename Place>
bool RouteOracle::Excludes(const Place& place) const {
  const std::vector<std::string>& excluded = asked_.constraints.exclude_resources;
  return Has(excluded, place.name()) ||
         std::any_of(place.srlgs().begin(), place.srlgs().end(),
                     [&](const std::string& group) { return Has(excluded, group); });
}

bool RouteOracle::Admits(const v1::Node& node) const {
  const PathConstraints& c = asked_.constraints;
  if (node.admin_state() == v1::FORBID && !asked_.ignore_forbid) return false;
  if (!c.allowed_jurisdictions.empty() && !Has(c.allowed_jurisdictions, node.jurisdiction())) {
    return false;
  }
  if (!c.forbidden_jurisdictions.empty() &&
      (node.jurisdiction().empty() || Has(c.forbidden_jurisdictions, node.jurisdiction()))) {
    return false;
  }
  return AdmitsProvider(node) && !Excludes(node);
}

bool RouteOracle::Admits(LinkId id) const {
  const PathConstraints& c = asked_.constraints;
  const v1::Link& link = Link(id);
  const auto on_link = [&](const std::string& group) { return Has(link.admin_groups(), group); };
  if (asked_.down.contains(id) || link.capacity_bps() < c.bandwidth_bps) return false;
  if (link.admin_state() == v1::FORBID && !asked_.ignore_forbid) return false;
  if (!c.include_any.empty() && std::ranges::none_of(c.include_any, on_link)) return false;
  if (!std::ranges::all_of(c.include_all, on_link)) return false;
  if (std::ranges::any_of(c.exclude, on_link)) return false;
  return AdmitsProvider(link) && !Excludes(link) && Admits(*nodes_.at(link.source())) &&
         Admits(*nodes_.at(link.target()));
}

bool RouteOracle::Usable(LinkId link) const {
  if (!asked_.corouted) return Admits(link);
  const LinkId back = asked_.snapshot.link(link).reverse;
  return Admits(link) && back != LinkId::kNone && Admits(back);
}

int64_t RouteOracle::Delay(LinkId link) const {
  const int64_t there = Link(link).delay_ns();
  if (!asked_.corouted) return there;
  return std::max<int64_t>(there, Link(asked_.snapshot.link(link).reverse).delay_ns());
}

std::vector<std::vector<LinkId>> RouteOracle::Paths() const {
  const PathConstraints& c = asked_.constraints;
  std::vector<std::vector<LinkId>> paths;
  std::vector<LinkId> links;
  std::set<NodeId> on_path = {asked_.from};
  const std::function<void(NodeId, int64_t)> visit = [&](NodeId node, int64_t delay_ns) {
    if (node == asked_.to) {
      const bool in_time = c.max_delay_ns <= 0 || delay_ns <= c.max_delay_ns;
      if (in_time && links.size() <= static_cast<size_t>(c.max_hops)) paths.push_back(links);
      return;
    }
    for (const LinkId link : asked_.snapshot.out_links(node)) {
      const NodeId next = asked_.snapshot.link(link).target;
      if (!Usable(link) || !on_path.insert(next).second) continue;
      links.push_back(link);
      visit(next, delay_ns + Delay(link));
      links.pop_back();
      on_path.erase(next);
    }
  };
  if (asked_.from != asked_.to) visit(asked_.from, 0);
  return paths;
}

std::vector<std::string> RouteOracle::Shared(const std::vector<LinkId>& a,
                                             const std::vector<LinkId>& b) const {
  return SharedInWords(asked_.snapshot, asked_.constraints.protection, asked_.from, asked_.to,
                       {a, {}}, {b, {}});
}

}  // namespace waymark

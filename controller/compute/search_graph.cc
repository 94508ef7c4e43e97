#include "controller/compute/search_graph.h"

#include <algorithm>
#include <cmath>

namespace waymark {
namespace {

int64_t ObjectiveOf(const LinkInfo& link, v1::Objective objective) {
  switch (objective) {
    case v1::MIN_DELAY:
      return link.delay_ns;
    case v1::MIN_COST:
      return std::llround(link.cost * 1000);
    default:
      return link.te_metric;
  }
}

int64_t AvoidCost(v1::AdminState admin) { return admin == v1::AVOID ? kAvoidCost : 0; }

}  // namespace

int64_t SaturatingAdd(int64_t a, int64_t b) { return a >= kUnreachable - b ? kUnreachable : a + b; }

Metric operator+(const Metric& a, const Metric& b) {
  return {SaturatingAdd(a.cost, b.cost), SaturatingAdd(a.delay_ns, b.delay_ns), a.hops + b.hops};
}

std::strong_ordering operator<=>(const ComputedPath& a, const ComputedPath& b) {
  if (const auto order = a.metric <=> b.metric; order != 0) return order;
  return a.links <=> b.links;
}

SearchGraph::SearchGraph(const Snapshot& snapshot, const PathConstraints& constraints,
                         const Environment& environment)
    : snapshot_(&snapshot),
      max_delay_ns_(constraints.max_delay_ns > 0 ? constraints.max_delay_ns : kUnreachable),
      max_hops_(std::clamp(constraints.max_hops, 1, kMaxPathHops)) {
  Admit(constraints, environment);
  metric_.reserve(snapshot.links().size());
  for (const LinkInfo& link : snapshot.links()) {
    int64_t delay_ns = link.delay_ns;
    int64_t cost = ObjectiveOf(link, constraints.objective) + AvoidCost(link.admin) +
                   AvoidCost(snapshot.node(link.target).admin);
    if (environment.corouted && link.reverse != LinkId::kNone) {
      const LinkInfo& reverse = snapshot.link(link.reverse);
      delay_ns = std::max(delay_ns, reverse.delay_ns);
      // Maintenance of either direction is maintenance of the fibre.
      if (link.admin != v1::AVOID) cost += AvoidCost(reverse.admin);
    }
    metric_.push_back({cost, delay_ns, 1});
  }
}

void SearchGraph::Admit(const PathConstraints& constraints, const Environment& environment) {
  const Snapshot& snapshot = *snapshot_;
  node_usable_.resize(snapshot.nodes().size());
  for (size_t i = 0; i < node_usable_.size(); ++i) {
    const NodeId node = static_cast<NodeId>(i);
    node_usable_[i] = (environment.ignore_forbid || snapshot.node(node).admin != v1::FORBID) &&
                      NodeMeets(snapshot, constraints, node);
  }
  link_usable_.resize(snapshot.links().size());
  for (size_t i = 0; i < link_usable_.size(); ++i) {
    const LinkId link = static_cast<LinkId>(i);
    const LinkId reverse = snapshot.link(link).reverse;
    link_usable_[i] = LinkAdmitted(constraints, environment, link);
    if (environment.corouted) {
      link_usable_[i] = link_usable_[i] && reverse != LinkId::kNone &&
                        LinkAdmitted(constraints, environment, reverse);
    }
  }
}

bool SearchGraph::LinkAdmitted(const PathConstraints& constraints, const Environment& environment,
                               LinkId link) const {
  const LinkInfo& info = snapshot_->link(link);
  const int64_t residual = environment.ledger != nullptr
                               ? environment.ledger->Residual(link, constraints.setup_priority)
                               : info.capacity_bps;
  return (environment.ignore_forbid || info.admin != v1::FORBID) && NodeUsable(info.source) &&
         NodeUsable(info.target) &&
         (environment.link_state == nullptr || environment.link_state->IsUp(link)) &&
         residual >= constraints.bandwidth_bps && LinkMeets(*snapshot_, constraints, link);
}

Metric SearchGraph::PathMetric(std::span<const LinkId> links) const {
  Metric sum;
  for (const LinkId link : links) sum = sum + LinkMetric(link);
  return sum;
}

void SearchGraph::AddCost(LinkId link, int64_t cost) {
  metric_[Index(link)].cost = SaturatingAdd(metric_[Index(link)].cost, cost);
}

}  // namespace waymark

#include "controller/compute/search_graph.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace waymark {
namespace {

// Tenfolds of a thousandth, down to a billionth, that all costs are whole multiples of; a billionth
// where none is.
int64_t CostUnit(std::span<const LinkInfo> links) {
  int64_t unit = kCostUnit / 1000;
  for (; unit > 1; unit /= 10) {
    const double steps = static_cast<double>(kCostUnit / unit);
    const auto whole = [&](const LinkInfo& link) {
      const double scaled = link.cost * steps;
      return std::abs(scaled - std::round(scaled)) < 1e-4;
    };
    if (std::ranges::all_of(links, whole)) break;
  }
  return unit;
}

// `unit`: of cost, what one stands for.
std::vector<int64_t> Objectives(const Snapshot& snapshot, v1::Objective objective,
                                const LinkWeights* weights, int64_t unit) {
  const bool te_metric = objective != v1::MIN_DELAY && objective != v1::MIN_COST;
  if (te_metric && weights != nullptr) return weights->by_link;
  const double steps = static_cast<double>(kCostUnit / unit);
  std::vector<int64_t> objectives;
  objectives.reserve(snapshot.links().size());
  for (const LinkInfo& link : snapshot.links()) {
    objectives.push_back(te_metric                    ? link.te_metric
                         : objective == v1::MIN_DELAY ? link.delay_ns
                                                      : std::llround(link.cost * steps));
  }
  return objectives;
}

uint64_t Avoided(v1::AdminState admin) { return admin == v1::AVOID ? 1 : 0; }

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
      max_hops_(std::clamp(constraints.max_hops, 1, environment.most_hops)) {
  if (environment.prepared == nullptr) {
    Prepare(constraints, environment);
  } else {
    const SearchGraph& same = environment.prepared->Of(snapshot, constraints, environment);
    node_usable_ = same.node_usable_;
    link_usable_ = same.link_usable_;
    cost_ = same.cost_;
    most_objective_ = same.most_objective_;
    objective_unit_ = same.objective_unit_;
    out_begin_ = same.out_begin_;
    in_begin_ = same.in_begin_;
    out_ = same.out_;
    in_ = same.in_;
  }
  Narrow(constraints, environment);
}

void SearchGraph::Prepare(const PathConstraints& constraints, const Environment& environment) {
  Admit(constraints, environment);
  Price(constraints, environment);
  MakeRows();
}

void SearchGraph::Narrow(const PathConstraints& constraints, const Environment& environment) {
  const auto room = [&](LinkId link) {
    const int64_t residual = environment.ledger != nullptr
                                 ? environment.ledger->Residual(link, constraints.setup_priority)
                                 : snapshot_->link(link).reservable_bps;
    return (environment.link_state == nullptr || environment.link_state->IsUp(link)) &&
           residual >= constraints.bandwidth_bps;
  };
  bool all = true;
  for (size_t i = 0; i < link_usable_.size(); ++i) {
    const LinkId link = static_cast<LinkId>(i);
    if (!link_usable_[i]) continue;
    if (room(link) && (!environment.corouted || room(snapshot_->link(link).reverse))) continue;
    link_usable_[i] = all = false;
  }
  if (all) return;
  DropUnusable(&out_begin_, &out_);
  DropUnusable(&in_begin_, &in_);
}

void SearchGraph::DropUnusable(std::vector<int32_t>* begin, std::vector<Arc>* arcs) const {
  size_t kept = 0, next = 0;
  for (size_t node = 0; node + 1 < begin->size(); ++node) {
    const size_t end = static_cast<size_t>((*begin)[node + 1]);
    (*begin)[node] = static_cast<int32_t>(kept);
    for (; next < end; ++next) {
      if (LinkUsable((*arcs)[next].link)) (*arcs)[kept++] = (*arcs)[next];
    }
  }
  begin->back() = static_cast<int32_t>(kept);
  arcs->resize(kept);
}

void SearchGraph::Price(const PathConstraints& constraints, const Environment& environment) {
  const Snapshot& snapshot = *snapshot_;
  most_objective_ = MostObjective(snapshot.nodes().size());
  const int64_t unit =
      constraints.objective == v1::MIN_COST ? CostUnit(snapshot.links()) : kCostUnit;
  const std::vector<int64_t> objectives =
      Objectives(snapshot, constraints.objective, environment.weights, unit);
  int64_t dearest = 0;
  for (const int64_t objective : objectives) dearest = std::max(dearest, objective);
  // Coarser units where the sums would not fit: money alone can be that much.
  const int64_t coarser = dearest / most_objective_ + 1;
  objective_unit_ = unit * coarser;
  cost_.reserve(snapshot.links().size());
  for (size_t i = 0; i < objectives.size(); ++i) {
    const LinkInfo& link = snapshot.link(static_cast<LinkId>(i));
    int64_t delay_ns = link.delay_ns;
    uint64_t avoided = Avoided(link.admin) + Avoided(snapshot.node(link.target).admin);
    if (environment.corouted && link.reverse != LinkId::kNone) {
      const LinkInfo& reverse = snapshot.link(link.reverse);
      delay_ns = std::max(delay_ns, reverse.delay_ns);
      // Maintenance of either direction is maintenance of the fibre.
      if (link.admin != v1::AVOID) avoided += Avoided(reverse.admin);
    }
    if (environment.ignore_avoid) avoided = 0;
    cost_.push_back(MakePathCost(avoided, static_cast<uint64_t>(objectives[i] / coarser), 1,
                                 static_cast<uint64_t>(delay_ns)));
  }
}

void SearchGraph::MakeRows() {
  const size_t nodes = snapshot_->nodes().size();
  out_begin_.reserve(nodes + 1);
  in_begin_.reserve(nodes + 1);
  out_.reserve(cost_.size());
  in_.reserve(cost_.size());
  for (size_t i = 0; i < nodes; ++i) {
    const NodeId node = static_cast<NodeId>(i);
    out_begin_.push_back(static_cast<int32_t>(out_.size()));
    in_begin_.push_back(static_cast<int32_t>(in_.size()));
    for (const LinkId link : snapshot_->out_links(node)) {
      if (LinkUsable(link)) out_.push_back({LinkCost(link), snapshot_->link(link).target, link});
    }
    for (const LinkId link : snapshot_->in_links(node)) {
      if (LinkUsable(link)) in_.push_back({LinkCost(link), snapshot_->link(link).source, link});
    }
  }
  out_begin_.push_back(static_cast<int32_t>(out_.size()));
  in_begin_.push_back(static_cast<int32_t>(in_.size()));
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
  return (environment.ignore_forbid || info.admin != v1::FORBID) && NodeUsable(info.source) &&
         NodeUsable(info.target) && LinkMeets(*snapshot_, constraints, link);
}

Metric SearchGraph::LinkMetric(LinkId link) const { return MetricOf(LinkCost(link)); }

Metric SearchGraph::PathMetric(std::span<const LinkId> links) const {
  PathCost sum = 0;
  for (const LinkId link : links) sum += LinkCost(link);
  return MetricOf(sum);
}

PathCost SearchGraph::CostOf(const Metric& metric) {
  return PathCost{static_cast<uint64_t>(metric.cost)} << 64 |
         (static_cast<uint64_t>(metric.hops) << kDelayBits |
          static_cast<uint64_t>(metric.delay_ns));
}

void SearchGraph::SetObjectives(std::span<const int64_t> objectives) {
  for (size_t i = 0; i < cost_.size(); ++i) {
    const Metric metric = MetricOf(cost_[i]);
    cost_[i] = CostOf({metric.cost / kAvoidCost * kAvoidCost +
                           std::clamp<int64_t>(objectives[i], 0, most_objective_),
                       metric.delay_ns, metric.hops});
  }
  for (std::vector<Arc>* arcs : {&out_, &in_}) {
    for (Arc& arc : *arcs) arc.cost = LinkCost(arc.link);
  }
}

void SearchGraph::AddCost(LinkId link, int64_t cost) {
  const int64_t room = most_objective_ - LinkMetric(link).cost % kAvoidCost;
  const PathCost more = PathCost{static_cast<uint64_t>(std::clamp<int64_t>(cost, 0, room))} << 64;
  cost_[Index(link)] += more;
  const LinkInfo& info = snapshot_->link(link);
  const auto raise = [&](std::vector<Arc>& arcs, const std::vector<int32_t>& begin, NodeId node) {
    for (int32_t i = begin[Index(node)]; i < begin[Index(node) + 1]; ++i) {
      if (arcs[i].link == link) arcs[i].cost += more;
    }
  };
  raise(out_, out_begin_, info.source);
  raise(in_, in_begin_, info.target);
}

const SearchGraph& PreparedGraphs::Of(const Snapshot& snapshot, const PathConstraints& constraints,
                                      const SearchGraph::Environment& environment) {
  Key key = {constraints.objective,
             environment.weights,
             environment.corouted,
             environment.ignore_forbid,
             environment.ignore_avoid,
             constraints.allowed_jurisdictions,
             constraints.forbidden_jurisdictions,
             constraints.allowed_providers,
             constraints.forbidden_providers,
             constraints.include_any,
             constraints.include_all,
             constraints.exclude,
             constraints.exclude_resources};
  if (const auto found = graphs_.find(key); found != graphs_.end()) return found->second;
  if (graphs_.size() == kMostSets) graphs_.clear();
  // Nothing is down or full in it.
  PathConstraints names = constraints;
  names.bandwidth_bps = 0;
  SearchGraph::Environment empty = environment;
  empty.ledger = nullptr;
  empty.link_state = nullptr;
  empty.prepared = nullptr;
  return graphs_.try_emplace(std::move(key), SearchGraph(snapshot, names, empty)).first->second;
}

}  // namespace waymark

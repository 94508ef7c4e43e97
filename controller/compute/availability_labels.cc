#include "controller/compute/availability_labels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace waymark {
namespace {

constexpr double kNowhere = std::numeric_limits<double>::infinity();
// Of making a label, beside comparing one.
constexpr int64_t kLabelWork = 8;
// Of one search, for memory: some hundred bytes each.
constexpr size_t kMostLabels = 400'000;

bool Has(const std::vector<SrlgId>& groups, int32_t group) {
  return std::find(groups.begin(), groups.end(), static_cast<SrlgId>(group)) != groups.end();
}

}  // namespace

double MinusLogUp(double unavailability) {
  return unavailability < 1 ? std::min(kNeverUp, -std::log1p(-unavailability)) : kNeverUp;
}

AvailabilityParts::AvailabilityParts(const SearchGraph& graph, const AvailabilityModel& model,
                                     NodeId from, NodeId to)
    : graph_(graph), from_(from), to_(to), bounds_(graph, to) {
  if (from == to || !connected()) return;
  Price(model);
  TakeOutUnavoidable();
  own_to_ = LeastTo(
      [this](const SearchGraph::Arc& arc) { return OfFibre(arc.link) + node_[Index(arc.node)]; });
  delay_to_ =
      LeastTo([](const SearchGraph::Arc& arc) { return static_cast<double>(DelayOf(arc.cost)); });
  hops_to_ = LeastTo([](const SearchGraph::Arc&) { return 1.0; });
}

std::vector<int32_t> AvailabilityParts::PlacesOf() const {
  const Snapshot& snapshot = graph_.snapshot();
  std::vector<int32_t> places(group_.size(), 0);
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    const LinkInfo& link = snapshot.links()[i];
    const bool second =
        link.reverse != LinkId::kNone && static_cast<size_t>(Index(link.reverse)) < i;
    for (const SrlgId group : link.srlgs) {
      if (second && Has(snapshot.link(link.reverse).srlgs, Index(group))) continue;
      ++places[Index(group)];
    }
  }
  for (const NodeInfo& node : snapshot.nodes()) {
    for (const SrlgId group : node.srlgs) ++places[Index(group)];
  }
  return places;
}

void AvailabilityParts::Price(const AvailabilityModel& model) {
  const Snapshot& snapshot = graph_.snapshot();
  for (size_t i = 0; i < snapshot.srlg_names().size(); ++i) {
    group_.push_back(MinusLogUp(model.OfSrlg(static_cast<SrlgId>(i))));
  }
  const std::vector<int32_t> places = PlacesOf();
  const auto alone = [&](const std::vector<SrlgId>& groups) {
    double sum = 0;
    for (const SrlgId group : groups) {
      if (places[Index(group)] == 1) sum += group_[Index(group)];
    }
    return sum;
  };
  for (size_t i = 0; i < snapshot.nodes().size(); ++i) {
    node_.push_back(MinusLogUp(model.OfNode(static_cast<NodeId>(i))) +
                    alone(snapshot.nodes()[i].srlgs));
  }
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    const LinkId id = static_cast<LinkId>(i);
    const LinkInfo& link = snapshot.links()[i];
    fibre_.push_back(MinusLogUp(model.OfFibre(id)) + alone(link.srlgs));
    stated_.push_back(!model.Silent(id));
    std::vector<int32_t>& groups = groups_.emplace_back();
    for (const auto* own : {&link.srlgs, &snapshot.node(link.target).srlgs}) {
      for (const SrlgId group : *own) {
        if (places[Index(group)] > 1 && group_[Index(group)] > 0) groups.push_back(Index(group));
      }
    }
    std::sort(groups.begin(), groups.end());
    groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  }
}

// All that every path has lies on any one of them.
void AvailabilityParts::TakeOutUnavoidable() {
  const Snapshot& snapshot = graph_.snapshot();
  std::vector<LinkId> links;
  bounds_.AppendTreePath(from_, &links);
  std::vector<int32_t> groups;
  for (const LinkId link : links)
    groups.insert(groups.end(), groups_[Index(link)].begin(), groups_[Index(link)].end());
  for (const SrlgId group : snapshot.node(from_).srlgs) groups.push_back(Index(group));
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  const auto take = [this](double& part) { common_ += std::exchange(part, 0); };
  take(node_[Index(from_)]);
  take(node_[Index(to_)]);
  for (const LinkId link : links) {
    const NodeId node = snapshot.link(link).target;
    if (OfNode(node) == 0) continue;
    if (!ConnectedWithout([&](const SearchGraph::Arc& arc) { return arc.node == node; })) {
      take(node_[Index(node)]);
    }
  }
  const std::vector<int32_t> places = PlacesOf();
  std::vector<bool> taken(group_.size(), false);
  for (const int32_t group : groups) {
    // Those of one place are a part of that.
    if (places[group] == 1 || group_[group] == 0) continue;
    const bool of_start = Has(snapshot.node(from_).srlgs, group);
    if (!of_start &&
        ConnectedWithout([&](const SearchGraph::Arc& arc) { return InGroup(arc, group); })) {
      continue;
    }
    taken[group] = true;
    take(group_[group]);
  }
  for (std::vector<int32_t>& own : groups_) {
    std::erase_if(own, [&](int32_t group) { return taken[group]; });
  }
}

bool AvailabilityParts::InGroup(const SearchGraph::Arc& arc, int32_t group) const {
  return std::binary_search(groups_[Index(arc.link)].begin(), groups_[Index(arc.link)].end(),
                            group);
}

bool AvailabilityParts::ConnectedWithout(
    const std::function<bool(const SearchGraph::Arc&)>& cut) const {
  std::vector<bool> reached(graph_.snapshot().nodes().size(), false);
  std::vector<NodeId> open = {from_};
  reached[Index(from_)] = true;
  while (!open.empty()) {
    const NodeId node = open.back();
    open.pop_back();
    if (node == to_) return true;
    for (const SearchGraph::Arc& arc : graph_.out_arcs(node)) {
      if (reached[Index(arc.node)] || cut(arc)) continue;
      reached[Index(arc.node)] = true;
      open.push_back(arc.node);
    }
  }
  return false;
}

std::vector<double> AvailabilityParts::LeastTo(
    const std::function<double(const SearchGraph::Arc&)>& length) const {
  struct Open {
    double least;
    NodeId node;
  };
  struct Less {
    bool operator()(const Open& a, const Open& b) const {
      return std::tie(a.least, a.node) < std::tie(b.least, b.node);
    }
  };
  std::vector<double> least(graph_.snapshot().nodes().size(), kNowhere);
  MinHeap<Open, Less> open;
  least[Index(to_)] = 0;
  open.Push({0, to_});
  while (!open.empty()) {
    const Open next = open.Pop();
    if (next.least > least[Index(next.node)]) continue;
    for (const SearchGraph::Arc& back : graph_.in_arcs(next.node)) {
      // As the arc that is travelled: it enters the node in hand.
      const double sum = next.least + length({back.cost, next.node, back.link});
      if (sum >= least[Index(back.node)]) continue;
      least[Index(back.node)] = sum;
      open.Push({sum, back.node});
    }
  }
  return least;
}

bool AvailabilityLabels::Less::operator()(const Open& a, const Open& b) const {
  if (order == Order::kAvailability && a.down != b.down) return a.down < b.down;
  if (a.least != b.least) return a.least < b.least;
  return std::tie(a.down, a.label) < std::tie(b.down, b.label);
}

bool AvailabilityLabels::Work(int64_t units) {
  while (units-- > 0) {
    if (!work_->Spend()) return false;
  }
  return true;
}

void AvailabilityLabels::Run(const Search& search) {
  labels_.clear();
  settled_.assign(parts_.graph().snapshot().nodes().size(), {});
  open_ = MinHeap<Open, Less>(Less{search.order});
  labels_.emplace_back().node = parts_.from();
  open_.Push(
      {parts_.LeastMetric(parts_.from()), search.down(parts_.LeastOwn(parts_.from()), 0), 0});
  while (!open_.empty()) {
    const Open next = open_.Pop();
    if (!Work(1)) return;
    if (search.hopeless(next.least, next.down)) continue;
    const NodeId node = labels_[next.label].node;
    if (node == parts_.to()) {
      const Label& whole = labels_[next.label];
      if (search.found({LinksOf(next.label), whole.spent}, whole.own)) return;
      continue;
    }
    if (search.dominance) {
      if (Dominated(search, next.label)) continue;
      settled_[Index(node)].push_back(next.label);
    }
    for (const SearchGraph::Arc& arc : parts_.graph().out_arcs(node)) {
      Extend(search, next.label, arc);
    }
    if (labels_.size() > kMostLabels) work_->End();
    if (work_->ended()) return;
  }
}

void AvailabilityLabels::Extend(const Search& search, int32_t from, const SearchGraph::Arc& arc) {
  const AvailabilityPartner* partner = search.partner;
  const SearchGraph& graph = parts_.graph();
  if (partner != nullptr && partner->banned_links[Index(arc.link)]) return;
  if (parts_.LeastOwn(arc.node) == kNowhere || OnPath(from, arc.node)) return;
  const Label& before = labels_[from];
  Label label;
  label.before = from;
  label.link = arc.link;
  label.node = arc.node;
  label.spent = before.spent + SearchGraph::MetricOf(arc.cost);
  if (static_cast<double>(label.spent.delay_ns) + parts_.LeastDelay(arc.node) >
          static_cast<double>(graph.max_delay_ns()) ||
      static_cast<double>(label.spent.hops) + parts_.LeastHops(arc.node) > graph.max_hops()) {
    return;
  }
  label.stated = before.stated || parts_.Stated(arc.link);
  label.own = before.own + parts_.OfFibre(arc.link);
  label.common = before.common;
  const auto add = [&](bool shared, double part) { (shared ? label.common : label.own) += part; };
  add(partner != nullptr && partner->its_nodes[Index(arc.node)], parts_.OfNode(arc.node));
  label.groups = before.groups;
  for (const int32_t group : parts_.GroupsOf(arc.link)) {
    const auto place = std::lower_bound(label.groups.begin(), label.groups.end(), group);
    if (place != label.groups.end() && *place == group) continue;
    label.groups.insert(place, group);
    add(partner != nullptr && partner->its_groups[group], parts_.OfGroup(group));
  }
  const Open open{label.spent + parts_.LeastMetric(arc.node),
                  search.down(label.own + parts_.LeastOwn(arc.node), label.common),
                  static_cast<int32_t>(labels_.size())};
  if (search.hopeless(open.least, open.down) || !Work(kLabelWork)) return;
  labels_.push_back(std::move(label));
  open_.Push(open);
}

bool AvailabilityLabels::OnPath(int32_t label, NodeId node) const {
  for (; label >= 0; label = labels_[label].before) {
    if (labels_[label].node == node) return true;
  }
  return false;
}

std::vector<LinkId> AvailabilityLabels::LinksOf(int32_t label) const {
  std::vector<LinkId> links;
  for (; labels_[label].before >= 0; label = labels_[label].before) {
    links.push_back(labels_[label].link);
  }
  std::reverse(links.begin(), links.end());
  return links;
}

bool AvailabilityLabels::Dominated(const Search& search, int32_t label) {
  for (const int32_t other : settled_[Index(labels_[label].node)]) {
    if (!Work(1)) return true;
    if (Dominates(search, labels_[other], labels_[label])) return true;
  }
  return false;
}

// Whatever follows: a path without links that are on it already is only better, so that a way that
// `b` may still go and `a` has gone is no loss.
bool AvailabilityLabels::Dominates(const Search& search, const Label& a, const Label& b) const {
  const SearchGraph& graph = parts_.graph();
  if (search.order == Order::kObjective && a.spent > b.spent) return false;
  const bool bounded = graph.max_hops() + 1 < static_cast<int64_t>(graph.snapshot().nodes().size());
  if (bounded && a.spent.hops > b.spent.hops) return false;
  if (graph.max_delay_ns() < kUnreachable && a.spent.delay_ns > b.spent.delay_ns) return false;
  if (b.stated && !a.stated) return false;
  double own = a.own, common = a.common;
  if (own > b.own || common > b.common) return false;
  auto have = a.groups.begin();
  for (const int32_t group : b.groups) {
    have = std::lower_bound(have, a.groups.end(), group);
    if (have != a.groups.end() && *have == group) continue;
    const bool shared = search.partner != nullptr && search.partner->its_groups[group];
    (shared ? common : own) += parts_.OfGroup(group);
  }
  return own <= b.own && common <= b.common;
}

}  // namespace waymark

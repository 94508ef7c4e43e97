#include "controller/compute/underlay_paths.h"

#include <algorithm>
#include <utility>

#include "controller/compute/constrained_path.h"

namespace waymark {
namespace {

bool Used(const Snapshot& snapshot, const LinkState* link_state, LinkId id) {
  const LinkInfo& link = snapshot.link(id);
  return (link_state == nullptr || link_state->IsUp(id)) && link.admin != v1::FORBID &&
         snapshot.node(link.source).admin != v1::FORBID &&
         snapshot.node(link.target).admin != v1::FORBID;
}

// Places in gentle maintenance that a packet meets on it.
uint64_t Gentle(const Snapshot& snapshot, const LinkInfo& link) {
  return (link.admin == v1::AVOID ? 1 : 0) +
         (snapshot.node(link.target).admin == v1::AVOID ? 1 : 0);
}

std::vector<uint64_t> Widened(std::span<const uint32_t> row) {
  std::vector<uint64_t> wide(row.size());
  std::transform(row.begin(), row.end(), wide.begin(), [](uint32_t distance) {
    return distance == MetricGraph::kUnreachable ? UnderlayPaths::kUnreachable : distance;
  });
  return wide;
}

}  // namespace

UnderlayPaths::UnderlayPaths(const Snapshot& snapshot, const LinkState* link_state)
    : snapshot_(&snapshot), metric_(snapshot.links().size(), 0) {
  TakeNarrow(link_state);
  if (narrow_) return;
  LinkWeights weights;
  for (const LinkInfo& link : snapshot.links()) weights.by_link.push_back(link.igp_metric);
  wide_.emplace(snapshot, PathConstraints{},
                SearchGraph::Environment{.link_state = link_state, .weights = &weights});
  for (size_t i = 0; i < metric_.size(); ++i) {
    const auto id = static_cast<LinkId>(i);
    metric_[i] = wide_->LinkUsable(id) ? static_cast<uint64_t>(wide_->LinkMetric(id).cost) : 0;
  }
}

void UnderlayPaths::TakeNarrow(const LinkState* link_state) {
  // A path leaves each node at most once.
  std::vector<uint64_t> dearest(snapshot_->nodes().size(), 0);
  for (size_t i = 0; i < metric_.size(); ++i) {
    const auto id = static_cast<LinkId>(i);
    const LinkInfo& link = snapshot_->link(id);
    if (!Used(*snapshot_, link_state, id)) continue;
    metric_[i] = link.igp_metric;
    uint64_t& most = dearest[Index(link.source)];
    most = std::max(most, metric_[i]);
  }
  uint64_t above_all = 1;
  for (const uint64_t metric : dearest) above_all += metric;
  std::vector<uint32_t> metrics(metric_.size());
  for (size_t i = 0; i < metric_.size(); ++i) {
    if (metric_[i] == 0) continue;
    metric_[i] += above_all * Gentle(*snapshot_, snapshot_->link(static_cast<LinkId>(i)));
    if (metric_[i] >= MetricGraph::kUnreachable) return;
    metrics[i] = static_cast<uint32_t>(metric_[i]);
  }
  absl::StatusOr<MetricGraph> graph = MetricGraph::Make(*snapshot_, metrics);
  if (graph.ok()) narrow_ = *std::move(graph);
}

std::vector<uint64_t> UnderlayPaths::DistancesTo(NodeId target) const {
  const size_t nodes = snapshot_->nodes().size();
  if (narrow_) {
    std::vector<uint32_t> distance(nodes);
    std::vector<LinkId> next(nodes);
    ShortestPaths(*narrow_).To(target, distance, next);
    return Widened(distance);
  }
  std::vector<uint64_t> distance(nodes, kUnreachable);
  const PathSearch search(*wide_, target);
  for (size_t i = 0; i < nodes; ++i) {
    const PathCost cost = search.CostToTarget(static_cast<NodeId>(i));
    if (cost != kNoPathCost) distance[i] = static_cast<uint64_t>(HighOf(cost));
  }
  // Also where nothing leads to it because it is in maintenance itself.
  distance[Index(target)] = 0;
  return distance;
}

void UnderlayPaths::ForEachTarget(
    const std::function<void(NodeId, std::span<const uint64_t>)>& use) const {
  const size_t nodes = snapshot_->nodes().size();
  std::vector<uint32_t> distance(narrow_ ? nodes * nodes : 0);
  std::vector<LinkId> next(distance.size());
  if (narrow_) ShortestPaths(*narrow_).All(distance, next);
  for (size_t i = 0; i < nodes; ++i) {
    const auto target = static_cast<NodeId>(i);
    use(target,
        narrow_ ? Widened(std::span(distance).subspan(i * nodes, nodes)) : DistancesTo(target));
  }
}

}  // namespace waymark

#include "controller/compute/shortest_paths.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

// As many as one word of words can tell apart.
constexpr uint32_t kMostBuckets = 64 * 64;

// A lane of a sweep that no path has reached; whatever is added to it still fits.
constexpr int32_t kFar = 1 << 30;

uint32_t MetricOf(const LinkInfo& link, LinkMetricKind kind) {
  return std::max<uint32_t>(1,
                            kind == LinkMetricKind::kIgpMetric ? link.igp_metric : link.te_metric);
}

}  // namespace

absl::StatusOr<MetricGraph> MetricGraph::Make(const Snapshot& snapshot, LinkMetricKind kind,
                                              const LinkState* link_state) {
  std::vector<uint32_t> metric_of_link(snapshot.links().size(), 0);
  for (size_t i = 0; i < metric_of_link.size(); ++i) {
    const LinkId id = static_cast<LinkId>(i);
    if (link_state != nullptr && !link_state->IsUp(id)) continue;
    metric_of_link[i] = MetricOf(snapshot.link(id), kind);
  }
  return Make(snapshot, metric_of_link);
}

absl::StatusOr<MetricGraph> MetricGraph::Make(const Snapshot& snapshot,
                                              std::span<const uint32_t> metric_of_link) {
  const size_t nodes = snapshot.nodes().size();
  MetricGraph graph;
  graph.in_begin_.reserve(nodes + 1);
  graph.out_begin_.reserve(nodes + 1);
  // A path leaves each node at most once.
  std::vector<uint32_t> dearest(nodes, 0);
  for (size_t i = 0; i < nodes; ++i) {
    const NodeId node = static_cast<NodeId>(i);
    graph.in_begin_.push_back(static_cast<int32_t>(graph.in_.size()));
    for (const LinkId id : snapshot.in_links(node)) {
      const uint32_t metric = metric_of_link[static_cast<size_t>(Index(id))];
      if (metric == 0) continue;
      const LinkInfo& link = snapshot.link(id);
      graph.largest_metric_ = std::max(graph.largest_metric_, metric);
      dearest[Index(link.source)] = std::max(dearest[Index(link.source)], metric);
      graph.in_.push_back({metric, Index(link.source)});
      graph.in_link_.push_back(id);
    }
    const size_t first = graph.out_link_.size();
    graph.out_begin_.push_back(static_cast<int32_t>(first));
    for (const LinkId id : snapshot.out_links(node)) {
      if (metric_of_link[static_cast<size_t>(Index(id))] != 0) graph.out_link_.push_back(id);
    }
    std::sort(graph.out_link_.begin() + static_cast<ptrdiff_t>(first), graph.out_link_.end());
    for (size_t k = first; k < graph.out_link_.size(); ++k) {
      const LinkId id = graph.out_link_[k];
      graph.out_.push_back(
          {metric_of_link[static_cast<size_t>(Index(id))], Index(snapshot.link(id).target)});
    }
  }
  graph.in_begin_.push_back(static_cast<int32_t>(graph.in_.size()));
  graph.out_begin_.push_back(static_cast<int32_t>(graph.out_.size()));
  uint64_t most = 0;
  for (const uint32_t metric : dearest) most += metric;
  if (most >= kUnreachable) {
    return absl::OutOfRangeError(
        absl::StrCat("the metrics of a path may add up to ", most,
                     ", which must stay below 2^32 - 1: use smaller ones"));
  }
  graph.longest_path_ = static_cast<uint32_t>(most);
  return graph;
}

ShortestPaths::ShortestPaths(const MetricGraph& graph) : graph_(graph) {
  // The ring holds the present bucket and all that a link can reach from anywhere in it.
  while ((graph.largest_metric() >> width_log2_) + 2 > kMostBuckets) ++width_log2_;
  const uint32_t buckets =
      std::max(64u, std::bit_ceil((graph.largest_metric() >> width_log2_) + 2));
  mask_ = buckets - 1;
  head_.assign(buckets, -1);
  filled_.assign(buckets / 64, 0);
  expanded_.resize(static_cast<size_t>(graph.node_count()));
}

inline void ShortestPaths::Push(uint32_t distance, int32_t node) {
  const uint32_t bucket = (distance >> width_log2_) & mask_;
  entries_.push_back({node, head_[bucket]});
  head_[bucket] = static_cast<int32_t>(entries_.size() - 1);
  filled_[bucket / 64] |= uint64_t{1} << (bucket % 64);
  filled_words_ |= uint64_t{1} << (bucket / 64);
}

inline int32_t ShortestPaths::Pop() {
  // First the rest of this word, then the next word that has any, around the ring.
  uint32_t word = position_ / 64;
  uint64_t bits = filled_[word] & (~uint64_t{0} << (position_ % 64));
  if (bits == 0) {
    if (filled_words_ == 0) return -1;
    const uint64_t later = word == 63 ? 0 : filled_words_ & (~uint64_t{0} << (word + 1));
    word = static_cast<uint32_t>(std::countr_zero(later != 0 ? later : filled_words_));
    bits = filled_[word];
  }
  position_ = word * 64 + static_cast<uint32_t>(std::countr_zero(bits));
  const Entry entry = entries_[static_cast<size_t>(head_[position_])];
  head_[position_] = entry.below;
  if (entry.below < 0) {
    filled_[word] &= ~(uint64_t{1} << (position_ % 64));
    if (filled_[word] == 0) filled_words_ &= ~(uint64_t{1} << word);
  }
  return entry.node;
}

void ShortestPaths::To(NodeId target, std::span<uint32_t> distance, std::span<LinkId> next) {
  std::fill(distance.begin(), distance.end(), MetricGraph::kUnreachable);
  std::fill(next.begin(), next.end(), LinkId::kNone);
  std::fill(expanded_.begin(), expanded_.end(), MetricGraph::kUnreachable);
  entries_.clear();
  settled_.resize(expanded_.size());
  size_t settled = 0;
  position_ = 0;
  distance[Index(target)] = 0;
  Push(0, Index(target));
  for (int32_t node = Pop(); node >= 0; node = Pop()) {
    const uint32_t behind = distance[node];
    // Left over from a longer distance.
    if (expanded_[node] == behind) continue;
    if (expanded_[node] == MetricGraph::kUnreachable) settled_[settled++] = node;
    expanded_[node] = behind;
    const int32_t end = graph_.in_begin_[node + 1];
    for (int32_t i = graph_.in_begin_[node]; i < end; ++i) {
      const MetricGraph::Arc arc = graph_.in_[i];
      const uint32_t through = behind + arc.metric;
      if (through > distance[arc.node]) continue;
      if (through == distance[arc.node]) {
        // Whatever is tied at last is seen from its last distance.
        next[arc.node] = std::min(next[arc.node], graph_.in_link_[i]);
        continue;
      }
      distance[arc.node] = through;
      next[arc.node] = graph_.in_link_[i];
      Push(through, arc.node);
    }
  }
  settled_.resize(settled);
}

void ShortestPaths::Sweep(std::span<const int32_t> targets, std::span<uint32_t> distance,
                          std::span<LinkId> next) {
  std::fill(lanes_.begin(), lanes_.end(), Lanes{} + kFar);
  for (size_t lane = 0; lane < targets.size(); ++lane) lanes_[targets[lane]][lane] = 0;
  for (bool improved = true; improved;) {
    Lanes moved = {};
    for (const int32_t node : settled_) {
      Lanes nearest = lanes_[node];
      for (int32_t i = graph_.out_begin_[node]; i < graph_.out_begin_[node + 1]; ++i) {
        const Lanes through =
            lanes_[graph_.out_[i].node] + static_cast<int32_t>(graph_.out_[i].metric);
        nearest = through < nearest ? through : nearest;
      }
      moved |= nearest ^ lanes_[node];
      lanes_[node] = nearest;
    }
    improved = false;
    for (size_t lane = 0; lane < kLanes; ++lane) improved |= moved[lane] != 0;
  }
  for (int32_t node = 0; node < graph_.node_count(); ++node) {
    const Lanes nearest = lanes_[node];
    Lanes by = Lanes{} + Index(LinkId::kNone);
    // The least link comes last.
    for (int32_t i = graph_.out_begin_[node + 1] - 1; i >= graph_.out_begin_[node]; --i) {
      const Lanes through =
          lanes_[graph_.out_[i].node] + static_cast<int32_t>(graph_.out_[i].metric);
      by = through == nearest ? Lanes{} + Index(graph_.out_link_[i]) : by;
    }
    for (size_t lane = 0; lane < targets.size(); ++lane) {
      const size_t at =
          static_cast<size_t>(targets[lane]) * expanded_.size() + static_cast<size_t>(node);
      distance[at] =
          nearest[lane] == kFar ? MetricGraph::kUnreachable : static_cast<uint32_t>(nearest[lane]);
      next[at] = static_cast<LinkId>(by[lane]);
    }
  }
}

void ShortestPaths::All(std::span<uint32_t> distance, std::span<LinkId> next) {
  const size_t nodes = expanded_.size();
  const bool lanes_hold = graph_.longest_path_ < kFar;
  lanes_.resize(nodes);
  std::vector<bool> done(nodes, false);
  std::vector<int32_t> targets;
  int32_t centre = 0;
  for (size_t left = nodes, lowest = 0; left > 0; left -= targets.size()) {
    while (done[lowest]) ++lowest;
    if (done[centre]) centre = static_cast<int32_t>(lowest);
    To(static_cast<NodeId>(centre), distance.subspan(static_cast<size_t>(centre) * nodes, nodes),
       next.subspan(static_cast<size_t>(centre) * nodes, nodes));
    targets.assign(1, centre);
    done[centre] = true;
    if (!lanes_hold) continue;
    // Those that are nearest, and the next one after them is where it goes on.
    for (const int32_t node : settled_) {
      if (done[node]) continue;
      if (targets.size() == kLanes) {
        centre = node;
        break;
      }
      targets.push_back(node);
      done[node] = true;
    }
    if (targets.size() == 1) continue;
    for (int32_t node = 0; settled_.size() < nodes && node < graph_.node_count(); ++node) {
      if (expanded_[node] == MetricGraph::kUnreachable) settled_.push_back(node);
    }
    Sweep(targets, distance, next);
  }
}

}  // namespace waymark

#include "controller/compute/segments.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/underlay_metric.h"

namespace waymark {
namespace {

// The furthest place on the path that one segment from place `at` leads to; `at` when only the
// adjacency of the next link will do.
size_t Reach(const UniqueShortestPaths& table, std::span<const LinkId> links, size_t at) {
  const NodeId from = table.snapshot().link(links[at]).source;
  size_t end = at;
  // The one shortest path to each next node goes on from the one before: so the last link tells.
  while (end < links.size() &&
         table.LastLink(from, table.snapshot().link(links[end]).target) == links[end]) {
    ++end;
  }
  return end;
}

void AppendFurthest(const UniqueShortestPaths& table, std::span<const LinkId> links, size_t* at,
                    std::vector<Segment>* segments) {
  const size_t end = Reach(table, links, *at);
  if (end == *at) {
    segments->push_back({.link = links[(*at)++]});
    return;
  }
  segments->push_back({.node = table.snapshot().link(links[end - 1]).target});
  *at = end;
}

}  // namespace

UniqueShortestPaths::UniqueShortestPaths(const Snapshot& snapshot, const LinkState* link_state)
    : snapshot_(&snapshot), rows_(snapshot.nodes().size()) {
  metric_.reserve(snapshot.links().size());
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    metric_.push_back(UnderlayMetric(snapshot, link_state, static_cast<LinkId>(i)));
  }
}

void UniqueShortestPaths::FillAll() {
  for (size_t i = 0; i < rows_.size(); ++i) {
    const NodeId source = static_cast<NodeId>(i);
    if (!HasRow(source)) Fill(source);
  }
}

void UniqueShortestPaths::Fill(NodeId source) {
  constexpr uint64_t kFar = UINT64_MAX;
  std::vector<LinkId> last(rows_.size(), LinkId::kNone);
  std::vector<uint64_t> best(rows_.size(), kFar);
  std::vector<bool> several(rows_.size(), false);
  using Entry = std::pair<uint64_t, NodeId>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  best[Index(source)] = 0;
  queue.emplace(0, source);
  while (!queue.empty()) {
    const auto [distance, node] = queue.top();
    queue.pop();
    if (distance != best[Index(node)]) continue;
    for (const LinkId link : snapshot_->out_links(node)) {
      const uint64_t metric = metric_[Index(link)];
      if (metric == 0) continue;
      const int32_t target = Index(snapshot_->link(link).target);
      const uint64_t through = distance + metric;
      if (through > best[target]) continue;
      // Metrics are positive, so `node` has all its shortest paths by now.
      if (through == best[target]) {
        several[target] = true;
        continue;
      }
      best[target] = through;
      last[target] = link;
      several[target] = several[Index(node)];
      queue.emplace(through, static_cast<NodeId>(target));
    }
  }
  for (size_t i = 0; i < last.size(); ++i) {
    if (several[i]) last[i] = LinkId::kNone;
  }
  rows_[Index(source)] = std::move(last);
}

void EncodeStrict(std::span<const LinkId> links, std::vector<Segment>* segments) {
  segments->clear();
  for (const LinkId link : links) segments->push_back({.link = link});
}

void EncodeFewest(UniqueShortestPaths& table, std::span<const LinkId> links,
                  std::vector<Segment>* segments) {
  segments->clear();
  for (size_t at = 0; at < links.size();) {
    const NodeId from = table.snapshot().link(links[at]).source;
    if (!table.HasRow(from)) table.Fill(from);
    AppendFurthest(table, links, &at, segments);
  }
}

void EncodeFewest(const UniqueShortestPaths& table, std::span<const LinkId> links,
                  std::vector<Segment>* segments) {
  segments->clear();
  for (size_t at = 0; at < links.size();) AppendFurthest(table, links, &at, segments);
}

absl::Status ToSids(const Snapshot& snapshot, std::span<const Segment> segments,
                    std::vector<uint32_t>* sids) {
  sids->clear();
  if (segments.size() > static_cast<size_t>(kMaxUsids)) {
    return absl::ResourceExhaustedError(absl::StrCat("the path needs ", segments.size(),
                                                     " uSIDs, a packet holds ", kMaxUsids,
                                                     ": bound the number of hops"));
  }
  for (const Segment& segment : segments) {
    const bool node = segment.node != NodeId::kNone;
    const uint32_t sid =
        node ? snapshot.node(segment.node).node_sid : snapshot.link(segment.link).adjacency_sid;
    if (sid == 0) {
      return absl::FailedPreconditionError(
          absl::StrCat(node ? snapshot.node(segment.node).name : snapshot.link(segment.link).name,
                       " has no uSID: the controller gives one when the resource is applied"));
    }
    sids->push_back(sid);
  }
  return absl::OkStatus();
}

v1::SegmentList SegmentListMessage(std::span<const uint32_t> sids) {
  v1::SegmentList message;
  message.mutable_sids()->Assign(sids.begin(), sids.end());
  for (const Ipv6& container : PackCarriers(sids)) message.add_containers(ToString(container));
  return message;
}

absl::StatusOr<std::vector<uint32_t>> UnpackCarriers(std::span<const Ipv6> containers) {
  const Ipv6 block = UsidPrefix(0);
  std::vector<uint32_t> sids;
  for (const Ipv6& container : containers) {
    if (!std::equal(container.begin(), container.begin() + 4, block.begin())) {
      return absl::InvalidArgumentError(
          absl::StrCat(ToString(container), " is outside the uSID block ", ToString(block), "/32"));
    }
    bool ended = false;
    for (size_t slot = 0; slot < kUsidsPerCarrier; ++slot) {
      const size_t at = 4 + slot * 2;
      const uint32_t sid = uint32_t{container[at]} << 8 | container[at + 1];
      if (sid == 0 && slot == 0) {
        return absl::InvalidArgumentError(absl::StrCat(ToString(container), " carries no uSID"));
      }
      if (sid != 0 && ended) {
        return absl::InvalidArgumentError(
            absl::StrCat(ToString(container), " has a uSID behind its end"));
      }
      ended = sid == 0;
      if (!ended) sids.push_back(sid);
    }
  }
  return sids;
}

}  // namespace waymark

#include "controller/compute/segments.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

// The furthest place back on the path from which one segment leads to place `end`; `end` when only
// the adjacency of the link before it will do.
size_t Reach(const UniqueShortestPaths& table, std::span<const LinkId> links, size_t end) {
  const NodeId to = table.snapshot().link(links[end - 1]).target;
  size_t begin = end;
  // From the node behind it the path is the one shortest: so the first link tells.
  while (begin > 0) {
    const LinkId link = links[begin - 1];
    if (table.FirstLink(table.snapshot().link(link).source, to) != link) break;
    --begin;
  }
  return begin;
}

void AddFurthest(const UniqueShortestPaths& table, std::span<const LinkId> links, size_t* end,
                 std::vector<Segment>* segments) {
  const size_t begin = Reach(table, links, *end);
  if (begin == *end) {
    segments->push_back({.link = links[--*end]});
    return;
  }
  segments->push_back({.node = table.snapshot().link(links[*end - 1]).target});
  *end = begin;
}

}  // namespace

UniqueShortestPaths::UniqueShortestPaths(const Snapshot& snapshot, const LinkState* link_state)
    : snapshot_(&snapshot), underlay_(snapshot, link_state), rows_(snapshot.nodes().size()) {}

LinkId UniqueShortestPaths::LastLink(NodeId from, NodeId to) const {
  LinkId last = LinkId::kNone;
  for (NodeId at = from; at != to; at = snapshot_->link(last).target) {
    last = FirstLink(at, to);
    if (last == LinkId::kNone) break;
  }
  return last;
}

void UniqueShortestPaths::FillAll() {
  underlay_.ForEachTarget([this](NodeId target, std::span<const uint64_t> distance) {
    if (!HasRow(target)) Fill(target, distance);
  });
}

void UniqueShortestPaths::Fill(NodeId target) { Fill(target, underlay_.DistancesTo(target)); }

void UniqueShortestPaths::Fill(NodeId target, std::span<const uint64_t> distance) {
  std::vector<LinkId> first(rows_.size(), LinkId::kNone);
  // Known to have one path, or none or several.
  enum : uint8_t { kUnknown, kOne, kNotOne };
  std::vector<uint8_t> paths(rows_.size(), kUnknown);
  paths[Index(target)] = kOne;
  for (size_t i = 0; i < first.size(); ++i) {
    if (distance[i] == UnderlayPaths::kUnreachable || static_cast<NodeId>(i) == target) continue;
    for (const LinkId id : snapshot_->out_links(static_cast<NodeId>(i))) {
      const uint64_t metric = underlay_.MetricOf(id);
      const uint64_t ahead = distance[Index(snapshot_->link(id).target)];
      if (metric == 0 || ahead >= distance[i] || ahead + metric != distance[i]) continue;
      if (first[i] != LinkId::kNone) paths[i] = kNotOne;
      first[i] = id;
    }
  }
  std::vector<size_t> way;
  for (size_t i = 0; i < first.size(); ++i) {
    size_t at = i;
    for (; paths[at] == kUnknown && first[at] != LinkId::kNone;) {
      way.push_back(at);
      at = static_cast<size_t>(Index(snapshot_->link(first[at]).target));
    }
    const uint8_t ahead = paths[at] == kOne ? kOne : kNotOne;
    for (; !way.empty(); way.pop_back()) paths[way.back()] = ahead;
  }
  for (size_t i = 0; i < first.size(); ++i) {
    if (paths[i] != kOne) first[i] = LinkId::kNone;
  }
  rows_[Index(target)] = std::move(first);
}

void EncodeStrict(std::span<const LinkId> links, std::vector<Segment>* segments) {
  segments->clear();
  for (const LinkId link : links) segments->push_back({.link = link});
}

void EncodeFewest(UniqueShortestPaths& table, std::span<const LinkId> links,
                  std::vector<Segment>* segments) {
  segments->clear();
  for (size_t end = links.size(); end > 0;) {
    const NodeId to = table.snapshot().link(links[end - 1]).target;
    if (!table.HasRow(to)) table.Fill(to);
    AddFurthest(table, links, &end, segments);
  }
  std::reverse(segments->begin(), segments->end());
}

void EncodeFewest(const UniqueShortestPaths& table, std::span<const LinkId> links,
                  std::vector<Segment>* segments) {
  segments->clear();
  for (size_t end = links.size(); end > 0;) AddFurthest(table, links, &end, segments);
  std::reverse(segments->begin(), segments->end());
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

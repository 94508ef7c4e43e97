#include "controller/plan/paths.h"

namespace waymark {
std::optional<std::vector<LinkId>> LinksOf(
    const Snapshot& snapshot, const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<LinkId> links;
  for (const std::string& name : names) {
    const auto link = snapshot.FindLink(name);
    if (!link) return std::nullopt;
    links.push_back(*link);
  }
  return links;
}

bool IsSimplePath(const Snapshot& snapshot, std::span<const LinkId> links, NodeId from, NodeId to) {
  NodeId at = from;
  for (size_t i = 0; i < links.size(); ++i) {
    const LinkInfo& link = snapshot.link(links[i]);
    if (link.source != at || link.target == from) return false;
    // Paths are short, and there are many: cheaper than a set.
    for (size_t j = 0; j < i; ++j) {
      if (snapshot.link(links[j]).target == link.target) return false;
    }
    at = link.target;
  }
  return !links.empty() && at == to;
}

Sids StrictSids(const Snapshot& snapshot, std::span<const LinkId> links) {
  std::vector<Segment> segments;
  EncodeStrict(links, &segments);
  Sids sids;
  if (!ToSids(snapshot, segments, &sids).ok()) sids.clear();
  return sids;
}

bool MustStayOnPath(const v1::TrafficClass& traffic_class) {
  const PathConstraints c = ConstraintsOf(traffic_class, 0);
  return !c.allowed_jurisdictions.empty() || !c.forbidden_jurisdictions.empty() ||
         !c.allowed_providers.empty() || !c.forbidden_providers.empty() || !c.include_any.empty() ||
         !c.include_all.empty() || !c.exclude.empty() || c.max_delay_ns > 0 ||
         c.max_hops < kMaxPathHops || traffic_class.max_latency_ns() > 0;
}

Sids MeshSids(UniqueShortestPaths& table, const v1::TrafficClass& traffic_class,
              std::span<const LinkId> links) {
  if (MustStayOnPath(traffic_class) || !ReversePath(table.snapshot(), links)) {
    return StrictSids(table.snapshot(), links);
  }
  std::vector<Segment> segments, behind;
  EncodeStrict(links.first(1), &segments);
  EncodeFewest(table, links.subspan(1), &behind);
  segments.insert(segments.end(), behind.begin(), behind.end());
  Sids sids;
  if (!ToSids(table.snapshot(), segments, &sids).ok()) sids.clear();
  return sids;
}

SegmentChanges::SegmentChanges(const UniqueShortestPaths& before, UniqueShortestPaths* after)
    : before_(before), nodes_(before.snapshot().nodes().size()), differs_(nodes_ * nodes_, 0) {
  std::vector<NodeId> rows;
  for (size_t to = 0; to < nodes_; ++to) {
    if (before.HasRow(static_cast<NodeId>(to))) rows.push_back(static_cast<NodeId>(to));
  }
  // All at once are cheaper than many one by one.
  if (rows.size() * 4 > nodes_) after->FillAll();
  std::vector<uint8_t> differs_from(nodes_, 0);
  for (const NodeId target : rows) {
    if (!after->HasRow(target)) after->Fill(target);
    for (size_t from = 0; from < nodes_; ++from) {
      const NodeId source = static_cast<NodeId>(from);
      if (before.FirstLink(source, target) == after->FirstLink(source, target)) continue;
      differs_[static_cast<size_t>(Index(target)) * nodes_ + from] = differs_from[from] = 1;
    }
  }
  for (const LinkInfo& link : before.snapshot().links()) {
    leaves_.push_back(differs_from[static_cast<size_t>(Index(link.source))]);
  }
}

bool SegmentChanges::Concern(std::span<const int32_t> links) const {
  // The first is always the link itself.
  const std::span<const int32_t> behind = links.subspan(1);
  uint8_t some = 0;
  for (const int32_t link : behind) some |= leaves_[static_cast<size_t>(link)];
  if (some == 0) return false;
  // As EncodeFewest asks: where all answers are the same, so are the segments.
  const Snapshot& snapshot = before_.snapshot();
  for (size_t end = behind.size(); end > 0;) {
    const NodeId to = snapshot.link(static_cast<LinkId>(behind[end - 1])).target;
    if (!before_.HasRow(to)) return false;  // was not made with it
    size_t begin = end;
    for (; begin > 0; --begin) {
      const LinkId link = static_cast<LinkId>(behind[begin - 1]);
      const NodeId from = snapshot.link(link).source;
      if (Differs(from, to)) return true;
      if (before_.FirstLink(from, to) != link) break;
    }
    end = begin == end ? end - 1 : begin;
  }
  return false;
}

v1::Path PathMessage(const Snapshot& snapshot, std::span<const LinkId> links, uint32_t weight,
                     const Sids& sids) {
  v1::Path path;
  int64_t delay_ns = 0, te_metric = 0;
  double cost = 0;
  path.add_nodes(snapshot.node(snapshot.link(links.front()).source).name);
  for (const LinkId id : links) {
    const LinkInfo& link = snapshot.link(id);
    path.add_links(link.name);
    path.add_nodes(snapshot.node(link.target).name);
    delay_ns += link.delay_ns;
    te_metric += link.te_metric;
    cost += link.cost;
  }
  path.mutable_sids()->Assign(sids.begin(), sids.end());
  path.set_weight(weight);
  path.set_delay_ns(delay_ns);
  path.set_te_metric(te_metric);
  path.set_cost(cost);
  return path;
}

v1::Path PathMessage(const Snapshot& snapshot, std::span<const LinkId> links, uint32_t weight) {
  return PathMessage(snapshot, links, weight, StrictSids(snapshot, links));
}

southbound::v1::SegmentList SegmentListMessage(const Snapshot& snapshot,
                                               std::span<const LinkId> links, uint32_t weight,
                                               const Sids& sids) {
  southbound::v1::SegmentList list;
  list.mutable_sids()->Assign(sids.begin(), sids.end());
  list.set_weight(weight);
  if (const auto back = ReversePath(snapshot, links)) {
    const Sids return_sids = StrictSids(snapshot, *back);
    list.mutable_probe_return_sids()->Assign(return_sids.begin(), return_sids.end());
  }
  return list;
}

}  // namespace waymark

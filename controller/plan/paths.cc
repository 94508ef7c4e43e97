#include "controller/plan/paths.h"

#include <set>

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
  std::set<NodeId> seen = {from};
  NodeId at = from;
  for (const LinkId id : links) {
    const LinkInfo& link = snapshot.link(id);
    if (link.source != at || !seen.insert(link.target).second) return false;
    at = link.target;
  }
  return !links.empty() && at == to;
}

v1::Path PathMessage(const Snapshot& snapshot, std::span<const LinkId> links, uint32_t weight) {
  v1::Path path;
  int64_t delay_ns = 0, te_metric = 0;
  double cost = 0;
  path.add_nodes(snapshot.node(snapshot.link(links.front()).source).name);
  for (const LinkId id : links) {
    const LinkInfo& link = snapshot.link(id);
    path.add_links(link.name);
    path.add_nodes(snapshot.node(link.target).name);
    path.add_sids(link.adjacency_sid);
    delay_ns += link.delay_ns;
    te_metric += link.te_metric;
    cost += link.cost;
  }
  path.set_weight(weight);
  path.set_delay_ns(delay_ns);
  path.set_te_metric(te_metric);
  path.set_cost(cost);
  return path;
}

southbound::v1::SegmentList SegmentListMessage(const Snapshot& snapshot,
                                               std::span<const LinkId> links, uint32_t weight) {
  southbound::v1::SegmentList list;
  for (const LinkId id : links) list.add_sids(snapshot.link(id).adjacency_sid);
  list.set_weight(weight);
  if (const auto back = ReversePath(snapshot, links)) {
    for (const LinkId id : *back) list.add_probe_return_sids(snapshot.link(id).adjacency_sid);
  }
  return list;
}

}  // namespace waymark

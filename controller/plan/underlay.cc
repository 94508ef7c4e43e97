#include "controller/plan/underlay.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "controller/compute/underlay_metric.h"

namespace waymark {
namespace {

using southbound::v1::NodeObject;
using southbound::v1::Object;

// Above any sum of UnderlayMetric.
constexpr int64_t kFar = int64_t{1} << 60;

std::string Id(const std::string& name) { return std::string(ResourceId(name)); }

class Underlay {
 public:
  Underlay(const Snapshot& snapshot, const LinkState& link_state)
      : snapshot_(snapshot), link_state_(link_state) {
    for (size_t i = 0; i < snapshot.nodes().size(); ++i) {
      distances_.push_back(DistancesTo(static_cast<NodeId>(i)));
    }
  }

  // The primary first; empty when `to` cannot be reached.
  std::vector<LinkId> RouteLinks(NodeId from, NodeId to) const {
    std::vector<std::pair<int64_t, LinkId>> ways;
    const int64_t direct = Distance(from, to);
    for (const LinkId id : snapshot_.out_links(from)) {
      const NodeId neighbour = snapshot_.link(id).target;
      const int64_t metric = Metric(id);
      if (metric == 0 || Distance(neighbour, to) >= kFar) continue;
      const int64_t through = metric + Distance(neighbour, to);
      // RFC 5286 inequality 2. It holds for the primary.
      if (Distance(neighbour, to) >= direct) continue;
      ways.emplace_back(through, id);
    }
    std::sort(ways.begin(), ways.end());
    if (ways.size() > 1 + kMaxAlternates) ways.resize(1 + kMaxAlternates);
    std::vector<LinkId> links;
    for (const auto& [distance, link] : ways) links.push_back(link);
    return links;
  }

 private:
  // 0: not used.
  int64_t Metric(LinkId id) const {
    return static_cast<int64_t>(UnderlayMetric(snapshot_, &link_state_, id));
  }
  int64_t Distance(NodeId from, NodeId to) const { return distances_[Index(to)][Index(from)]; }

  std::vector<int64_t> DistancesTo(NodeId to) const {
    std::vector<int64_t> best(snapshot_.nodes().size(), kFar);
    using Entry = std::pair<int64_t, NodeId>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    best[Index(to)] = 0;
    queue.emplace(0, to);
    while (!queue.empty()) {
      const auto [distance, node] = queue.top();
      queue.pop();
      if (distance != best[Index(node)]) continue;
      for (const LinkId id : snapshot_.in_links(node)) {
        const NodeId source = snapshot_.link(id).source;
        const int64_t metric = Metric(id);
        const int64_t through = distance + metric;
        if (metric == 0 || through >= best[Index(source)]) continue;
        best[Index(source)] = through;
        queue.emplace(through, source);
      }
    }
    return best;
  }

  const Snapshot& snapshot_;
  const LinkState& link_state_;
  std::vector<std::vector<int64_t>> distances_;  // [to][from]
};

void FillQueues(const Intents& intents, NodeObject* node) {
  std::map<uint32_t, uint32_t> queue_of_dscp;
  std::map<uint32_t, std::vector<uint32_t>> queues = {{0, {}}};
  for (const auto& [name, traffic_class] : intents.traffic_classes) {
    queues[traffic_class.queue()];
    queue_of_dscp.emplace(traffic_class.dscp(), traffic_class.queue());
  }
  for (const auto& [dscp, queue] : queue_of_dscp) queues[queue].push_back(dscp);
  uint32_t total = 0, given = 0;
  for (const auto& [queue, dscps] : queues) total += queue + 1;
  for (const auto& [queue, dscps] : queues) {
    southbound::v1::Queue* object = node->add_queues();
    object->set_queue(queue);
    for (const uint32_t dscp : dscps) object->add_dscp(dscp);
    object->set_permille(1000 * (queue + 1) / total);
    given += object->permille();
  }
  node->mutable_queues(0)->set_permille(node->queues(0).permille() + 1000 - given);
}

Object MakeLink(const Snapshot& snapshot, const LinkInfo& link) {
  Object object;
  southbound::v1::LinkObject& o = *object.mutable_link();
  o.set_link(Id(link.name));
  o.set_interface(link.interface);
  o.set_adjacency_sid(link.adjacency_sid);
  if (link.reverse != LinkId::kNone) o.set_reverse_sid(snapshot.link(link.reverse).adjacency_sid);
  o.set_neighbor_sid(snapshot.node(link.target).node_sid);
  o.set_capacity_bps(link.capacity_bps);
  return object;
}

}  // namespace

void AddUnderlay(const Snapshot& snapshot, const LinkState& link_state, const Intents& intents,
                 std::map<std::string, ObjectTable>* objects) {
  const Underlay underlay(snapshot, link_state);
  NodeObject queues;
  FillQueues(intents, &queues);
  for (size_t i = 0; i < snapshot.nodes().size(); ++i) {
    const NodeId id = static_cast<NodeId>(i);
    const NodeInfo& info = snapshot.node(id);
    if (info.node_sid == 0) continue;
    ObjectTable& table = (*objects)[Id(info.name)];
    Object node;
    *node.mutable_node() = queues;
    node.mutable_node()->set_node(Id(info.name));
    node.mutable_node()->set_node_sid(info.node_sid);
    table.Put(node);
    for (const LinkId link : snapshot.out_links(id)) {
      const LinkInfo& out = snapshot.link(link);
      if (out.adjacency_sid != 0 && snapshot.node(out.target).node_sid != 0) {
        table.Put(MakeLink(snapshot, out));
      }
    }
    for (size_t j = 0; j < snapshot.nodes().size(); ++j) {
      const NodeId to = static_cast<NodeId>(j);
      if (to == id || snapshot.node(to).node_sid == 0) continue;
      Object route;
      route.mutable_route()->set_node_sid(snapshot.node(to).node_sid);
      for (const LinkId link : underlay.RouteLinks(id, to)) {
        route.mutable_route()->add_links(Id(snapshot.link(link).name));
      }
      if (route.route().links_size() > 0) table.Put(route);
    }
  }
}

}  // namespace waymark

#include "controller/plan/underlay.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "controller/compute/underlay_paths.h"

namespace waymark {
namespace {

using southbound::v1::NodeObject;
using southbound::v1::Object;

std::string Id(const std::string& name) { return std::string(ResourceId(name)); }

// Those of one route, the primary first; none when the end that the distances lead to cannot be
// reached.
template <size_t kMost>
void FindWays(const Snapshot& snapshot, const UnderlayPaths& paths, NodeId from,
              std::span<const uint64_t> distance, std::array<LinkId, kMost>* ways) {
  std::array<uint64_t, kMost> through;
  size_t count = 0;
  ways->fill(LinkId::kNone);
  for (const LinkId id : snapshot.out_links(from)) {
    const uint64_t behind = distance[Index(snapshot.link(id).target)];
    // RFC 5286 inequality 2. It holds for the primary. Nothing is behind what cannot be reached.
    if (paths.MetricOf(id) == 0 || behind >= distance[Index(from)]) continue;
    const std::pair way(paths.MetricOf(id) + behind, id);
    size_t at = count;
    for (; at > 0 && way < std::pair(through[at - 1], (*ways)[at - 1]); --at) {
      if (at == kMost) continue;
      through[at] = through[at - 1];
      (*ways)[at] = (*ways)[at - 1];
    }
    if (at == kMost) continue;
    through[at] = way.first;
    (*ways)[at] = way.second;
    count = std::min(count + 1, kMost);
  }
}

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

void Underlay::Build(const Snapshot& snapshot, const LinkState& link_state, const Intents& intents,
                     std::map<std::string, ObjectTable>* objects) {
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
  }
  Ways none;
  none.fill(LinkId::kNone);
  ways_.assign(snapshot.nodes().size() * snapshot.nodes().size(), none);
  Update(snapshot, link_state, objects);
}

void Underlay::Update(const Snapshot& snapshot, const LinkState& link_state,
                      std::map<std::string, ObjectTable>* objects) {
  const size_t nodes = snapshot.nodes().size();
  // By node number; null: no switch.
  std::vector<ObjectTable*> tables(nodes, nullptr);
  for (size_t i = 0; i < nodes; ++i) {
    const NodeInfo& info = snapshot.nodes()[i];
    if (info.node_sid != 0) tables[i] = &objects->at(Id(info.name));
  }
  const UnderlayPaths paths(snapshot, &link_state);
  paths.ForEachTarget([&](NodeId to, std::span<const uint64_t> distance) {
    if (snapshot.node(to).node_sid == 0) return;
    for (size_t i = 0; i < nodes; ++i) {
      if (tables[i] == nullptr) continue;
      Ways ways;
      FindWays(snapshot, paths, static_cast<NodeId>(i), distance, &ways);
      Ways& before = ways_[static_cast<size_t>(Index(to)) * nodes + i];
      if (ways == before) continue;
      before = ways;
      Object route;
      route.mutable_route()->set_node_sid(snapshot.node(to).node_sid);
      for (const LinkId link : ways) {
        if (link != LinkId::kNone) route.mutable_route()->add_links(Id(snapshot.link(link).name));
      }
      if (route.route().links_size() > 0) {
        tables[i]->Put(route);
      } else {
        tables[i]->Erase(ObjectKey(route));
      }
    }
  });
}

}  // namespace waymark

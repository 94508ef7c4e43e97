#include "controller/plan/service.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "controller/base/srv6.h"

namespace waymark {
namespace {

absl::Status Refused(const std::string& reason) { return absl::FailedPreconditionError(reason); }

absl::Status ResolveEndpoint(const Snapshot& snapshot, const Intents& intents,
                             const v1::ServiceEndpoint& endpoint, bool tree,
                             ResolvedService* resolved) {
  const auto site = intents.sites.find(endpoint.site());
  if (site == intents.sites.end()) {
    return Refused(absl::StrCat(endpoint.site(), " does not exist; create it"));
  }
  const auto node = snapshot.FindNode(site->second.node());
  if (!node) {
    return Refused(absl::StrCat(site->second.node(), " of ", endpoint.site(),
                                " is not in the topology; create it"));
  }
  if (snapshot.node(*node).node_sid == 0) {
    return Refused(absl::StrCat(site->second.node(), " has no node SID yet"));
  }
  resolved->endpoints.push_back(
      {*node, site->second.port(), endpoint.vlan(), tree && endpoint.role() == v1::LEAF});
  return absl::OkStatus();
}

absl::Status ResolveClasses(const Intents& intents, ResolvedService* resolved) {
  std::set<std::string> names = {resolved->class_map->default_class()};
  for (const v1::ClassRule& rule : resolved->class_map->rules()) names.insert(rule.traffic_class());
  for (const std::string& name : names) {
    const auto found = intents.traffic_classes.find(name);
    if (found == intents.traffic_classes.end()) {
      return Refused(absl::StrCat("traffic class '", name, "' of ", resolved->class_map->name(),
                                  " does not exist; create it"));
    }
    if (found->second.class_index() == 0) {
      return Refused(absl::StrCat(name, " has no class index yet"));
    }
    resolved->classes.emplace(name, &found->second);
  }
  return absl::OkStatus();
}

// Rules that no set of objects could keep.
absl::Status CheckShape(const Snapshot& snapshot, const ResolvedService& resolved) {
  const size_t endpoints = resolved.endpoints.size();
  if (resolved.service->type() == v1::E_LINE && endpoints != 2) {
    return Refused(absl::StrCat("an E-Line has exactly two endpoints, this one has ", endpoints));
  }
  if (endpoints < 2) return Refused("a service has at least two endpoints; add sites");
  if (resolved.service->type() != v1::E_TREE) return absl::OkStatus();
  std::map<NodeId, std::set<bool>> roles;
  for (const ResolvedEndpoint& endpoint : resolved.endpoints) {
    roles[endpoint.node].insert(endpoint.leaf);
  }
  bool has_root = false;
  for (const auto& [node, leaf] : roles) {
    // A frame from a remote switch does not say whether a leaf sent it, so the far switch could not
    // keep leaves apart.
    if (leaf.size() == 2) {
      return Refused(absl::StrCat(snapshot.node(node).name,
                                  " would hold roots and leaves of one E-Tree, which cannot be "
                                  "kept apart there; move one of them to another node"));
    }
    has_root = has_root || leaf.contains(false);
  }
  return has_root ? absl::OkStatus() : Refused("an E-Tree has at least one root; add one");
}

using Ports = std::set<std::tuple<NodeId, std::string, uint32_t>>;

// All of the service's, or none.
absl::Status TakePorts(const Snapshot& snapshot, const ResolvedService& service, Ports* taken) {
  Ports mine;
  for (const ResolvedEndpoint& endpoint : service.endpoints) {
    std::tuple port(endpoint.node, endpoint.interface, endpoint.vlan);
    if (taken->contains(port) || !mine.insert(std::move(port)).second) {
      return Refused(absl::StrCat("port ", endpoint.interface, " VLAN ", endpoint.vlan, " of ",
                                  snapshot.node(endpoint.node).name,
                                  " is taken by another endpoint; use another port or VLAN"));
    }
  }
  taken->merge(mine);
  return absl::OkStatus();
}

}  // namespace

int64_t ResolvedService::CommittedRate(const std::string& traffic_class,
                                       int64_t endpoint_pairs) const {
  for (const v1::ClassRate& rate : service->rates()) {
    if (rate.traffic_class() != traffic_class || rate.cir_bps() <= 0) continue;
    int64_t total;
    return __builtin_mul_overflow(rate.cir_bps(), endpoint_pairs, &total)
               ? std::numeric_limits<int64_t>::max()
               : total;
  }
  return 0;
}

int64_t ResolvedService::BurstBytes(const std::string& traffic_class,
                                    int64_t endpoint_pairs) const {
  constexpr int64_t kMost = 1'000'000'000;
  for (const v1::ClassRate& rate : service->rates()) {
    if (rate.traffic_class() != traffic_class || rate.burst_bytes() <= 0) continue;
    return std::min(kMost, std::min(rate.burst_bytes(), kMost) * std::min(endpoint_pairs, kMost));
  }
  return 0;
}

uint32_t ResolvedService::ColorOf(const v1::TrafficClass& traffic_class) const {
  return Color(traffic_class.treatment() == v1::PINNED ? service->vni() : 0,
               traffic_class.class_index());
}

NodePairs::NodePairs(const std::vector<ResolvedEndpoint>& endpoints) {
  std::map<NodeId, Node> nodes;
  for (const ResolvedEndpoint& endpoint : endpoints) {
    Node& node = nodes[endpoint.node];
    node.node = endpoint.node;
    ++node.all;
    node.leaves += endpoint.leaf ? 1 : 0;
  }
  for (const auto& [id, node] : nodes) nodes_.push_back(node);
}

absl::StatusOr<ResolvedService> ResolveService(const Snapshot& snapshot, const Intents& intents,
                                               const v1::Service& service) {
  ResolvedService resolved;
  resolved.service = &service;
  if (service.vni() == 0) return Refused("the service has no VXLAN network identifier yet");
  const auto class_map = intents.class_maps.find(service.class_map());
  if (class_map == intents.class_maps.end()) {
    return Refused(absl::StrCat("class map '", service.class_map(), "' does not exist; create it"));
  }
  resolved.class_map = &class_map->second;
  for (const v1::ServiceEndpoint& endpoint : service.endpoints()) {
    if (absl::Status status =
            ResolveEndpoint(snapshot, intents, endpoint, service.type() == v1::E_TREE, &resolved);
        !status.ok()) {
      return status;
    }
  }
  if (absl::Status status = ResolveClasses(intents, &resolved); !status.ok()) return status;
  if (absl::Status status = CheckShape(snapshot, resolved); !status.ok()) return status;
  resolved.node_pairs = NodePairs(resolved.endpoints);
  return resolved;
}

ResolvedServices ResolveServices(const Snapshot& snapshot, const Intents& intents) {
  ResolvedServices all;
  Ports taken;
  for (const auto& [name, service] : intents.services) {
    absl::StatusOr<ResolvedService> resolved = ResolveService(snapshot, intents, service);
    absl::Status status = resolved.status();
    if (status.ok()) status = TakePorts(snapshot, *resolved, &taken);
    if (status.ok()) {
      all.services.emplace(name, *std::move(resolved));
    } else {
      all.refused.emplace(name, std::string(status.message()));
    }
  }
  return all;
}

}  // namespace waymark

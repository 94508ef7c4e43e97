#include "controller/plan/mesh_codec.h"

#include <algorithm>

namespace waymark {
namespace {

// As large as identifiers on the wire, 16 bits, whatever a record says.
constexpr uint32_t kSids = 1u << 16;

int32_t Find(const std::vector<int32_t>& table, uint32_t sid) {
  return sid < table.size() ? table[sid] : -1;
}

// Whether the lists of the record fit together.
bool WellFormed(const stored::v1::MeshRoutes& record) {
  if (record.endpoints_size() != record.routes_size() ||
      record.weights_size() != record.hops_size()) {
    return false;
  }
  int64_t routes = 0, hops = 0;
  for (const uint32_t count : record.routes()) {
    if (count < 1 || count > kMostStoredRoutes) return false;
    routes += count;
  }
  for (const uint32_t weight : record.weights()) {
    if (weight < 1 || weight > kSids) return false;
  }
  for (const uint32_t count : record.hops()) {
    if (count < 1 || count > kMostStoredHops) return false;
    hops += count;
  }
  return routes == record.weights_size() && hops == record.sids_size();
}

}  // namespace

MeshCodec::MeshCodec(const Snapshot& snapshot)
    : snapshot_(snapshot), node_of_sid_(kSids, -1), link_of_sid_(kSids, -1) {
  const auto enter = [](std::vector<int32_t>& table, uint32_t sid, size_t number) {
    if (sid > 0 && sid < kSids) table[sid] = static_cast<int32_t>(number);
  };
  for (size_t i = 0; i < snapshot.nodes().size(); ++i) {
    enter(node_of_sid_, snapshot.nodes()[i].node_sid, i);
  }
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    sid_of_link_.push_back(snapshot.links()[i].adjacency_sid);
    enter(link_of_sid_, sid_of_link_.back(), i);
  }
}

HeadendRoutes MeshCodec::Decode(const stored::v1::MeshRoutes& record) const {
  HeadendRoutes decoded;
  if (!WellFormed(record)) return decoded;
  std::vector<int32_t> links;
  int route = 0, sid = 0;
  for (int i = 0; i < record.endpoints_size(); ++i) {
    const int32_t node = Find(node_of_sid_, record.endpoints(i));
    for (uint32_t k = 0; k < record.routes(i); ++k, ++route) {
      links.clear();
      bool known = node >= 0;
      for (uint32_t hop = 0; hop < record.hops(route); ++hop, ++sid) {
        links.push_back(Find(link_of_sid_, record.sids(sid)));
        known = known && links.back() >= 0;
      }
      if (known) decoded.routes.AddRoute(links, static_cast<int32_t>(record.weights(route)));
    }
    if (node < 0) continue;
    decoded.endpoints.push_back(static_cast<NodeId>(node));
    decoded.routes.EndDemand();
  }
  return decoded;
}

stored::v1::MeshRoutes MeshCodec::Encode(std::span<const NodeId> endpoints,
                                         const MeshRoutes& routes) const {
  stored::v1::MeshRoutes record;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    const size_t first = routes.first_route(i), end = routes.first_route(i + 1);
    if (first == end) continue;
    record.add_endpoints(snapshot_.node(endpoints[i]).node_sid);
    record.add_routes(static_cast<uint32_t>(end - first));
    for (size_t route = first; route < end; ++route) {
      record.add_weights(static_cast<uint32_t>(routes.weight(route)));
      record.add_hops(static_cast<uint32_t>(routes.links(route).size()));
      for (const int32_t link : routes.links(route)) {
        record.add_sids(sid_of_link_[static_cast<size_t>(link)]);
      }
    }
  }
  return record;
}

bool MeshCodec::Says(const stored::v1::MeshRoutes& record, std::span<const NodeId> endpoints,
                     const MeshRoutes& routes) const {
  if (record.weights_size() != static_cast<int>(routes.route_count()) ||
      record.hops_size() != record.weights_size() ||
      record.routes_size() != record.endpoints_size()) {
    return false;
  }
  int endpoint = 0, place = 0, sid = 0;
  for (size_t i = 0; i < endpoints.size(); ++i) {
    const size_t first = routes.first_route(i), end = routes.first_route(i + 1);
    if (first == end) continue;
    if (endpoint == record.endpoints_size() ||
        record.endpoints(endpoint) != snapshot_.node(endpoints[i]).node_sid ||
        record.routes(endpoint) != end - first) {
      return false;
    }
    ++endpoint;
    for (size_t route = first; route < end; ++route, ++place) {
      const auto links = routes.links(route);
      if (record.weights(place) != static_cast<uint32_t>(routes.weight(route)) ||
          record.hops(place) != links.size() ||
          record.sids_size() - sid < static_cast<int>(links.size())) {
        return false;
      }
      for (const int32_t link : links) {
        if (record.sids(sid++) != sid_of_link_[static_cast<size_t>(link)]) return false;
      }
    }
  }
  return endpoint == record.endpoints_size() && sid == record.sids_size();
}

std::vector<LinkId> LinkIdsOf(std::span<const int32_t> links) {
  std::vector<LinkId> ids;
  ids.reserve(links.size());
  for (const int32_t link : links) ids.push_back(static_cast<LinkId>(link));
  return ids;
}

}  // namespace waymark

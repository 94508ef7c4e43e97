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

template <typename List>
bool Same(const List& a, const List& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
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
    enter(link_of_sid_, snapshot.links()[i].adjacency_sid, i);
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

stored::v1::MeshRoutes MeshCodec::Encode(const HeadendRoutes& headend) const {
  stored::v1::MeshRoutes record;
  const MeshRoutes& routes = headend.routes;
  for (size_t i = 0; i < headend.endpoints.size(); ++i) {
    const size_t first = routes.first_route(i), end = routes.first_route(i + 1);
    if (first == end) continue;
    record.add_endpoints(snapshot_.node(headend.endpoints[i]).node_sid);
    record.add_routes(static_cast<uint32_t>(end - first));
    for (size_t route = first; route < end; ++route) {
      record.add_weights(static_cast<uint32_t>(routes.weight(route)));
      record.add_hops(static_cast<uint32_t>(routes.links(route).size()));
      for (const int32_t link : routes.links(route)) {
        record.add_sids(snapshot_.link(static_cast<LinkId>(link)).adjacency_sid);
      }
    }
  }
  return record;
}

bool SameRoutes(const stored::v1::MeshRoutes& a, const stored::v1::MeshRoutes& b) {
  return Same(a.endpoints(), b.endpoints()) && Same(a.routes(), b.routes()) &&
         Same(a.weights(), b.weights()) && Same(a.hops(), b.hops()) && Same(a.sids(), b.sids());
}

std::vector<LinkId> LinkIdsOf(std::span<const int32_t> links) {
  std::vector<LinkId> ids;
  ids.reserve(links.size());
  for (const int32_t link : links) ids.push_back(static_cast<LinkId>(link));
  return ids;
}

}  // namespace waymark

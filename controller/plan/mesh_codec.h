// Mesh routes between their forms: link numbers of a snapshot, and the stored record of identifiers
// that are kept for life.
#ifndef WAYMARK_CONTROLLER_PLAN_MESH_CODEC_H_
#define WAYMARK_CONTROLLER_PLAN_MESH_CODEC_H_

#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/mesh/routes.h"
#include "controller/topology/snapshot.h"
#include "waymark/stored/v1/stored.pb.h"

namespace waymark {

// Most routes of a pair and links of a route that a record may hold; one with more is no record.
inline constexpr uint32_t kMostStoredRoutes = 64;
inline constexpr uint32_t kMostStoredHops = 256;

// The routes of one headend: those of endpoint i are those of demand i.
struct HeadendRoutes {
  std::vector<NodeId> endpoints;
  MeshRoutes routes;  // links by number of the snapshot
};

// Belongs to one snapshot, which must outlive it. Immutable.
class MeshCodec {
 public:
  explicit MeshCodec(const Snapshot& snapshot);

  // What of the record still exists: endpoints and routes that name unknown SIDs are left out; so
  // is all of a record whose lists do not fit together. Says nothing of where routes lead. O(size).
  HeadendRoutes Decode(const stored::v1::MeshRoutes& record) const;
  // Endpoints without routes are left out.
  stored::v1::MeshRoutes Encode(std::span<const NodeId> endpoints, const MeshRoutes& routes) const;
  stored::v1::MeshRoutes Encode(const HeadendRoutes& headend) const {
    return Encode(headend.endpoints, headend.routes);
  }
  // Whether the record is Encode(endpoints, routes). O(size), without making it.
  bool Says(const stored::v1::MeshRoutes& record, std::span<const NodeId> endpoints,
            const MeshRoutes& routes) const;

 private:
  const Snapshot& snapshot_;
  std::vector<int32_t> node_of_sid_, link_of_sid_;  // -1: none
  std::vector<uint32_t> sid_of_link_;               // 0: none
};

std::vector<LinkId> LinkIdsOf(std::span<const int32_t> links);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_MESH_CODEC_H_

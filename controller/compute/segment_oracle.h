// The switches' side of segment lists, to hold the encoders against.
#ifndef WAYMARK_CONTROLLER_COMPUTE_SEGMENT_ORACLE_H_
#define WAYMARK_CONTROLLER_COMPUTE_SEGMENT_ORACLE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/constraints.h"
#include "controller/topology/snapshot.h"

namespace waymark {

// Every path that a packet sent from `from` with these uSIDs may take to where the last one is
// consumed, taking any of several equal ways; ordered by link numbers. By the switches' rules
// above, independent of the encoders. FAILED_PRECONDITION where a packet would be dropped, with the
// node and the reason; RESOURCE_EXHAUSTED beyond `max_paths`. O(uSIDs * (m log n + paths * hops)).
absl::StatusOr<std::vector<std::vector<LinkId>>> Forward(const Snapshot& snapshot,
                                                         const LinkState* link_state, NodeId from,
                                                         std::span<const uint32_t> sids,
                                                         size_t max_paths = 1000);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_SEGMENT_ORACLE_H_

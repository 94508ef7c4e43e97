// The exact queue and route of a marked frame, said before it is sent. Pure functions.
#ifndef WAYMARK_NORTHBOUND_API_TRACE_H_
#define WAYMARK_NORTHBOUND_API_TRACE_H_

#include <string>

#include "absl/status/statusor.h"
#include "controller/store/network_view.h"
#include "northbound/api/model.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

struct ClassMatch {
  std::string traffic_class;
  // "dscp 46", "pcp 5" or "default".
  std::string matched;
};

// The row that a switch would match. The request carries one mark: a PCP that no row names falls to
// the default class, since the frame's DSCP is not known.
ClassMatch MatchClass(const v1::ClassMap& map, const v1::TraceRequest& request);

// "policies/{headend}:{color}:{endpoint}" from node names; see controller/base/srv6.h for colors.
std::string PolicyName(const std::string& headend, uint32_t color, const std::string& endpoint);

// A hop's `jurisdiction` is its node's; `provider` is that of the link taken, or of the last node;
// `sid` is the uSID that steers the packet onto the link. Paths are those that carry traffic now: a
// mesh policy's dead lists are left out and their share goes to the others by weight. When nothing
// would arrive, `status` says why, and paths are left out. INVALID_ARGUMENT (a field), NOT_FOUND
// (the service). O(hops).
absl::StatusOr<v1::TraceResponse> Trace(const Model& model, const NetworkView& view,
                                        const v1::TraceRequest& request);

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_TRACE_H_

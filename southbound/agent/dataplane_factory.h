// The one place that knows which data planes there are.
#ifndef WAYMARK_SOUTHBOUND_AGENT_DATAPLANE_FACTORY_H_
#define WAYMARK_SOUTHBOUND_AGENT_DATAPLANE_FACTORY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "controller/base/metrics.h"
#include "southbound/dataplane/dataplane.h"

namespace waymark {

// "linux" (the kernel of the calling thread's network namespace) or "sim:SOCKET". INVALID_ARGUMENT
// for anything else. `metrics` must outlive it.
absl::StatusOr<std::unique_ptr<DataPlane>> MakeDataPlane(const std::string& kind,
                                                         const std::string& node, Metrics* metrics);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_DATAPLANE_FACTORY_H_

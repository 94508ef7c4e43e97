// The one place that knows which data planes there are.
#ifndef WAYMARK_SOUTHBOUND_AGENT_DATAPLANE_FACTORY_H_
#define WAYMARK_SOUTHBOUND_AGENT_DATAPLANE_FACTORY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "southbound/dataplane/dataplane.h"

namespace waymark {

// "linux" (the kernel of this network namespace) or "sim:SOCKET". INVALID_ARGUMENT for anything
// else.
absl::StatusOr<std::unique_ptr<DataPlane>> MakeDataPlane(const std::string& kind,
                                                         const std::string& node);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_DATAPLANE_FACTORY_H_

#ifndef WAYMARK_CONTROLLER_TOPOLOGY_LINK_INTERFACE_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_LINK_INTERFACE_H_

#include <cstdint>
#include <string>

#include "waymark/v1/resources.pb.h"

namespace waymark {

// The interface that `link` uses on its source node: its own, or the derived one that snapshot.h
// documents. `index`: its number in name order.
std::string LinkInterface(const v1::Link& link, int32_t index);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_LINK_INTERFACE_H_

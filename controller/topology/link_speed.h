#ifndef WAYMARK_CONTROLLER_TOPOLOGY_LINK_SPEED_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_LINK_SPEED_H_

#include <string_view>

namespace waymark {

// The rate in a free-text label, in bit/s: "10 Gbps", "<2.5 Gbit/s", "155Mb/s", "OC-192",
// "STM-16c", "100GE". 0 if it names none for sure. Of several, the first.
double LinkSpeed(std::string_view label);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_LINK_SPEED_H_

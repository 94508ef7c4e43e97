#ifndef WAYMARK_CONTROLLER_TOPOLOGY_NEAREST_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_NEAREST_H_

#include <span>
#include <string>
#include <string_view>

namespace waymark {

// `unknown key "capcity_bps": did you mean capacity_bps?`, or, when nothing known is near, the list
// of what is known.
std::string UnknownMessage(std::string_view what, std::string_view text,
                           std::span<const std::string> known);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_NEAREST_H_

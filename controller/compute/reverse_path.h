// The way back over the same fibres.
#ifndef WAYMARK_CONTROLLER_COMPUTE_REVERSE_PATH_H_
#define WAYMARK_CONTROLLER_COMPUTE_REVERSE_PATH_H_

#include <optional>
#include <span>
#include <vector>

#include "controller/topology/snapshot.h"

namespace waymark {

// nullopt when a link has no reverse. O(links).
inline std::optional<std::vector<LinkId>> ReversePath(const Snapshot& snapshot,
                                                      std::span<const LinkId> links) {
  std::vector<LinkId> reversed;
  reversed.reserve(links.size());
  for (auto link = links.rbegin(); link != links.rend(); ++link) {
    const LinkId reverse = snapshot.link(*link).reverse;
    if (reverse == LinkId::kNone) return std::nullopt;
    reversed.push_back(reverse);
  }
  return reversed;
}

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_REVERSE_PATH_H_

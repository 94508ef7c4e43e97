// The carrier's one capacity ledger: what is held on every directed link by pinned paths, working
// and (dedicated) protect.
#ifndef WAYMARK_CONTROLLER_COMPUTE_LEDGER_H_
#define WAYMARK_CONTROLLER_COMPUTE_LEDGER_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "controller/compute/constraints.h"
#include "controller/topology/snapshot.h"

namespace waymark {

// Belongs to one snapshot (link numbers are its); copyable, not thread-safe.
// Invariant: on every link 0 <= reserved <= capacity, so no sum can overflow.
class Ledger {
 public:
  explicit Ledger(const Snapshot& snapshot);

  // Holds `bps` for `policy` on each of `links` (a link named twice is held twice), beside what it
  // already holds. INVALID_ARGUMENT: negative bps or unknown link. RESOURCE_EXHAUSTED: names the
  // first link without room. On error nothing changes. O(links log).
  absl::Status Add(const std::string& policy, std::span<const LinkId> links, int64_t bps);
  // Gives back all that `policy` holds; false if it holds nothing.
  bool Remove(const std::string& policy);

  // What a path of this setup priority may take on a directed link, 0 to its capacity.
  int64_t Residual(LinkId link, int setup_priority = kWeakestPriority) const {
    static_cast<void>(setup_priority);
    return capacity_[Index(link)] - reserved_[Index(link)];
  }
  int64_t Reserved(LinkId link) const { return reserved_[Index(link)]; }

 private:
  std::vector<int64_t> capacity_;
  std::vector<int64_t> reserved_;
  std::map<std::string, std::vector<std::pair<LinkId, int64_t>>> held_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_LEDGER_H_

// The difference between what a switch must hold and what it holds, as operations in dependency
// order.
#ifndef WAYMARK_CONTROLLER_PLAN_DIFF_H_
#define WAYMARK_CONTROLLER_PLAN_DIFF_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/object.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// Most operations in one batch (southbound.proto).
inline constexpr size_t kMaxBatchOperations = 1000;

// Dependency order: an object needs only objects of ranks below its own. kCount ranks.
enum class ObjectRank { kNode, kLink, kRoute, kPolicy, kInstance, kAttachment, kCount };

// Of an object key; kCount for a key of no known kind (only ever deleted, and first of all).
ObjectRank RankOf(std::string_view key);

struct NodeDiff {
  // By (rank, key).
  std::vector<southbound::v1::Object> puts;
  // Keys of routes among them that the switch holds otherwise.
  std::set<std::string> changed_routes;
  // Keys, by (rank downwards, key): the reverse of what made them.
  std::vector<std::string> deletes;

  bool empty() const { return puts.empty() && deletes.empty(); }
};

// `held`: key -> hash of every object that the switch holds or has been sent. O(n).
NodeDiff Diff(const ObjectTable& desired, const std::map<std::string, uint64_t>& held);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_DIFF_H_

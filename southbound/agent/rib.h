// The agent's own table of objects with what refers to what, so that a dangling reference is found
// in O(log n).
#ifndef WAYMARK_SOUTHBOUND_AGENT_RIB_H_
#define WAYMARK_SOUTHBOUND_AGENT_RIB_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "controller/base/object.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// Not thread-safe. Every method O(log n + size of the object) unless said.
//
// References: a route to its links, a policy to the links that own the first SID of each of its
// lists, an attachment to its instance; everything to the node. CheckReferences guards what comes,
// CheckIntegrity what stays behind: the second is asked once a batch is complete, so that a batch
// may replace a link and its users in any order. One thing may stay behind: a policy whose link has
// another adjacency SID now. Links come before policies, so a link made anew under its old name
// could never be taken otherwise; until the policy follows, the list that leaves by it is dead.
class Rib {
 public:
  using Object = southbound::v1::Object;

  // The object that had the key before. Requires a valid form (validate.h).
  std::optional<Object> Put(const Object& object);
  std::optional<Object> Erase(const std::string& key);
  void Clear();

  // FAILED_PRECONDITION names what `object` needs and is not there.
  absl::Status CheckReferences(const Object& object) const;
  // The same for what the table had before a restart: there a policy may leave by a SID that its
  // link no longer has.
  absl::Status CheckStored(const Object& object) const;

  // Whether a change of `key` (from `before`, absent if new) left the table whole.
  // FAILED_PRECONDITION names the orphan, ALREADY_EXISTS a SID or port claimed twice.
  absl::Status CheckIntegrity(const std::string& key, const std::optional<Object>& before) const;

  const ObjectTable& table() const { return table_; }
  const Object* Find(const std::string& key) const { return table_.Find(key); }
  // Every object, in dependency order, by key within a kind. O(n).
  std::vector<Object> InDependencyOrder() const;

 private:
  using Users = std::set<std::string>;
  enum class IndexOp { kAdd, kRemove };

  void Index(const std::string& key, const Object& object, IndexOp op);
  absl::Status CheckOrphans(const Object& before) const;

  ObjectTable table_;
  // What refers to a link id, to an adjacency SID, to a VNI: keys of the users.
  std::map<std::string, Users> link_users_;
  std::map<uint32_t, Users> sid_users_;
  std::map<uint32_t, Users> vni_users_;
  // Which links own an adjacency SID: more than one only within an unfinished batch.
  std::map<uint32_t, Users> sid_owners_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_RIB_H_

// What the agent must still know after it was killed: its objects, the highest epoch, the last
// revision.
#ifndef WAYMARK_SOUTHBOUND_AGENT_STATE_STORE_H_
#define WAYMARK_SOUTHBOUND_AGENT_STATE_STORE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/base/object.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// The scalars beside the table.
struct StateMark {
  uint64_t highest_epoch = 0;
  int64_t last_revision = 0;
  // The table is all that the controller wants here. False from a first start or a lost file until
  // a re-sync has ended: until then what the data plane holds beyond the table must not be removed,
  // or a lost file would stop traffic.
  bool complete = false;

  friend bool operator==(const StateMark&, const StateMark&) = default;
};

struct StateImage {
  StateMark mark;
  ObjectTable table;
};

// One thread. Calls block for a write and an fsync.
class StateStore {
 public:
  virtual ~StateStore() = default;

  // Once, before anything else. A lost or damaged state is not an error but an image that is not
  // complete (and a log line); an error means that no state can be kept here, and how to mend it.
  virtual absl::StatusOr<StateImage> Load() = 0;

  // Durable when it returns OK; as if never called otherwise. `operations` have been applied in
  // this order.
  virtual absl::Status Commit(const StateMark& mark,
                              std::span<const southbound::v1::Operation> operations) = 0;

  // Gives the store a chance to rewrite itself to `table`, which is what all commits together made.
  // Cheap when there is nothing to gain. An error leaves the old file in force.
  virtual absl::Status Compact(const StateMark& mark, const ObjectTable& table) = 0;

  // What Hello says: whether the objects survive a reboot.
  virtual southbound::v1::Persistence persistence() const = 0;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_STATE_STORE_H_

// A Batch as a transaction over the agent's table and the data plane.
#ifndef WAYMARK_SOUTHBOUND_AGENT_TRANSACTION_H_
#define WAYMARK_SOUTHBOUND_AGENT_TRANSACTION_H_

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "southbound/agent/rib.h"
#include "southbound/dataplane/dataplane.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// What the data plane does not yet do as the table says.
struct Pending {
  std::string detail;
  // Absent: put what the table has. Present: remove this object.
  std::optional<southbound::v1::Object> remove;
};
using PendingMap = std::map<std::string, Pending>;

// One batch: Apply, then either keep it or Undo it. One thread; a fresh object a batch; the Rib and
// the DataPlane must outlive it.
class Transaction {
 public:
  // `complete`: the table is all that the data plane was told. If it is not, what a batch puts may
  // have been there before, unknown to the table, and carry traffic: taking the batch back leaves
  // such objects in the data plane, for the end of the re-sync to judge.
  Transaction(Rib* rib, DataPlane* dataplane, std::string_view own_node, size_t object_limit,
              bool complete)
      : rib_(rib),
        dataplane_(dataplane),
        own_node_(own_node),
        object_limit_(object_limit),
        complete_(complete) {}

  // Validates all and changes the table; only when every operation is sound, changes the data plane
  // in order. False: everything is as before, but for what `pending` says. O(k log n) and k calls
  // of the data plane.
  bool Apply(const southbound::v1::Batch& batch);

  // Takes back an applied batch, in reverse. `reason` becomes every operation's error: it is the
  // fault of none, and a controller that saw one rejected would send the others again at once, only
  // to have live forwarding changed and changed back once more.
  void Undo(const absl::Status& reason);

  // One an operation, in order. After Apply.
  const std::vector<southbound::v1::OperationResult>& results() const { return results_; }
  // Keys that the data plane could not do yet (UNAVAILABLE) or, after an undo, could not take back.
  const PendingMap& pending() const { return pending_; }
  // Keys that the batch touched.
  std::vector<std::string> keys() const;

 private:
  struct Change {
    std::string key;
    std::optional<southbound::v1::Object> before;
    std::optional<southbound::v1::Object> after;
  };

  absl::Status Stage(const southbound::v1::Operation& operation);
  absl::Status ApplyToDataPlane(const Change& change);
  void UndoDataPlane(size_t applied);
  void UndoTable();
  bool Fail(size_t index, const absl::Status& reason);

  Rib* const rib_;
  DataPlane* const dataplane_;
  const std::string_view own_node_;
  const size_t object_limit_;
  const bool complete_;
  std::vector<Change> changes_;
  std::vector<southbound::v1::OperationResult> results_;
  PendingMap pending_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_TRANSACTION_H_

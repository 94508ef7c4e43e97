// The agent itself: the table of objects, what the controller may do to it, and its agreement with
// the data plane.
//
//   controller --messages--> AgentCore --Put/Remove--> DataPlane          (transaction.h)
//                              |   ^                      |
//                              |   +------- events -------+                (event_queue.h: bounded,
//                              merged)
//                              +--> StateStore                             (durable before a result
//                              is sent)
//
// Three sets are never mixed: the table (what the controller wants and the agent has stored),
// `pending` (the part of it that the data plane cannot do yet, retried) and the data plane itself
// (compared by read-back, repaired, reported).
//
// Traffic never stops for the agent's sake. It leaves forwarding alone when it stops; when it
// starts it compares and repairs; and if its file was lost it removes nothing unexpected until the
// controller has told it everything again, which shows when its digest is the expected one.
#ifndef WAYMARK_SOUTHBOUND_AGENT_AGENT_CORE_H_
#define WAYMARK_SOUTHBOUND_AGENT_AGENT_CORE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "southbound/agent/agent_metrics.h"
#include "southbound/agent/controller_link.h"
#include "southbound/agent/event_queue.h"
#include "southbound/agent/rib.h"
#include "southbound/agent/state_store.h"
#include "southbound/agent/transaction.h"
#include "southbound/dataplane/dataplane.h"

namespace waymark {

struct AgentOptions {
  // Node id, without "nodes/".
  std::string node;
  std::string version;
  // Random for every start.
  std::string instance;
  size_t object_limit = 200'000;
  absl::Duration read_back_interval = absl::Seconds(30);
  absl::Duration retry_interval = absl::Seconds(2);
};

// Every method runs on `loop`'s thread (ThreadEventLoop::RunAndWait for Start); the destructor
// there or when the loop has stopped. What is passed in must outlive it.
class AgentCore final : public ControllerLinkHandler {
 public:
  AgentCore(AgentOptions options, EventLoop* loop, DataPlane* dataplane, StateStore* store,
            Metrics* metrics);
  ~AgentCore() override;

  // Loads the state, opens the data plane, compares and repairs. An error says why this switch
  // cannot work.
  absl::Status Start();

  // Where replies and events go; null: nowhere.
  void SetLink(ControllerLink* link) { link_ = link; }

  southbound::v1::Hello OnOpen() override;
  void OnMessage(southbound::v1::ControllerMessage message) override;
  void OnClose(const absl::Status& reason) override;

  const Rib& rib() const { return rib_; }
  const StateMark& mark() const { return mark_; }
  const PendingMap& pending() const { return pending_; }

 private:
  struct Inbox;
  struct Answered {
    uint64_t fingerprint = 0;
    southbound::v1::BatchResult result;
  };

  absl::Status LoadObjects(const StateImage& image);
  void OpenInbox();
  absl::Status StartDataPlane();
  // Loop thread: runs `method` unless the core is gone.
  static void WithCore(const std::shared_ptr<Inbox>& inbox, void (AgentCore::*method)());
  // OK, and the epoch durably known, or the reason to refuse.
  absl::Status AdmitEpoch(uint64_t epoch);
  void OnBatch(const southbound::v1::Batch& batch);
  absl::Status CheckBatch(const southbound::v1::Batch& batch) const;
  southbound::v1::BatchResult ApplyBatch(const southbound::v1::Batch& batch);
  absl::Status Keep(const StateMark& mark, std::span<const southbound::v1::Operation> operations);
  southbound::v1::BatchResult RejectBatch(const southbound::v1::Batch& batch,
                                          const absl::Status& reason);
  void Answer(const southbound::v1::Batch& batch, uint64_t fingerprint,
              southbound::v1::BatchResult result);
  void OnGet(const southbound::v1::Get& get);
  void RefuseOther(const southbound::v1::ControllerMessage& message, const absl::Status& reason);
  southbound::v1::FlushResult OnFlush();
  void Compact();

  void OnDataPlaneEvents();
  void OnDataPlaneEvent(southbound::v1::Event event);
  void NotePolicy(const southbound::v1::PolicyEvent& policy);
  void Forget(const std::string& key);
  void ScheduleReadBack();
  void OnReadBackTimer();
  void OnResynced();
  void ScheduleRetry();
  void OnRetryTimer();
  void RetryPending();
  void RetryOne(const std::string& key);
  // Compares with the data plane and repairs. While the table is not complete, what is unexpected
  // is not removed: it may be what a lost file knew of.
  void ReadBack(const std::string& why);
  absl::StatusOr<DataPlane::Report> RepairWithoutRemoving();
  void TakeReport(const DataPlane::Report& report, const std::string& why);
  // Of links and policies that the data plane has got (again).
  void TellStateOf(const std::vector<std::string>& keys);
  void Notify(southbound::v1::Event event);
  void NotifyObject(const std::string& key, southbound::v1::ResultStatus status,
                    const std::string& detail);
  void Reply(southbound::v1::AgentMessage message);
  void UpdateGauges();

  const AgentOptions options_;
  EventLoop* const loop_;
  DataPlane* const dataplane_;
  StateStore* const store_;
  AgentMetrics metrics_;
  ControllerLink* link_ = nullptr;

  Rib rib_;
  StateMark mark_;
  PendingMap pending_;
  std::set<std::string> on_protect_;
  // Policies with dead working lists, and how many.
  std::map<std::string, int> dead_lists_;

  // Of this session: a batch that comes twice gets the answer it had.
  std::map<uint64_t, Answered> answered_;
  std::deque<uint64_t> answered_order_;
  uint64_t highest_operation_id_ = 0;

  // Shared with the data plane's thread, which may outlive this object by a call.
  std::shared_ptr<Inbox> inbox_;
  // The data plane has been given the whole table since the start: its own bookkeeping, which dies
  // with the process, is filled.
  bool brought_in_ = false;
  // Where the last round of retries ended, so that a long list is worked through in turns.
  std::pair<int, std::string> retry_cursor_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_AGENT_CORE_H_

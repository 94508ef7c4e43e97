// What the controller knows of every switch, in four states that are never mixed:
//   desired   what it must hold, by the latest plan
//   sent      what has been sent and not answered (at most one batch a switch)
//   acked     what the switch has confirmed that it holds
//   observed  what the switch reports of its links and policies
//
// and the law by which desired becomes acked: take the difference of every switch, order it into
// phases, run the first phase, and when all of it is answered look again. So a change of plan in
// the middle, a switch that comes or goes, a rejected operation and a restart of the controller are
// all the same case. An agent that does not answer in time is gone on without; what depends on it
// waits (stragglers.h).
//
// One thread: the engine's loop.
#ifndef WAYMARK_CONTROLLER_ENGINE_SWITCH_TABLE_H_
#define WAYMARK_CONTROLLER_ENGINE_SWITCH_TABLE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "controller/base/object.h"
#include "controller/engine/held_objects.h"
#include "controller/engine/node_segments.h"
#include "controller/engine/resync.h"
#include "controller/engine/stragglers.h"
#include "controller/engine/waves.h"
#include "controller/plan/phases.h"
#include "controller/store/store.h"
#include "southbound/session/switch_session.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

struct Rejection {
  uint64_t hash = 0;  // of the object that was rejected; 0 for a delete
  std::string error;
};

struct SwitchState {
  // Desired.
  ObjectTable desired;
  // In the plan. False for a switch whose node has been deleted: it is emptied, then let go.
  bool wanted = false;

  // Sent.
  struct SentBatch {
    uint64_t id = 0;
    Revision revision = 0;
    std::vector<uint64_t> operation_ids;
    std::vector<HeldObjects::Change> operations;
    EventLoop::TimerId timeout = 0;
  };
  std::optional<SentBatch> sent;
  // What follows it in the same phase: sent one after another, as long as all is acked and nothing
  // else is wanted.
  std::deque<NodeBatch> queued;
  // When it was given the first batch of the phase, monotonic.
  absl::Duration phase_begun;
  // It was gone on without; until it answers in time, it is waited for less long.
  bool slow = false;
  // While it is gone on without: keys of what was sent.
  std::set<std::string> uncertain;
  int64_t operations_sent = 0;

  // Acked.
  HeldObjects acked;
  // Acked by the agent, not yet by its data plane.
  std::set<std::string> rib_only;
  // What the agent said when it last could not program one of them.
  std::string last_rib_detail;
  std::map<std::string, Rejection> rejected;
  // Attachments that must leave services and have not yet: their keys do not tell the VNIs.
  std::map<std::string, std::set<uint32_t>> leaving;
  Revision last_acked_revision = 0;
  // `acked` is what the switch holds: true from the end of a session's synchronisation until its
  // end.
  bool synced = false;
  // It has said what it holds, since this controller's start; before, nobody knows.
  bool heard = false;
  Resync resync;
  EventLoop::TimerId hashes_timeout = 0;
  // How often in a row it has not answered, and until when it is left out for that.
  int times_stuck = 0;
  absl::Duration left_out_until;
  // After how many batches in a row its digest was not that of what it had acked.
  int times_disputed = 0;

  // Observed. Kept when the session ends: the switch goes on forwarding.
  std::map<std::string, bool> link_up;                          // by link id
  std::map<std::string, southbound::v1::PolicyEvent> policies;  // by object key
  bool ever_connected = false;

  // The session; null while there is none.
  std::shared_ptr<SwitchSession> session;
  southbound::v1::Hello hello;
  absl::Time connected_since;

  bool HoldsDesired() const {
    return synced && !sent.has_value() && acked.digest() == desired.digest();
  }
  // It holds this, and nothing on its way to it may change that.
  bool Confirmed(const std::string& key, uint64_t hash) const {
    return acked.Has(key, hash) && !uncertain.contains(key);
  }
};

class SwitchTable {
 public:
  struct Options {
    // A batch that is not answered within this ends the session.
    absl::Duration batch_timeout = absl::Seconds(10);
    // What does not depend on an agent goes on when it has not answered a phase within this; the
    // second is for one that had to be gone on without before. Where many are late at once, all are
    // waited for as long as answers come: the work is much, or the machine is slow.
    absl::Duration patience = absl::Seconds(1);
    absl::Duration less_patience = absl::Milliseconds(100);
    // What a switch rejected is offered again after this, in case its cause is gone.
    absl::Duration retry_rejected = absl::Seconds(30);
    // An agent that is stuck, or whose digest is false batch after batch, is left out for this
    // long, then twice as long, up to 32 times.
    absl::Duration stuck_pause = absl::Seconds(10);
    // How changes of many switches go out.
    Waves::Options waves;
    // What puts a difference in order; another one only where a simulation must notice a wrong one.
    std::function<std::vector<Phase>(const std::map<std::string, NodeDiff>&, const Successions&)>
        sequencer = MakePhases;
  };

  // Is told what becomes of a plan. On the loop; must not call back.
  class Follower {
   public:
    virtual ~Follower() = default;
    // A new plan wants something else of these switches; before any of it is sent.
    virtual void Touched(const std::set<std::string>& nodes) = 0;
    virtual void Sent(const std::string& node) = 0;
    // The switch holds all that it must.
    virtual void Holds(const std::string& node) = 0;
  };

  using OnLinkChange = std::function<void(const std::string& link, bool up)>;

  // `on_change` runs when acked or observed state has changed; `on_link_change` when a link went up
  // or down.
  SwitchTable(EventLoop& loop, Metrics& metrics, Options options, std::function<void()> on_change,
              OnLinkChange on_link_change);
  ~SwitchTable();

  // Programs nothing until every wanted switch has connected and said what it holds and sees, or
  // `limit` has passed: a controller that has just started knows of no link that is down, and would
  // move what had been moved before.
  void HoldUntilHeard(absl::Duration limit, absl::Duration settle);

  // While frozen nothing is sent but questions. What has been sent is not called back: every
  // prefix of a plan's phases is safe.
  void SetFrozen(bool frozen);
  bool frozen() const { return frozen_; }

  // A rollout that runs sends no more waves; its reason is told. What has been sent stands: every
  // prefix of a plan's phases is safe. Repairs go on (switch_table_waves.cc).
  void PauseRollout(const std::string& reason);
  // As it was stored by a controller before this one: paused, begun with the plan of `revision`.
  void RestoreRollout(Revision revision, const std::string& reason);
  // Does nothing unless one is paused.
  void ResumeRollout();
  const Waves& waves() const { return waves_; }
  // Of the plan that the rollout began with.
  Revision rollout_revision() const { return rollout_revision_; }
  // `changed` runs when a rollout begins, ends, sends a wave or pauses; it must not call back.
  void OnRollout(std::function<void()> changed) { on_rollout_ = std::move(changed); }

  // At most one; it must outlive the table.
  void Follow(Follower* follower) { follower_ = follower; }

  // A new plan: node id -> objects, computed from `revision`. `handovers`: who must leave before
  // somebody else arrives; remembered until they have left, whatever plans come meanwhile.
  // `repaired`: nodes whose objects are others because the network has changed; no rollout keeps
  // them waiting.
  void SetDesired(const std::map<std::string, ObjectTable>& objects, Revision revision,
                  const Successions& handovers = {}, const std::set<std::string>& repaired = {});

  void Connected(std::shared_ptr<SwitchSession> session, const southbound::v1::Hello& hello);
  void Message(const std::shared_ptr<SwitchSession>& session,
               const southbound::v1::AgentMessage& message);
  void Disconnected(const std::shared_ptr<SwitchSession>& session, const absl::Status& reason);

  const std::map<std::string, SwitchState>& switches() const { return switches_; }
  const SwitchState* Find(const std::string& node) const;
  // Every wanted switch is connected and holds exactly what it must.
  bool Converged() const;
  // "links/{link}" that a switch reports down.
  const std::set<std::string>& links_down() const { return links_down_; }

 private:
  SwitchState* SessionState(const std::shared_ptr<SwitchSession>& session);
  void Advance();
  // The barrier between phases: false while somebody is waited for.
  bool MayGoOn();
  // Advances then, unless that happens earlier anyway.
  void WakeAt(absl::Duration monotonic);
  void SendPhase(std::vector<NodeBatch> batches);

  // switch_table_waves.cc.
  // What is to be sent now.
  std::vector<NodeBatch> NextBatches();
  // Begins a rollout where the differences are a large change.
  void BeginWaves(const std::map<std::string, NodeDiff>& diffs);
  // Leaves of the phase what may go out now.
  void Gate(Phase* phase);
  // The gate let nothing through, and nothing has come since but time: whether it still would not.
  // O(policies that are reported on), where to look at all differences costs much more.
  bool StaysShut();
  // Nothing is left to send.
  void EndWaves();
  // `before`: whether it was paused.
  void NotePaused(bool before);
  void RolloutChanged();
  // It is let through until it holds what it must.
  void NoteRepaired(const std::string& node);
  void ForgetRepaired();
  Waves::Evidence Look() const;

  // Nothing is on its way to it any more.
  void ForgetSent(SwitchState& state);
  // Advance and tell, soon: for where a caller is in the middle of something.
  void ScheduleAdvance(absl::Duration delay);
  void ReleaseIfHeard();
  void OnStuck(const std::string& node, const char* what);
  // For a pause that doubles with the times before.
  void LeaveOut(SwitchState& state, int times_before);
  void CountProtocolError();
  void DropForProtocol(SwitchState& state, absl::Status reason);
  // Whether it must hold it, holds it, or has been sent it. O(operations on their way).
  static bool Knows(const SwitchState& state, const std::string& key);
  // What it reported on before it said what it holds.
  static void ForgetUnknown(SwitchState& state);
  // What an agent reports on is bounded by what its switch was sent; counts what is not.
  bool MayReportOn(const SwitchState& state, const std::string& key);
  // With `only`, other switches than those count as stragglers, but for additions and changes of
  // their underlay.
  std::map<std::string, NodeDiff> Differences(const std::set<std::string>* only = nullptr);
  // Leaves out of the diff what must wait (node_segments.h), what was refused, and what must not
  // come without it; policies get the segments that they may have now.
  void KeepProgrammable(const std::string& node, const SwitchState& state, NodeSegments& segments,
                        NodeDiff* diff) const;
  void ForgetWhoHasLeft();
  void SendBatch(const NodeBatch& batch);
  void SendNext(SwitchState& state);
  void OnBatchResult(SwitchState& state, const southbound::v1::BatchResult& result);
  // The label of its outcome.
  const char* TakeResult(const std::string& node, SwitchState& state,
                         const HeldObjects::Change& operation,
                         const southbound::v1::OperationResult& result);
  void OnGetResponse(SwitchState& state, const southbound::v1::GetResponse& response);
  void OnEvent(SwitchState& state, const southbound::v1::Event& event);
  // `digest` and `count`: of what it holds, by its own account.
  void AskForHashes(SwitchState& state, uint64_t digest, int64_t count);
  void Ask(SwitchState& state, southbound::v1::Get get);
  void DropSession(SwitchState& state, absl::Status reason);
  void TellIfHolds(const std::string& node, const SwitchState& state);
  void LetGoIfDone(const std::string& node, SwitchState& state);
  void ScheduleRetry();

  EventLoop& loop_;
  Metrics& metrics_;
  const Options options_;
  const std::function<void()> on_change_;
  const OnLinkChange on_link_change_;
  Revision revision_ = 0;
  uint64_t next_batch_ = 1;
  uint64_t next_operation_ = 1;
  bool held_ = false;
  bool frozen_ = false;
  Follower* follower_ = nullptr;
  absl::Duration settle_;
  std::set<EventLoop::TimerId> timers_;
  SidOwners sid_owners_;
  Successions handovers_;
  Waves waves_;
  Revision rollout_revision_ = 0;
  std::function<void()> on_rollout_;
  bool gate_shut_ = false;
  // Switches that a repair has touched, until they hold what they must. Only if there are waves.
  std::set<std::string> repaired_;
  // Since when frames enter the network, monotonic; before this controller, if they did already.
  absl::Duration carries_since_ = absl::InfiniteDuration();
  // Switches with a batch that is not answered.
  std::set<std::string> unanswered_;
  absl::Duration last_answer_;
  absl::Duration wake_at_ = absl::InfiniteDuration();
  EventLoop::TimerId wake_timer_ = 0;
  bool retry_scheduled_ = false;
  EventLoop::TimerId retry_timer_ = 0;
  std::map<std::string, SwitchState> switches_;  // by node id
  std::set<std::string> links_down_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_SWITCH_TABLE_H_

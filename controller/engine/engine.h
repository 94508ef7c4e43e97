// The engine ties the rooms together: stored intents and what switches report in; each switch's
// objects and the published view out.
//
//   store.Watch -> Resources ----\                       /-> SwitchTable -> sessions -> agents
//                                 > MakePlan -> placements
//   agents' link events ---------/    (pure)   stored    \-> BuildView -> NetworkViewHolder ->
//   northbound
//
// All of it runs on one loop. A change marks the plan dirty; a burst is computed once. New pinned
// placements are committed to the store before anything is programmed from them, so that a restart
// finds the same routes.
#ifndef WAYMARK_CONTROLLER_ENGINE_ENGINE_H_
#define WAYMARK_CONTROLLER_ENGINE_ENGINE_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "controller/engine/journeys.h"
#include "controller/engine/resources.h"
#include "controller/engine/switch_table.h"
#include "controller/engine/view_builder.h"
#include "controller/plan/plan.h"
#include "controller/plan/planner.h"
#include "controller/store/network_view.h"
#include "controller/store/programming_control.h"
#include "controller/store/store.h"
#include "southbound/session/switch_session.h"

namespace waymark {

class Engine final : public SwitchSessionListener, public ProgrammingControl {
 public:
  struct Options {
    // A burst of changes is gathered for this long before it is computed.
    absl::Duration gather = absl::Milliseconds(5);
    // And computed results are shown at most this often, and no more often than that four fifths of
    // the time are left for everything else.
    absl::Duration publish = absl::Milliseconds(20);
    // After a start, how long to wait for agents to tell what they hold and see before anything is
    // programmed.
    absl::Duration hear_agents = absl::Seconds(3);
    PlanOptions plan;
    SwitchTable::Options switches;
  };

  // All arguments must outlive it. `loop` must be stopped, or idle for good, before it is
  // destroyed.
  Engine(Store& store, NetworkViewHolder& views, EventLoop& loop, Metrics& metrics,
         Options options);
  ~Engine() override;

  // Loads the store, computes, publishes, and follows the store from then on. On the loop, once.
  absl::Status Start();
  // Stops following the store. On the loop.
  void Stop();

  // What the adopted plan was computed with, beside what the store holds. Any thread; immutable;
  // null before the first plan.
  struct Adopted {
    Revision revision = 0;
    std::set<std::string> links_down;  // "links/{link}"
  };
  std::shared_ptr<const Adopted> adopted() const;
  // Commits placements that were computed from `revision` with these links down. ABORTED, and
  // nothing changed, unless that is still all that the engine knows and nothing is being computed:
  // placements are written by the engine alone, so that nothing else can come between. Any thread;
  // `done` once, on the engine's loop or on the store's commit thread, and must not block;
  // CANCELLED after Stop. The plan is made anew from what was committed, and adopted.
  void CommitPlacements(const Adopted& computed_from, std::vector<Mutation> mutations,
                        Store::Done done);

  // ProgrammingControl (engine_programming.cc).
  void GetProgramming(Answer<v1::Programming> answer) override;
  void Freeze(const std::string& reason, const std::string& by,
              Answer<v1::Programming> answer) override;
  void Unfreeze(const std::string& by, Answer<v1::Programming> answer) override;
  void GetRollout(Answer<v1::Rollout> answer) override;
  void PauseRollout(const std::string& reason, const std::string& by,
                    Answer<v1::Rollout> answer) override;
  void AbortRollout(const std::string& reason, const std::string& by,
                    Answer<v1::Rollout> answer) override;
  void ResumeRollout(const std::string& by, Answer<v1::Rollout> answer) override;
  void TraceRevision(Revision revision, Answer<v1::RevisionJourney> answer) override;

  // SwitchSessionListener. Any thread.
  absl::Status OnConnected(std::shared_ptr<SwitchSession> session,
                           const southbound::v1::Hello& hello) override;
  void OnMessage(const std::shared_ptr<SwitchSession>& session,
                 southbound::v1::AgentMessage message) override;
  void OnDisconnected(const std::shared_ptr<SwitchSession>& session,
                      const absl::Status& reason) override;

 private:
  // Lets the store's answer find out that there is no engine any more.
  struct Guard {
    std::mutex mutex;
    Engine* engine = nullptr;
  };

  // In order and never lost, whatever else waits on the loop.
  void PostSurely(EventLoop::Task task);
  void DrainInbox();
  // Posts `task`, which runs unless the engine has stopped meanwhile; then `answer` is told so.
  template <typename Response>
  void Ask(Answer<Response> answer, std::function<void(Answer<Response>)> task);
  // Commits, and runs `then` on the loop.
  void CommitOwn(std::vector<Mutation> mutations,
                 std::function<void(const absl::StatusOr<Revision>&)> then);
  absl::Status LoadFreeze();
  void SetFrozen(std::optional<stored::v1::Freeze> freeze);
  v1::Programming TellProgramming() const;
  absl::Status LoadRollout();
  void StopRollout(bool abort, const std::string& reason, const std::string& by,
                   Answer<v1::Rollout> answer);
  stored::v1::Rollout PauseRecord(bool abort, const std::string& reason,
                                  const std::string& by) const;
  // The table's rollout has begun, ended, sent a wave or paused.
  void OnRollout();
  v1::Rollout TellRollout() const;
  void OnChangeSet(const ChangeSet& changes);
  void TakeOver(const ChangeSet& changes);
  void TakeDeferred();
  bool waves() const { return switches_.waves().enabled() || switches_.waves().running(); }
  // The plan that was computed is not adopted; it is what the next one begins from.
  void NoteBase();
  // Nodes of the next plan that hold something else because links have changed.
  std::set<std::string> Repaired() const;
  void OnLinkChange(const std::string& link, bool up);
  void MarkDirty();
  void Recompute();
  void StorePlacements();
  void OnPlacementsStored(const absl::StatusOr<Revision>& stored);
  // Those of CommitPlacements.
  void OnMovesStored(const absl::StatusOr<Revision>& stored);
  void Adopt();
  void SetPlanRevision(Revision revision);
  void CountRuns();
  void MarkViewDirty();
  void Publish();

  const std::shared_ptr<Guard> guard_ = std::make_shared<Guard>();
  Store& store_;
  NetworkViewHolder& views_;
  EventLoop& loop_;
  Metrics& metrics_;
  const Options options_;

  // Loop only.
  Resources resources_;
  Planner planner_;
  std::map<std::string, Planner::Runs> counted_runs_;
  // What the last plan wanted stored is not: the next one is made from nothing.
  bool plan_lost_ = false;
  std::shared_ptr<const Snapshot> snapshot_;
  Plan next_plan_;  // computed, its placements not yet stored
  std::shared_ptr<const Snapshot> next_snapshot_;
  Revision next_revision_ = 0;
  std::set<std::string> next_links_down_;
  Plan plan_;  // adopted
  Revision plan_revision_ = 0;
  std::set<std::string> plan_links_down_;
  SwitchTable switches_;
  Journeys journeys_;
  std::optional<stored::v1::Freeze> freeze_;    // set: frozen
  uint64_t freezes_ = 0;                        // how often it has been frozen
  std::optional<stored::v1::Rollout> rollout_;  // set: paused or aborted
  uint64_t pauses_ = 0;                         // how often it has been set or changed
  bool started_ = false;
  bool dirty_ = false;
  // Since the last plan was begun.
  bool intents_changed_ = false;  // or what the engine itself has stored
  bool links_changed_ = false;
  // The plan under way answers a change of links.
  bool repairing_ = false;
  // The plan under way is never adopted: the next one begins from it.
  bool only_base_ = false;
  // What the store has told since a repair began: for the plan after it, so that nothing that is
  // asked for passes for a repair. Only if waves are enabled.
  std::vector<ChangeSet> deferred_;
  // By node, digests of what it would hold without the repair, where that is not the adopted plan.
  std::optional<std::map<std::string, uint64_t>> base_;
  int overtaken_ = 0;  // plans since the last one that was adopted
  bool storing_ = false;
  bool view_dirty_ = false;
  absl::Duration next_publish_;  // not before, monotonic
  EventLoop::TimerId compute_timer_ = 0;
  EventLoop::TimerId publish_timer_ = 0;
  std::shared_ptr<const NetworkView> view_ = std::make_shared<NetworkView>();
  std::unique_ptr<Subscription> subscription_;

  // For the answer to Hello, which cannot wait for the loop, and for queries.
  mutable std::mutex mutex_;
  std::shared_ptr<const Adopted> adopted_;
  // A plan has been adopted, so that known_nodes_ means something.
  bool ready_ = false;
  std::set<std::string> known_nodes_;
  std::map<std::string, SwitchSession*> connected_;

  // What other threads have posted. Agents' messages are refused beyond kMostWaiting (their session
  // ends, and the next one tells all); the store's changes and sessions' begins and ends are few
  // and always taken. One agent's are refused beyond its share already, so that who floods ends his
  // own session and nobody else's.
  static constexpr size_t kMostWaiting = 100'000;
  static constexpr size_t kMostWaitingOfOne = 25'000;
  std::mutex inbox_mutex_;
  std::vector<EventLoop::Task> inbox_;
  std::map<std::string, size_t> waiting_;  // messages in it, by the node that sent them
  bool draining_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_ENGINE_H_

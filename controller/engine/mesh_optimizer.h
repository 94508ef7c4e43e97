// Keeps the routes of the mesh classes good, beside the engine: whenever a plan has been adopted it
// looks whether the network or what is asked of it has changed, solves the mesh anew on a loop of
// its own, and commits the routes that became better. A solve that takes seconds delays no plan.
//
//   published view -> Look -> (at once: topology; damped: demands; at once: a NOC's word) -> Solve
//   -> Engine::CommitPlacements -> stale: look again; what is asked unchanged: the same answer
//   again
//
// A NOC asks how it stands, has it solve now, and ends a run: MeshRuns.
//
// What has been solved for a network that has changed meanwhile is dropped, but not for ever: after
// some such answers in a row the next is committed all the same. That is safe, because every plan
// checks every stored route (plan.h, "Mesh").
#ifndef WAYMARK_CONTROLLER_ENGINE_MESH_OPTIMIZER_H_
#define WAYMARK_CONTROLLER_ENGINE_MESH_OPTIMIZER_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "controller/engine/engine.h"
#include "controller/engine/mesh_holds.h"
#include "controller/engine/mesh_runs.h"
#include "controller/engine/mesh_solve.h"
#include "controller/engine/mesh_work.h"
#include "controller/engine/resource_follower.h"
#include "controller/store/mesh_queries.h"
#include "controller/store/network_view.h"
#include "controller/store/store.h"

namespace waymark {

class MeshOptimizer final : public MeshQueries {
 public:
  struct Options {
    // Changes of demand are gathered for this long before they are solved,
    absl::Duration gather = absl::Seconds(2);
    // and solved at most this often.
    absl::Duration period = absl::Seconds(30);
    // A run has no longer; what it has found by then counts, and the next goes on from there. The
    // last fifth is for services that are refused, and figures.
    absl::Duration longest = absl::Seconds(10);
    // A commit that finds the network changing tries again after this.
    absl::Duration retry = absl::Milliseconds(100);
    // So many answers in a row are dropped because the network has changed meanwhile.
    int most_dropped = 3;
    MeshSolveOptions solve;
  };

  // All must outlive it; `loop` must be stopped, or idle for good, before it is destroyed.
  MeshOptimizer(Store& store, Engine& engine, NetworkViewHolder& views, EventLoop& loop,
                Metrics& metrics, Options options);
  ~MeshOptimizer() override;

  // Begins to follow the store and the engine. DATA_LOSS as Resources::Load. Once, before the loop
  // has anything to do with it.
  absl::Status Start();
  // Ends a solve that runs, soon, and begins no other; who waits for news is told CANCELLED. Any
  // thread.
  void Stop();

  void GetStatus(int64_t newer_than, absl::Duration wait, Done done) override;
  absl::StatusOr<int64_t> Optimize(const std::string& who, absl::Duration time_limit) override;
  absl::StatusOr<v1::MeshStatus> Cancel(int64_t run) override;
  void SetMeasured(const v1::SetMeasuredTrafficRequest& request, const std::string& who,
                   MeasuredDone done) override;
  void RemoveMeasured(const std::string& traffic_class, MeasuredDone done) override;

 private:
  // An answer that is not committed yet.
  struct Answer {
    MeshWork work;
    std::vector<MeshClassResult> results;
    bool at_once = false;  // a solve follows
  };
  // Why a run is wanted; of several the last of these.
  enum class Cause { kNone, kRefused, kUnfinished, kStale, kFailure, kDemand, kAnswered, kNetwork };
  // Lets callbacks of others find out that we are gone.
  struct Guard {
    std::mutex mutex;
    MeshOptimizer* self = nullptr;
  };

  // All below on the loop.
  void Look();
  void Want(Cause cause);
  void Schedule(absl::Duration delay);
  // Up to date with the engine; null: not now, it looks again when the engine has caught up.
  std::shared_ptr<const Engine::Adopted> Ready();
  void Run();
  // What milliseconds give after a change of the network; false: nothing.
  bool AnswerAtOnce(const MeshWork& work, const Engine::Adopted& adopted);
  // `solved`: it has been, and the routes are looked at for the sake of refused services alone.
  void Solve(MeshWork work, const Engine::Adopted& adopted, absl::Duration time_limit, bool solved);
  absl::StatusOr<std::vector<MeshClassResult>> PresentOrSolved(const MeshWork& work,
                                                               const MeshSolveOptions& options,
                                                               bool solved) const;
  // Keeps present routes where others would break what services are promised, finds routes for
  // services that the answer's routes would refuse, and measures what comes out. Returns for how
  // many services routes stay. `stop`: of new routes; `leave`: of all.
  absl::StatusOr<int> KeepGuarantees(const std::function<bool()>& stop,
                                     const std::function<bool()>& leave);
  void Commit(const Engine::Adopted& adopted);
  void OnCommitted(const absl::StatusOr<Revision>& stored);
  void Finish(const char* result, const absl::Status& status);
  void Report(const Answer& answer, absl::Duration took);
  void Count(const char* result);

  const std::shared_ptr<Guard> guard_ = std::make_shared<Guard>();
  Store& store_;
  Engine& engine_;
  NetworkViewHolder& views_;
  EventLoop& loop_;
  Metrics& metrics_;
  const Options options_;
  std::atomic<bool> stopping_ = false;
  // A Look is on its way: views come often.
  std::atomic<bool> looking_ = false;
  std::unique_ptr<Subscription> subscription_;

  MeshRuns runs_{loop_};

  // Loop only.
  ResourceFollower follower_{store_};
  std::shared_ptr<const Engine::Adopted> seen_;
  std::shared_ptr<const Snapshot> topology_;
  std::set<std::string> links_down_;
  Cause cause_ = Cause::kNone;  // since the last solve began
  bool committing_ = false;
  absl::Duration last_run_ = -absl::InfiniteDuration();
  absl::Duration due_ = absl::InfiniteDuration();
  EventLoop::TimerId timer_ = 0;
  uint64_t solved_ = 0;                                // fingerprint; 0: nothing
  std::map<std::string, std::vector<double>> prices_;  // of the last solve, by class
  RefusedTurn refused_;
  std::unique_ptr<Answer> answer_;
  int dropped_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_MESH_OPTIMIZER_H_

// Answers the northbound side's questions about paths, beside the engine: a question that takes
// seconds delays no plan, and a plan no question.
//
// It follows the store by itself, so that a question is answered from what was committed before it
// came; from the engine it takes what links are down, from the published view how policies are.
// One question at a time.
#ifndef WAYMARK_CONTROLLER_ENGINE_PATH_QUERIES_H_
#define WAYMARK_CONTROLLER_ENGINE_PATH_QUERIES_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "controller/engine/engine.h"
#include "controller/engine/path_answers.h"
#include "controller/engine/resource_follower.h"
#include "controller/engine/resources.h"
#include "controller/store/network_view.h"
#include "controller/store/path_queries.h"
#include "controller/store/store.h"

namespace waymark {

class EnginePathQueries final : public PathQueries {
 public:
  struct Options {
    // Whatever deadline a question brings, it has no longer than this from its turn.
    absl::Duration longest = absl::Seconds(30);
    // A re-optimisation that finds the network changing tries again after this, so many times.
    absl::Duration retry = absl::Milliseconds(20);
    int retries = 10;
  };

  // All must outlive it; `loop`, whose cap is the most questions that wait, must be stopped, or
  // idle for good, before it is destroyed. Every question is answered even so: with CANCELLED.
  EnginePathQueries(Store& store, Engine& engine, NetworkViewHolder& views, EventLoop& loop,
                    Metrics& metrics, Options options);
  ~EnginePathQueries() override;

  // Begins to follow the store. DATA_LOSS as Resources::Load. Before the first question.
  absl::Status Start();

  void ComputePath(const v1::ComputePathRequest& request, const Limits& limits,
                   Done<v1::ComputePathResponse> done) override;
  void ExplainService(const v1::ExplainServiceRequest& request, const Limits& limits,
                      Done<v1::ExplainServiceResponse> done) override;
  void Reoptimize(const v1::ReoptimizeRequest& request, const Limits& limits,
                  Done<v1::ReoptimizeResponse> done) override;
  void ListMeshGuarantees(const v1::ListMeshGuaranteesRequest& request, const Limits& limits,
                          Done<v1::ListMeshGuaranteesResponse> done) override;

 private:
  // The answer to one question; gives CANCELLED when it is dropped unanswered.
  template <typename Response>
  class Answer;
  // Lets the store's answer to a commit find out that we are gone.
  struct Guard {
    std::mutex mutex;
    EnginePathQueries* self = nullptr;
  };
  struct Moves;
  // One revision, and what is derived from it, which is made when first asked for.
  struct Known {
    Resources& resources;
    struct Derived {
      std::shared_ptr<const Snapshot> snapshot;
      std::map<std::string, PolicyOwner> owners;
      PathBooks books;
      AvailabilityModel model;
    };
    std::unique_ptr<const Derived> derived;

    absl::Status Derive();
  };

  template <typename Response, typename Work>
  void Ask(const char* method, const Limits& limits, Done<Response> done, Work work);
  // OK while there is time and the caller is there.
  absl::Status CheckLimits(const Limits& limits) const;
  std::function<bool()> StopOf(const Limits& limits) const;

  // All below on the loop.
  absl::Status CatchUp();
  // 0: now.
  absl::StatusOr<Revision> PastOf(const v1::ComputePathRequest& request) const;
  absl::Status LoadPast(Revision revision);
  PathWorld WorldOf(const Known& known, const std::set<std::string>& links_down) const;
  absl::StatusOr<v1::ComputePathResponse> Compute(const v1::ComputePathRequest& request,
                                                  const Limits& limits);
  absl::StatusOr<v1::ExplainServiceResponse> Explain(const v1::ExplainServiceRequest& request,
                                                     const Limits& limits);
  void Optimize(std::shared_ptr<Moves> moves);
  void RetryOptimize(std::shared_ptr<Moves> moves, const absl::Status& why);
  void OnMoved(std::shared_ptr<Moves> moves, const absl::StatusOr<Revision>& stored);

  const std::shared_ptr<Guard> guard_ = std::make_shared<Guard>();
  Store& store_;
  Engine& engine_;
  NetworkViewHolder& views_;
  EventLoop& loop_;
  Metrics& metrics_;
  const Options options_;

  // Loop only.
  ResourceFollower follower_{store_};
  Resources past_resources_;
  Known now_{follower_.resources(), nullptr};
  Known past_{past_resources_, nullptr};
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_PATH_QUERIES_H_

#include "controller/engine/path_queries.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/engine/mesh_guarantees.h"
#include "controller/plan/reoptimize.h"
#include "controller/store/resource_key.h"

namespace waymark {
namespace {

const std::set<std::string>& NoLinks() {
  static const auto& none = *new std::set<std::string>();
  return none;
}

void SetNames(const google::protobuf::RepeatedPtrField<std::string>& from,
              google::protobuf::RepeatedPtrField<std::string>* to) {
  to->CopyFrom(from);
}

v1::ReoptimizeResponse ResponseOf(const Reoptimization& plan, Revision revision) {
  v1::ReoptimizeResponse response;
  response.set_plan(plan.name);
  for (const PlacementMove& move : plan.moves) {
    v1::PolicyMove* added = response.add_moves();
    added->set_policy(move.policy);
    SetNames(move.before.working(), added->mutable_old_working());
    SetNames(move.before.protect(), added->mutable_old_protect());
    SetNames(move.after.working(), added->mutable_new_working());
    SetNames(move.after.protect(), added->mutable_new_protect());
    added->set_old_objective(move.old_objective);
    added->set_new_objective(move.new_objective);
    added->set_reason(move.reason);
  }
  for (const std::string& policy : plan.mended) response.add_mended(policy);
  response.set_revision(revision);
  return response;
}

std::vector<Mutation> MutationsOf(const std::map<std::string, stored::v1::Placement>& before,
                                  const std::map<std::string, stored::v1::Placement>& after) {
  std::vector<Mutation> mutations;
  for (const auto& [name, placement] : after) {
    std::string bytes = placement.SerializeAsString();
    const auto old = before.find(name);
    if (old != before.end() && old->second.SerializeAsString() == bytes) continue;
    mutations.push_back({StoreKey(kPlacementPrefix, name), std::move(bytes), std::nullopt});
  }
  for (const auto& [name, placement] : before) {
    if (after.contains(name)) continue;
    mutations.push_back({StoreKey(kPlacementPrefix, name), std::nullopt, std::nullopt});
  }
  return mutations;
}

}  // namespace

template <typename Response>
class EnginePathQueries::Answer {
 public:
  Answer(Done<Response> done, prometheus::Counter& failed)
      : done_(std::move(done)), failed_(failed) {}
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() {
    if (done_) done_(absl::CancelledError("the controller is shutting down"));
  }
  void Give(absl::StatusOr<Response> answer) {
    if (!answer.ok()) failed_.Increment();
    std::exchange(done_, nullptr)(std::move(answer));
  }

 private:
  Done<Response> done_;
  prometheus::Counter& failed_;
};

// A re-optimisation under way.
struct EnginePathQueries::Moves {
  v1::ReoptimizeRequest request;
  Limits limits;
  std::shared_ptr<Answer<v1::ReoptimizeResponse>> answer;
  v1::ReoptimizeResponse response;
  int tries = 0;
};

EnginePathQueries::EnginePathQueries(Store& store, Engine& engine, NetworkViewHolder& views,
                                     EventLoop& loop, Metrics& metrics, Options options)
    : store_(store),
      engine_(engine),
      views_(views),
      loop_(loop),
      metrics_(metrics),
      options_(options) {
  guard_->self = this;
}

EnginePathQueries::~EnginePathQueries() {
  follower_.Stop();
  std::lock_guard<std::mutex> lock(guard_->mutex);
  guard_->self = nullptr;
}

absl::Status EnginePathQueries::Start() { return follower_.Start(); }

absl::Status EnginePathQueries::CheckLimits(const Limits& limits) const {
  if (limits.cancelled()) return absl::CancelledError("the caller has gone");
  if (loop_.clock().Now() >= limits.deadline) {
    return absl::DeadlineExceededError("the deadline has passed before the answer was found");
  }
  return absl::OkStatus();
}

std::function<bool()> EnginePathQueries::StopOf(const Limits& limits) const {
  const absl::Time end = std::min(limits.deadline, loop_.clock().Now() + options_.longest);
  // A little earlier than the deadline, so that what has been found still arrives.
  const absl::Time soon = end - std::min(absl::Milliseconds(50), (end - loop_.clock().Now()) / 10);
  return [this, soon, cancelled = limits.cancelled] {
    return cancelled() || loop_.clock().Now() >= soon;
  };
}

template <typename Response, typename Work>
void EnginePathQueries::Ask(const char* method, const Limits& limits, Done<Response> done,
                            Work work) {
  auto& failed = metrics_.Counter("waymark_path_queries_failed_total",
                                  "Questions about paths that got an error", {{"method", method}});
  auto answer = std::make_shared<Answer<Response>>(std::move(done), failed);
  const bool posted = loop_.Post([this, method, limits, answer, work = std::move(work)] {
    const absl::Duration begin = loop_.clock().Monotonic();
    absl::Status ready = CheckLimits(limits);
    if (ready.ok()) ready = CatchUp();
    if (!ready.ok()) return answer->Give(ready);
    work(answer);
    metrics_
        .Histogram("waymark_path_query_seconds", "Time to answer a question about paths",
                   {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30}, {{"method", method}})
        .Observe(absl::ToDoubleSeconds(loop_.clock().Monotonic() - begin));
  });
  if (!posted) {
    answer->Give(absl::ResourceExhaustedError(
        "too many questions about paths are waiting already: try again later"));
  }
}

absl::Status EnginePathQueries::CatchUp() {
  bool changed = false;
  const absl::Status status = follower_.CatchUp(&changed);
  if (changed) now_.derived.reset();
  return status;
}

absl::StatusOr<Revision> EnginePathQueries::PastOf(const v1::ComputePathRequest& request) const {
  if (!request.has_as_of_time()) return request.as_of();
  const google::protobuf::Timestamp& time = request.as_of_time();
  const auto revision =
      store_.RevisionAt(absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()));
  if (revision.ok()) return revision;
  return absl::Status(revision.status().code(),
                      absl::StrCat("as_of_time: ", revision.status().message()));
}

absl::Status EnginePathQueries::LoadPast(Revision revision) {
  if (past_.resources.revision() == revision) return absl::OkStatus();
  past_.derived.reset();
  absl::Status loaded = past_.resources.Load(store_, revision);
  if (loaded.ok()) return loaded;
  past_resources_ = Resources();
  return absl::Status(loaded.code(), absl::StrCat("as_of: ", loaded.message()));
}

absl::Status EnginePathQueries::Known::Derive() {
  if (derived != nullptr) return absl::OkStatus();
  auto snapshot = resources.Topology();
  if (!snapshot.ok()) return snapshot.status();
  const Snapshot& network = **snapshot;
  auto owners = OwnersOf(network, resources.intents());
  PathBooks books = BooksOf(network, resources.intents(), owners, resources.placements(),
                            &resources.guarantees());
  derived.reset(new Derived{*std::move(snapshot), std::move(owners), std::move(books),
                            AvailabilityModel(network)});
  return absl::OkStatus();
}

PathWorld EnginePathQueries::WorldOf(const Known& known,
                                     const std::set<std::string>& links_down) const {
  const Known::Derived& d = *known.derived;
  return {*d.snapshot,
          known.resources.intents(),
          known.resources.placements(),
          d.owners,
          d.books,
          d.model,
          links_down,
          known.resources.revision(),
          &known.resources.guarantees()};
}

absl::StatusOr<v1::ComputePathResponse> EnginePathQueries::Compute(
    const v1::ComputePathRequest& request, const Limits& limits) {
  const auto past = PastOf(request);
  if (!past.ok()) return past.status();
  if (*past != 0) {
    if (absl::Status s = LoadPast(*past); !s.ok()) return s;
  }
  Known& known = *past == 0 ? now_ : past_;
  if (absl::Status s = known.Derive(); !s.ok()) return s;
  const auto adopted = engine_.adopted();
  const bool states = *past == 0 && adopted != nullptr;
  auto answer = AnswerComputePath(WorldOf(known, states ? adopted->links_down : NoLinks()), request,
                                  StopOf(limits));
  if (absl::Status s = CheckLimits(limits); answer.ok() && absl::IsCancelled(s)) return s;
  return answer;
}

absl::StatusOr<v1::ExplainServiceResponse> EnginePathQueries::Explain(
    const v1::ExplainServiceRequest& request, const Limits& limits) {
  if (absl::Status s = now_.Derive(); !s.ok()) return s;
  const auto adopted = engine_.adopted();
  const auto view = views_.Get();
  auto answer =
      AnswerExplainService(WorldOf(now_, adopted == nullptr ? NoLinks() : adopted->links_down),
                           *view, request, StopOf(limits));
  if (absl::Status s = CheckLimits(limits); absl::IsCancelled(s)) return s;
  return answer;
}

void EnginePathQueries::ComputePath(const v1::ComputePathRequest& request, const Limits& limits,
                                    Done<v1::ComputePathResponse> done) {
  Ask<v1::ComputePathResponse>(
      "ComputePath", limits, std::move(done),
      [this, request, limits](const auto& answer) { answer->Give(Compute(request, limits)); });
}

void EnginePathQueries::ExplainService(const v1::ExplainServiceRequest& request,
                                       const Limits& limits,
                                       Done<v1::ExplainServiceResponse> done) {
  Ask<v1::ExplainServiceResponse>(
      "ExplainService", limits, std::move(done),
      [this, request, limits](const auto& answer) { answer->Give(Explain(request, limits)); });
}

void EnginePathQueries::ListMeshGuarantees(const v1::ListMeshGuaranteesRequest& request,
                                           const Limits& limits,
                                           Done<v1::ListMeshGuaranteesResponse> done) {
  Ask<v1::ListMeshGuaranteesResponse>(
      "ListMeshGuarantees", limits, std::move(done), [this, request, limits](const auto& answer) {
        const auto adopted = engine_.adopted();
        auto told = AnswerListMeshGuarantees(now_.resources,
                                             adopted == nullptr ? NoLinks() : adopted->links_down,
                                             request, StopOf(limits));
        if (absl::IsCancelled(told.status()) && !limits.cancelled()) {
          return answer->Give(absl::DeadlineExceededError(
              "time ended before all guarantees were told: ask for one service, or give a longer "
              "deadline"));
        }
        answer->Give(std::move(told));
      });
}

void EnginePathQueries::Reoptimize(const v1::ReoptimizeRequest& request, const Limits& limits,
                                   Done<v1::ReoptimizeResponse> done) {
  Ask<v1::ReoptimizeResponse>("Reoptimize", limits, std::move(done),
                              [this, request, limits](const auto& answer) {
                                auto moves = std::make_shared<Moves>();
                                moves->request = request;
                                moves->limits = limits;
                                moves->answer = answer;
                                Optimize(std::move(moves));
                              });
}

void EnginePathQueries::Optimize(std::shared_ptr<Moves> moves) {
  const v1::ReoptimizeRequest& request = moves->request;
  if (!request.service().empty() &&
      !now_.resources.intents().services.contains(request.service())) {
    return moves->answer->Give(
        absl::NotFoundError(absl::StrCat("service: ", request.service(), " does not exist")));
  }
  const auto snapshot = now_.resources.Topology();
  if (!snapshot.ok()) return moves->answer->Give(snapshot.status());
  const auto adopted = engine_.adopted();
  if (adopted == nullptr) {
    return RetryOptimize(std::move(moves), absl::UnavailableError("no plan has been made yet"));
  }
  const Reoptimization plan =
      waymark::Reoptimize({**snapshot,
                           now_.resources.intents(),
                           adopted->links_down,
                           now_.resources.placements(),
                           {},
                           nullptr,
                           &now_.resources.guarantees()},
                          {request.service(), request.min_gain_percent(), StopOf(moves->limits)});
  if (plan.stopped) {
    absl::Status why = CheckLimits(moves->limits);
    return moves->answer->Give(
        !why.ok() ? why
                  : absl::DeadlineExceededError(absl::StrCat(
                        "it takes longer than its deadline, or than the ",
                        absl::FormatDuration(options_.longest),
                        " that a question gets at most: ask for one service at a time, or, up to "
                        "that, with a later deadline")));
  }
  moves->response = ResponseOf(plan, now_.resources.revision());
  if (absl::Status s = CheckLimits(moves->limits); !s.ok()) return moves->answer->Give(s);
  if (!request.apply()) return moves->answer->Give(std::move(moves->response));
  if (plan.name != request.expected_plan()) {
    return moves->answer->Give(absl::FailedPreconditionError(
        absl::StrCat("expected_plan: the network or a placement has changed, and the plan is ",
                     plan.name, " now: look at it, and apply that")));
  }
  std::vector<Mutation> mutations = MutationsOf(now_.resources.placements(), plan.placements);
  if (mutations.empty()) {
    moves->response.set_applied(true);
    return moves->answer->Give(std::move(moves->response));
  }
  engine_.CommitPlacements({now_.resources.revision(), adopted->links_down}, std::move(mutations),
                           [guard = guard_, moves](absl::StatusOr<Revision> stored) {
                             std::lock_guard<std::mutex> lock(guard->mutex);
                             EnginePathQueries* self = guard->self;
                             if (self == nullptr) return;
                             // By a timer, which no cap refuses: what is committed must be told.
                             self->loop_.RunAfter(absl::ZeroDuration(),
                                                  [self, moves, stored = std::move(stored)] {
                                                    self->OnMoved(moves, stored);
                                                  });
                           });
}

void EnginePathQueries::RetryOptimize(std::shared_ptr<Moves> moves, const absl::Status& why) {
  if (++moves->tries > options_.retries) {
    return moves->answer->Give(absl::FailedPreconditionError(
        absl::StrCat("the network keeps changing (", std::string(why.message()),
                     "): wait until it has converged and try again")));
  }
  loop_.RunAfter(options_.retry, [this, moves = std::move(moves)] {
    absl::Status ready = CheckLimits(moves->limits);
    if (ready.ok()) ready = CatchUp();
    if (!ready.ok()) return moves->answer->Give(ready);
    Optimize(moves);
  });
}

void EnginePathQueries::OnMoved(std::shared_ptr<Moves> moves,
                                const absl::StatusOr<Revision>& stored) {
  if (absl::IsAborted(stored.status())) return RetryOptimize(std::move(moves), stored.status());
  if (!stored.ok()) return moves->answer->Give(stored.status());
  moves->response.set_applied(true);
  moves->response.set_revision(*stored);
  metrics_.Counter("waymark_reoptimized_policies_total", "Policies moved on an operator's word")
      .Increment(moves->response.moves_size());
  Log(LogLevel::kInfo, "policies re-optimised",
      {{"plan", moves->response.plan()},
       {"moves", static_cast<int64_t>(moves->response.moves_size())},
       {"revision", *stored}});
  moves->answer->Give(std::move(moves->response));
}

}  // namespace waymark

#include "controller/engine/mesh_optimizer.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "controller/base/log.h"
#include "controller/engine/mesh_figures.h"
#include "controller/engine/mesh_measured.h"

namespace waymark {
namespace {

// By MeshOptimizer::Cause.
constexpr const char* kReasons[] = {"",
                                    "not all refused services have been tried",
                                    "the last run ran out of time",
                                    "the last answer was out of date",
                                    "the last run failed",
                                    "demands or reservations changed",
                                    "a change of the network was answered at once",
                                    "the network changed"};

// Of the time limit: for new routes, and of these for what is no more than pleasant to have; with
// routes for refused services.
constexpr double kSolveShare = 0.8, kRefineShare = 0.5, kRefusedShare = 0.95;

}  // namespace

MeshOptimizer::MeshOptimizer(Store& store, Engine& engine, NetworkViewHolder& views,
                             EventLoop& loop, Metrics& metrics, Options options)
    : store_(store),
      engine_(engine),
      views_(views),
      loop_(loop),
      metrics_(metrics),
      options_(std::move(options)) {
  guard_->self = this;
}

MeshOptimizer::~MeshOptimizer() {
  subscription_.reset();
  follower_.Stop();
  std::lock_guard<std::mutex> lock(guard_->mutex);
  guard_->self = nullptr;
}

absl::Status MeshOptimizer::Start() {
  if (absl::Status s = follower_.Start(); !s.ok()) return s;
  const auto look = [this] {
    if (looking_.exchange(true)) return;
    // By a timer, which no cap refuses.
    loop_.RunAfter(absl::ZeroDuration(), [this] { Look(); });
  };
  subscription_ = views_.Subscribe([look](const std::shared_ptr<const NetworkView>&) { look(); });
  look();
  return absl::OkStatus();
}

std::shared_ptr<const Engine::Adopted> MeshOptimizer::Ready() {
  auto adopted = engine_.adopted();
  if (adopted == nullptr) return nullptr;
  bool changed = false;
  if (absl::Status s = follower_.CatchUp(&changed); !s.ok()) {
    Finish("failed", s);
    return nullptr;
  }
  // The engine is about to follow, and tells when it has.
  return follower_.resources().revision() == adopted->revision ? adopted : nullptr;
}

void MeshOptimizer::Stop() {
  stopping_ = true;
  runs_.Stop();
}

void MeshOptimizer::GetStatus(int64_t newer_than, absl::Duration wait, Done done) {
  runs_.GetStatus(newer_than, wait, std::move(done));
}

absl::StatusOr<int64_t> MeshOptimizer::Optimize(const std::string& who, absl::Duration time_limit) {
  const auto run = runs_.Ask(who, time_limit);
  // By a timer, which no cap refuses.
  if (run.ok()) loop_.RunAfter(absl::ZeroDuration(), [this] { Schedule(absl::ZeroDuration()); });
  return run;
}

absl::StatusOr<v1::MeshStatus> MeshOptimizer::Cancel(int64_t run) { return runs_.Cancel(run); }

// Straight into the store, whose news comes back here as a change of demand.
void MeshOptimizer::SetMeasured(const v1::SetMeasuredTrafficRequest& request,
                                const std::string& who, MeasuredDone done) {
  StoreMeasured(store_, request, who, loop_.clock().Now(), std::move(done));
}

void MeshOptimizer::RemoveMeasured(const std::string& traffic_class, MeasuredDone done) {
  waymark::RemoveMeasured(store_, traffic_class, std::move(done));
}

void MeshOptimizer::Look() {
  looking_ = false;
  if (stopping_ || engine_.adopted() == seen_) return;
  const auto adopted = Ready();
  if (adopted == nullptr) return;
  const auto topology = follower_.resources().Topology();
  if (!topology.ok()) return Finish("failed", topology.status());
  const bool moved = topology_ != *topology || links_down_ != adopted->links_down;
  seen_ = adopted;
  runs_.SetMeasured(follower_.resources().measured());
  topology_ = *topology;
  links_down_ = adopted->links_down;
  Want(moved ? Cause::kNetwork : Cause::kDemand);
  const absl::Duration now = loop_.clock().Monotonic();
  Schedule(moved ? absl::ZeroDuration()
                 : std::max(options_.gather, last_run_ + options_.period - now));
}

void MeshOptimizer::Want(Cause cause) { cause_ = std::max(cause_, cause); }

// Whatever is due sooner stays due.
void MeshOptimizer::Schedule(absl::Duration delay) {
  const absl::Duration due = loop_.clock().Monotonic() + delay;
  if (due >= due_) return;
  loop_.Cancel(timer_);
  due_ = due;
  runs_.SetNext(delay, kReasons[static_cast<int>(cause_)]);
  timer_ = loop_.RunAfter(delay, [this] {
    due_ = absl::InfiniteDuration();
    runs_.SetNext(due_, "");
    Run();
  });
}

void MeshOptimizer::Run() {
  // What is being committed ends first, and runs again if something is wanted.
  if (stopping_ || committing_ || (cause_ == Cause::kNone && !runs_.asked())) return;
  const auto adopted = Ready();
  if (adopted == nullptr) return Schedule(options_.retry);
  auto work = MakeMeshWork(follower_.resources(), adopted->links_down);
  if (!work.ok()) return Finish("failed", work.status());
  const Cause cause = std::exchange(cause_, Cause::kNone);
  if (answer_ != nullptr &&
      (answer_->work.fingerprint == work->fingerprint || dropped_ >= options_.most_dropped)) {
    runs_.Begin(kReasons[static_cast<int>(cause)], options_.longest);
    return Commit(*adopted);
  }
  const bool solved = answer_ == nullptr && work->fingerprint == solved_ && !runs_.asked();
  if (solved && !refused_.left) return Count("unchanged");
  if (!solved && cause == Cause::kNetwork && !runs_.asked() && !prices_.empty() &&
      AnswerAtOnce(*work, *adopted)) {
    return;
  }
  Solve(*std::move(work), *adopted,
        runs_.Begin(kReasons[static_cast<int>(cause)], options_.longest), solved);
}

bool MeshOptimizer::AnswerAtOnce(const MeshWork& work, const Engine::Adopted& adopted) {
  MeshSolveOptions options = options_.solve;
  options.begins = nullptr;
  options.stop = [this] { return stopping_.load(); };
  auto results = AnswerMesh(work, prices_, options);
  // What was wrong the solve that follows finds, too, and tells.
  if (stopping_ || !results.ok() || MutationsOf(work, *results).empty() ||
      !MeshHolds(follower_.resources(), work).Kept(*results)) {
    return false;
  }
  runs_.Begin(kReasons[static_cast<int>(Cause::kNetwork)], options_.longest);
  answer_ = std::make_unique<Answer>(Answer{work, *std::move(results), true});
  Commit(adopted);
  return true;
}

absl::StatusOr<std::vector<MeshClassResult>> MeshOptimizer::PresentOrSolved(
    const MeshWork& work, const MeshSolveOptions& options, bool solved) const {
  if (!solved) return SolveMesh(work, options);
  std::vector<MeshClassResult> results;
  for (const MeshClassWork& one : work.classes) {
    MeshClassResult& result = results.emplace_back();
    result.traffic_class = one.traffic_class;
    result.routes = one.present;
    const auto prices = prices_.find(one.traffic_class);
    if (prices != prices_.end()) result.prices = prices->second;
  }
  if (absl::Status s = MeasureMesh(work, options.stop, &results); !s.ok()) return s;
  return results;
}

void MeshOptimizer::Solve(MeshWork work, const Engine::Adopted& adopted, absl::Duration time_limit,
                          bool solved) {
  const absl::Duration begin = loop_.clock().Monotonic();
  last_run_ = begin;
  auto answer = std::make_unique<Answer>(Answer{std::move(work), {}});
  const MeshWork& asked = answer->work;
  MeshSolveOptions solve = options_.solve;
  size_t done = 0;
  const std::function<bool()> leave = [&] {
    runs_.Progress(done, asked);
    return stopping_ || runs_.cancelled();
  };
  const auto until = [&](double share) {
    return [&, end = begin + time_limit * share] {
      return leave() || loop_.clock().Monotonic() >= end;
    };
  };
  solve.stop = until(kSolveShare);
  solve.stop_refining = until(kRefineShare);
  solve.begins = [&](size_t at) {
    done = at;
    runs_.Progress(done, asked);
    if (options_.solve.begins) options_.solve.begins(at);
  };
  auto results = PresentOrSolved(asked, solve, solved);
  if (stopping_) return;
  answer_.reset();
  if (!results.ok()) return Finish("failed", results.status());
  answer->results = *std::move(results);
  answer_ = std::move(answer);
  for (const MeshClassResult& one : answer_->results) prices_[one.traffic_class] = one.prices;
  const auto kept = KeepGuarantees(until(kRefusedShare), leave);
  if (stopping_) return;
  if (runs_.cancelled()) {
    answer_.reset();
    return Finish("cancelled", absl::OkStatus());
  }
  if (!kept.ok()) {
    answer_.reset();
    return Finish("failed", kept.status());
  }
  Report(*answer_, loop_.clock().Monotonic() - begin);
  if (*kept > 0 && MutationsOf(answer_->work, answer_->results).empty()) {
    return Finish("kept", absl::OkStatus());
  }
  Commit(adopted);
}

absl::StatusOr<int> MeshOptimizer::KeepGuarantees(const std::function<bool()>& stop,
                                                  const std::function<bool()>& leave) {
  const MeshWork& work = answer_->work;
  std::vector<MeshClassResult>& results = answer_->results;
  MeshHolds holds(follower_.resources(), work);
  const auto kept = holds.KeepPromised(leave, &results);
  if (!kept.ok()) return kept.status();
  const auto rerouted = holds.RouteRefused(stop, &refused_, &results);
  if (!rerouted.ok()) return rerouted.status();
  if (*kept > 0) {
    Log(LogLevel::kInfo, "routes stay: better ones would have broken what services are promised",
        {{"services", *kept}});
  }
  if (*rerouted > 0) {
    Log(LogLevel::kInfo, "routes made for services whose guaranteed rates did not fit",
        {{"services", *rerouted}});
  }
  if (*kept > 0 || *rerouted > 0) {
    if (absl::Status s = MeasureMesh(work, leave, &results); !s.ok()) return s;
  }
  Ledger ledger = holds.LedgerOf(results);
  GrantElastic(work, &results, &ledger);
  return *kept;
}

void MeshOptimizer::Commit(const Engine::Adopted& adopted) {
  std::vector<Mutation> mutations = MutationsOf(answer_->work, answer_->results);
  if (mutations.empty()) return Finish("unchanged", absl::OkStatus());
  if (!runs_.BeginStoring()) {
    answer_.reset();
    return Finish("cancelled", absl::OkStatus());
  }
  committing_ = true;
  engine_.CommitPlacements(
      adopted, std::move(mutations), [guard = guard_](absl::StatusOr<Revision> stored) {
        std::lock_guard<std::mutex> lock(guard->mutex);
        MeshOptimizer* self = guard->self;
        if (self == nullptr) return;
        self->loop_.RunAfter(absl::ZeroDuration(), [self, stored] { self->OnCommitted(stored); });
      });
}

void MeshOptimizer::OnCommitted(const absl::StatusOr<Revision>& stored) {
  committing_ = false;
  if (stopping_) return;
  if (absl::IsAborted(stored.status())) {
    ++dropped_;
    Count("stale");
    runs_.End("stale", "");
    Want(Cause::kStale);
    return Schedule(options_.retry);
  }
  if (!stored.ok()) return Finish("failed", stored.status());
  if (!answer_->at_once) return Finish("committed", stored.status());
  Want(Cause::kAnswered);
  Finish("answered", stored.status());
}

void MeshOptimizer::Finish(const char* result, const absl::Status& status) {
  Count(result);
  if (status.ok() && answer_ != nullptr) {
    int64_t changed = 0;
    for (const MeshClassResult& one : answer_->results) changed += one.changed;
    metrics_.Counter("waymark_mesh_changed_policies_total", "Mesh policies moved to better routes")
        .Increment(static_cast<double>(changed));
    Log(LogLevel::kInfo, "mesh optimised", {{"changed", changed}, {"result", result}});
    // An answer at once leaves routes behind that no solve has made, whatever network comes next.
    solved_ = answer_->at_once ? 0 : answer_->work.fingerprint;
    const bool partial = std::ranges::any_of(
        answer_->results, [](const MeshClassResult& one) { return one.stopped; });
    // What the time did not suffice for the next run does, as long as each gains something.
    if (partial && changed > 0 && !answer_->at_once) {
      solved_ = 0;
      Want(Cause::kUnfinished);
    }
    if (refused_.left) Want(Cause::kRefused);
  } else if (!status.ok()) {
    Log(LogLevel::kError, "cannot optimise the mesh; its routes stay as they are",
        {{"error", status.ToString()}});
    // Whatever was the matter may have passed.
    Want(Cause::kFailure);
  }
  answer_.reset();
  dropped_ = 0;
  if (!runs_.running()) runs_.Begin(kReasons[static_cast<int>(cause_)], options_.longest);
  runs_.End(result, std::string(status.message()));
  if (!status.ok()) return Schedule(options_.period);
  if (cause_ >= Cause::kStale || runs_.asked()) return Schedule(options_.retry);
  if (cause_ != Cause::kNone) {
    Schedule(std::max(options_.retry, last_run_ + options_.period - loop_.clock().Monotonic()));
  }
}

void MeshOptimizer::Report(const Answer& answer, absl::Duration took) {
  metrics_
      .Histogram("waymark_mesh_solve_seconds", "Time to solve all mesh classes",
                 {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10})
      .Observe(absl::ToDoubleSeconds(took));
  runs_.SetFound(answer.work, answer.results, took);
  for (const MeshClassResult& one : answer.results) {
    const MetricLabels labels = {{"traffic_class", std::string(ResourceId(one.traffic_class))}};
    metrics_
        .Gauge("waymark_mesh_mlu", "Utilisation of the most loaded link by what is asked", labels)
        .Set(one.mlu);
    metrics_
        .Gauge("waymark_mesh_lower_bound", "No routing at all has a lower waymark_mesh_mlu", labels)
        .Set(one.lower_bound);
    metrics_
        .Gauge("waymark_mesh_elastic_granted_bps",
               "Excess rates granted over the routes that stand", labels)
        .Set(std::accumulate(one.elastic_granted.begin(), one.elastic_granted.end(), 0.0));
  }
}

void MeshOptimizer::Count(const char* result) {
  metrics_
      .Counter("waymark_mesh_runs_total", "Runs of the mesh optimiser by how they ended",
               {{"result", result}})
      .Increment();
}

}  // namespace waymark

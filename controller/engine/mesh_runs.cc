#include "controller/engine/mesh_runs.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/engine/mesh_measured.h"

namespace waymark {
namespace {

constexpr absl::Duration kTellOften = absl::Milliseconds(200);

absl::Status Stopping() { return absl::CancelledError("the controller is shutting down"); }

int64_t Bps(double rate) { return static_cast<int64_t>(std::min(rate, 9e18)); }

// Most pairs that a status names.
constexpr size_t kMostNamed = 100;

void SetElastic(const Snapshot& snapshot, const MeshClassWork& asked,
                const std::vector<double>& granted, v1::MeshClassStatus* status) {
  double all_asked = 0, all_granted = 0;
  std::vector<std::pair<double, size_t>> lacking;  // share
  for (size_t i = 0; i < asked.elastic.size(); ++i) {
    all_asked += asked.elastic[i];
    all_granted += granted[i];
    // Less than a bit is rounding.
    if (granted[i] + 1 < asked.elastic[i]) lacking.emplace_back(granted[i] / asked.elastic[i], i);
  }
  status->set_elastic_bps(Bps(all_asked));
  status->set_elastic_granted_bps(Bps(all_granted));
  status->set_elastic_short(static_cast<int64_t>(lacking.size()));
  const size_t named = std::min(lacking.size(), kMostNamed);
  std::partial_sort(lacking.begin(), lacking.begin() + static_cast<std::ptrdiff_t>(named),
                    lacking.end());
  for (size_t i = 0; i < named; ++i) {
    const size_t at = lacking[i].second;
    const MeshDemand& demand = asked.problem.demands[at];
    v1::MeshGrant* grant = status->add_least_granted();
    grant->set_from(snapshot.node(static_cast<NodeId>(demand.from)).name);
    grant->set_to(snapshot.node(static_cast<NodeId>(demand.to)).name);
    grant->set_asked_bps(Bps(asked.elastic[at]));
    grant->set_granted_bps(Bps(granted[at]));
  }
}

void SetFailures(const Snapshot& snapshot, const MeshClassWork& asked, const MeshGuarded& guarded,
                 v1::MeshFailures* failures) {
  failures->set_failures(guarded.failures);
  failures->set_worst_mlu(guarded.worst_mlu);
  failures->set_lower_bound(guarded.lower_bound);
  failures->set_worst(guarded.worst);
  failures->set_cut(guarded.cut);
  failures->set_exposed(guarded.exposed);
  failures->set_partial(guarded.stopped);
  failures->set_unknown(guarded.unknown);
  if (guarded.target <= 0) return;
  failures->set_availability_target(guarded.target);
  if (!guarded.unknown.empty()) return;
  failures->set_least_availability(guarded.least);
  failures->set_below_target(guarded.below);
  failures->set_residual(guarded.residual);
  if (guarded.least_demand < 0) return;
  const MeshDemand& demand = asked.problem.demands[guarded.least_demand];
  failures->set_least_from(snapshot.node(static_cast<NodeId>(demand.from)).name);
  failures->set_least_to(snapshot.node(static_cast<NodeId>(demand.to)).name);
}

}  // namespace

google::protobuf::Timestamp MeshRuns::In(absl::Duration delay) const {
  return google::protobuf::util::TimeUtil::NanosecondsToTimestamp(
      absl::ToUnixNanos(loop_.clock().Now() + delay));
}

template <typename Change>
void MeshRuns::Update(Change change) {
  std::unique_lock<std::mutex> lock(mutex_);
  change();
  status_.set_version(status_.version() + 1);
  Answer(std::move(lock));
}

// Those who have waited long enough, or for what there is now; outside the lock.
void MeshRuns::Answer(std::unique_lock<std::mutex> lock) {
  const absl::Duration now = loop_.clock().Monotonic();
  const auto ready =
      std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Waiting& one) {
        return !stopped_ && one.newer_than >= status_.version() && one.until > now;
      });
  const std::vector<Waiting> told(std::make_move_iterator(ready),
                                  std::make_move_iterator(waiting_.end()));
  waiting_.erase(ready, waiting_.end());
  if (told.empty()) return;
  const absl::StatusOr<v1::MeshStatus> answer =
      stopped_ ? absl::StatusOr<v1::MeshStatus>(Stopping()) : status_;
  lock.unlock();
  for (const Waiting& one : told) one.done(answer);
}

void MeshRuns::GetStatus(int64_t newer_than, absl::Duration wait, Done done) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (waiting_.size() >= kMostWaiting) {
    lock.unlock();
    return done(absl::ResourceExhaustedError(
        "too many wait for news of the mesh optimiser already: ask without waiting"));
  }
  const absl::Duration until = loop_.clock().Monotonic() + wait;
  waiting_.push_back({newer_than, until, std::move(done)});
  const bool at_once = stopped_ || newer_than < status_.version() || wait <= absl::ZeroDuration();
  if (!at_once) loop_.RunAfter(wait, [this] { Expire(); });
  Answer(std::move(lock));
}

void MeshRuns::Expire() { Answer(std::unique_lock<std::mutex>(mutex_)); }

absl::StatusOr<int64_t> MeshRuns::Ask(const std::string& who, absl::Duration time_limit) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (stopped_) return Stopping();
  // Whoever asks for no time of his own gets the usual: which that is is not known here, so that it
  // does not shorten what another asks for.
  asked_limit_ = asked_ ? std::max(asked_limit_, time_limit) : time_limit;
  if (!asked_) asked_by_ = who;
  asked_ = true;
  return begun_ + 1;
}

absl::StatusOr<v1::MeshStatus> MeshRuns::Cancel(int64_t run) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (stopped_) return Stopping();
  const bool this_one = status_.has_under_way() && (run == 0 || run == begun_);
  if (this_one && status_.under_way().phase() == "solving") {
    cancelled_ = true;
    return status_;
  }
  if (this_one) {
    return absl::FailedPreconditionError(
        absl::StrCat("run ", begun_, " has ended its search: its routes are being stored"));
  }
  if (asked_ && (run == 0 || run == begun_ + 1)) {
    asked_ = false;
    return status_;
  }
  return absl::FailedPreconditionError(
      run == 0 ? std::string("no run is under way or waiting")
               : absl::StrCat("run ", run, " is not under way and does not wait; the last was run ",
                              begun_));
}

void MeshRuns::Stop() {
  std::unique_lock<std::mutex> lock(mutex_);
  stopped_ = true;
  Answer(std::move(lock));
}

bool MeshRuns::asked() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return asked_;
}

bool MeshRuns::running() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return status_.has_under_way();
}

bool MeshRuns::cancelled() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return cancelled_;
}

void MeshRuns::SetNext(absl::Duration delay, const std::string& reason) {
  Update([&] {
    status_.clear_next();
    status_.clear_next_reason();
    if (delay == absl::InfiniteDuration()) return;
    *status_.mutable_next() = In(delay);
    status_.set_next_reason(asked_ ? absl::StrCat("asked by ", asked_by_) : reason);
  });
}

absl::Duration MeshRuns::Begin(const std::string& reason, absl::Duration time_limit) {
  Update([&] {
    v1::MeshRun& run = *status_.mutable_under_way();
    run.Clear();
    run.set_run(++begun_);
    run.set_reason(asked_ ? absl::StrCat("asked by ", asked_by_) : reason);
    run.set_phase("solving");
    if (asked_ && asked_limit_ > absl::ZeroDuration()) time_limit = asked_limit_;
    run.set_time_limit_seconds(absl::ToDoubleSeconds(time_limit));
    asked_ = cancelled_ = false;
    began_ = told_ = loop_.clock().Monotonic();
  });
  return time_limit;
}

void MeshRuns::Progress(size_t classes_done, const MeshWork& work) {
  const absl::Duration now = loop_.clock().Monotonic();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const v1::MeshRun& run = status_.under_way();
    if (now - told_ < kTellOften && run.classes() > 0 &&
        run.classes_done() == static_cast<int>(classes_done)) {
      return;
    }
    told_ = now;
  }
  Update([&] {
    v1::MeshRun& run = *status_.mutable_under_way();
    run.set_classes(static_cast<int>(work.classes.size()));
    run.set_classes_done(static_cast<int>(classes_done));
    run.clear_traffic_class();
    if (classes_done < work.classes.size()) {
      run.set_traffic_class(work.classes[classes_done].traffic_class);
    }
    run.set_seconds(absl::ToDoubleSeconds(now - began_));
  });
}

bool MeshRuns::BeginStoring() {
  bool goes_on = false;
  Update([&] {
    goes_on = !cancelled_;
    if (goes_on) status_.mutable_under_way()->set_phase("storing");
  });
  return goes_on;
}

void MeshRuns::SetMeasured(const std::map<std::string, stored::v1::MeasuredTraffic>& measured) {
  v1::MeshStatus next;
  for (const auto& [name, record] : measured) *next.add_measured() = TellMeasured(name, record);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const bool same = std::equal(next.measured().begin(), next.measured().end(),
                                 status_.measured().begin(), status_.measured().end(),
                                 [](const v1::MeasuredTraffic& a, const v1::MeasuredTraffic& b) {
                                   return a.SerializeAsString() == b.SerializeAsString();
                                 });
    if (same) return;
  }
  Update([&] { status_.mutable_measured()->Swap(next.mutable_measured()); });
}

void MeshRuns::SetFound(const MeshWork& work, const std::vector<MeshClassResult>& results,
                        absl::Duration took) {
  Update([&] {
    *status_.mutable_solved() = In(absl::ZeroDuration());
    status_.set_seconds(absl::ToDoubleSeconds(took));
    status_.clear_classes();
    for (const MeshClassResult& one : results) {
      v1::MeshClassStatus* status = status_.add_classes();
      status->set_traffic_class(one.traffic_class);
      status->set_mlu(one.mlu);
      status->set_lower_bound(one.lower_bound);
      status->set_demand_bps(Bps(one.demand_bps));
      status->set_granted_bps(Bps(one.granted_bps));
      status->set_policies(one.policies);
      status->set_changed(one.changed);
      status->set_partial(one.stopped);
      const MeshClassWork& asked = work.classes[static_cast<size_t>(status_.classes_size()) - 1];
      status->set_measured_pairs(asked.measured_pairs);
      SetElastic(*work.snapshot, asked, one.elastic_granted, status);
      if (one.guarded) SetFailures(*work.snapshot, asked, *one.guarded, status->mutable_failures());
    }
  });
}

void MeshRuns::End(const std::string& result, const std::string& error) {
  Update([&] {
    status_.set_run(begun_);
    status_.set_reason(status_.under_way().reason());
    status_.set_result(result);
    status_.set_error(error);
    *status_.mutable_ended() = In(absl::ZeroDuration());
    status_.clear_under_way();
    cancelled_ = false;
  });
}

}  // namespace waymark

#include "controller/compute/promise.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "controller/compute/path_risks.h"
#include "controller/compute/refusal.h"
#include "controller/compute/reverse_path.h"

namespace waymark {
namespace {

// Hops whose waits are listed one by one.
constexpr size_t kMaxListedHops = 12;

class PromiseWriter {
 public:
  PromiseWriter(const Snapshot& snapshot, const QueueLoads& loads, const PromiseQuery& query)
      : snapshot_(snapshot), loads_(loads), query_(query) {}

  v1::Promise Write(const AvailabilityModel& model) {
    const LatencyBound working = loads_.PathLatency(query_.working, query_.queue);
    promise_.set_working_latency_ns(working.latency_ns);
    WriteLatency("working", working);
    if (!query_.protect.empty()) {
      const LatencyBound protect = loads_.PathLatency(query_.protect, query_.queue);
      promise_.set_protect_latency_ns(protect.latency_ns);
      WriteLatency("protect", protect);
      WriteFailover(working, protect);
      WriteSharedRisks();
    }
    WriteCommitment(working);
    WriteAvailability(model);
    return std::move(promise_);
  }

 private:
  void Always(const std::string& label, const std::string& value) {
    v1::PromiseTerm* term = promise_.add_terms();
    term->set_label(label);
    term->set_value(value);
  }
  void Arithmetic(const std::string& label, const std::string& value) {
    if (query_.detail == PromiseDetail::kArithmetic) Always(label, value);
  }

  void WriteLatency(const std::string& role, const LatencyBound& bound) {
    if (!bound.bounded()) return Always(role + " latency", "no bound: " + bound.no_bound);
    Arithmetic(role + ", propagation", DelayText(bound.propagation_ns));
    Arithmetic(role + ", forwarding", DelayText(bound.forwarding_ns) + " = " +
                                          std::to_string(bound.waits_ns.size()) + " x " +
                                          DelayText(kForwardingDelayNs));
    std::string waits;
    for (size_t i = 0; i < std::min(bound.waits_ns.size(), kMaxListedHops); ++i) {
      waits += (i == 0 ? " = " : " + ") + DelayText(bound.waits_ns[i]);
    }
    if (bound.waits_ns.size() > kMaxListedHops) waits += " + ...";
    Arithmetic(role + ", queueing and serialisation", DelayText(bound.waiting_ns) + waits);
    Arithmetic(role + " latency", DelayText(bound.latency_ns));
  }

  // Probes come back over the same fibres. Their return takes the reverse policy's queue there.
  LatencyBound Return() const {
    if (const auto back = ReversePath(snapshot_, query_.working)) {
      return loads_.PathLatency(*back, query_.queue);
    }
    const auto one_way =
        std::find_if(query_.working.begin(), query_.working.end(),
                     [&](LinkId link) { return snapshot_.link(link).reverse == LinkId::kNone; });
    return {.no_bound = "no probe can return over " + snapshot_.link(*one_way).name +
                        ": it has no reverse link"};
  }

  void WriteFailover(const LatencyBound& working, const LatencyBound& protect) {
    const FailoverBound bound = FailoverTime(query_.probe_interval_us, working, Return(), protect);
    promise_.set_failover_ns(bound.failover_ns);
    if (!bound.no_bound.empty()) return Always("failover", "no bound: " + bound.no_bound);
    const int64_t interval = int64_t{1'000} * query_.probe_interval_us;
    const int64_t probes = kProbesMissed * interval;
    Arithmetic("failover, detection",
               DelayText(bound.detection_ns) + " = " + std::to_string(kProbesMissed) +
                   " probes x " + DelayText(interval) + " + " +
                   DelayText(bound.detection_ns - probes) + " for the last to come back");
    Arithmetic("failover, switch", DelayText(bound.switch_ns));
    Arithmetic("failover, what protect is slower by", DelayText(bound.added_ns));
    Arithmetic("failover", DelayText(bound.failover_ns));
  }

  void WriteCommitment(const LatencyBound& working) {
    if (!working.bounded()) return;
    const int64_t burst = BurstBytes(query_.burst_bytes, query_.rate_bps);
    const std::string bytes = std::to_string(burst) + " bytes";
    Arithmetic("latency holds within",
               (query_.rate_bps > 0 ? BandwidthText(query_.rate_bps) + " and bursts of " + bytes
                                    : "one burst of " + bytes + ", no bandwidth being asked for") +
                   ", while all flows keep to theirs");
  }

  void WriteSharedRisks() {
    const LinkInfo& first = snapshot_.link(query_.working.front());
    const LinkInfo& last = snapshot_.link(query_.working.back());
    const PathRisks risks(snapshot_, kAllRisks, first.source, last.target);
    for (const int32_t risk : risks.Shared(query_.working, query_.protect)) {
      promise_.add_shared_risks(risks.Name(risk));
    }
  }

  void WriteAvailability(const AvailabilityModel& model) {
    std::vector<std::vector<LinkId>> paths;
    paths.emplace_back(query_.working.begin(), query_.working.end());
    if (!query_.protect.empty()) {
      paths.emplace_back(query_.protect.begin(), query_.protect.end());
    }
    const bool explained = query_.detail == PromiseDetail::kArithmetic;
    const Availability told = explained ? model.Explain(paths) : model.Of(paths);
    if (told.stated) {
      promise_.set_availability(told.availability());
      promise_.set_downtime_minutes_a_year(told.downtime_minutes_a_year());
    }
    for (const v1::PromiseTerm& term : told.terms) *promise_.add_terms() = term;
    if (!told.stated) Always("availability", "nothing on the path states its MTBF and MTTR");
  }

  const Snapshot& snapshot_;
  const QueueLoads& loads_;
  const PromiseQuery& query_;
  v1::Promise promise_;
};

}  // namespace

v1::Promise MakePromise(const Snapshot& snapshot, const AvailabilityModel& model,
                        const QueueLoads& loads, const PromiseQuery& query) {
  if (query.in_loads) return PromiseWriter(snapshot, loads, query).Write(model);
  QueueLoads with = loads;
  std::string wrong;
  for (const std::span<const LinkId> path : {query.working, query.protect}) {
    const absl::Status status = with.Add("", path, query.queue, query.rate_bps, query.burst_bytes);
    if (!status.ok()) wrong = std::string(status.message());
  }
  v1::Promise promise = PromiseWriter(snapshot, with, query).Write(model);
  if (!wrong.empty()) {
    promise.clear_working_latency_ns();
    promise.clear_protect_latency_ns();
    promise.clear_failover_ns();
    v1::PromiseTerm* term = promise.add_terms();
    term->set_label("latency");
    term->set_value("no bound: " + wrong);
  }
  return promise;
}

bool UpdateLatencies(const Snapshot& snapshot, const QueueLoads& loads, const PromiseQuery& query,
                     v1::Promise* promise) {
  const LatencyBound working = loads.PathLatency(query.working, query.queue);
  if (promise->working_latency_ns() == 0 || !working.bounded()) return false;
  if (query.protect.empty()) {
    promise->set_working_latency_ns(working.latency_ns);
    return true;
  }
  const LatencyBound protect = loads.PathLatency(query.protect, query.queue);
  const auto back = ReversePath(snapshot, query.working);
  if (promise->protect_latency_ns() == 0 || promise->failover_ns() == 0 || !protect.bounded() ||
      !back) {
    return false;
  }
  const FailoverBound failover = FailoverTime(query.probe_interval_us, working,
                                              loads.PathLatency(*back, query.queue), protect);
  if (!failover.no_bound.empty()) return false;
  promise->set_working_latency_ns(working.latency_ns);
  promise->set_protect_latency_ns(protect.latency_ns);
  promise->set_failover_ns(failover.failover_ns);
  return true;
}

}  // namespace waymark

#include "controller/compute/latency.h"

#include <algorithm>
#include <cmath>

#include "controller/compute/refusal.h"

namespace waymark {
namespace {

constexpr int64_t kBitsAByte = 8;
constexpr int64_t kNanosecondsASecond = 1'000'000'000;
constexpr int64_t kMostRate = 10'000'000'000'000'000;
constexpr int64_t kMostBurst = 1'000'000'000;
constexpr int64_t kLeastFrameBytes = 1'600;
constexpr int64_t kDefaultBurstNs = 400'000;
// Behind the last step there is no bound.
constexpr uint8_t kNoStep = 255;
using Wide = __int128;

// kLeastHopBudgetNs * 1.25^n, in whole nanoseconds, up to kMostHopBudgetNs.
const std::vector<int64_t>& Steps() {
  static const std::vector<int64_t> steps = [] {
    std::vector<int64_t> made;
    for (int64_t step = kLeastHopBudgetNs; step < kMostHopBudgetNs; step += step / 4) {
      made.push_back(step);
    }
    made.push_back(kMostHopBudgetNs);
    return made;
  }();
  return steps;
}

uint8_t StepFor(std::optional<int64_t> wait) {
  if (!wait) return kNoStep;
  const auto enough = std::lower_bound(Steps().begin(), Steps().end(), *wait);
  return enough == Steps().end() ? kNoStep : static_cast<uint8_t>(enough - Steps().begin());
}

Wide RoundedUp(Wide value, Wide by) { return (value + by - 1) / by; }

}  // namespace

int64_t BurstBytes(int64_t burst_bytes, int64_t rate_bps) {
  if (burst_bytes > 0) return burst_bytes;
  const Wide bits = RoundedUp(static_cast<Wide>(rate_bps) * kDefaultBurstNs, kNanosecondsASecond);
  return std::max(2 * kLeastFrameBytes, static_cast<int64_t>(RoundedUp(bits, kBitsAByte)));
}

QueueLoads::QueueLoads(const Snapshot& snapshot)
    : snapshot_(&snapshot),
      hops_(snapshot.links().size()),
      flows_on_(snapshot.links().size()),
      told_(snapshot.links().size()),
      news_(snapshot.links().size(), 0) {
  for (size_t link = 0; link < hops_.size(); ++link) {
    for (uint32_t queue = 0; queue < kQueues; ++queue) {
      told_[link][queue] = HopWait(static_cast<LinkId>(link), queue);
    }
  }
}

absl::Status QueueLoads::Check(std::span<const LinkId> links, uint32_t queue, int64_t rate_bps,
                               int64_t burst_bytes, int64_t max_latency_ns) const {
  const auto out_of_range = [](const std::string& field, int64_t value, const char* range) {
    return absl::InvalidArgumentError(field + " is " + std::to_string(value) + ": give " + range);
  };
  for (const LinkId link : links) {
    if (Index(link) < 0 || static_cast<size_t>(Index(link)) >= hops_.size()) {
      return out_of_range("links", Index(link), "links of the topology");
    }
  }
  if (queue >= kQueues) return out_of_range("queue", queue, "0 to 7");
  if (rate_bps < 0 || rate_bps > kMostRate) return out_of_range("rate_bps", rate_bps, "0 to 10^16");
  if (burst_bytes < 0 || burst_bytes > kMostBurst) {
    return out_of_range("burst_bytes", burst_bytes, "0 to 10^9, 0 for the default");
  }
  if (max_latency_ns < 0) return out_of_range("max_latency_ns", max_latency_ns, "0 or more");
  return absl::OkStatus();
}

absl::Status QueueLoads::Add(const std::string& policy, std::span<const LinkId> links,
                             uint32_t queue, int64_t rate_bps, int64_t burst_bytes,
                             int64_t max_latency_ns) {
  return AddShared(policy, links, queue, rate_bps, burst_bytes, max_latency_ns, {});
}

absl::Status QueueLoads::AddShared(const std::string& policy, std::span<const LinkId> links,
                                   uint32_t queue, int64_t rate_bps, int64_t burst_bytes,
                                   int64_t max_latency_ns, std::span<const int32_t> risks) {
  absl::Status status = Check(links, queue, rate_bps, burst_bytes, max_latency_ns);
  if (!status.ok() || links.empty()) return status;
  uint32_t number = static_cast<uint32_t>(flows_.size());
  if (free_.empty()) {
    flows_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  Flow& flow = flows_[number];
  flow = {.policy = policy,
          .links = {links.begin(), links.end()},
          .queue = queue,
          .rate_bps = rate_bps,
          .burst_bits = BurstBytes(burst_bytes, rate_bps) * kBitsAByte,
          .max_latency_ns = max_latency_ns,
          .risks = {risks.begin(), risks.end()},
          .bursts = {}};
  flow.bursts = BurstsOf(flow);
  of_policy_[policy].push_back(number);
  if (max_latency_ns > 0) {
    guarded_.emplace(policy, number);
    for (const LinkId link : links) {
      const std::optional<int64_t>& wait = told_[Index(link)][queue];
      flow.latency_ns += snapshot_->link(link).delay_ns + wait.value_or(0);
      flow.boundless_hops += wait ? 0 : 1;
    }
    Judge(number);
  }
  for (const LinkId link : links) flows_on_[Index(link)].push_back(number);
  Put(number, 1);
  std::set<LinkId> changed(links.begin(), links.end());
  Settle(std::move(changed));
  TellGuarded();
  return absl::OkStatus();
}

bool QueueLoads::Remove(const std::string& policy) {
  const auto found = of_policy_.find(policy);
  if (found == of_policy_.end()) return false;
  // Less load lowers a step only where one had been raised.
  bool raised = false;
  for (const uint32_t number : found->second) {
    Flow& flow = flows_[number];
    for (const LinkId link : flow.links) {
      for (uint32_t queue = 0; queue <= flow.queue; ++queue) raised |= At(link, queue).step > 0;
      std::erase(flows_on_[Index(link)], number);
    }
    Put(number, -1);
    flow = {};
    guarded_.erase({policy, number});
    over_.erase({policy, number});
    free_.push_back(number);
  }
  of_policy_.erase(found);
  if (raised) StartAgain();
  TellGuarded();
  return true;
}

void QueueLoads::MarkUnreserved(uint32_t queue) {
  unreserved_ = std::max(unreserved_, std::min(queue, kQueues - 1));
  for (size_t link = 0; link < hops_.size(); ++link) touched_.push_back(static_cast<LinkId>(link));
  TellGuarded();
}

void QueueLoads::TellGuarded() {
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (const LinkId link : touched_) {
    for (uint32_t queue = 0; queue < kQueues; ++queue) {
      const std::optional<int64_t> wait = HopWait(link, queue);
      const bool differs = wait != told_[Index(link)][queue];
      // Where there is no bound, the reason may be another now.
      if (differs || (!wait && queue > unreserved_)) news_[Index(link)] |= uint8_t(1u << queue);
      if (differs) Tell(link, queue, wait);
    }
  }
  touched_.clear();
}

std::vector<std::string> QueueLoads::TakeNews() {
  std::set<std::string> policies;
  for (size_t link = 0; link < news_.size(); ++link) {
    if (news_[link] == 0) continue;
    for (const uint32_t number : flows_on_[link]) {
      const Flow& flow = flows_[number];
      if ((news_[link] >> flow.queue & 1) != 0) policies.insert(flow.policy);
    }
    news_[link] = 0;
  }
  return {policies.begin(), policies.end()};
}

void QueueLoads::Tell(LinkId link, uint32_t queue, std::optional<int64_t> wait) {
  std::optional<int64_t>& told = told_[Index(link)][queue];
  for (const uint32_t number : flows_on_[Index(link)]) {
    Flow& flow = flows_[number];
    if (flow.queue != queue || flow.max_latency_ns == 0) continue;
    flow.latency_ns += wait.value_or(0) - told.value_or(0);
    flow.boundless_hops += (wait ? 0 : 1) - (told ? 0 : 1);
    Judge(number);
  }
  told = wait;
}

void QueueLoads::Judge(uint32_t number) {
  const Flow& flow = flows_[number];
  if (flow.boundless_hops > 0 || flow.latency_ns > flow.max_latency_ns) {
    over_.emplace(flow.policy, number);
  } else {
    over_.erase({flow.policy, number});
  }
}

// Adds (sign 1) what a flow brings to the sums of its links, or takes it off again (-1).
void QueueLoads::Put(size_t number, int sign) {
  const Flow& flow = flows_[number];
  for (size_t i = 0; i < flow.links.size(); ++i) {
    touched_.push_back(flow.links[i]);
    Queue& queue = At(flow.links[i], flow.queue);
    queue.flows += sign;
    if (!flow.bursts[i]) queue.boundless += sign;
    if (!flow.risks.empty()) {
      PutShared(flow, i, sign);
      continue;
    }
    queue.rate_bps += sign * flow.rate_bps;
    queue.burst_bits += sign * flow.bursts[i].value_or(0);
  }
}

void QueueLoads::PutShared(const Flow& flow, size_t hop, int sign) {
  std::vector<RiskLoad>& loads = shared_[{flow.links[hop], flow.queue}];
  const size_t before = loads.size();
  size_t at = 0;
  for (const int32_t risk : flow.risks) {
    while (at < before && loads[at].risk < risk) ++at;
    RiskLoad& load =
        at < before && loads[at].risk == risk ? loads[at] : loads.emplace_back(RiskLoad{risk});
    load.flows += sign;
    load.rate_bps += sign * flow.rate_bps;
    load.burst_bits += sign * flow.bursts[hop].value_or(0);
  }
  std::inplace_merge(loads.begin(), loads.begin() + static_cast<ptrdiff_t>(before), loads.end(),
                     [](const RiskLoad& a, const RiskLoad& b) { return a.risk < b.risk; });
  std::erase_if(loads, [](const RiskLoad& load) { return load.flows == 0; });
  Queue& queue = At(flow.links[hop], flow.queue);
  queue.shared_rate_bps = queue.shared_burst_bits = 0;
  for (const RiskLoad& load : loads) {
    queue.shared_rate_bps = std::max(queue.shared_rate_bps, load.rate_bps);
    queue.shared_burst_bits = std::max(queue.shared_burst_bits, load.burst_bits);
  }
}

// By the steps as they are now.
std::vector<std::optional<QueueLoads::Wide>> QueueLoads::BurstsOf(const Flow& flow) const {
  std::vector<std::optional<Wide>> bursts;
  bursts.reserve(flow.links.size());
  Wide delay = 0;
  bool bounded = true;
  for (const LinkId link : flow.links) {
    std::optional<Wide> burst;
    if (bounded) burst = flow.burst_bits + RoundedUp(flow.rate_bps * delay, kNanosecondsASecond);
    bursts.push_back(burst);
    const uint8_t step = At(link, flow.queue).step;
    bounded = bounded && step != kNoStep;
    if (bounded) delay += Steps()[step];
  }
  return bursts;
}

// The flow's bursts by the steps as they are now; notes the links where they changed.
void QueueLoads::Grow(size_t number, std::set<LinkId>* changed) {
  Flow& flow = flows_[number];
  std::vector<std::optional<Wide>> bursts = BurstsOf(flow);
  if (bursts == flow.bursts) return;
  for (size_t i = 0; i < bursts.size(); ++i) {
    if (bursts[i] != flow.bursts[i]) changed->insert(flow.links[i]);
  }
  Put(number, -1);
  flow.bursts = std::move(bursts);
  Put(number, 1);
}

// Raises steps until each agrees with the loads that they make. Every load and every wait grows
// with the steps, so that the order of this work does not matter, and each step is raised a bounded
// number of times.
void QueueLoads::Settle(std::set<LinkId> changed) {
  while (!changed.empty()) {
    const LinkId link = *changed.begin();
    changed.erase(changed.begin());
    for (uint32_t q = 0; q < kQueues; ++q) {
      Queue& queue = At(link, q);
      if (queue.flows == 0 || queue.step == kNoStep) continue;
      const uint8_t needed = StepFor(Wait(link, q));
      if (needed <= queue.step) continue;
      queue.step = needed;
      touched_.push_back(link);
      for (const uint32_t number : flows_on_[Index(link)]) {
        if (flows_[number].queue == q) Grow(number, &changed);
      }
    }
  }
}

void QueueLoads::StartAgain() {
  for (size_t link = 0; link < hops_.size(); ++link) {
    for (Queue& queue : hops_[link]) {
      if (queue.step > 0) touched_.push_back(static_cast<LinkId>(link));
      queue.step = 0;
    }
  }
  std::set<LinkId> changed;
  for (size_t number = 0; number < flows_.size(); ++number) {
    if (flows_[number].links.empty()) continue;
    changed.insert(flows_[number].links.begin(), flows_[number].links.end());
    Grow(number, &changed);
  }
  Settle(std::move(changed));
}

// Without regard to unreserved traffic: that has no burst that could grow.
std::optional<int64_t> QueueLoads::Wait(LinkId link, uint32_t queue) const {
  Wide bits = kLongestFrameBytes * kBitsAByte;
  Wide above = 0;
  for (uint32_t q = queue; q < kQueues; ++q) {
    const Queue& load = At(link, q);
    if (load.boundless > 0) return std::nullopt;
    bits += load.burst_bits + load.shared_burst_bits;
    if (q > queue) above += load.rate_bps + load.shared_rate_bps;
  }
  const Wide left = snapshot_->link(link).capacity_bps - above;
  if (left <= 0 || At(link, queue).rate_bps + At(link, queue).shared_rate_bps > left)
    return std::nullopt;
  const Wide wait = RoundedUp(bits * kNanosecondsASecond, left) + kForwardingDelayNs;
  if (wait > kMostHopBudgetNs) return std::nullopt;
  return static_cast<int64_t>(wait);
}

std::string QueueLoads::WhyNone(LinkId link, uint32_t queue) const {
  const std::string place = "queue " + std::to_string(queue) + " of " + snapshot_->link(link).name;
  Wide rate = 0;
  for (uint32_t q = queue; q < kQueues; ++q) {
    if (At(link, q).boundless > 0) {
      return "flows reach " + place + " from a link without a bound of its own";
    }
    rate += At(link, q).rate_bps + At(link, q).shared_rate_bps;
  }
  const int64_t capacity = snapshot_->link(link).capacity_bps;
  if (rate > capacity) {
    return "what is committed at and above " + place + " exceeds its " + BandwidthText(capacity);
  }
  return "bursts could wait in " + place + " for more than " + DelayText(kMostHopBudgetNs);
}

std::optional<int64_t> QueueLoads::HopWait(LinkId link, uint32_t queue) const {
  if (queue <= unreserved_ || queue >= kQueues || At(link, queue).step == kNoStep) {
    return std::nullopt;
  }
  return Wait(link, queue);
}

std::optional<int64_t> QueueLoads::HopBudget(LinkId link, uint32_t queue) const {
  const std::optional<int64_t> wait = HopWait(link, queue);
  if (!wait) return std::nullopt;
  // Of a queue without flows no step has been worked out.
  return Steps()[std::max(At(link, queue).step, StepFor(wait))];
}

LatencyBound QueueLoads::PathLatency(std::span<const LinkId> links, uint32_t queue) const {
  LatencyBound bound;
  if (queue <= unreserved_ || queue >= kQueues) {
    bound.no_bound = "queue " + std::to_string(queue) + " carries traffic that nothing reserved";
    return bound;
  }
  bound.waits_ns.reserve(links.size());
  for (const LinkId link : links) {
    const std::optional<int64_t>& wait = told_[Index(link)][queue];
    if (!wait) {
      bound.waits_ns.clear();
      bound.no_bound = WhyNone(link, queue);
      return bound;
    }
    bound.propagation_ns += snapshot_->link(link).delay_ns;
    bound.forwarding_ns += kForwardingDelayNs;
    bound.waits_ns.push_back(*wait - kForwardingDelayNs);
    bound.waiting_ns += bound.waits_ns.back();
  }
  bound.latency_ns = bound.propagation_ns + bound.forwarding_ns + bound.waiting_ns;
  return bound;
}

LatencyBound QueueLoads::LatencyIfAdded(std::span<const LinkId> links, uint32_t queue,
                                        int64_t rate_bps, int64_t burst_bytes) const {
  QueueLoads with = *this;
  const absl::Status status = with.Add("", links, queue, rate_bps, burst_bytes);
  if (!status.ok()) return {.no_bound = std::string(status.message())};
  return with.PathLatency(links, queue);
}

std::optional<std::string> QueueLoads::OverLimit() const {
  if (over_.empty()) return std::nullopt;
  return over_.begin()->first;
}

bool QueueLoads::GuardsUpTo(uint32_t queue) const {
  return std::any_of(guarded_.begin(), guarded_.end(),
                     [&](const auto& path) { return flows_[path.second].queue <= queue; });
}

std::optional<std::string> QueueLoads::OverLimitIfAdded(std::span<const LinkId> links,
                                                        uint32_t queue, int64_t rate_bps,
                                                        int64_t burst_bytes) const {
  QueueLoads with = *this;
  if (!with.Add("", links, queue, rate_bps, burst_bytes).ok()) return std::nullopt;
  return with.OverLimit();
}

FailoverBound FailoverTime(uint32_t probe_interval_us, const LatencyBound& working,
                           const LatencyBound& back, const LatencyBound& protect) {
  FailoverBound bound;
  if (probe_interval_us == 0) {
    bound.no_bound = "the paths are not probed: their two directions use different fibres";
    return bound;
  }
  for (const LatencyBound* latency : {&working, &back, &protect}) {
    if (latency->bounded()) continue;
    bound.no_bound = latency->no_bound;
    return bound;
  }
  const int64_t interval = int64_t{1'000} * probe_interval_us;
  bound.detection_ns = kProbesMissed * interval + working.latency_ns + back.latency_ns +
                       4 * (working.jitter_ns() + back.jitter_ns()) +
                       std::max(interval / 2, kLeastProbeAllowanceNs);
  bound.switch_ns = kSwitchDelayNs;
  // The last frame over the working path may have been its fastest.
  bound.added_ns = std::max<int64_t>(0, protect.latency_ns - working.propagation_ns);
  bound.failover_ns = bound.detection_ns + bound.switch_ns + bound.added_ns;
  return bound;
}

}  // namespace waymark

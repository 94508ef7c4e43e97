// The prober's half of Policies: who is alive, and what follows from it.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "southbound/dataplane/linux_policies.h"
#include "southbound/dataplane/linux_specs.h"

namespace waymark {
namespace {

using southbound::v1::PolicyEvent;

constexpr uint32_t kMostGroupWeight = 256;

}  // namespace

// While all that could carry instead is unproven. Bounded: a list that nobody answers on dies.
bool Policies::Keeping(const Policy& policy) const {
  const auto up = [this](uint32_t n) { return lists_.at(n).in_use && lists_.at(n).up(); };
  const auto pending = [this](uint32_t n) { return lists_.at(n).in_use && lists_.at(n).pending(); };
  return !policy.kept.empty() && std::none_of(policy.working.begin(), policy.working.end(), up) &&
         std::any_of(policy.working.begin(), policy.working.end(), pending);
}

bool Policies::Pending(const Policy& policy) const {
  const auto pending = [this](uint32_t n) { return lists_.at(n).pending(); };
  return std::any_of(policy.working.begin(), policy.working.end(), pending) ||
         (policy.protect != 0 && pending(policy.protect));
}

bool Policies::OnProtect(const Policy& policy) const {
  if (policy.protect == 0 || policy.working.empty()) return false;
  const bool carried = std::any_of(policy.working.begin(), policy.working.end(),
                                   [this](uint32_t n) { return lists_.at(n).in_use; });
  return !carried && lists_.at(policy.protect).alive();
}

std::map<uint32_t, uint32_t> Policies::Wish(const Policy& policy) const {
  std::map<uint32_t, uint32_t> members;
  if (Keeping(policy)) return policy.kept;
  if (OnProtect(policy)) return {{lists_.at(policy.protect).path, 1}};
  const auto add = [&](bool (*usable)(const List&)) {
    for (uint32_t number : policy.working) {
      const List& list = lists_.at(number);
      if (!usable(list)) continue;
      uint32_t& weight = members[list.path];
      weight = std::min(weight + list.weight, kMostGroupWeight);
    }
  };
  add([](const List& list) { return list.in_use && list.up(); });
  // Nothing is proven: what may work is no worse than nothing.
  if (members.empty()) add([](const List& list) { return list.in_use; });
  // Back, though not for long yet: better than nothing.
  if (members.empty()) add([](const List& list) { return list.alive(); });
  if (members.empty()) members = {{kBlackholeNexthop, 1}};
  return members;
}

absl::Status Policies::Apply(Policy& policy) {
  const std::map<uint32_t, uint32_t> wish = Wish(policy);
  if (wish == policy.members) return absl::OkStatus();
  if (wish.contains(kBlackholeNexthop) && !kernel_nexthops_.contains(kBlackholeNexthop)) {
    if (absl::Status status = SetNexthop(*kernel_, kBlackholeNexthop, {}, 0); !status.ok()) {
      return status;
    }
    kernel_nexthops_[kBlackholeNexthop] = {};
  }
  const Nexthop group{.members = wish};
  if (absl::Status status = SetNexthop(*kernel_, policy.group, group, 0); !status.ok()) {
    return status;
  }
  kernel_nexthops_[policy.group] = group;
  policy.members = wish;
  return absl::OkStatus();
}

PolicyEvent Policies::EventOf(const Policy& policy) const {
  PolicyEvent event;
  event.set_color(policy.object.color());
  event.set_endpoint_sid(policy.object.endpoint_sid());
  for (uint32_t number : policy.working) event.add_working_up(lists_.at(number).up());
  event.set_protect_up(policy.protect != 0 && lists_.at(policy.protect).up());
  event.set_on_protect(OnProtect(policy));
  return event;
}

void Policies::Changed(const PolicyId& id) {
  Policy& policy = policies_.at(id);
  if (policy.members != Wish(policy)) {
    const absl::Status status = Apply(policy);
    ++counters_.repairs;
    if (!status.ok()) {
      ++counters_.repair_errors;
      Log(LogLevel::kError, "policy not repaired",
          {{"color", id.first},
           {"endpoint_sid", id.second},
           {"reason", std::string(status.message())}});
    }
  }
  if (!policy.kept.empty() && !Keeping(policy) && policy.members == Wish(policy)) {
    ReleaseKept(policy);
    policy.kept.clear();
  }
  // Neither up nor down yet: soon it is known.
  if (Pending(policy)) return;
  const PolicyEvent event = EventOf(policy);
  std::string text = event.SerializeAsString();
  if (text == policy.last_event) return;
  policy.last_event = std::move(text);
  *events_.emplace_back().mutable_policy() = event;
}

// The sink runs without the mutex: it may ask for what we observe.
void Policies::Tell(std::unique_lock<std::mutex>& lock) {
  std::vector<southbound::v1::Event> events;
  events.swap(events_);
  lock.unlock();
  if (!sink_) return;
  for (southbound::v1::Event& event : events) sink_(std::move(event));
}

void Policies::Schedule(uint32_t number, List& list) {
  const absl::Duration wake =
      std::min({list.next_send, list.restore, list.liveness.Deadline(stall_end_)});
  if (wake == list.wake) return;
  schedule_.erase({list.wake, number});
  list.wake = wake;
  if (wake != absl::InfiniteDuration()) schedule_.emplace(wake, number);
}

void Policies::Died(List& list) {
  ++counters_.deaths;
  list.in_use = false;
  list.restore = absl::InfiniteDuration();
}

void Policies::Revived(List& list, absl::Duration now) {
  if (list.in_use || list.restore != absl::InfiniteDuration()) return;
  const uint32_t wait = policies_.at(list.policy).object.wait_to_restore_ms();
  list.restore = now + absl::Milliseconds(wait);
}

absl::Duration Policies::Advance(absl::Duration now, absl::Duration stall_end,
                                 std::vector<Probe>* due) {
  std::unique_lock lock(mutex_);
  stall_end_ = stall_end;
  std::set<PolicyId> changed;
  while (!schedule_.empty() && schedule_.begin()->first <= now) {
    const uint32_t number = schedule_.begin()->second;
    schedule_.erase(schedule_.begin());
    List& list = lists_.at(number);
    list.wake = absl::InfiniteDuration();
    if (list.probed && list.liveness.Judge(now, stall_end)) {
      Died(list);
      changed.insert(list.policy);
    }
    if (list.restore <= now) {
      list.restore = absl::InfiniteDuration();
      list.in_use = list.alive();
      changed.insert(list.policy);
    }
    if (list.next_send <= now) {
      const uint32_t dscp = policies_.at(list.policy).object.dscp();
      due->push_back({number, list.liveness.Sent(now), static_cast<uint8_t>(dscp), list.segments});
      ++counters_.probes_sent;
      list.next_send += list.interval;
      // After a stall, no burst of what was missed.
      if (list.next_send <= now) list.next_send = now + list.interval;
    }
    Schedule(number, list);
  }
  for (const PolicyId& id : changed) Changed(id);
  const absl::Duration next =
      schedule_.empty() ? absl::InfiniteDuration() : schedule_.begin()->first;
  Tell(lock);
  return next;
}

void Policies::Answered(uint32_t number, uint64_t sequence, absl::Duration sent,
                        absl::Duration now) {
  std::unique_lock lock(mutex_);
  const auto found = lists_.find(number);
  if (found == lists_.end()) return;
  List& list = found->second;
  ++counters_.probes_answered;
  const bool revived = list.liveness.Answered(sequence, sent, now) && list.carrier;
  const bool first = !list.proven && list.liveness.answered() > 0;
  list.proven |= first;
  if (revived) Revived(list, now);
  if (revived || first) Changed(list.policy);
  Schedule(number, list);
  Tell(lock);
}

void Policies::SetCarrier(const std::string& interface, bool running, absl::Duration now) {
  std::unique_lock lock(mutex_);
  const auto [it, added] = carriers_.emplace(interface, running);
  if (!added && it->second == running) return;
  it->second = running;
  std::set<PolicyId> changed;
  for (auto& [number, list] : lists_) {
    if (list.interface != interface || list.carrier == running) continue;
    list.carrier = running;
    if (!running) {
      Died(list);
      // A link that comes back proves nothing of the rest of the path.
      list.liveness.Assume(!list.probed);
    } else if (list.alive()) {
      // Unprobed, or a late answer came in meanwhile: no later one would say so again.
      Revived(list, now);
    }
    changed.insert(list.policy);
    Schedule(number, list);
  }
  for (const PolicyId& id : changed) Changed(id);
  Tell(lock);
}

std::vector<southbound::v1::Event> Policies::Observe() const {
  const std::scoped_lock lock(mutex_);
  std::vector<southbound::v1::Event> events;
  for (const auto& [id, policy] : policies_) {
    PolicyEvent event = EventOf(policy);
    if (Pending(policy) && (policy.last_event.empty() || !event.ParseFromString(policy.last_event)))
      continue;
    *events.emplace_back().mutable_policy() = std::move(event);
  }
  return events;
}

Policies::Counters Policies::counters() const {
  const std::scoped_lock lock(mutex_);
  Counters now = counters_;
  for (const auto& [number, list] : lists_) {
    if (!list.probed || !list.alive()) continue;
    now.slowest_round_trip_seconds =
        std::max(now.slowest_round_trip_seconds, absl::ToDoubleSeconds(list.liveness.round_trip()));
  }
  return now;
}

}  // namespace waymark

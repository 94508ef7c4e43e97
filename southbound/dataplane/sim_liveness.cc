#include "southbound/dataplane/sim_liveness.h"

#include "southbound/dataplane/sim_walk.h"

namespace waymark {
namespace {

constexpr int kDetectionMultiplier = 3;

}  // namespace

SimList& SimLiveness::ListAt(SimPolicy& policy, size_t index) {
  return index < policy.working.size() ? policy.working[index] : policy.protect.front();
}

SimPolicy& SimLiveness::PolicyOf(const ListKey& key) {
  return switches_.at(key.node)->policies().at(key.policy);
}

void SimLiveness::SetDue(const ListKey& key, SimList& list, Step step, absl::Duration due) {
  absl::Duration& held = step == Step::kDetect ? list.detect_due : list.restore_due;
  if (held != absl::InfiniteDuration()) deadlines_.erase({held, key, step});
  held = due;
  if (held != absl::InfiniteDuration()) deadlines_.emplace(held, key, step);
}

void SimLiveness::Probe(const ListKey& key, SimList& list) {
  for (const std::string& node : list.touched) visitors_[node].erase(key);
  list.reachable = SimProbe(*switches_.at(key.node), list);
  for (const std::string& node : list.touched) visitors_[node].insert(key);
}

void SimLiveness::Evaluate(const ListKey& key, absl::Duration now) {
  SimPolicy& policy = PolicyOf(key);
  SimList& list = ListAt(policy, key.index);
  Probe(key, list);
  if (list.reachable == list.alive) {
    SetDue(key, list, Step::kDetect, absl::InfiniteDuration());
  } else if (list.detect_due == absl::InfiniteDuration()) {
    const absl::Duration interval = absl::Microseconds(policy.object.probe_interval_us());
    SetDue(key, list, Step::kDetect,
           now + (list.reachable ? interval : interval * kDetectionMultiplier));
  }
}

void SimLiveness::Add(SimSwitch& head, const SimPolicyKey& policy_key, absl::Duration now) {
  SimPolicy& policy = head.policies().at(policy_key);
  changed_.insert({head.name(), policy_key});
  for (size_t i = 0; i < policy.working.size() + policy.protect.size(); ++i) {
    SimList& list = ListAt(policy, i);
    if (!list.probed) continue;
    const ListKey key{head.name(), policy_key, i};
    if (list.touched.empty()) {
      Probe(key, list);
      list.alive = list.in_use = list.reachable;
      continue;
    }
    // Inherited from the policy that was replaced, with its deadlines.
    if (list.detect_due != absl::InfiniteDuration()) {
      deadlines_.emplace(list.detect_due, key, Step::kDetect);
    }
    if (list.restore_due != absl::InfiniteDuration()) {
      deadlines_.emplace(list.restore_due, key, Step::kRestore);
    }
    Evaluate(key, now);
  }
}

void SimLiveness::Remove(SimSwitch& head, const SimPolicyKey& policy_key) {
  const auto held = head.policies().find(policy_key);
  if (held == head.policies().end()) return;
  SimPolicy& policy = held->second;
  for (size_t i = 0; i < policy.working.size() + policy.protect.size(); ++i) {
    SimList& list = ListAt(policy, i);
    const ListKey key{head.name(), policy_key, i};
    // Only the index: a replacement may inherit the list's own deadlines.
    deadlines_.erase({list.detect_due, key, Step::kDetect});
    deadlines_.erase({list.restore_due, key, Step::kRestore});
    for (const std::string& node : list.touched) visitors_[node].erase(key);
  }
}

void SimLiveness::Touch(const std::string& node, absl::Duration now) {
  const auto visitors = visitors_.find(node);
  if (visitors == visitors_.end()) return;
  const std::set<ListKey> keys = visitors->second;  // Evaluate changes the index.
  for (const ListKey& key : keys) Evaluate(key, now);
}

void SimLiveness::Detected(const ListKey& key, absl::Duration now) {
  SimPolicy& policy = PolicyOf(key);
  SimList& list = ListAt(policy, key.index);
  list.alive = list.reachable;
  if (!list.alive) {
    list.in_use = false;
    SetDue(key, list, Step::kRestore, absl::InfiniteDuration());
  } else {
    SetDue(key, list, Step::kRestore, now + absl::Milliseconds(policy.object.wait_to_restore_ms()));
  }
}

void SimLiveness::Advance(absl::Duration now) {
  while (!deadlines_.empty() && std::get<0>(*deadlines_.begin()) <= now) {
    const auto [due, key, step] = *deadlines_.begin();
    SimList& list = ListAt(PolicyOf(key), key.index);
    SetDue(key, list, step, absl::InfiniteDuration());
    if (step == Step::kDetect) {
      Detected(key, due);
    } else {
      list.in_use = true;
    }
    changed_.insert({key.node, key.policy});
  }
}

absl::Duration SimLiveness::next_due() const {
  return deadlines_.empty() ? absl::InfiniteDuration() : std::get<0>(*deadlines_.begin());
}

}  // namespace waymark

// When a segment list dies and when it comes back, as its probes would find out.
//
// Probes are not sent one by one: whether a probe gets through is a function of the switches that
// it visits, so it is worked out again only when one of those changes. A list is then dead 3 probe
// intervals after the break (RFC 7880 with a detection multiplier of 3), alive again one interval
// after the repair, and in use again wait-to-restore later. Not thread-safe.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_SIM_LIVENESS_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_SIM_LIVENESS_H_

#include <compare>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/time/time.h"
#include "southbound/dataplane/sim_switch.h"

namespace waymark {

using SimSwitches = std::map<std::string, std::unique_ptr<SimSwitch>>;

class SimLiveness {
 public:
  using PolicyRef = std::pair<std::string, SimPolicyKey>;  // node, policy

  // `switches` must outlive this.
  explicit SimLiveness(SimSwitches& switches) : switches_(switches) {}

  // After the policy was put. A list that is new is at once what a probe finds. O(lists * path).
  void Add(SimSwitch& head, const SimPolicyKey& policy, absl::Duration now);
  // Before the policy is removed or replaced.
  void Remove(SimSwitch& head, const SimPolicyKey& policy);
  // Something at `node` changed: its links, routes or wires. O(lists that visit it * path).
  void Touch(const std::string& node, absl::Duration now);
  // Applies what is due.
  void Advance(absl::Duration now);
  // Infinite: nothing is pending.
  absl::Duration next_due() const;
  // Policies whose state may have changed since the last call.
  std::set<PolicyRef> TakeChanged() { return std::exchange(changed_, {}); }

 private:
  struct ListKey {
    std::string node;
    SimPolicyKey policy;
    size_t index = 0;  // the protect list stands behind the working ones
    auto operator<=>(const ListKey&) const = default;
  };
  enum class Step { kDetect, kRestore };

  static SimList& ListAt(SimPolicy& policy, size_t index);
  SimPolicy& PolicyOf(const ListKey& key);
  void Probe(const ListKey& key, SimList& list);
  void Evaluate(const ListKey& key, absl::Duration now);
  void SetDue(const ListKey& key, SimList& list, Step step, absl::Duration due);
  void Detected(const ListKey& key, absl::Duration now);

  SimSwitches& switches_;
  std::map<std::string, std::set<ListKey>> visitors_;
  std::set<std::tuple<absl::Duration, ListKey, Step>> deadlines_;
  std::set<PolicyRef> changed_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_SIM_LIVENESS_H_

#include "controller/engine/view_builder.h"

#include <google/protobuf/util/message_differencer.h>
#include <google/protobuf/util/time_util.h>

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

using google::protobuf::util::MessageDifferencer;

std::string Id(std::string_view name) { return std::string(ResourceId(name)); }

v1::Status MakeStatus(v1::State state, std::string reason = "") {
  v1::Status status;
  status.set_state(state);
  status.set_reason(std::move(reason));
  return status;
}

class Builder {
 public:
  Builder(const ViewInput& input, const NetworkView& previous) : in_(input), previous_(previous) {}

  std::shared_ptr<const NetworkView> Build() {
    view_->computed_from = in_.computed_from;
    view_->converged = in_.switches.Converged();
    policies_.reserve(in_.plan.policies.size());
    for (const auto& [name, planned] : in_.plan.policies) AddPolicy(name, *planned);
    for (const auto& [name, service] : in_.plan.services) AddStatus(name, ServiceStatus(*service));
    for (const NodeInfo& node : in_.snapshot.nodes()) AddStatus(node.name, NodeStatus(node));
    for (const LinkInfo& link : in_.snapshot.links()) AddStatus(link.name, LinkStatus(link));
    for (const auto& [node, state] : in_.switches.switches()) {
      if (state.wanted || state.session != nullptr) AddAgent(node, state);
    }
    return std::move(view_);
  }

 private:
  // What services need to know of a policy: they share them, and have many.
  struct PolicyShown {
    const v1::Policy* policy;  // in view_
    std::string waiting;       // as NotConfirmed says of its object
    bool rejected;
  };

  // Keeps `since` while the state stays.
  void SetSince(v1::Status& status, const v1::Status* before) {
    if (before != nullptr && before->state() == status.state() && before->has_since()) {
      *status.mutable_since() = before->since();
    } else {
      *status.mutable_since() =
          google::protobuf::util::TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(in_.now));
    }
  }

  template <typename T>
  void Add(std::map<std::string, std::shared_ptr<const T>>& to,
           const std::map<std::string, std::shared_ptr<const T>>& before, const std::string& name,
           T value) {
    auto it = before.find(name);
    if (it != before.end() && MessageDifferencer::Equals(*it->second, value)) {
      to.emplace(name, it->second);
    } else {
      to.emplace(name, std::make_shared<const T>(std::move(value)));
    }
  }

  void AddStatus(const std::string& name, v1::Status status) {
    auto it = previous_.statuses.find(name);
    SetSince(status, it == previous_.statuses.end() ? nullptr : it->second.get());
    Add(view_->statuses, previous_.statuses, name, std::move(status));
  }

  // Why the object `key` of switch `node` is not as it must be; empty when it is.
  std::string NotConfirmed(const std::string& node, const std::string& key, bool* rejected) const {
    const SwitchState* state = in_.switches.Find(node);
    if (state == nullptr || !state->ever_connected) {
      return absl::StrCat("the agent of ", node, " has not connected");
    }
    auto entry = state->desired.entries().find(key);
    if (entry == state->desired.entries().end()) return "";
    if (state->acked.Has(key, entry->second.hash)) {
      return state->rib_only.contains(key) ? absl::StrCat("switch ", node, " cannot yet put ", key,
                                                          " into its data plane", RibReason(*state))
                                           : "";
    }
    if (auto it = state->rejected.find(key); it != state->rejected.end()) {
      *rejected = true;
      return absl::StrCat("switch ", node, " rejected ", key, ": ", it->second.error);
    }
    if (state->session == nullptr) {
      return absl::StrCat("the agent of ", node, " is not connected; waiting to program ", key);
    }
    return in_.switches.frozen()
               ? absl::StrCat("programming is frozen; waiting to program ", key, " at ", node)
           : !in_.switches.waves().paused().empty()
               ? absl::StrCat("the rollout is paused; waiting to program ", key, " at ", node)
               : absl::StrCat("waiting for switch ", node, " to confirm ", key);
  }

  // What the switch last said of the object that it could not program.
  static std::string RibReason(const SwitchState& state) {
    return state.last_rib_detail.empty() ? "" : ": " + state.last_rib_detail;
  }

  // Of the links of a path, at their source switches.
  std::string PathNotConfirmed(const v1::Path& path, bool* rejected) const {
    for (int i = 0; i < path.links_size(); ++i) {
      std::string reason =
          NotConfirmed(Id(path.nodes(i)), absl::StrCat("link:", Id(path.links(i))), rejected);
      if (!reason.empty()) return reason;
    }
    return "";
  }

  std::string DownLinks(const v1::Path& path) const {
    std::string names;
    for (const std::string& link : path.links()) {
      if (!in_.switches.links_down().contains(link)) continue;
      absl::StrAppend(&names, names.empty() ? "" : ", ", Id(link));
    }
    return names.empty() ? "its liveness probes are not answered"
                         : absl::StrCat("down on it: ", names);
  }

  void AddPolicy(const std::string& name, const PlannedPolicy& planned) {
    PolicyShown shown{nullptr, "", false};
    shown.waiting = NotConfirmed(planned.headend_id, planned.object_key, &shown.rejected);
    v1::Policy policy = planned.Message();
    const auto promise = in_.plan.promises.find(name);
    if (promise != in_.plan.promises.end()) *policy.mutable_promise() = *promise->second;
    policy.set_revision(in_.computed_from);
    *policy.mutable_status() = WithPlanned(planned, PolicyStatus(planned, shown, policy));
    auto it = previous_.policies.find(name);
    SetSince(*policy.mutable_status(),
             it == previous_.policies.end() ? nullptr : &it->second->status());
    Add(view_->policies, previous_.policies, name, std::move(policy));
    shown.policy = view_->policies.at(name).get();
    policies_.emplace(std::pair(planned.pair, shown.policy->color()), std::move(shown));
  }

  // What the plan could not give it is missing whatever its switches say, or do not say yet.
  static v1::Status WithPlanned(const PlannedPolicy& planned, v1::Status status) {
    const v1::Status& plan = planned.status;
    const bool lacks = plan.state() == v1::DEGRADED || plan.state() == v1::DOWN;
    if (!lacks || plan.reason().empty() || status.reason() == plan.reason()) return status;
    status.set_reason(
        absl::StrCat(status.reason(), status.reason().empty() ? "" : "; and ", plan.reason()));
    status.set_blocking_constraint(plan.blocking_constraint());
    status.set_relaxation(plan.relaxation());
    return status;
  }

  v1::Status PolicyStatus(const PlannedPolicy& planned, const PolicyShown& shown,
                          v1::Policy& policy) const {
    if (planned.blocked()) return planned.status;
    bool rejected = shown.rejected;
    std::string waiting = shown.waiting;
    for (const v1::Path& path : policy.working()) {
      if (waiting.empty()) waiting = PathNotConfirmed(path, &rejected);
    }
    if (!waiting.empty()) return MakeStatus(rejected ? v1::DOWN : v1::PENDING, waiting);

    const SwitchState& headend = *in_.switches.Find(planned.headend_id);
    auto observed = headend.policies.find(planned.object_key);
    if (observed == headend.policies.end()) {
      return MakeStatus(v1::PENDING, absl::StrCat("switch ", planned.headend_id,
                                                  " has not reported its liveness yet"));
    }
    return Liveness(headend, observed->second, planned, policy);
  }

  v1::Status Liveness(const SwitchState& headend, const southbound::v1::PolicyEvent& event,
                      const PlannedPolicy& planned, v1::Policy& policy) const {
    int up = 0;
    const bool has_protect = policy.has_protect() && policy.protect().links_size() > 0;
    std::string first_down;
    for (int i = 0; i < policy.working_size(); ++i) {
      const bool alive = i < event.working_up_size() && event.working_up(i);
      up += alive ? 1 : 0;
      policy.mutable_working(i)->set_state(alive ? v1::UP : v1::DOWN);
      if (!alive && first_down.empty()) first_down = DownLinks(policy.working(i));
    }
    if (has_protect) {
      policy.mutable_protect()->set_state(event.protect_up() ? v1::UP : v1::DOWN);
    }
    policy.set_on_protect(event.on_protect());
    const v1::State state = planned.status.state();
    if (event.on_protect() ? !event.protect_up() : up == 0) {
      // The plan knows what is down, and what stands in the way of any other path.
      if (state == v1::DOWN) return planned.status;
      return MakeStatus(
          v1::DOWN,
          absl::StrCat(event.on_protect() && up > 0 ? "on its protect path, which is not alive"
                                                    : "no path is alive",
                       "; working path: ", up > 0 ? "waiting to restore" : first_down,
                       has_protect ? "; protect path: " : "",
                       has_protect ? DownLinks(policy.protect()) : ""));
    }
    if (event.on_protect()) {
      return MakeStatus(v1::DEGRADED, absl::StrCat("on its protect path; working path: ",
                                                   up == 0 ? first_down : "waiting to restore"));
    }
    if (up < policy.working_size()) {
      return MakeStatus(v1::DEGRADED, absl::StrCat(up, " of ", policy.working_size(),
                                                   " paths alive; ", first_down));
    }
    if (has_protect && !event.protect_up()) {
      return MakeStatus(v1::DEGRADED, absl::StrCat("without protection now; protect path: ",
                                                   DownLinks(policy.protect())));
    }
    if (headend.session == nullptr) {
      return MakeStatus(v1::DEGRADED, absl::StrCat("the agent of ", planned.headend_id,
                                                   " is not connected; it was up when last seen"));
    }
    if (state == v1::DEGRADED || state == v1::DOWN) return planned.status;
    return MakeStatus(v1::UP);
  }

  v1::Status ServiceStatus(const ServicePlan& service) const {
    if (service.status.state() == v1::BLOCKED) return service.status;
    bool rejected = false;
    std::string of_objects;
    for (const auto& [node, key] : service.objects) {
      of_objects = NotConfirmed(node, key, &rejected);
      if (!of_objects.empty()) break;
    }
    const PolicyShown* waits = nullptr;
    int count[6] = {};
    const v1::Policy* first[6] = {};
    int all = 0;
    for (const uint32_t color : service.colors) {
      for (const auto& [pair, endpoints] : service.pairs) {
        const PolicyShown& shown = policies_.at({pair, color});
        // Of several the first by name is told, in whatever order they come.
        if (of_objects.empty() && !shown.waiting.empty() &&
            (waits == nullptr || shown.policy->name() < waits->policy->name())) {
          waits = &shown;
        }
        const v1::State state = shown.policy->status().state();
        ++count[state];
        ++all;
        if (state != v1::UP &&
            (first[state] == nullptr || shown.policy->name() < first[state]->name())) {
          first[state] = shown.policy;
        }
      }
    }
    if (waits != nullptr) rejected = waits->rejected;
    const std::string waiting = waits != nullptr ? waits->waiting : of_objects;
    const auto explain = [&](v1::State state, v1::State of) {
      v1::Status status = first[of]->status();
      status.set_state(state);
      status.clear_since();
      status.set_reason(absl::StrCat(count[of], " of ", all, " policies ", v1::State_Name(of),
                                     ", first ", Id(first[of]->name()), ": ",
                                     first[of]->status().reason()));
      return status;
    };
    // First what no switch will mend.
    if (count[v1::BLOCKED] > 0) {
      v1::Status status =
          explain(count[v1::BLOCKED] == all ? v1::BLOCKED : v1::DEGRADED, v1::BLOCKED);
      if (waiting.empty()) return status;
      if (status.state() == v1::DEGRADED) status.set_state(rejected ? v1::DOWN : v1::PENDING);
      status.set_reason(absl::StrCat(status.reason(), "; and ", waiting));
      return status;
    }
    if (!waiting.empty()) return MakeStatus(rejected ? v1::DOWN : v1::PENDING, waiting);
    if (count[v1::DOWN] > 0) {
      return explain(count[v1::DOWN] == all ? v1::DOWN : v1::DEGRADED, v1::DOWN);
    }
    if (count[v1::PENDING] > 0) return explain(v1::PENDING, v1::PENDING);
    // It carries, without the guarantee that it was given.
    if (service.status.state() == v1::DEGRADED) return service.status;
    if (count[v1::DEGRADED] > 0) return explain(v1::DEGRADED, v1::DEGRADED);
    return MakeStatus(v1::UP);
  }

  std::string NotInStep() const {
    return in_.switches.frozen()                   ? "not in step; programming is frozen"
           : in_.switches.waves().paused().empty() ? "being programmed"
                                                   : "not in step; the rollout is paused";
  }

  v1::Status NodeStatus(const NodeInfo& node) const {
    const std::string id = Id(node.name);
    const SwitchState* state = in_.switches.Find(id);
    if (state == nullptr || !state->ever_connected) {
      return MakeStatus(v1::PENDING, "its agent has not connected");
    }
    if (state->session == nullptr) {
      return MakeStatus(v1::DEGRADED, "its agent is not connected; the switch keeps forwarding");
    }
    if (!state->rejected.empty()) {
      const auto& [key, rejection] = *state->rejected.begin();
      return MakeStatus(v1::DEGRADED, absl::StrCat("rejected ", key, ": ", rejection.error));
    }
    return state->HoldsDesired() ? MakeStatus(v1::UP) : MakeStatus(v1::PENDING, NotInStep());
  }

  v1::Status LinkStatus(const LinkInfo& link) const {
    const SwitchState* state = in_.switches.Find(Id(in_.snapshot.node(link.source).name));
    if (state != nullptr) {
      if (auto it = state->link_up.find(Id(link.name)); it != state->link_up.end()) {
        if (it->second && state->session == nullptr) {
          return MakeStatus(v1::DEGRADED,
                            "its switch's agent is not connected; it was up when last seen");
        }
        return it->second ? MakeStatus(v1::UP)
                          : MakeStatus(v1::DOWN, absl::StrCat("switch reports interface ",
                                                              link.interface, " down"));
      }
    }
    return MakeStatus(v1::PENDING, "its switch has not reported it yet");
  }

  void AddAgent(const std::string& node, const SwitchState& state) {
    v1::Agent agent;
    const std::string name = absl::StrCat("agents/", node);
    agent.set_name(name);
    agent.set_connected(state.session != nullptr);
    agent.set_instance(state.hello.instance());
    agent.set_version(state.hello.version());
    agent.set_dataplane(state.hello.dataplane());
    switch (state.hello.persistence()) {
      case southbound::v1::PERSIST_PROCESS:
        agent.set_persistence("agent restart");
        break;
      case southbound::v1::PERSIST_REBOOT:
        agent.set_persistence("agent restart and reboot");
        break;
      default:
        agent.set_persistence(state.ever_connected ? "none declared" : "");
        break;
    }
    agent.set_desired_objects(static_cast<int64_t>(state.desired.size()));
    agent.set_sent_objects(state.sent ? static_cast<int64_t>(state.sent->operations.size()) : 0);
    agent.set_acked_objects(static_cast<int64_t>(state.acked.hashes().size()));
    agent.set_observed_objects(static_cast<int64_t>(state.link_up.size() + state.policies.size()));
    for (const auto& [key, rejection] : state.rejected) {
      agent.add_rejected(absl::StrCat(key, ": ", rejection.error));
    }
    agent.set_operations_sent(state.operations_sent);
    agent.set_last_acked_revision(state.last_acked_revision);
    if (state.session != nullptr) {
      *agent.mutable_connected_since() = google::protobuf::util::TimeUtil::NanosecondsToTimestamp(
          absl::ToUnixNanos(state.connected_since));
    }
    v1::Status& status = *agent.mutable_status();
    if (!state.ever_connected) {
      status = MakeStatus(v1::PENDING, "has not connected");
    } else if (state.session == nullptr) {
      status = MakeStatus(v1::DOWN, "not connected");
    } else if (!state.rejected.empty()) {
      status = MakeStatus(v1::DEGRADED, agent.rejected(0));
    } else if (!state.HoldsDesired()) {
      status = MakeStatus(v1::PENDING, NotInStep());
    } else if (!state.rib_only.empty()) {
      status = MakeStatus(v1::DEGRADED, absl::StrCat(state.rib_only.size(),
                                                     " objects not yet in its data plane, first ",
                                                     *state.rib_only.begin(), RibReason(state)));
    } else {
      status = MakeStatus(v1::UP);
    }
    auto it = previous_.agents.find(name);
    SetSince(status, it == previous_.agents.end() ? nullptr : &it->second->status());
    Add(view_->agents, previous_.agents, name, std::move(agent));
  }

  const ViewInput& in_;
  const NetworkView& previous_;
  std::shared_ptr<NetworkView> view_ = std::make_shared<NetworkView>();
  // By pair and color.
  absl::flat_hash_map<std::pair<std::pair<NodeId, NodeId>, uint32_t>, PolicyShown> policies_;
};

}  // namespace

std::shared_ptr<const NetworkView> BuildView(const ViewInput& input, const NetworkView& previous) {
  return Builder(input, previous).Build();
}

}  // namespace waymark

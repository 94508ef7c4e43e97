#include "controller/plan/plan.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "controller/base/srv6.h"
#include "controller/plan/demands.h"
#include "controller/plan/guarantee.h"
#include "controller/plan/mesh.h"
#include "controller/plan/mesh_codec.h"
#include "controller/plan/paths.h"
#include "controller/plan/pinned.h"
#include "controller/plan/placer.h"
#include "controller/plan/service.h"
#include "controller/plan/service_objects.h"
#include "controller/plan/underlay.h"

namespace waymark {
namespace {

using southbound::v1::Object;
using southbound::v1::PolicyObject;

class Planner {
 public:
  explicit Planner(const PlanInput& input)
      : input_(input),
        snapshot_(input.snapshot),
        link_state_(LinkStateOf(input)),
        shortest_(snapshot_, &link_state_),
        resolved_(ResolveServices(snapshot_, input.intents)) {}

  Plan Run() {
    AddUnderlay(snapshot_, link_state_, input_.intents, &plan_.objects);
    for (const auto& [name, reason] : resolved_.refused) {
      v1::Status& status = plan_.services[name].status;
      status.set_state(v1::BLOCKED);
      status.set_reason(reason);
    }
    for (const auto& [name, service] : resolved_.services) {
      plan_.services[name].status.set_state(v1::PENDING);
    }
    const PlannedMesh mesh = PlanMesh(input_, resolved_, link_state_);
    plan_.mesh_changes = mesh.changes;
    AddPinned(mesh);
    for (const MeshClassPlan& planned : mesh.classes) {
      for (size_t i = 0; i < planned.pairs.size(); ++i) AddMeshPolicy(planned, i);
    }
    uint32_t number = 0;
    for (auto& [name, policy] : plan_.policies) policy.number = number++;
    for (const auto& [name, service] : resolved_.services) {
      AddServiceObjects(name, service);
      NotePolicies(service, &plan_.services.at(name));
    }
    ComparePlacements();
    return std::move(plan_);
  }

 private:
  // Headend, color, endpoint: of a policy.
  using Place = std::tuple<NodeId, uint32_t, NodeId>;

  std::string Name(NodeId node, uint32_t color, NodeId endpoint) const {
    return PolicyName(snapshot_.node(node).name, color, snapshot_.node(endpoint).name);
  }

  void AddServiceObjects(const std::string& name, const ResolvedService& service) {
    ServicePlan& planned = plan_.services.at(name);
    if (planned.status.state() == v1::BLOCKED) return;
    for (const auto& [node, object] : ServiceObjects(snapshot_, service)) {
      planned.objects.emplace_back(node, ObjectKey(object));
      plan_.objects[node].Put(object);
    }
    std::sort(planned.objects.begin(), planned.objects.end());
  }

  // Calls visit(class, pair) for each class of a treatment.
  template <typename Visit>
  void ForEachFlow(const ResolvedService& service, bool pinned, Visit visit) const {
    for (const auto& [name, traffic_class] : service.classes) {
      if ((traffic_class->treatment() == v1::PINNED) != pinned) continue;
      for (const auto& [pair, count] : service.node_pairs) visit(*traffic_class, pair);
    }
  }

  // What services hold is between what was placed before and what is new.
  void AddPinned(const PlannedMesh& mesh) {
    PinnedInput pinned = PinnedInputOf(input_, resolved_, link_state_);
    pinned.mesh_holds = MeshHoldsOf(snapshot_, resolved_, mesh, input_.guarantees);
    std::vector<MeshHold> holds;
    const auto placed = PlacePinned(std::move(pinned), &holds);
    NoteGuarantees(mesh, holds);
    for (const auto& named : resolved_.services) {
      const auto& service = named.second;
      ForEachFlow(
          service, /*pinned=*/true,
          [&](const v1::TrafficClass& traffic_class, const std::pair<NodeId, NodeId>& pair) {
            const std::string policy =
                Name(pair.first, service.ColorOf(traffic_class), pair.second);
            AddPinnedPolicy(policy, placed.at(policy), service, traffic_class, pair);
          });
    }
  }

  void AddPinnedPolicy(const std::string& name, const PlacedPolicy& placed,
                       const ResolvedService& service, const v1::TrafficClass& traffic_class,
                       const std::pair<NodeId, NodeId>& pair) {
    v1::Policy policy =
        NewPolicy(name, traffic_class, service.ColorOf(traffic_class), pair, placed.status);
    policy.set_service(service.service->name());
    policy.set_reserved_bps(placed.reserved_bps);
    PolicyObject object = NewObject(policy, traffic_class, pair);
    object.set_probe_interval_us(input_.options.pinned_probe_interval_us);
    if (!placed.working.empty()) {
      const Sids sids = StrictSids(snapshot_, placed.working);
      *policy.add_working() = PathMessage(snapshot_, placed.working, 1, sids);
      *object.add_working() = SegmentListMessage(snapshot_, placed.working, 1, sids);
      plan_.placements[name] = PlacementOf(snapshot_, placed);
      *policy.mutable_promise() = placed.promise;
    }
    if (!placed.protect.empty()) {
      const Sids sids = StrictSids(snapshot_, placed.protect);
      *policy.mutable_protect() = PathMessage(snapshot_, placed.protect, 1, sids);
      *object.mutable_protect() = SegmentListMessage(snapshot_, placed.protect, 1, sids);
    }
    AddPolicy(std::move(policy), std::move(object), pair);
  }

  void NoteGuarantees(const PlannedMesh& mesh, const std::vector<MeshHold>& holds) {
    std::set<std::string> kept;
    for (const MeshHold& hold : holds) {
      const auto lacks = StatusOf(snapshot_, resolved_.services.at(hold.service), mesh, hold);
      if (lacks) plan_.services.at(hold.service).status = *lacks;
      const auto record = RecordOf(snapshot_, hold);
      if (!record) continue;
      kept.insert(hold.service);
      if (!hold.record || hold.record->SerializeAsString() != record->SerializeAsString()) {
        plan_.guarantee_changes[hold.service] = *record;
      }
    }
    if (input_.guarantees == nullptr) return;
    for (const auto& [service, record] : *input_.guarantees) {
      if (!kept.contains(service)) plan_.guarantee_changes[service] = std::nullopt;
    }
  }

  // Shared: one policy a class and pair of edge nodes, however many services need it.
  void AddMeshPolicy(const MeshClassPlan& planned, size_t number) {
    const v1::TrafficClass& traffic_class = *planned.traffic_class;
    const auto& pair = planned.pairs[number];
    const uint32_t color = Color(0, traffic_class.class_index());
    v1::Status status;
    status.set_state(v1::PENDING);
    if (const auto why = planned.blocked.find(number); why != planned.blocked.end()) {
      SetRefusal(why->second, v1::BLOCKED, &status);
    }
    v1::Policy policy =
        NewPolicy(Name(pair.first, color, pair.second), traffic_class, color, pair, status);
    PolicyObject object = NewObject(policy, traffic_class, pair);
    object.set_probe_interval_us(input_.options.mesh_probe_interval_us);
    const MeshRoutes& routes = planned.routes;
    for (size_t i = routes.first_route(number); i < routes.first_route(number + 1); ++i) {
      const std::vector<LinkId> links = LinkIdsOf(routes.links(i));
      const uint32_t weight = static_cast<uint32_t>(routes.weight(i));
      const Sids sids = MeshSids(shortest_, traffic_class, links);
      *policy.add_working() = PathMessage(snapshot_, links, weight, sids);
      *object.add_working() = SegmentListMessage(snapshot_, links, weight, sids);
    }
    AddPolicy(std::move(policy), std::move(object), pair);
  }

  v1::Policy NewPolicy(const std::string& name, const v1::TrafficClass& traffic_class,
                       uint32_t color, const std::pair<NodeId, NodeId>& pair,
                       const v1::Status& status) const {
    v1::Policy policy;
    policy.set_name(name);
    policy.set_headend(snapshot_.node(pair.first).name);
    policy.set_color(color);
    policy.set_endpoint(snapshot_.node(pair.second).name);
    policy.set_traffic_class(traffic_class.name());
    policy.set_binding_sid(ToString(BindingSid(snapshot_.node(pair.second).node_sid, color)));
    *policy.mutable_status() = status;
    return policy;
  }

  PolicyObject NewObject(const v1::Policy& policy, const v1::TrafficClass& traffic_class,
                         const std::pair<NodeId, NodeId>& pair) const {
    PolicyObject object;
    object.set_color(policy.color());
    object.set_endpoint_sid(snapshot_.node(pair.second).node_sid);
    object.set_dscp(traffic_class.dscp());
    object.set_wait_to_restore_ms(input_.options.wait_to_restore_ms);
    return object;
  }

  void AddPolicy(v1::Policy policy, PolicyObject policy_object,
                 const std::pair<NodeId, NodeId>& pair) {
    Object object;
    *object.mutable_policy() = std::move(policy_object);
    PlannedPolicy planned;
    planned.headend_id = std::string(ResourceId(snapshot_.node(pair.first).name));
    planned.object_key = ObjectKey(object);
    plan_.objects[planned.headend_id].Put(object);
    const Place place{pair.first, policy.color(), pair.second};
    std::string name = policy.name();
    planned.policy = std::move(policy);
    const auto added = plan_.policies.emplace(std::move(name), std::move(planned)).first;
    policy_at_.emplace(place, &added->second);
  }

  void NotePolicies(const ResolvedService& service, ServicePlan* planned) const {
    for (const bool pinned : {true, false}) {
      ForEachFlow(
          service, pinned,
          [&](const v1::TrafficClass& traffic_class, const std::pair<NodeId, NodeId>& pair) {
            const Place place{pair.first, service.ColorOf(traffic_class), pair.second};
            planned->policies.push_back(policy_at_.at(place)->number);
          });
    }
    std::sort(planned->policies.begin(), planned->policies.end());
  }

  void ComparePlacements() {
    for (const auto& [name, placement] : plan_.placements) {
      const auto before = input_.placements.find(name);
      if (before == input_.placements.end() ||
          before->second.SerializeAsString() != placement.SerializeAsString()) {
        plan_.changed_placements.push_back(name);
      }
    }
    for (const auto& [name, placement] : input_.placements) {
      if (!plan_.placements.contains(name)) plan_.deleted_placements.push_back(name);
    }
  }

  const PlanInput& input_;
  const Snapshot& snapshot_;
  LinkState link_state_;
  UniqueShortestPaths shortest_;
  const ResolvedServices resolved_;
  Plan plan_;
  absl::flat_hash_map<Place, const PlannedPolicy*> policy_at_;
};

}  // namespace

Plan MakePlan(const PlanInput& input) { return Planner(input).Run(); }

std::string_view ResourceId(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

std::string MeshRoutesKey(std::string_view traffic_class, std::string_view headend) {
  return std::string(ResourceId(traffic_class)).append(":").append(ResourceId(headend));
}

std::string PolicyName(std::string_view headend, uint32_t color, std::string_view endpoint) {
  std::string name = "policies/";
  name.append(ResourceId(headend)).append(":").append(std::to_string(color));
  return name.append(":").append(ResourceId(endpoint));
}

}  // namespace waymark

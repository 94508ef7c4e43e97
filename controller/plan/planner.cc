#include "controller/plan/planner.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "controller/plan/demands.h"
#include "controller/plan/guarantee.h"
#include "controller/plan/mesh_book.h"
#include "controller/plan/paths.h"
#include "controller/plan/policy_maker.h"
#include "controller/plan/same.h"
#include "controller/plan/service_book.h"
#include "controller/plan/service_objects.h"
#include "controller/plan/underlay.h"

namespace waymark {
namespace {

// A service that states no rates, and never did, asks nothing of the ledger: its record says only
// that it has been admitted.
bool AsksNothing(const ResolvedService& service, const stored::v1::MeshGuarantee* record) {
  return !StatesMeshRates(service) &&
         (record == nullptr || (record->fingerprint() == 0 && record->sids().empty()));
}

bool HasMesh(const ResolvedService& service) {
  return std::any_of(service.classes.begin(), service.classes.end(),
                     [](const auto& entry) { return entry.second->treatment() != v1::PINNED; });
}

bool HasPinned(const ResolvedService& service) {
  return std::any_of(service.classes.begin(), service.classes.end(),
                     [](const auto& entry) { return entry.second->treatment() == v1::PINNED; });
}

}  // namespace

class Planner::Memory {
 public:
  Plan Make(const PlanInput& input, const PlanChanges& asked) {
    PlanChanges changes = asked;
    if (!made_) changes.all = true;
    if (changes.all) Forget();
    made_ = true;
    changed_placements_.clear();
    deleted_placements_.clear();
    mesh_changes_.clear();
    guarantee_changes_.clear();
    policies_changed_ = false;
    LinkState link_state = LinkStateOf(input);
    const bool links_changed = changes.all || link_state != *link_state_;
    link_state_ = std::move(link_state);

    std::set<std::string> services = services_.Update(input, changes);
    if (!services.empty()) Count("services", services_.was_full());
    if (links_changed) UpdateUnderlay(input, changes.all);
    const std::vector<MeshBook::Redone> redone =
        mesh_.Update(input, services_.resolved(), *link_state_, services, changes, &mesh_changes_);
    if (!redone.empty()) Count("mesh routes", changes.all);
    if (snapshot_ == nullptr) snapshot_ = std::make_shared<const Snapshot>(input.snapshot);
    const PolicyMaker maker(snapshot_, input.options, shortest_.get());
    UpdateMeshPolicies(maker, redone);
    if (links_changed && !changes.all) UpdateMeshSegments(maker);
    stale_.reset();
    made_policies_.clear();
    SortByRates(input, changes, services);
    const bool rates = !rated_.empty() || !rated_before_.empty();
    if (changes.all || links_changed || !changes.placements.empty() || ConcernsPinned(services) ||
        (rates && (!services.empty() || !redone.empty() || !changes.guarantees.empty()))) {
      const bool changed = !changes.all && !links_changed && (!rates || redone.empty()) &&
                           ChangePinned(input, changes, services, maker);
      if (!changed) UpdatePinned(input, maker, &services);
      Count("pinned", !changed);
    }
    if (policies_changed_) Count("policies", changes.all);
    UpdateServices(input.snapshot, services);
    if (policies_changed_ || !services.empty()) Count("objects", changes.all);
    Plan made = plan_;
    made.changed_placements = std::move(changed_placements_);
    made.deleted_placements = std::move(deleted_placements_);
    made.mesh_changes = std::move(mesh_changes_);
    made.guarantee_changes = std::move(guarantee_changes_);
    return made;
  }

  const std::map<std::string, Runs>& runs() const { return runs_; }

 private:
  struct PinnedPolicy {
    PolicyIdentity identity;
    PlacedPolicy placed;
  };

  void Count(const std::string& node, bool full) {
    ++(full ? runs_[node].full : runs_[node].incremental);
  }

  void Forget() {
    plan_ = Plan();
    pinned_.clear();
    pinned_book_.Forget();
    prepared_.reset();
    lacks_.clear();
    rated_.clear();
    underlay_ = Underlay();
    shortest_ = nullptr;
    snapshot_ = nullptr;
  }

  void UpdateUnderlay(const PlanInput& input, bool all) {
    if (all) {
      underlay_.Build(input.snapshot, *link_state_, input.intents, &plan_.objects);
    } else {
      underlay_.Update(input.snapshot, *link_state_, &plan_.objects);
    }
    stale_ = std::move(shortest_);
    shortest_ = std::make_unique<UniqueShortestPaths>(input.snapshot, &*link_state_);
    Count("underlay", all);
  }

  void Put(const std::string& name, MadePolicy made) {
    policies_changed_ = true;
    plan_.objects[made.planned->headend_id].Put(made.object);
    plan_.policies[name] = std::move(made.planned);
  }

  void Erase(const std::string& name) {
    const auto found = plan_.policies.find(name);
    if (found == plan_.policies.end()) return;
    policies_changed_ = true;
    const std::shared_ptr<const PlannedPolicy> planned = found->second;
    plan_.objects[planned->headend_id].Erase(planned->object_key);
    plan_.policies.erase(name);
  }

  static std::string NameOf(const PolicyMaker& maker, const v1::TrafficClass& traffic_class,
                            NodeId from, NodeId endpoint) {
    return maker.Name(
        {"", &traffic_class, Color(0, traffic_class.class_index()), {from, endpoint}});
  }

  void UpdateMeshPolicies(const PolicyMaker& maker, const std::vector<MeshBook::Redone>& redone) {
    static const MeshHeadend kNone;
    for (const MeshBook::Redone& one : redone) {
      const MeshHeadend& before = one.before ? *one.before : kNone;
      const MeshHeadend& after = one.after != nullptr ? *one.after : kNone;
      const auto name = [&](NodeId endpoint) {
        return NameOf(maker, *one.traffic_class, one.from, endpoint);
      };
      size_t at = 0;
      for (size_t i = 0; i < after.endpoints.size(); ++i) {
        for (; at < before.endpoints.size() && before.endpoints[at] < after.endpoints[i]; ++at) {
          Erase(name(before.endpoints[at]));
        }
        const bool known =
            at < before.endpoints.size() && before.endpoints[at] == after.endpoints[i];
        if (known) {
          const bool kept = !one.kept.empty() && one.kept[i];
          const size_t was = at++;
          if (kept || SameRoutes(before, was, after, i)) continue;
        }
        made_policies_.emplace(&after, i);
        Put(name(after.endpoints[i]), maker.Mesh(*one.traffic_class, one.from, after, i));
      }
      for (; at < before.endpoints.size(); ++at) Erase(name(before.endpoints[at]));
    }
  }

  // Node segments follow the underlay: where that goes another way now, other segments are needed
  // for the same route.
  void UpdateMeshSegments(const PolicyMaker& maker) {
    const SegmentChanges changes(*stale_, shortest_.get());
    mesh_.ForEachHeadend([&](const v1::TrafficClass& traffic_class, NodeId from,
                             const MeshHeadend& headend) {
      if (MustStayOnPath(traffic_class)) return;
      for (size_t i = 0; i < headend.endpoints.size(); ++i) {
        for (size_t r = headend.routes.first_route(i); r < headend.routes.first_route(i + 1); ++r) {
          if (!changes.Concern(headend.routes.links(r))) continue;
          if (made_policies_.contains({&headend, i})) break;
          MadePolicy made = maker.Mesh(traffic_class, from, headend, i);
          Put(NameOf(maker, traffic_class, from, headend.endpoints[i]), std::move(made));
          break;
        }
      }
    });
  }

  // Which services ask something of the ledger for their mesh classes, and what is stored of those
  // that do not.
  void SortByRates(const PlanInput& input, const PlanChanges& changes,
                   const std::set<std::string>& services) {
    rated_before_ = rated_;
    std::set<std::string> names = services;
    names.insert(changes.guarantees.begin(), changes.guarantees.end());
    if (changes.all && input.guarantees != nullptr) {
      for (const auto& [name, record] : *input.guarantees) names.insert(name);
    }
    for (const std::string& name : names) {
      const stored::v1::MeshGuarantee* record = nullptr;
      if (input.guarantees != nullptr) {
        const auto found = input.guarantees->find(name);
        if (found != input.guarantees->end()) record = &found->second;
      }
      const auto service = services_.resolved().services.find(name);
      rated_.erase(name);
      if (service == services_.resolved().services.end() || !HasMesh(service->second)) {
        if (record != nullptr) guarantee_changes_[name] = std::nullopt;
      } else if (!AsksNothing(service->second, record)) {
        rated_.insert(name);
      } else if (record == nullptr) {
        guarantee_changes_[name] = stored::v1::MeshGuarantee();
      }
    }
  }

  bool ConcernsPinned(const std::set<std::string>& services) const {
    return std::any_of(services.begin(), services.end(), [&](const std::string& name) {
      if (pinned_book_.Knows(name)) return true;
      const auto service = services_.resolved().services.find(name);
      return service != services_.resolved().services.end() && HasPinned(service->second);
    });
  }

  // What services hold is between what was placed before and what is new. Adds to `services` those
  // whose guarantee stands otherwise than before.
  void UpdatePinned(const PlanInput& input, const PolicyMaker& maker,
                    std::set<std::string>* services) {
    PlanInput without_holds = input;
    without_holds.guarantees = nullptr;
    PinnedInput pinned = PinnedInputOf(without_holds, services_.resolved(), *link_state_);
    ResolvedServices rated;
    for (const std::string& name : rated_) {
      rated.services.emplace(name, services_.resolved().services.at(name));
    }
    PlannedMesh mesh;
    if (!rated_.empty()) mesh.classes = mesh_.Classes();
    pinned.mesh_holds = MeshHoldsOf(input.snapshot, rated, mesh, input.guarantees);
    if (prepared_ == nullptr) prepared_ = std::make_unique<PreparedGraphs>();
    pinned.prepared = prepared_.get();
    std::map<std::string, PinnedPolicy> now;
    for (const PinnedDemand& demand : pinned.demands) Identify(demand, &now);
    std::vector<MeshHold> holds;
    for (auto& [name, placed] : pinned_book_.Place(std::move(pinned), &holds)) {
      now.at(name).placed = std::move(placed);
    }
    const bool held = NoteGuarantees(input, rated, mesh, holds, services);
    UpdatePinnedPolicies(input, maker, std::move(now));
    if (held && changed_placements_.empty() && deleted_placements_.empty()) pinned_book_.Stored();
  }

  void Identify(const PinnedDemand& demand, std::map<std::string, PinnedPolicy>* policies) const {
    const ResolvedService& service = services_.resolved().services.at(demand.service);
    const uint32_t color = service.ColorOf(*demand.traffic_class);
    for (const bool back : {false, true}) {
      const NodePair pair = back ? NodePair(demand.b, demand.a) : NodePair(demand.a, demand.b);
      (*policies)[demand.policies[back ? 1 : 0]].identity = {demand.service, demand.traffic_class,
                                                             color, pair};
    }
  }

  // What services that came, went or changed have changed of the pinned policies; false, and
  // nothing changed: not plain without looking at all.
  bool ChangePinned(const PlanInput& input, const PlanChanges& changes,
                    const std::set<std::string>& services, const PolicyMaker& maker) {
    const auto holds = [&](const std::string& name) {
      return rated_.contains(name) || rated_before_.contains(name);
    };
    const auto other_than_planned = [&](const std::string& name) {
      const auto stored = input.placements.find(name);
      const auto planned = plan_.placements.find(name);
      if (stored == input.placements.end()) return planned != plan_.placements.end();
      return planned == plan_.placements.end() || !SameMessage(stored->second, planned->second);
    };
    if (!pinned_book_.may_change() || std::any_of(services.begin(), services.end(), holds) ||
        std::any_of(changes.guarantees.begin(), changes.guarantees.end(), holds) ||
        std::any_of(changes.placements.begin(), changes.placements.end(), other_than_planned)) {
      return false;
    }
    std::map<std::string, std::vector<PinnedDemand>> asked;
    std::map<std::string, PinnedPolicy> now;
    for (const std::string& name : services) {
      const auto service = services_.resolved().services.find(name);
      std::vector<PinnedDemand> demands;
      if (service != services_.resolved().services.end()) {
        demands = PinnedDemandsOf(input.snapshot, service->second);
      }
      if (demands.empty() && !pinned_book_.Knows(name)) continue;
      for (const PinnedDemand& demand : demands) Identify(demand, &now);
      asked[name] = std::move(demands);
    }
    std::optional<PinnedChange> change = pinned_book_.Change(input.placements, std::move(asked));
    if (!change) return false;
    for (const std::string& name : change->gone) {
      ErasePinned(name);
      pinned_.erase(name);
      NotePlacement(input, name);
    }
    for (auto& [name, policy] : now) {
      policy.placed = std::move(change->placed.at(name));
      PutPinned(input, maker, name, policy);
      pinned_[name] = std::move(policy);
      NotePlacement(input, name);
    }
    for (auto& [name, promise] : change->promises) PutPromise(name, std::move(promise));
    std::sort(changed_placements_.begin(), changed_placements_.end());
    std::sort(deleted_placements_.begin(), deleted_placements_.end());
    return true;
  }

  void ErasePinned(const std::string& name) {
    Erase(name);
    plan_.placements.erase(name);
    plan_.promises.erase(name);
  }

  void PutPinned(const PlanInput& input, const PolicyMaker& maker, const std::string& name,
                 const PinnedPolicy& is) {
    const auto before = pinned_.find(name);
    if (before != pinned_.end() && before->second.identity == is.identity &&
        Same(before->second.placed, is.placed)) {
      return;
    }
    Put(name, maker.Pinned(is.identity, is.placed));
    if (is.placed.working.empty()) {
      plan_.placements.erase(name);
      plan_.promises.erase(name);
    } else {
      plan_.placements[name] = PlacementOf(input.snapshot, is.placed);
      plan_.promises[name] = std::make_shared<const v1::Promise>(is.placed.promise);
    }
  }

  void PutPromise(const std::string& name, v1::Promise promise) {
    PinnedPolicy& pinned = pinned_.at(name);
    if (SameMessage(pinned.placed.promise, promise)) return;
    policies_changed_ = true;
    plan_.promises[name] = std::make_shared<const v1::Promise>(promise);
    pinned.placed.promise = std::move(promise);
  }

  // How the plan's placement differs from what is stored.
  void NotePlacement(const PlanInput& input, const std::string& name) {
    const auto is = plan_.placements.find(name);
    const auto before = input.placements.find(name);
    if (is == plan_.placements.end()) {
      if (before != input.placements.end()) deleted_placements_.push_back(name);
    } else if (before == input.placements.end() || !SameMessage(before->second, is->second)) {
      changed_placements_.push_back(name);
    }
  }

  void UpdatePinnedPolicies(const PlanInput& input, const PolicyMaker& maker,
                            std::map<std::string, PinnedPolicy> now) {
    for (const auto& [name, before] : pinned_) {
      if (!now.contains(name)) ErasePinned(name);
    }
    for (const auto& [name, is] : now) PutPinned(input, maker, name, is);
    pinned_ = std::move(now);
    for (const auto& [name, placement] : plan_.placements) {
      const auto before = input.placements.find(name);
      if (before == input.placements.end() || !SameMessage(before->second, placement)) {
        changed_placements_.push_back(name);
      }
    }
    for (const auto& [name, placement] : input.placements) {
      if (!plan_.placements.contains(name)) deleted_placements_.push_back(name);
    }
  }

  // Whether all stand as stored.
  bool NoteGuarantees(const PlanInput& input, const ResolvedServices& rated,
                      const PlannedMesh& mesh, const std::vector<MeshHold>& holds,
                      std::set<std::string>* services) {
    std::map<std::string, v1::Status> lacks;
    bool as_stored = true;
    for (const MeshHold& hold : holds) {
      auto lack = StatusOf(input.snapshot, rated.services.at(hold.service), mesh, hold);
      if (lack) lacks.emplace(hold.service, *std::move(lack));
      const auto record = RecordOf(input.snapshot, hold);
      if (record && (!hold.record || !SameMessage(*hold.record, *record))) {
        guarantee_changes_[hold.service] = *record;
      } else if (!record && hold.record) {
        guarantee_changes_[hold.service] = std::nullopt;
      } else {
        continue;
      }
      as_stored = false;
    }
    for (const auto& [name, status] : lacks_) {
      if (!lacks.contains(name)) services->insert(name);
    }
    for (const auto& [name, status] : lacks) {
      const auto before = lacks_.find(name);
      if (before == lacks_.end() || !SameMessage(before->second, status)) services->insert(name);
    }
    lacks_ = std::move(lacks);
    return as_stored && lacks_.empty();
  }

  // What leaves goes before anything comes: a port may go from one of them to another.
  void UpdateServices(const Snapshot& snapshot, const std::set<std::string>& names) {
    for (const std::string& name : names) {
      const auto before = plan_.services.find(name);
      if (before == plan_.services.end()) continue;
      for (const auto& [node, key] : before->second->objects) plan_.objects[node].Erase(key);
    }
    for (const std::string& name : names) UpdateService(snapshot, name);
  }

  void UpdateService(const Snapshot& snapshot, const std::string& name) {
    ServicePlan planned;
    planned.status.set_state(v1::PENDING);
    const auto refused = services_.resolved().refused.find(name);
    const auto found = services_.resolved().services.find(name);
    if (refused != services_.resolved().refused.end()) {
      planned.status.set_state(v1::BLOCKED);
      planned.status.set_reason(refused->second);
    } else if (found != services_.resolved().services.end()) {
      const ResolvedService& service = found->second;
      if (const auto lack = lacks_.find(name); lack != lacks_.end()) planned.status = lack->second;
      for (const auto& [class_name, traffic_class] : service.classes) {
        planned.colors.push_back(service.ColorOf(*traffic_class));
      }
      planned.pairs = service.node_pairs;
      if (planned.status.state() != v1::BLOCKED) {
        for (const auto& [node, object] : ServiceObjects(snapshot, service)) {
          planned.objects.emplace_back(node, ObjectKey(object));
          plan_.objects[node].Put(object);
        }
      }
      std::sort(planned.objects.begin(), planned.objects.end());
    } else {
      plan_.services.erase(name);
      return;
    }
    plan_.services[name] = std::make_shared<const ServicePlan>(std::move(planned));
  }

  bool made_ = false;
  bool policies_changed_ = false;  // by the plan being made
  // What stands; the rest of a Plan is what the one being made changes of the input:
  Plan plan_;
  std::vector<std::string> changed_placements_, deleted_placements_;
  MeshChanges mesh_changes_;
  std::map<std::string, std::optional<stored::v1::MeshGuarantee>> guarantee_changes_;
  std::optional<LinkState> link_state_;
  ServiceBook services_;
  Underlay underlay_;
  MeshBook mesh_;
  // What policies refer to: they may outlive the input's.
  std::shared_ptr<const Snapshot> snapshot_;
  std::unique_ptr<UniqueShortestPaths> shortest_;
  std::unique_ptr<UniqueShortestPaths> stale_;  // of the plan before, while a plan is made
  // Mesh policies that the plan being made has made already: of which headend, to which endpoint.
  absl::flat_hash_set<std::pair<const MeshHeadend*, size_t>> made_policies_;
  std::map<std::string, PinnedPolicy> pinned_;  // by policy name
  // Of the topology: what classes may use of it.
  std::unique_ptr<PreparedGraphs> prepared_;
  PinnedBook pinned_book_;
  std::map<std::string, v1::Status> lacks_;     // by service: what its guarantee lacks
  std::set<std::string> rated_, rated_before_;  // services that ask something of the ledger
  std::map<std::string, Runs> runs_;
};

Planner::Planner() : memory_(std::make_unique<Memory>()) {}
Planner::~Planner() = default;

Plan Planner::Make(const PlanInput& input, const PlanChanges& changes) {
  return memory_->Make(input, changes);
}

const std::map<std::string, Planner::Runs>& Planner::runs() const { return memory_->runs(); }

}  // namespace waymark

// Private to this folder. From where policies go to what is said of them, northbound and
// southbound.
#ifndef WAYMARK_CONTROLLER_PLAN_POLICY_MAKER_H_
#define WAYMARK_CONTROLLER_PLAN_POLICY_MAKER_H_

#include <memory>
#include <string>
#include <utility>

#include "controller/plan/mesh_headend.h"
#include "controller/plan/paths.h"
#include "controller/plan/pinned.h"
#include "controller/plan/plan.h"

namespace waymark {

struct MadePolicy {
  std::shared_ptr<const PlannedPolicy> planned;
  southbound::v1::Object object;
};

// Whose policy it is, and where.
struct PolicyIdentity {
  std::string service;  // pinned ones only
  const v1::TrafficClass* traffic_class = nullptr;
  uint32_t color = 0;
  NodePair pair;

  friend bool operator==(const PolicyIdentity&, const PolicyIdentity&) = default;
};

// References stay in it to all arguments.
class PolicyMaker {
 public:
  // `snapshot`: what policies keep, of the same topology as `shortest`.
  PolicyMaker(std::shared_ptr<const Snapshot> snapshot, const PlanOptions& options,
              UniqueShortestPaths* shortest)
      : kept_snapshot_(std::move(snapshot)),
        snapshot_(*kept_snapshot_),
        options_(options),
        shortest_(*shortest) {}

  MadePolicy Pinned(const PolicyIdentity& identity, const PlacedPolicy& placed) const;
  // The policy to endpoint `number` of the headend.
  MadePolicy Mesh(const v1::TrafficClass& traffic_class, NodeId from, const MeshHeadend& headend,
                  size_t number) const;
  std::string Name(const PolicyIdentity& identity) const;

 private:
  PlannedPolicy NewPolicy(const PolicyIdentity& identity, v1::Status status) const;
  southbound::v1::PolicyObject NewObject(const PolicyIdentity& identity) const;
  static MadePolicy Join(PlannedPolicy planned, southbound::v1::PolicyObject object);

  const std::shared_ptr<const Snapshot> kept_snapshot_;
  const Snapshot& snapshot_;
  const PlanOptions& options_;
  UniqueShortestPaths& shortest_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_POLICY_MAKER_H_

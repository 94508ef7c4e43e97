// The stored half of the network information base, decoded: what the engine computes from.
#ifndef WAYMARK_CONTROLLER_ENGINE_RESOURCES_H_
#define WAYMARK_CONTROLLER_ENGINE_RESOURCES_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/plan/plan.h"
#include "controller/store/store.h"
#include "controller/topology/snapshot.h"
#include "waymark/stored/v1/stored.pb.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

// Resources by resource name. One thread.
class Resources {
 public:
  // Replaces everything by what the store holds at `revision`. DATA_LOSS names the key of a record
  // that does not parse.
  absl::Status Load(const Store& store, Revision revision);
  // Takes over one revision's changes, whoever made them. True in `*relevant` if anything that
  // computation reads is different now: records of request ids are not read, and placements,
  // mesh routes and guarantees that the engine has stored are known already.
  absl::Status Apply(const ChangeSet& changes, bool* relevant);

  // Placements and mesh routes that the engine is about to commit: when the store tells of them
  // they are no news. Those of one commit at a time, until PlacementsStored says how it ended.
  void PlacementsStoring(const Plan& plan);
  // The same for what somebody else has computed. INVALID_ARGUMENT, and nothing changed, where it
  // is neither.
  absl::Status PlacementsStoring(const std::vector<Mutation>& mutations);
  // They hold from here on, ahead of the store's own word of it, which may also have come first.
  void PlacementsStored(const absl::StatusOr<Revision>& stored);

  Revision revision() const { return revision_; }
  // What a plan reads and has changed since the last call, as Planner wants it; the first time all.
  PlanChanges TakeChanges() { return std::exchange(changes_, {}); }
  // The topology as of now; rebuilt only when nodes, links or risk groups have changed since the
  // last call.
  absl::StatusOr<std::shared_ptr<const Snapshot>> Topology();

  const Intents& intents() const { return intents_; }
  const std::map<std::string, stored::v1::Placement>& placements() const {
    return placements_.held;
  }
  // By MeshRoutesKey.
  const std::map<std::string, stored::v1::MeshRoutes>& mesh_routes() const {
    return mesh_routes_.held;
  }
  // By service name.
  const std::map<std::string, stored::v1::MeshGuarantee>& guarantees() const {
    return guarantees_.held;
  }
  // By class name. No plan reads it: the mesh optimiser does.
  const std::map<std::string, stored::v1::MeasuredTraffic>& measured() const { return measured_; }

 private:
  // What the engine itself has stored, of one kind.
  template <typename Record>
  struct Facts {
    std::map<std::string, Record> held;
    // Being committed; nullopt: deleted.
    std::map<std::string, std::optional<Record>> storing;

    // Whether this (null: none) is what is held, or what is being committed.
    bool Knows(const std::string& name, const std::string* value) const;
    bool Holds(const std::string& name, const std::string* value) const;
    // Calls changed(name) for each that is held from here on.
    template <typename Changed>
    void Settle(bool stored, Changed changed);
  };

  absl::Status Put(const std::string& key, const std::string* value, bool* relevant);
  void Note(const std::string& name, std::set<std::string>* names) const;

  PlanChanges changes_ = PlanChanges::All();
  Revision revision_ = 0;
  std::shared_ptr<const Snapshot> snapshot_;
  std::map<std::string, v1::Node> nodes_;
  std::map<std::string, v1::Link> links_;
  std::map<std::string, v1::Srlg> srlgs_;
  Intents intents_;
  Facts<stored::v1::Placement> placements_;  // by policy name
  Facts<stored::v1::MeshRoutes> mesh_routes_;
  Facts<stored::v1::MeshGuarantee> guarantees_;
  std::map<std::string, stored::v1::MeasuredTraffic> measured_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_RESOURCES_H_

// Private to this folder. The mesh routes of all classes and headends, kept from one plan to the
// next: only what a change concerns is looked at again.
#ifndef WAYMARK_CONTROLLER_PLAN_MESH_BOOK_H_
#define WAYMARK_CONTROLLER_PLAN_MESH_BOOK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/plan/mesh_headend.h"

namespace waymark {

class MeshBook {
 public:
  // The routes of a headend that have been looked at again, before (null: it had none) and after
  // (null: no service needs it any more).
  struct Redone {
    const v1::TrafficClass* traffic_class = nullptr;
    NodeId from = NodeId::kNone;
    std::optional<MeshHeadend> before;
    const MeshHeadend* after = nullptr;  // in the book, until the next Update
    // By number in after->endpoints: those whose routes were not even looked at, because they are
    // as before. Empty: all were.
    std::vector<bool> kept;
  };

  // `services`: those that are resolved in another way than at the last call, or no longer, or new.
  // `changes`: of mesh routes; with `all`, everything is computed anew. Adds to `mesh_changes` what
  // must be stored otherwise than it is. Classes and snapshot must be those of the last call, but
  // for `all`. O(pairs of `services`, links of all routes if a link state has changed, records of
  // `changes`). Of a headend whose pairs or links have changed, the pairs that this concerns are
  // planned again; one whose record says something else than the book is planned whole.
  std::vector<Redone> Update(const PlanInput& input, const ResolvedServices& resolved,
                             const LinkState& link_state, const std::set<std::string>& services,
                             const PlanChanges& changes, MeshChanges* mesh_changes);

  // All of it, as PlannedMesh::classes. O(all routes).
  std::vector<MeshClassPlan> Classes() const;
  // visit(class, headend, its routes).
  template <typename Visit>
  void ForEachHeadend(Visit visit) const {
    for (const auto& [name, its] : classes_) {
      for (const auto& [from, headend] : its.headends) visit(*its.traffic_class, from, headend);
    }
  }

 private:
  struct Class {
    const v1::TrafficClass* traffic_class = nullptr;
    int64_t services = 0;
    // Of each headend, by endpoint: how many services need the pair.
    std::map<NodeId, std::vector<uint32_t>> users;
    std::map<NodeId, MeshHeadend> headends;
  };
  // What a service counts for in `users`.
  struct Counted {
    std::vector<std::string> classes;
    NodePairs pairs;
  };
  using Place = std::pair<std::string, NodeId>;  // class name, headend
  // What of a headend must be looked at.
  struct Concern {
    bool whole = false;
    // By number among the endpoints in the book; empty: none of these.
    std::vector<bool> again;
  };
  using Stale = std::map<Place, Concern>;

  void Count(const Counted& counted, int sign, const Snapshot& snapshot, Stale* stale);
  void CountServices(const Snapshot& snapshot, const ResolvedServices& resolved,
                     const std::set<std::string>& services, Stale* stale);
  void NoteRecords(const PlanInput& input, const MeshCodec& codec,
                   const std::set<std::string>& keys, Stale* stale,
                   MeshChanges* mesh_changes) const;
  void NoteLinks(const LinkState& link_state, size_t links, Stale* stale) const;

  std::map<std::string, Class> classes_;
  std::map<std::string, Counted> counted_;  // by service name
  std::map<std::string, Place> by_key_;     // MeshRoutesKey of every headend in the book
  std::optional<LinkState> link_state_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_MESH_BOOK_H_

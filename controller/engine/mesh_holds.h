// Mesh routes and what services are promised over them: whether all guarantees outlive new routes,
// routes for those that do not fit the likeliest traffic's, and what the ledger leaves to others.
#ifndef WAYMARK_CONTROLLER_ENGINE_MESH_HOLDS_H_
#define WAYMARK_CONTROLLER_ENGINE_MESH_HOLDS_H_

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/ledger.h"
#include "controller/engine/mesh_work.h"
#include "controller/engine/resources.h"
#include "controller/plan/guarantee.h"

namespace waymark {

// Refused services are tried in turns.
struct RefusedTurn {
  std::string last, until;  // services: the one that was tried last, and the one that ends the turn
  bool left = false;        // the turn is not at its end
};

// One network and what is promised on it, for several sets of routes. All must outlive it.
class MeshHolds {
 public:
  MeshHolds(Resources& resources, const MeshWork& work);

  // Every service that the records say is guaranteed its rates still would be. As slow as finding
  // the worst case of each service whose routes change and have not been asked about before.
  bool Kept(const std::vector<MeshClassResult>& results) { return Broken(results).empty(); }

  // Routes that would break what services are promised stay as they are: those between the sites of
  // these services where that does; else whole classes, the weakest first. Pairs that a failure
  // then leaves without a route get a backup, if no promise forbids that. Returns how many services
  // it is about. INVALID_ARGUMENT as the optimiser's.
  absl::StatusOr<int> KeepPromised(const std::function<bool()>& stop,
                                   std::vector<MeshClassResult>* results);

  // Services that cannot be held with these routes get others, made for the worst traffic that
  // their rates allow, over what all others leave (hose_optimize.h): those that let them be held
  // and cost nobody else his guarantee stay. Returns how many. `turn`: whose it is; those that
  // `stop`, as of SolveMesh, leaves out have theirs when it is asked again.
  absl::StatusOr<int> RouteRefused(const std::function<bool()>& stop, RefusedTurn* turn,
                                   std::vector<MeshClassResult>* results);

  // What pinned policies and guarantees hold with these routes.
  Ledger LedgerOf(const std::vector<MeshClassResult>& results) { return With(results).ledger; }

 private:
  struct State {
    std::vector<MeshHold> holds;
    // Services that have all that they ask; and those of them that were promised it before.
    std::set<std::string> content, promised;
    Ledger ledger;
  };
  State With(const std::vector<MeshClassResult>& results);
  State WithRoutes(const std::function<const MeshRoutes&(size_t)>& routes_of);
  const std::set<std::string>& PromisedNow();
  // Of the services that are promised something now, those that would not be.
  std::set<std::string> Broken(const std::vector<MeshClassResult>& results);
  // The pairs of the services get their present routes in all classes. False: a class would be
  // loaded more than now.
  bool Restore(const std::set<std::string>& services, std::vector<MeshClassResult>* results) const;
  // Of each pair that a failure would leave without a route.
  absl::Status AddBackups(const std::function<bool()>& stop, std::vector<MeshClassResult>* results);
  // The routes of a class with backups; those of stronger ones are taken from `results`.
  absl::StatusOr<MeshRoutes> Covered(size_t place, MeshRoutes routes,
                                     const std::function<bool()>& stop,
                                     const std::vector<MeshClassResult>& results) const;
  // Whether routes were found that keep all its rates; they are in `results` then.
  absl::StatusOr<bool> Reroute(const std::string& service, const State& state,
                               const std::function<bool()>& stop,
                               std::vector<MeshClassResult>* results) const;

  Resources& resources_;
  const MeshWork& work_;
  const ResolvedServices resolved_;
  const Ledger pinned_;
  // Loads that are known already, as of records.
  GuaranteeRecords known_;
  std::optional<std::set<std::string>> promised_now_;
};

// Grants elastic demand what `ledger` has left, class after class, as its class shares, over the
// routes of the results, and books it as bulk, which takes from nobody.
void GrantElastic(const MeshWork& work, std::vector<MeshClassResult>* results, Ledger* ledger);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_MESH_HOLDS_H_

// What any-to-any services are promised: on every link, room for whatever their sites' rates allow
// (compute/mesh/hose.h) and for the committed rates between their sites, over the routes that
// stand.
#ifndef WAYMARK_CONTROLLER_PLAN_GUARANTEE_H_
#define WAYMARK_CONTROLLER_PLAN_GUARANTEE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/compute/ledger.h"
#include "controller/plan/guarantee_asked.h"
#include "controller/plan/mesh.h"
#include "controller/plan/service.h"
#include "waymark/stored/v1/stored.pb.h"

namespace waymark {

// By service name.
using GuaranteeRecords = std::map<std::string, stored::v1::MeshGuarantee>;

// What a service asks of the ledger, and what becomes of that.
struct MeshHold {
  std::string service;
  uint64_t fingerprint = 0;      // of its rates and routes; 0: it states no rates
  std::vector<LinkHold> wanted;  // by link
  // What cannot be held whatever the room, e.g. for want of a route; empty: nothing.
  std::string impossible;
  // What it held before; nullopt: it is new, and admitted only if there is room.
  std::optional<stored::v1::MeshGuarantee> record;

  enum class Outcome { kNothing, kBefore, kWanted };
  Outcome outcome = Outcome::kNothing;
  std::vector<LinkHold> booked;  // as of `outcome`
  // Where `wanted` did not fit: the link that could hold the least part of what it should, how much
  // was free there, and that part.
  LinkHold lacking;
  int64_t free_bps = 0;
  double fits = 1;
};

// Of every realised service with a mesh class, in the order of service: by the queue of its
// strongest mesh class (7 first), then by name. Loads of a service whose rates and routes are those
// of its record are taken from there; else a transportation problem a link.
std::vector<MeshHold> MeshHoldsOf(const Snapshot& snapshot, const ResolvedServices& resolved,
                                  const PlannedMesh& mesh, const GuaranteeRecords* stored);

// What records hold, without looking at services and routes.
std::vector<MeshHold> StoredHolds(const Snapshot& snapshot, const GuaranteeRecords& stored);

// Books those that have a record (kOld) or those that have none (kNew), in order. Old ones whose
// rates and routes are as they were come first; what the others want is booked if there is room for
// all of it, else one after another, each what it wants, what it held before, or nothing. New ones
// get what they want or nothing.
enum class HoldAge { kOld, kNew };
void BookMeshHolds(HoldAge age, const Snapshot& snapshot, std::vector<MeshHold>* holds,
                   Ledger* ledger);

// In another ledger, which has room for it or not.
void BookAsBefore(const MeshHold& hold, Ledger* ledger);

// What must be stored of it; nullopt: it was refused.
std::optional<stored::v1::MeshGuarantee> RecordOf(const Snapshot& snapshot, const MeshHold& hold);

// BLOCKED or DEGRADED with the reason; nothing where all that it asks is held.
std::optional<v1::Status> StatusOf(const Snapshot& snapshot, const ResolvedService& service,
                                   const PlannedMesh& mesh, const MeshHold& hold);

// What the promise comes to with the routes that stand, whether there is room for it or not.
struct GuaranteeFigures {
  // The link that would have to hold the greatest part of what may be promised on it; kNone: none.
  LinkHold worst_link;
  std::vector<GuaranteeTraffic> worst_matrix;  // one that loads it most, the greatest load first
  // Of every two nodes with sites, as GuaranteeAsked::Latencies.
  std::map<NodePair, int64_t> latency_ns;
};
GuaranteeFigures FiguresOf(const Snapshot& snapshot, const ResolvedService& service,
                           const PlannedMesh& mesh, const MeshHold& hold, const HopDelay& hop);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_GUARANTEE_H_

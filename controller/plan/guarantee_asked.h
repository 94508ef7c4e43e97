// What one any-to-any service asks of the network with the routes that stand: the worst load of
// every link, and how far its frames may have to go.
#ifndef WAYMARK_CONTROLLER_PLAN_GUARANTEE_ASKED_H_
#define WAYMARK_CONTROLLER_PLAN_GUARANTEE_ASKED_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/compute/mesh/hose.h"
#include "controller/plan/mesh.h"
#include "controller/plan/mesh_demands.h"
#include "controller/plan/service.h"

namespace waymark {

struct LinkHold {
  LinkId link = LinkId::kNone;
  int64_t bps = 0;  // > 0

  friend bool operator==(const LinkHold&, const LinkHold&) = default;
};

// Nanoseconds, of a link's queue.
using HopDelay = std::function<int64_t(LinkId link, uint32_t queue)>;

struct GuaranteeTraffic {
  NodePair pair;
  double rate = 0;   // bit/s, > 0
  double share = 0;  // of it on the link, more than 0 to 1
};

// Hoses, or committed rates in a mesh class.
bool StatesMeshRates(const ResolvedService& service);

// The mesh classes of one service, what it asks of them, and the routes that they have. Everything
// that it is made of must outlive it.
class GuaranteeAsked {
 public:
  GuaranteeAsked(const Snapshot& snapshot, const ResolvedService& service, const PlannedMesh& mesh);

  bool mesh() const { return !classes_.empty(); }
  // Of its strongest mesh class.
  uint32_t queue() const;
  // Hash of its rates and routes; not 0.
  uint64_t Print() const;
  // The worst load of every link; `missing` says what has no route.
  std::vector<LinkHold> Loads(std::string* missing) const;
  // A matrix that loads the link most: pairs that load it, the greatest load first.
  std::vector<GuaranteeTraffic> WorstMatrix(LinkId link) const;
  // By ordered pair of nodes with sites that talk and have routes: the longest that a frame can be
  // on the way in any of its mesh classes: propagation, and of every hop that. O(length of the
  // routes).
  std::map<NodePair, int64_t> Latencies(const HopDelay& hop) const;

 private:
  int64_t Pipe(const MeshClassPlan& one, int64_t endpoint_pairs) const;
  template <typename Visit>
  void ForEachPipe(const Visit& visit) const;
  void AddPipes(std::vector<double>* load, std::string* missing) const;
  void NoteMissing(const NodePair& pair, std::string* missing) const;
  std::vector<HoseRoutes> Routes() const;

  const Snapshot& snapshot_;
  const ResolvedService& service_;
  const std::optional<ServiceHose> hose_;
  std::vector<const MeshClassPlan*> classes_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_GUARANTEE_ASKED_H_

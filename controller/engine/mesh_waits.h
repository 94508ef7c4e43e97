// How long frames of mesh classes may wait in queues, at worst, while every site keeps to what it
// states: the model of compute/latency.h, applied to what any-to-any services may send together.
//
// A service is a flow of its own on every link: at the rate that it is promised there, in the
// strongest queue of its mesh classes (its customer decides in which his traffic goes), with the
// bursts of the sites whose routes meet there. Whatever its matrix, in any time t no more comes in
// than that rate times t and those bursts: the worst load of a link is a sum of parts, at most 1,
// of the sites' rates (duality), so their bursts count at most once, and once more where it comes
// in later by up to W. W is the longest that any mesh route may have waited before the link, in the
// steps of compute/latency.h, the least that agree with themselves.
//
// No bound is known where a service may send more than it is promised: without rates in a mesh
// class of such a queue or above, with an excess rate there, or promised less than its committed
// rate.
#ifndef WAYMARK_CONTROLLER_ENGINE_MESH_WAITS_H_
#define WAYMARK_CONTROLLER_ENGINE_MESH_WAITS_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "controller/compute/latency.h"
#include "controller/plan/guarantee.h"
#include "controller/plan/mesh.h"
#include "controller/plan/service.h"

namespace waymark {

class MeshWaits {
 public:
  // `pinned`: what pinned policies may send, nothing marked as unreserved. O(steps * (routes +
  // links)), for at most kMostRounds steps.
  MeshWaits(const Snapshot& snapshot, const ResolvedServices& resolved, const PlannedMesh& mesh,
            const std::vector<MeshHold>& holds, QueueLoads pinned);

  // Why there is no bound for frames of this queue; empty: there is.
  const std::string& unknown(uint32_t queue) const { return unknown_[queue]; }
  // Of a link on a mesh route, forwarding included; where unknown, that alone.
  int64_t HopWait(LinkId link, uint32_t queue) const;

 private:
  static constexpr int kMostRounds = 60;
  struct Sent {
    double rate_bps = 0, burst_bytes = 0;
  };

  void AddService(const ResolvedService& service, const PlannedMesh& mesh, const MeshHold& hold);
  // Of the queue and all weaker ones.
  void NoBound(uint32_t queue, const std::string& why);
  void Settle(const PlannedMesh& mesh);
  // False: there is none.
  bool Load(const std::vector<int64_t>& upstream);

  const Snapshot& snapshot_;
  QueueLoads loads_;
  std::array<std::string, kQueues> unknown_;
  std::array<std::vector<Sent>, kQueues> sent_;  // by link
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_MESH_WAITS_H_

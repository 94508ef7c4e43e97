// What waits for a switch that has not answered in time, while programming goes on without it.
//
// Nobody knows whether such a switch has done what it was sent, so nothing of that is relied upon,
// nor what it has yet to do:
//
//   * Paths ask whether a link or a route is confirmed (SwitchState::Confirmed, node_segments.h).
//   * A policy that arrives on a link waits for who leaves it at such a switch, and so on from one
//     succession to the next.
//   * A service on that switch, with an instance, an attachment or a policy to one of its members
//     unsettled, keeps its instances and attachments everywhere: nothing is added that leads to
//     what may not be there, nothing is taken away before what takes its place.
//   * What a frame from there may yet use stays: links and routes, and policies back to it.
//
// All else goes on. It is held for as long as the switch may take to answer before its session is
// ended; then it counts as gone.
#ifndef WAYMARK_CONTROLLER_ENGINE_STRAGGLERS_H_
#define WAYMARK_CONTROLLER_ENGINE_STRAGGLERS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "controller/base/object.h"
#include "controller/plan/phases.h"

namespace waymark {

struct SwitchState;

// Of one moment; keeps references.
class Stragglers {
 public:
  // A switch with a batch that is not answered in time. O(what it must hold).
  void Add(const std::string& node, const SwitchState& state);
  bool empty() const { return nodes_.empty(); }

  // Takes out of the other switches' differences what must wait. A difference without an operation
  // is left out. O(their operations and instances), times the services that come to wait because
  // others do.
  void HoldBack(const std::map<std::string, SwitchState>& switches, const Successions& handovers,
                std::map<std::string, NodeDiff>* diffs);

 private:
  struct Other;

  void HoldArrivals(const std::map<std::string, SwitchState>& switches,
                    const Successions& handovers, std::map<std::string, NodeDiff>* diffs) const;
  // The services of `desired` that need policies to `endpoints`.
  void HoldServices(const ObjectTable& desired, const std::set<uint32_t>& endpoints);
  // True if another service came to wait.
  bool HoldServicesOf(Other& other);
  void Erase(const Other& other) const;
  // Whether the attachment leaves a service that waits.
  bool Leaves(const SwitchState& state, const std::string& key) const;

  std::set<std::string> nodes_;
  std::set<uint32_t> vnis_;
  // Switches, by SID, where attachments may have yet to go; 0: one that is no longer wanted.
  std::set<uint32_t> draining_;
  // An attachment leaves there of which nobody knows the service.
  bool unknown_leaves_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_STRAGGLERS_H_

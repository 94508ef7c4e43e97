// What node segments need of the switches in between, while the underlay changes.
//
// An adjacency segment goes where it goes; a node segment goes wherever the routes of the switches
// on the way send it at that moment. Two laws keep that from ever being a loop or a dead end that
// the controller made:
//
//   * A switch's route changes only after the routes of all switches on its new way. So from every
//     switch that has changed a packet goes the new way to its end, and from the others the old
//     way until it meets one that has: never in a ring, whatever the old and the new routes are.
//   * A policy is programmed with node segments only once all switches on their ways hold their
//     routes. Until then it is programmed with the adjacency segments of the same path, which
//     depend on no route: it need not wait, not even where a switch's agent is gone.
//
// A policy that stands as it must needs nothing: its object names the links of its paths (the way
// back of their probes; plan/paths.h), so they are the same, and with them the routes along them.
//
// All of it is read from what the switches must hold and what they have confirmed, so that nothing
// has to be remembered between one phase and the next.
#ifndef WAYMARK_CONTROLLER_ENGINE_NODE_SEGMENTS_H_
#define WAYMARK_CONTROLLER_ENGINE_NODE_SEGMENTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "controller/base/object.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

struct SwitchState;

// Who owns the SIDs of a plan.
struct SidOwners {
  std::map<uint32_t, std::pair<std::string, std::string>> links;  // adjacency: node, link object
  std::map<uint32_t, std::string> nodes;

  explicit SidOwners(const std::map<std::string, ObjectTable>& objects = {});
};

// Of one moment: keeps references, and remembers answers. The cost of a question is the hops of
// its segments, less what earlier ones have found out.
class NodeSegments {
 public:
  NodeSegments(const std::map<std::string, SwitchState>& switches, const SidOwners& owners)
      : switches_(switches), owners_(owners) {}

  // The first law, for a route that the switch must hold and does not yet.
  bool MayPut(const std::string& node, const southbound::v1::RouteObject& route);
  // The policy as it may be programmed at `node` now, by the second law; nullopt as long as a link
  // that it names is not confirmed by the switch that owns it.
  std::optional<southbound::v1::PolicyObject> Programmable(
      const std::string& node, const southbound::v1::PolicyObject& policy);

 private:
  using Place = std::pair<std::string, uint32_t>;  // a switch and the node SID it sends towards

  // The switch holds the route that it must.
  bool SettledAt(const Place& place) const;
  // And all from there on.
  bool SettledFrom(const Place& place);
  // Where it goes next, and by which adjacency SID; nullopt where the plan has no way.
  std::optional<std::pair<std::string, uint32_t>> Next(const Place& place) const;
  // The switch that a segment leads to; nullopt when the plan does not know it.
  std::optional<std::string> EndOf(uint32_t sid) const;
  bool LinkConfirmed(uint32_t adjacency_sid) const;
  // On the ways of all its node segments.
  bool Settled(const std::string& node, const southbound::v1::PolicyObject& policy);
  // False where the plan has no way.
  bool MakeStrict(const std::string& node, southbound::v1::SegmentList* list) const;

  const std::map<std::string, SwitchState>& switches_;
  const SidOwners& owners_;
  std::map<Place, bool> settled_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_NODE_SEGMENTS_H_

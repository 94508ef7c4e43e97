// Routes by exhaustion and by definition, read off the resources themselves: for tests of what the
// searches say. Shares no code with them.
#ifndef WAYMARK_CONTROLLER_COMPUTE_ROUTE_ORACLE_H_
#define WAYMARK_CONTROLLER_COMPUTE_ROUTE_ORACLE_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/topology/snapshot.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

class RouteOracle {
 public:
  struct Asked {
    const Snapshot& snapshot;
    const PathConstraints& constraints;
    std::set<LinkId> down;
    bool ignore_forbid = false;
    bool corouted = false;
    NodeId from = NodeId::kNone, to = NodeId::kNone;
  };
  // Keeps the references. Only for nothing reserved.
  explicit RouteOracle(Asked asked);

  // Every simple path that meets the constraints and the bounds; without protection and hops.
  std::vector<std::vector<LinkId>> Paths() const;
  // What they share that the protection forbids, by name; a fibre by its lesser name.
  std::vector<std::string> Shared(const std::vector<LinkId>& a, const std::vector<LinkId>& b) const;

 private:
  const v1::Link& Link(LinkId link) const;
  bool Admits(const v1::Node& node) const;
  bool Admits(LinkId link) const;
  bool Usable(LinkId link) const;
  int64_t Delay(LinkId link) const;
  template <typename Place>
  bool AdmitsProvider(const Place& place) const;
  template <typename Place>
  bool Excludes(const Place& place) const;

  const Asked asked_;
  std::map<std::string, const v1::Node*> nodes_;
  std::map<std::string, const v1::Link*> links_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_ROUTE_ORACLE_H_

// Hoses: a customer states what each of his sites sends and receives at most, not who talks to whom
// (Duffield et al. 1999). A routing keeps that promise if every matrix within those rates fits. How
// much a link then has to hold is found exactly, not by adding up rates: the worst matrix for a
// link is a transportation problem over the pairs whose routes cross it (Kumar et al. 2001;
// Erlebach and Rueegg 2004 on multi-path routing).
//
// Sites may share a node: between nodes they count as one, with the sum of their rates, and what
// they say to each other loads nothing. Where several classes may carry the traffic, each with
// routes of its own, the customer decides how he splits it: the worst split counts.
//
// Numbers: rates are doubles in the caller's unit. A load is never below the true optimum by more
// than rounding, and never above it by more than kHoseTolerance of itself; when no route's share is
// fractional and rates are whole and below 2^53, it is exact. Pure; deterministic; not thread-safe.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "controller/compute/mesh/hose_transport.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

struct HoseSite {
  int32_t node = 0;
  double ingress = 0;  // what it sends into the network at most; 0 to kMostMeshRate
  double egress = 0;   // what it receives at most; 0 to kMostMeshRate
  // Of an E-Tree: leaves talk to roots only.
  bool leaf = false;

  friend bool operator==(const HoseSite&, const HoseSite&) = default;
};

struct Hose {
  std::vector<HoseSite> sites;  // in any order; at most kMostHoseSites

  friend bool operator==(const Hose&, const Hose&) = default;
};

inline constexpr int kMostHoseSites = 4096;
inline constexpr double kHoseTolerance = 1e-11;  // relative

// INVALID_ARGUMENT names the field, such as "sites[3].ingress". O(sites).
absl::Status CheckHose(const Hose& hose, int32_t node_count);

// The least whole number that holds the load, where rounding noise (kHoseTolerance) does not count
// as one more: for ledgers in bit/s. `load` is 0 to 2^62.
int64_t WholeHoseLoad(double load);

// One way of a pair. It carries weight / (sum of the weights of its pair's routes).
struct HoseRoute {
  std::span<const int32_t> links;
  int32_t weight = 1;  // >= 1
};

// Appends the routes that lead from node to node in one class; none: it cannot carry the pair. The
// links must stay where they are until the call that asks has returned.
using HoseRoutes = std::function<void(int32_t from, int32_t to, std::vector<HoseRoute>& routes)>;

// The routes of the problem's demands, whatever their rates. Both must outlive it. O(log demands) a
// question.
HoseRoutes RoutesOfDemands(const MeshProblem& problem, const MeshRoutes& routes);

struct HoseLinkLoad {
  int32_t link = 0;
  double load = 0;  // > 0

  friend bool operator==(const HoseLinkLoad&, const HoseLinkLoad&) = default;
};

struct HosePair {
  int32_t from = 0, to = 0;  // nodes

  friend auto operator<=>(const HosePair&, const HosePair&) = default;
};

struct HoseTraffic {
  HosePair pair;
  double rate = 0;   // > 0
  double share = 0;  // of it on the link, more than 0 to 1
};

// The sites of one node and role together, by number: by node, roots first.
struct HoseGroups {
  struct Group {
    int32_t node = 0;
    bool leaf = false;
  };
  std::vector<Group> groups;
  std::vector<double> ingress, egress;  // by group

  int32_t size() const { return static_cast<int32_t>(groups.size()); }
  // Whether there can be traffic over the network from one to the other.
  bool Talk(int32_t from, int32_t to) const {
    return groups[from].node != groups[to].node && (!groups[from].leaf || !groups[to].leaf) &&
           ingress[from] > 0 && egress[to] > 0;
  }
  HosePair Nodes(int32_t from, int32_t to) const { return {groups[from].node, groups[to].node}; }
};

// O(n log n).
HoseGroups GroupHoseSites(const Hose& hose);

// The pairs of nodes between which the hose can have traffic: both ends have a rate, and not leaves
// alone. Ascending, each once. O(groups^2 log groups).
std::vector<HosePair> HosePairs(const Hose& hose);

// Exact worst loads of one hose after another; keeps its memory between them. A hose passes
// CheckHose.
class HoseLoader {
 public:
  // Of every link that the hose can load, ascending by link. `classes`: at least one. Valid until
  // the next call. Asks each class once a pair of nodes (of an E-Tree, of groups: at most four
  // times). O(total length of the routes + a transportation problem a link), memory 40 bytes *
  // total length.
  std::span<const HoseLinkLoad> Load(const Hose& hose, std::span<const HoseRoutes> classes);

  // Of the last hose: pairs that some class has no route for, ascending, each once.
  const std::vector<HosePair>& unrouted() const { return unrouted_; }
  // Of the last hose: a matrix that loads the link most; pairs that load it, the greatest load
  // (rate * share) first.
  std::vector<HoseTraffic> WorstMatrix(int32_t link);

 private:
  struct Crossing {
    int32_t link = 0;
    HoseShare share;
  };

  void AddPair(int32_t from, int32_t to, std::span<const HoseRoutes> classes);
  void AddClass(const HoseRoutes& routes, HosePair pair);
  void SortByLink();
  std::span<const HoseShare> shares(size_t at) const {
    return std::span(shares_).subspan(first_[at], first_[at + 1] - first_[at]);
  }

  HoseGroups groups_;
  std::vector<Crossing> crossings_;
  std::vector<HoseLinkLoad> loads_;
  std::vector<size_t> first_;      // by place in loads_: where its shares begin
  std::vector<HoseShare> shares_;  // by link
  std::vector<HosePair> unrouted_;
  HoseTransport transport_;
  // By link, 0 between pairs: weight of the class at hand, most gain of all classes; then its
  // place.
  std::vector<int64_t> weight_, gain_;
  std::vector<int32_t> touched_, pair_touched_;
  std::vector<HoseRoute> routes_;
};

// The share of its pair's traffic that so much of the weight carries, in 1 / kWholeShare, rounded
// up. 1 <= weight <= total.
int64_t ShareOfWeight(int64_t weight, int64_t total);

// The link whose worst load is the greatest part of its capacity; of equal ones the first. A link
// without capacity has an infinite utilisation. Link -1: no load.
struct HoseWorstLink {
  int32_t link = -1;
  double utilisation = 0;
};
HoseWorstLink WorstHoseLink(std::span<const HoseLinkLoad> loads, std::span<const double> capacity);

// The largest delay of any route between every two nodes of the hose, and the worst pair.
struct HoseDelays {
  struct Pair {
    HosePair pair;
    double delay = 0;
  };
  std::vector<Pair> pairs;  // those with routes, ascending
  int32_t worst = -1;       // the first of the greatest delay; -1: no pair has routes
};

// `delay` by link, >= 0, in any unit: the answer's. O(total length of the routes).
HoseDelays WorstHoseDelays(const Hose& hose, std::span<const HoseRoutes> classes,
                           std::span<const double> delay);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_H_

// Private to this folder. Paths in the order of the objective or of availability, one after the
// other, with bounds of what those that a beginning leads to can still have of both.
//
// Labels are set from the start on, directed by lower bounds to the target (A*; Hart, Nilsson,
// Raphael 1968). A risk group counts once however many links of a path are in it, so that
// availability is no sum over links: a label carries the groups that its path is in, and what is
// left of a path is bounded by the elements that it has by itself. One label does without another
// only where it is no worse even if all the groups that the other has paid for are yet to come
// (dominance as in Desrochers and Soumis 1988, of sets).
#ifndef WAYMARK_CONTROLLER_COMPUTE_AVAILABILITY_LABELS_H_
#define WAYMARK_CONTROLLER_COMPUTE_AVAILABILITY_LABELS_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "controller/compute/availability.h"
#include "controller/compute/constrained_path.h"
#include "controller/compute/min_heap.h"
#include "controller/compute/search_graph.h"
#include "controller/compute/work_limit.h"

namespace waymark {

// -ln(availability) of what is never up, as far as the numbers go.
inline constexpr double kNeverUp = 64;
// -ln(availability), 0 to kNeverUp.
double MinusLogUp(double unavailability);

// What the elements between two ends take from the availability of a path, as -ln(up), and the
// least that is yet to come from each node on. What no path can do without (the ends, nodes and
// groups that cut them apart) counts once for all, in common(), and nothing in its place.
class AvailabilityParts {
 public:
  // Keeps references. O((n + m) log n + hops of one path * (n + m) + memberships).
  AvailabilityParts(const SearchGraph& graph, const AvailabilityModel& model, NodeId from,
                    NodeId to);

  const SearchGraph& graph() const { return graph_; }
  NodeId from() const { return from_; }
  NodeId to() const { return to_; }
  bool connected() const { return bounds_.CostToTarget(from_) != kNoPathCost; }

  double common() const { return common_; }
  // With the groups that nothing else is in.
  double OfFibre(LinkId link) const { return fibre_[Index(link)]; }
  double OfNode(NodeId node) const { return node_[Index(node)]; }
  double OfGroup(int32_t group) const { return group_[group]; }
  // Of a link and the node that it enters, without repetition; sorted.
  std::span<const int32_t> GroupsOf(LinkId link) const { return groups_[Index(link)]; }
  bool Stated(LinkId link) const { return stated_[Index(link)]; }

  // Of what lies between a node and the target, each by itself.
  Metric LeastMetric(NodeId node) const { return bounds_.LowerBound(node); }
  double LeastOwn(NodeId node) const { return own_to_[Index(node)]; }
  double LeastDelay(NodeId node) const { return delay_to_[Index(node)]; }
  double LeastHops(NodeId node) const { return hops_to_[Index(node)]; }

 private:
  void Price(const AvailabilityModel& model);
  // How many fibres and nodes are in each group that has a figure.
  std::vector<int32_t> PlacesOf() const;
  void TakeOutUnavoidable();
  bool ConnectedWithout(const std::function<bool(const SearchGraph::Arc&)>& cut) const;
  bool InGroup(const SearchGraph::Arc& arc, int32_t group) const;
  std::vector<double> LeastTo(const std::function<double(const SearchGraph::Arc&)>& length) const;

  const SearchGraph& graph_;
  const NodeId from_, to_;
  const PathSearch bounds_;
  double common_ = 0;
  std::vector<double> fibre_, node_, group_;
  std::vector<std::vector<int32_t>> groups_;
  std::vector<bool> stated_;
  std::vector<double> own_to_, delay_to_, hops_to_;
};

// The other path of a pair, when it is known.
struct AvailabilityPartner {
  // Links that share a risk with it must not be used. By link, node, group.
  std::vector<bool> banned_links, its_nodes, its_groups;
};

class AvailabilityLabels {
 public:
  enum class Order { kObjective, kAvailability };
  struct Search {
    Order order = Order::kObjective;
    // Of beginnings that are no better than others in anything the better alone are followed: the
    // first path is then the least, but those after it are not all there are.
    bool dominance = false;
    const AvailabilityPartner* partner = nullptr;
    // What is down at least of a route whose path has at least this by itself, and with its
    // partner.
    std::function<double(double own, double common)> down;
    // Nothing with these bounds is wanted any more.
    std::function<bool(const Metric& least, double down)> hopeless;
    // A path, with its own -ln(up). True: that is all.
    std::function<bool(ComputedPath path, double own)> found;
  };

  // Each unit of `work`: one label looked at.
  AvailabilityLabels(const AvailabilityParts& parts, WorkMeter* work)
      : parts_(parts), work_(work) {}
  // Returns early when the work has ended.
  void Run(const Search& search);

 private:
  struct Label {
    int32_t before = -1;
    LinkId link = LinkId::kNone;
    NodeId node = NodeId::kNone;
    bool stated = false;
    Metric spent;
    double own = 0, common = 0;
    std::vector<int32_t> groups;  // sorted
  };
  struct Open {
    Metric least;
    double down = 0;
    int32_t label = 0;
  };
  struct Less {
    Order order = Order::kObjective;
    bool operator()(const Open& a, const Open& b) const;
  };

  bool Work(int64_t units);
  void Extend(const Search& search, int32_t from, const SearchGraph::Arc& arc);
  bool OnPath(int32_t label, NodeId node) const;
  bool Dominated(const Search& search, int32_t label);
  bool Dominates(const Search& search, const Label& a, const Label& b) const;
  std::vector<LinkId> LinksOf(int32_t label) const;

  const AvailabilityParts& parts_;
  WorkMeter* work_;
  std::vector<Label> labels_;
  std::vector<std::vector<int32_t>> settled_;  // by node
  MinHeap<Open, Less> open_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_AVAILABILITY_LABELS_H_

#include "controller/compute/explicit_hops.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

class Planner {
 public:
  Planner(const SearchGraph& graph, std::span<const ExplicitHop> hops, NodeId from, NodeId to)
      : graph_(graph), snapshot_(graph.snapshot()), hops_(hops), from_(from), to_(to), at_(from) {
    plan_.only_leg.assign(snapshot_.nodes().size(), kAnyLeg);
  }

  HopPlan Run() {
    if (Plan()) CheckAdmitted();
    return std::move(plan_);
  }

 private:
  bool Plan() {
    if (from_ == to_) return Fail(HopProblem::kInvalid, -1, "the path starts where it ends");
    if (hops_.size() > kMaxExplicitHops) {
      Fail(HopProblem::kInvalid, -1,
           absl::StrCat("a list holds at most ", kMaxExplicitHops, " hops"));
      plan_.hop = kMaxExplicitHops;
      return false;
    }
    Require(from_, 0);
    for (int i = 0; i < static_cast<int>(hops_.size()); ++i) {
      if (!(IsNode(i) ? AddNode(i) : AddLink(i))) return false;
    }
    if (at_ != to_) AddLeg({.start = at_, .end = to_, .loose = true});
    return true;
  }

  bool IsNode(int hop) const { return hops_[hop].node != NodeId::kNone; }

  bool AddNode(int hop) {
    const NodeId node = hops_[hop].node;
    if (hops_[hop].link != LinkId::kNone || !Known(Index(node), snapshot_.nodes().size())) {
      return Unnamed(hop);
    }
    if (node == at_ && !named_) {
      named_ = true;  // the start, or where a link leads: passed already
      return true;
    }
    if (!MayVisit(hop, node)) return false;
    const bool strict = !hops_[hop].loose;
    const auto out = snapshot_.out_links(at_);
    if (strict && std::none_of(out.begin(), out.end(),
                               [&](LinkId link) { return snapshot_.link(link).target == node; })) {
      return Fail(HopProblem::kInvalid, hop,
                  absl::StrCat("no link leads there from ", Name(at_),
                               ", which it must follow directly unless it is loose"));
    }
    AddLeg({.start = at_, .end = node, .loose = hops_[hop].loose, .hop = hop});
    named_ = true;
    return true;
  }

  bool AddLink(int hop) {
    if (!Known(Index(hops_[hop].link), snapshot_.links().size())) return Unnamed(hop);
    const LinkInfo& info = snapshot_.link(hops_[hop].link);
    if (info.source != at_) {
      if (!MayVisit(hop, info.source)) return false;
      if (!hops_[hop].loose) {
        return Fail(HopProblem::kInvalid, hop,
                    absl::StrCat("it starts at ", Name(info.source), ", not at ", Name(at_),
                                 ", which it must follow directly unless it is loose"));
      }
      if (info.source == to_) {
        return Fail(HopProblem::kInvalid, hop,
                    absl::StrCat("it leaves ", Name(to_), ", where the path ends"));
      }
      Require(info.source, static_cast<int32_t>(plan_.legs.size()));
    }
    if (!MayVisit(hop, info.target)) return false;
    AddLeg({.link = hops_[hop].link,
            .start = at_,
            .end = info.target,
            .loose = hops_[hop].loose,
            .hop = hop});
    named_ = false;
    return true;
  }

  // A path ends at `to` and passes no node twice.
  bool MayVisit(int hop, NodeId node) {
    if (at_ == to_) {
      return Fail(HopProblem::kInvalid, hop,
                  absl::StrCat("it comes after ", Name(to_), ", where the path ends"));
    }
    if (plan_.only_leg[Index(node)] != kAnyLeg) {
      return Fail(HopProblem::kInvalid, hop,
                  absl::StrCat("the path would pass ", Name(node), " twice"));
    }
    return true;
  }

  void CheckAdmitted() {
    for (const NodeId end : {from_, to_}) {
      if (!graph_.NodeUsable(end)) {
        Fail(HopProblem::kNotAdmitted, -1, absl::StrCat(Name(end), kNotAdmitted));
        return;
      }
    }
    for (int i = 0; i < static_cast<int>(hops_.size()); ++i) {
      if (IsNode(i) ? graph_.NodeUsable(hops_[i].node) : graph_.LinkUsable(hops_[i].link)) continue;
      Fail(HopProblem::kNotAdmitted, i, absl::StrCat("it", IsNode(i) ? kNotAdmitted : kNoLink));
      return;
    }
  }

  static bool Known(int32_t index, size_t size) {
    return index >= 0 && static_cast<size_t>(index) < size;
  }
  const std::string& Name(NodeId node) const { return snapshot_.node(node).name; }

  void Require(NodeId node, int32_t leg) { plan_.only_leg[Index(node)] = leg; }

  void AddLeg(const ExplicitLeg& leg) {
    plan_.legs.push_back(leg);
    at_ = leg.end;
    Require(at_, static_cast<int32_t>(plan_.legs.size()));
  }

  bool Unnamed(int hop) {
    plan_.problem = HopProblem::kInvalid;
    plan_.hop = hop;
    plan_.message =
        absl::StrCat("hop ", hop + 1, ": it must name one node or one link of the network");
    return false;
  }

  bool Fail(HopProblem problem, int hop, const std::string& what) {
    plan_.problem = problem;
    plan_.hop = hop;
    plan_.message = hop < 0 ? what : absl::StrCat(HopText(snapshot_, hops_, hop), ": ", what);
    return false;
  }

  static constexpr char kNotAdmitted[] = " is excluded by the constraints, or in maintenance";
  static constexpr char kNoLink[] =
      ", or an end of it, is excluded by the constraints, in maintenance, down, or short of "
      "bandwidth";

  const SearchGraph& graph_;
  const Snapshot& snapshot_;
  const std::span<const ExplicitHop> hops_;
  const NodeId from_, to_;
  NodeId at_;           // where the legs so far end
  bool named_ = false;  // a node hop said so
  HopPlan plan_;
};

}  // namespace

HopPlan PlanHops(const SearchGraph& graph, std::span<const ExplicitHop> hops, NodeId from,
                 NodeId to) {
  return Planner(graph, hops, from, to).Run();
}

std::string HopText(const Snapshot& snapshot, std::span<const ExplicitHop> hops, int hop) {
  const ExplicitHop& named = hops[hop];
  if (named.node == NodeId::kNone && named.link == LinkId::kNone) {
    return absl::StrCat("hop ", hop + 1);
  }
  return absl::StrCat(
      "hop ", hop + 1, " (",
      named.node != NodeId::kNone ? snapshot.node(named.node).name : snapshot.link(named.link).name,
      ")");
}

}  // namespace waymark

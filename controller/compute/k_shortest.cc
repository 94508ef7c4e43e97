#include "controller/compute/k_shortest.h"

#include <algorithm>
#include <set>
#include <utility>

namespace waymark {
namespace {

// A least path of one subspace: those paths that begin with its first `deviation` links and then
// leave by none of `forbidden`.
struct Candidate {
  ComputedPath path;
  size_t deviation = 0;
  std::vector<LinkId> forbidden;  // out of the deviation node

  friend bool operator<(const Candidate& a, const Candidate& b) { return a.path < b.path; }
};

class Yen {
 public:
  Yen(const SearchGraph& graph, NodeId from, NodeId to, int64_t label_budget)
      : graph_(graph), from_(from), search_(graph, to), label_budget_(label_budget) {}

  KShortestResult Run(size_t k) {
    KShortestResult result;
    if (k == 0 || !Explore({}, {})) return result;
    while (result.paths.size() < k && !candidates_.empty()) {
      const Candidate best = std::move(candidates_.extract(candidates_.begin()).value());
      result.paths.push_back(best.path);
      if (result.paths.size() < k) Split(best);
      // A subspace that was given up might have held the next path: what follows can't be trusted.
      if (budget_spent_) break;
    }
    result.outcome = budget_spent_ && result.paths.size() < k ? Outcome::kBudgetSpent
                     : result.paths.empty()                   ? Outcome::kInfeasible
                                                              : Outcome::kFound;
    return result;
  }

 private:
  // The rest of `best`'s subspace, parted by the place where a path leaves `best`.
  void Split(const Candidate& best) {
    const auto& links = best.path.links;
    for (size_t i = best.deviation; i < links.size() && !budget_spent_; ++i) {
      std::vector<LinkId> forbidden;
      if (i == best.deviation) forbidden = best.forbidden;
      forbidden.push_back(links[i]);
      Explore({links.begin(), links.begin() + static_cast<ptrdiff_t>(i)}, std::move(forbidden));
    }
  }

  bool Explore(std::vector<LinkId> prefix, std::vector<LinkId> forbidden) {
    const Snapshot& snapshot = graph_.snapshot();
    std::vector<bool> banned_links(snapshot.links().size(), false);
    std::vector<bool> banned_nodes(snapshot.nodes().size(), false);
    for (const LinkId link : forbidden) banned_links[Index(link)] = true;
    NodeId spur = from_;
    for (const LinkId link : prefix) {
      banned_nodes[Index(spur)] = true;
      spur = snapshot.link(link).target;
    }
    const PathRestriction restriction{&banned_links, &banned_nodes, graph_.PathMetric(prefix)};
    PathResult found = search_.Run(spur, restriction, label_budget_);
    budget_spent_ = budget_spent_ || found.outcome == Outcome::kBudgetSpent;
    if (found.outcome != Outcome::kFound) return found.outcome == Outcome::kBudgetSpent;
    Candidate candidate;
    candidate.deviation = prefix.size();
    candidate.forbidden = std::move(forbidden);
    candidate.path.metric = found.path.metric;
    candidate.path.links = std::move(prefix);
    candidate.path.links.insert(candidate.path.links.end(), found.path.links.begin(),
                                found.path.links.end());
    candidates_.insert(std::move(candidate));
    return true;
  }

  const SearchGraph& graph_;
  const NodeId from_;
  PathSearch search_;
  const int64_t label_budget_;
  bool budget_spent_ = false;
  std::set<Candidate> candidates_;
};

}  // namespace

KShortestResult KShortestPaths(const SearchGraph& graph, NodeId from, NodeId to, size_t k,
                               int64_t label_budget) {
  return Yen(graph, from, to, label_budget).Run(k);
}

}  // namespace waymark

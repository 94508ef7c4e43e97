#include "controller/compute/disjoint_pair.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <queue>
#include <utility>

#include "controller/compute/disjoint_flow.h"

namespace waymark {
namespace {

// Conflicts whose two branches are tried out before one is chosen to branch on.
constexpr size_t kConflictsTried = 16;

// Two paths that need not be disjoint yet, and the risks that each is already forbidden.
struct Branch {
  std::array<std::vector<int32_t>, 2> banned;
  std::array<ComputedPath, 2> paths;
  Metric bound;
  int64_t number = 0;  // order of creation: makes the search deterministic
};

struct Later {
  bool operator()(const Branch& a, const Branch& b) const {
    return std::pair(a.bound, a.number) > std::pair(b.bound, b.number);
  }
};

class PairSolver {
 public:
  PairSolver(const SearchGraph& graph, const Protection& protection, NodeId from, NodeId to,
             int64_t search_budget)
      : graph_(graph),
        protection_(protection),
        from_(from),
        search_(graph, to),
        risks_(graph.snapshot(), protection, from, to),
        budget_(search_budget) {}

  PairResult Run() {
    result_.single = search_.Run(from_);
    if (result_.single.outcome != Outcome::kFound) {
      result_.outcome = result_.single.outcome;
      return std::move(result_);
    }
    const auto flow = LeastDisjointFlow(search_, from_, protection_.node);
    if (!flow) return std::move(result_);  // kInfeasible
    if (Valid(flow->paths)) {
      Offer(flow->paths);
      result_.outcome = Outcome::kFound;
      return std::move(result_);
    }
    least_ = flow->total;
    Branch root;
    root.paths = {result_.single.path, result_.single.path};
    Enqueue(std::move(root));
    Search();
    return std::move(result_);
  }

 private:
  void Search() {
    while (!open_.empty() && !Pruned(open_.top().bound)) {
      const Branch branch = open_.top();
      open_.pop();
      const std::vector<int32_t> conflicts = Conflicts(branch);
      if (conflicts.empty()) {
        Offer(branch.paths);
        continue;
      }
      TryPartner(branch);
      Split(branch, conflicts);
      if (budget_ < 0) {
        result_.outcome = Outcome::kBudgetSpent;
        return;
      }
    }
    result_.outcome = result_.has_pair() ? Outcome::kFound : Outcome::kInfeasible;
  }

  bool Valid(const std::array<ComputedPath, 2>& paths) const {
    return std::all_of(paths.begin(), paths.end(),
                       [&](const ComputedPath& path) {
                         return path.metric.delay_ns <= graph_.max_delay_ns() &&
                                path.metric.hops <= graph_.max_hops();
                       }) &&
           risks_.Disjoint(paths[0].links, paths[1].links);
  }

  bool Pruned(const Metric& bound) const { return best_ && bound >= *best_; }

  void Offer(const std::array<ComputedPath, 2>& paths) {
    const Metric total = paths[0].metric + paths[1].metric;
    if (Pruned(total)) return;
    best_ = total;
    result_.working = std::min(paths[0], paths[1]);
    result_.protect = std::max(paths[0], paths[1]);
  }

  std::vector<int32_t> Conflicts(const Branch& branch) const {
    const auto a = risks_.RisksOfPath(branch.paths[0].links);
    const auto b = risks_.RisksOfPath(branch.paths[1].links);
    std::vector<int32_t> shared;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(shared));
    return shared;
  }

  std::optional<ComputedPath> Avoiding(const std::vector<int32_t>& banned_risks) {
    std::vector<bool> banned(graph_.snapshot().links().size(), false);
    for (const int32_t risk : banned_risks) {
      for (const LinkId link : risks_.LinksOf(risk)) banned[Index(link)] = true;
    }
    if (--budget_ < 0) return std::nullopt;
    PathResult found = search_.Run(from_, {.banned_links = &banned});
    if (found.outcome == Outcome::kBudgetSpent) budget_ = -1;
    if (found.outcome != Outcome::kFound) return std::nullopt;
    return std::move(found.path);
  }

  // A real partner for the first path, so that there is an answer early, to prune by and to give
  // when the budget ends.
  void TryPartner(const Branch& branch) {
    if (auto partner = Avoiding(risks_.RisksOfPath(branch.paths[0].links))) {
      Offer({branch.paths[0], std::move(*partner)});
    }
  }

  std::optional<Branch> Child(const Branch& branch, int32_t risk, size_t side) {
    std::vector<int32_t> banned = branch.banned[side];
    banned.push_back(risk);
    auto path = Avoiding(banned);
    if (!path) return std::nullopt;
    Branch child = branch;
    child.banned[side] = std::move(banned);
    child.paths[side] = std::move(*path);
    child.bound = std::max({branch.bound, child.paths[0].metric + child.paths[1].metric, least_});
    if (Pruned(child.bound)) return std::nullopt;
    return child;
  }

  // Branches on the conflict that raises the bound most. A conflict without a branch left ends this
  // one.
  void Split(const Branch& branch, const std::vector<int32_t>& conflicts) {
    // While both paths have the same bans they are interchangeable: one branch stands for both.
    const bool symmetric = branch.banned[0] == branch.banned[1];
    std::vector<Branch> chosen;
    std::optional<std::pair<Metric, Metric>> chosen_rank;
    const size_t tried = std::min(conflicts.size(), kConflictsTried);
    for (size_t i = 0; i < tried; ++i) {
      const int32_t risk = conflicts[i * conflicts.size() / tried];
      std::vector<Branch> children;
      for (size_t side = symmetric ? 1 : 0; side < 2; ++side) {
        if (auto child = Child(branch, risk, side)) children.push_back(std::move(*child));
      }
      if (budget_ < 0 || children.empty()) return;
      const Metric none{kUnreachable, 0, 0};
      const Metric first = children[0].bound;
      const Metric second = children.size() > 1 ? children[1].bound : none;
      const std::pair rank(std::min(first, second), std::max(first, second));
      if (!chosen_rank || rank > *chosen_rank) {
        chosen_rank = rank;
        chosen = std::move(children);
      }
    }
    for (Branch& child : chosen) Enqueue(std::move(child));
  }

  void Enqueue(Branch branch) {
    branch.number = next_number_++;
    open_.push(std::move(branch));
  }

  const SearchGraph& graph_;
  const Protection protection_;
  const NodeId from_;
  PathSearch search_;
  const RiskTable risks_;
  int64_t budget_;
  Metric least_;
  std::optional<Metric> best_;
  std::priority_queue<Branch, std::vector<Branch>, Later> open_;
  int64_t next_number_ = 0;
  PairResult result_;
};

}  // namespace

PairResult DisjointPair(const SearchGraph& graph, const Protection& protection, NodeId from,
                        NodeId to, int64_t search_budget) {
  return PairSolver(graph, protection, from, to, search_budget).Run();
}

PathResult DisjointFrom(const SearchGraph& graph, const Protection& protection, NodeId from,
                        NodeId to, std::span<const LinkId> other) {
  const RiskTable risks(graph.snapshot(), protection, from, to);
  std::vector<bool> banned(graph.snapshot().links().size(), false);
  for (const int32_t risk : risks.RisksOfPath(other)) {
    for (const LinkId link : risks.LinksOf(risk)) banned[Index(link)] = true;
  }
  return PathSearch(graph, to).Run(from, {.banned_links = &banned});
}

}  // namespace waymark

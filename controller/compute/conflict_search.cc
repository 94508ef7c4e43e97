#include "controller/compute/conflict_search.h"

#include <algorithm>
#include <iterator>
#include <queue>
#include <tuple>
#include <utility>

namespace waymark {
namespace {

// Conflicts whose branches are tried out before one is chosen to branch on.
constexpr size_t kConflictsTried = 16;

struct Conflict {
  int32_t risk = 0;
  size_t first = 0, second = 1;  // members
};

// Paths that need not be disjoint yet, the risks that each is already forbidden, and those that
// both keep.
struct Branch {
  std::vector<std::vector<int32_t>> banned;
  std::vector<ComputedPath> paths;
  std::vector<int32_t> granted;
  SetRank bound;
  int64_t number = 0;  // order of creation: makes the search deterministic
};

struct Later {
  bool operator()(const Branch& a, const Branch& b) const {
    return std::tie(a.bound, a.number) > std::tie(b.bound, b.number);
  }
};

class Solver {
 public:
  Solver(const ConflictProblem& problem, std::vector<ComputedPath> start)
      : problem_(problem), risks_(*problem.risks) {
    if (!start.empty()) Offer(std::move(start));
  }

  ConflictResult Run() {
    if (auto root = Root()) {
      Enqueue(*std::move(root));
      Search();
    }
    const Outcome proven = result_.paths.empty() ? Outcome::kInfeasible : Outcome::kFound;
    result_.outcome = problem_.work->ended() ? Outcome::kBudgetSpent : proven;
    return std::move(result_);
  }

 private:
  std::optional<Branch> Root() {
    Branch root;
    root.banned.resize(problem_.members);
    for (size_t i = 0; i < problem_.members; ++i) {
      auto path = i > 0 && problem_.interchangeable ? root.paths[0] : Avoiding(i, {});
      if (!path) return std::nullopt;
      root.paths.push_back(*std::move(path));
    }
    if (problem_.allow_shared_risks) {
      GrantUnavoidable(root);
      OfferSharing(root);
    }
    Bound(root);
    return root;
  }

  void Search() {
    while (!open_.empty() && !Pruned(open_.top().bound)) {
      const Branch branch = open_.top();
      open_.pop();
      const std::vector<Conflict> conflicts = Conflicts(branch);
      if (conflicts.empty()) {
        Offer(branch.paths);
        continue;
      }
      OfferGreedily(branch);
      Split(branch, conflicts);
      if (problem_.work->ended()) return;
    }
  }

  bool Pruned(const SetRank& bound) const { return best_ && bound >= *best_; }

  void Offer(std::vector<ComputedPath> paths) {
    std::vector<int32_t> shared;
    if (problem_.allow_shared_risks) {
      // Twice the same path is no pair, and a branch that leads there holds no pair: whatever keeps
      // all its fibres is that path.
      if (paths[0].links == paths[1].links) return;
      shared = risks_.Shared(paths[0].links, paths[1].links);
    }
    const SetRank rank = RankOf(paths, problem_.order, static_cast<int64_t>(shared.size()));
    if (Pruned(rank)) return;
    best_ = rank;
    result_.paths = std::move(paths);
    result_.shared = std::move(shared);
  }

  std::vector<Conflict> Conflicts(const Branch& branch) const {
    std::vector<Conflict> conflicts;
    for (size_t i = 0; i < problem_.members; ++i) {
      for (size_t j = i + 1; j < problem_.members; ++j) {
        for (const int32_t risk : risks_.Shared(branch.paths[i].links, branch.paths[j].links)) {
          if (!std::binary_search(branch.granted.begin(), branch.granted.end(), risk)) {
            conflicts.push_back({risk, i, j});
          }
        }
      }
    }
    return conflicts;
  }

  std::optional<ComputedPath> Avoiding(size_t member, const std::vector<int32_t>& banned_risks) {
    if (!problem_.work->Spend()) return std::nullopt;
    std::vector<bool> banned(problem_.link_count, false);
    for (const int32_t risk : banned_risks) {
      for (const LinkId link : risks_.LinksOf(risk)) banned[Index(link)] = true;
    }
    PathResult found = problem_.least(member, banned);
    if (found.outcome == Outcome::kBudgetSpent) problem_.work->End();
    if (found.outcome != Outcome::kFound) return std::nullopt;
    return std::move(found.path);
  }

  // What either path cannot do without costs nothing to settle first.
  void GrantUnavoidable(Branch& root) {
    for (const int32_t risk : risks_.Shared(root.paths[0].links, root.paths[1].links)) {
      const bool avoidable =
          Avoiding(0, {risk}) || (!problem_.interchangeable && Avoiding(1, {risk}));
      if (problem_.work->ended()) return;
      if (!avoidable) root.granted.push_back(risk);
    }
  }

  // A second path that avoids as much of the first as it can, one risk after the other.
  void OfferSharing(const Branch& root) {
    std::vector<int32_t> avoided;
    std::optional<ComputedPath> partner;
    for (const int32_t risk : risks_.RisksOfPath(root.paths[0].links)) {
      avoided.push_back(risk);
      if (auto found = Avoiding(1, avoided)) {
        partner = std::move(found);
      } else {
        avoided.pop_back();
      }
    }
    if (partner) Offer({root.paths[0], *std::move(partner)});
  }

  // Real partners for the first path, so that there is an answer early, to prune by and to give
  // when the budget ends.
  void OfferGreedily(const Branch& branch) {
    std::vector<ComputedPath> paths = {branch.paths[0]};
    std::vector<int32_t> used;
    while (paths.size() < problem_.members) {
      for (const int32_t risk : risks_.RisksOfPath(paths.back().links)) {
        if (!std::binary_search(branch.granted.begin(), branch.granted.end(), risk)) {
          used.push_back(risk);
        }
      }
      auto next = Avoiding(paths.size(), used);
      if (!next) return;
      paths.push_back(*std::move(next));
    }
    Offer(std::move(paths));
  }

  void Bound(Branch& branch) const {
    const SetRank own =
        RankOf(branch.paths, problem_.order,
               std::max(static_cast<int64_t>(branch.granted.size()), problem_.floor.shared));
    branch.bound = own;
    branch.bound.dearest = std::max(own.dearest, problem_.floor.dearest);
    branch.bound.total = std::max(own.total, problem_.floor.total);
  }

  std::optional<Branch> Kept(Branch child) const {
    Bound(child);
    if (Pruned(child.bound)) return std::nullopt;
    return child;
  }

  std::optional<Branch> Without(const Branch& branch, size_t member, int32_t risk) {
    std::vector<int32_t> banned = branch.banned[member];
    banned.push_back(risk);
    auto path = Avoiding(member, banned);
    if (!path) return std::nullopt;
    Branch child = branch;
    child.banned[member] = std::move(banned);
    child.paths[member] = *std::move(path);
    return Kept(std::move(child));
  }

  std::optional<Branch> With(const Branch& branch, int32_t risk) const {
    Branch child = branch;
    child.granted.insert(std::upper_bound(child.granted.begin(), child.granted.end(), risk), risk);
    return Kept(std::move(child));
  }

  std::vector<Branch> Children(const Branch& branch, const Conflict& conflict) {
    std::vector<Branch> children;
    const auto add = [&](std::optional<Branch> child) {
      if (child) children.push_back(*std::move(child));
    };
    // While two members have the same bans they are interchangeable: one branch stands for both.
    if (!problem_.interchangeable ||
        branch.banned[conflict.first] != branch.banned[conflict.second]) {
      add(Without(branch, conflict.first, conflict.risk));
    }
    add(Without(branch, conflict.second, conflict.risk));
    if (problem_.allow_shared_risks) add(With(branch, conflict.risk));
    return children;
  }

  // Branches on the conflict that raises the bound most. A conflict without a branch left ends this
  // one.
  void Split(const Branch& branch, const std::vector<Conflict>& conflicts) {
    std::vector<Branch> chosen;
    std::vector<SetRank> chosen_ranks;
    const size_t tried = std::min(conflicts.size(), kConflictsTried);
    for (size_t i = 0; i < tried; ++i) {
      std::vector<Branch> children = Children(branch, conflicts[i * conflicts.size() / tried]);
      if (problem_.work->ended() || children.empty()) return;
      std::vector<SetRank> ranks(3, {.shared = kUnreachable});
      for (size_t j = 0; j < children.size(); ++j) ranks[j] = children[j].bound;
      std::sort(ranks.begin(), ranks.end());
      if (chosen.empty() || ranks > chosen_ranks) {
        chosen = std::move(children);
        chosen_ranks = std::move(ranks);
      }
    }
    for (Branch& child : chosen) Enqueue(std::move(child));
  }

  void Enqueue(Branch branch) {
    branch.number = next_number_++;
    open_.push(std::move(branch));
  }

  const ConflictProblem& problem_;
  const RiskTable& risks_;
  std::optional<SetRank> best_;
  std::priority_queue<Branch, std::vector<Branch>, Later> open_;
  int64_t next_number_ = 0;
  ConflictResult result_;
};

}  // namespace

SetRank RankOf(std::span<const ComputedPath> paths, PairOrder order, int64_t shared) {
  SetRank rank;
  rank.shared = shared;
  for (const ComputedPath& path : paths) {
    rank.total = rank.total + path.metric;
    if (order == PairOrder::kMinMax) rank.dearest = std::max(rank.dearest, path.metric);
  }
  return rank;
}

ConflictResult SearchConflicts(const ConflictProblem& problem, std::vector<ComputedPath> start) {
  return Solver(problem, std::move(start)).Run();
}

}  // namespace waymark

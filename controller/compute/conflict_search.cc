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

// A path that need not be disjoint from the others yet.
struct Member {
  std::vector<int32_t> banned;  // risks, sorted
  ComputedPath path;
  // 0: the least path by itself. Else: one of the least so many together.
  size_t together = 0;
};

struct Branch {
  std::vector<Member> members;
  std::vector<int32_t> granted;  // risks that both keep, sorted
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
    root.members.resize(problem_.members);
    if (!Relax(root)) return std::nullopt;
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
      const std::vector<int32_t> conflicts = Conflicts(branch);
      if (conflicts.empty()) {
        Offer(PathsOf(branch));
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

  static std::vector<ComputedPath> PathsOf(const Branch& branch) {
    std::vector<ComputedPath> paths;
    for (const Member& member : branch.members) paths.push_back(member.path);
    return paths;
  }

  // Risks that several use, the widest first: giving those away settles most.
  std::vector<int32_t> Conflicts(const Branch& branch) const {
    std::vector<int32_t> used, conflicts;
    for (const Member& member : branch.members) {
      const std::vector<int32_t> own = risks_.Of(member.path.links);
      used.insert(used.end(), own.begin(), own.end());
    }
    std::sort(used.begin(), used.end());
    for (size_t i = 1; i < used.size(); ++i) {
      // Once, however many use it.
      if (used[i] != used[i - 1] || (i > 1 && used[i] == used[i - 2])) continue;
      if (!Has(branch.granted, used[i])) conflicts.push_back(used[i]);
    }
    std::vector<std::pair<size_t, int32_t>> widths;
    for (const int32_t risk : conflicts) widths.emplace_back(risks_.LinksOf(risk).size(), risk);
    std::stable_sort(widths.begin(), widths.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::ranges::transform(widths, conflicts.begin(),
                           [](const auto& width) { return width.second; });
    return conflicts;
  }

  static bool Has(const std::vector<int32_t>& sorted, int32_t risk) {
    return std::binary_search(sorted.begin(), sorted.end(), risk);
  }
  static void Insert(std::vector<int32_t>& sorted, int32_t risk) {
    sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), risk), risk);
  }

  std::vector<bool> LinksOf(const std::vector<int32_t>& risks) const {
    std::vector<bool> links(problem_.link_count, false);
    for (const int32_t risk : risks) {
      for (const LinkId link : risks_.LinksOf(risk)) links[Index(link)] = true;
    }
    return links;
  }

  std::optional<ComputedPath> Avoiding(size_t member, const std::vector<int32_t>& banned_risks) {
    if (!problem_.work->Spend()) return std::nullopt;
    PathResult found = problem_.least(member, LinksOf(banned_risks));
    if (found.outcome == Outcome::kBudgetSpent) problem_.work->End();
    if (found.outcome != Outcome::kFound) return std::nullopt;
    return std::move(found.path);
  }

  // Members that may trade places with one of the same bans.
  std::vector<std::vector<size_t>> Classes(const Branch& branch) const {
    std::vector<std::vector<size_t>> classes;
    for (size_t i = 0; i < branch.members.size(); ++i) {
      const auto same = std::find_if(classes.begin(), classes.end(), [&](const auto& others) {
        return !(problem_.first_apart && others[0] == 0) &&
               branch.members[others[0]].banned == branch.members[i].banned;
      });
      if (same == classes.end()) {
        classes.push_back({i});
      } else {
        same->push_back(i);
      }
    }
    return classes;
  }

  // The least path of every member, anew where bans or companions have changed; false when one has
  // none.
  bool Relax(Branch& branch) {
    for (const std::vector<size_t>& members : Classes(branch)) {
      const bool fresh = std::all_of(members.begin(), members.end(), [&](size_t i) {
        const Member& member = branch.members[i];
        return !member.path.links.empty() &&
               (member.together == 0 || member.together == members.size()) &&
               member.together == branch.members[members[0]].together && ObeysBans(member);
      });
      if (!fresh && !RelaxClass(branch, members)) return false;
    }
    return true;
  }

  bool ObeysBans(const Member& member) const {
    const std::vector<int32_t> used = risks_.Of(member.path.links);
    return std::none_of(used.begin(), used.end(),
                        [&](int32_t risk) { return Has(member.banned, risk); });
  }

  bool RelaxClass(Branch& branch, const std::vector<size_t>& members) {
    const std::vector<int32_t>& banned = branch.members[members[0]].banned;
    if (members.size() > 1 && problem_.least_together) {
      if (!problem_.work->Spend()) return false;
      auto paths = problem_.least_together(members.size(), LinksOf(banned));
      if (!paths) return false;
      // Paths that are least together bound the total alone, and only within the bounds are they an
      // answer.
      if (problem_.order == PairOrder::kMinSum &&
          std::all_of(paths->begin(), paths->end(), problem_.in_bounds)) {
        for (size_t i = 0; i < members.size(); ++i) {
          branch.members[members[i]].path = std::move((*paths)[i]);
          branch.members[members[i]].together = members.size();
        }
        return true;
      }
    }
    const auto path = Avoiding(members[0], banned);
    if (!path) return false;
    for (const size_t i : members) {
      branch.members[i].path = *path;
      branch.members[i].together = 0;
    }
    return true;
  }

  // What either path cannot do without costs nothing to settle first.
  void GrantUnavoidable(Branch& root) {
    for (const int32_t risk : Conflicts(root)) {
      const bool avoidable = Avoiding(0, {risk}) || (problem_.first_apart && Avoiding(1, {risk}));
      if (problem_.work->ended()) return;
      if (!avoidable) Insert(root.granted, risk);
    }
  }

  // A second path that avoids as much of the first as it can, one risk after the other.
  void OfferSharing(const Branch& root) {
    std::vector<int32_t> avoided;
    std::optional<ComputedPath> partner;
    for (const int32_t risk : risks_.Of(root.members[0].path.links)) {
      avoided.push_back(risk);
      if (auto found = Avoiding(1, avoided)) {
        partner = std::move(found);
      } else {
        avoided.pop_back();
      }
    }
    if (partner) Offer({root.members[0].path, *std::move(partner)});
  }

  // Real partners for the first path, so that there is an answer early, to prune by and to give
  // when the budget ends.
  void OfferGreedily(const Branch& branch) {
    std::vector<ComputedPath> paths = {branch.members[0].path};
    std::vector<int32_t> used;
    while (paths.size() < problem_.members) {
      for (const int32_t risk : risks_.Of(paths.back().links)) {
        if (!Has(branch.granted, risk)) used.push_back(risk);
      }
      auto next = Avoiding(paths.size(), used);
      if (!next) return;
      paths.push_back(*std::move(next));
    }
    Offer(std::move(paths));
  }

  void Bound(Branch& branch) const {
    const SetRank own =
        RankOf(PathsOf(branch), problem_.order,
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

  // Of the members that use the risk now, and those that may trade places with them, only `owner`
  // may go on.
  std::optional<Branch> Owned(const Branch& branch, std::span<const std::vector<size_t>> users,
                              size_t owner, int32_t risk) {
    Branch child = branch;
    for (const std::vector<size_t>& members : users) {
      for (const size_t i : members) {
        std::vector<int32_t>& banned = child.members[i].banned;
        if (i != owner && !Has(banned, risk)) Insert(banned, risk);
      }
    }
    if (!Relax(child)) return std::nullopt;
    return Kept(std::move(child));
  }

  std::optional<Branch> Granted(const Branch& branch, int32_t risk) const {
    Branch child = branch;
    Insert(child.granted, risk);
    return Kept(std::move(child));
  }

  std::vector<Branch> Children(const Branch& branch, int32_t risk) {
    std::vector<Branch> children;
    const auto add = [&](std::optional<Branch> child) {
      if (child) children.push_back(*std::move(child));
    };
    const auto uses = [&](size_t i) {
      const std::vector<int32_t> used = risks_.Of(branch.members[i].path.links);
      return Has(used, risk);
    };
    std::vector<std::vector<size_t>> users = Classes(branch);
    std::erase_if(users, [&](const std::vector<size_t>& members) {
      return std::none_of(members.begin(), members.end(), uses);
    });
    for (const std::vector<size_t>& members : users) {
      add(Owned(branch, users, *std::find_if(members.begin(), members.end(), uses), risk));
    }
    if (problem_.allow_shared_risks) add(Granted(branch, risk));
    return children;
  }

  // Branches on the conflict that raises the bound most. A conflict without a branch left ends this
  // one.
  void Split(const Branch& branch, const std::vector<int32_t>& conflicts) {
    std::vector<Branch> chosen;
    std::vector<SetRank> chosen_ranks;
    const size_t tried = std::min(conflicts.size(), kConflictsTried);
    for (size_t i = 0; i < tried; ++i) {
      std::vector<Branch> children = Children(branch, conflicts[i * conflicts.size() / tried]);
      if (problem_.work->ended() || children.empty()) return;
      std::vector<SetRank> ranks(problem_.members + 1, {.shared = kUnreachable});
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
  const PathRisks& risks_;
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

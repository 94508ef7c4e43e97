#include "controller/compute/shared_protect.h"

#include <algorithm>
#include <utility>

#include "controller/compute/disjoint_pair.h"
#include "controller/compute/k_shortest.h"
#include "controller/compute/risk_table.h"

namespace waymark {
namespace {

constexpr size_t kWorkingTried = 8;

void BanFull(const SharedProtectQuery& query, std::span<const LinkId> working,
             std::vector<bool>* banned) {
  const Ledger& ledger = *query.environment.ledger;
  const int64_t bps = query.constraints.bandwidth_bps;
  const int setup = query.constraints.setup_priority;
  // Where there is room for all of it nobody need ask how much sharing saves.
  std::vector<LinkId> scarce;
  for (size_t i = 0; i < query.snapshot.links().size(); ++i) {
    const auto link = static_cast<LinkId>(i);
    if (ledger.Residual(link, setup) < bps) scarce.push_back(link);
  }
  // Both directions share their risks, so one answer serves either.
  const std::vector<int64_t> needs = ledger.SharedProtectNeed(working, scarce, bps, setup);
  for (size_t i = 0; i < scarce.size(); ++i) {
    if (needs[i] <= ledger.Residual(scarce[i], setup)) continue;
    (*banned)[Index(scarce[i])] = true;
    const LinkId back = query.snapshot.link(scarce[i]).reverse;
    if (query.environment.corouted && back != LinkId::kNone) (*banned)[Index(back)] = true;
  }
}

bool Usable(const SearchGraph& graph, const ComputedPath& path) {
  return std::all_of(path.links.begin(), path.links.end(),
                     [&](LinkId link) { return graph.LinkUsable(link); });
}

}  // namespace

std::vector<bool> NoProtect(const SharedProtectQuery& query, std::span<const LinkId> working) {
  const RiskTable risks(query.snapshot, query.constraints.protection, query.from, query.to);
  std::vector<bool> banned(query.snapshot.links().size(), false);
  for (const int32_t risk : risks.RisksOfPath(working)) {
    for (const LinkId link : risks.LinksOf(risk)) banned[Index(link)] = true;
  }
  BanFull(query, working, &banned);
  return banned;
}

SharedPairs SharedProtectPairs(const SharedProtectQuery& query) {
  SharedPairs found;
  const SearchGraph with_room(query.snapshot, query.constraints, query.environment);
  KShortestResult working = KShortestPaths(with_room, query.from, query.to, kWorkingTried,
                                           kDefaultLabelBudget, query.limit.stop);
  found.exhausted =
      working.outcome != Outcome::kBudgetSpent && working.paths.size() < kWorkingTried;
  if (working.paths.empty()) return found;
  PathConstraints unloaded = query.constraints;
  unloaded.bandwidth_bps = 0;
  const SearchGraph any_room(query.snapshot, unloaded, query.environment);
  // Least paths may all trap their partner: the best pair without regard to load shows others.
  PairResult pair = DisjointPair(any_room, unloaded.protection, query.from, query.to,
                                 PairOptions{.limit = query.limit});
  if (pair.outcome == Outcome::kInfeasible) {
    found.exhausted = true;
    return found;
  }
  for (ComputedPath* path : {&pair.working, &pair.protect}) {
    if (pair.has_pair() && Usable(with_room, *path)) working.paths.push_back(std::move(*path));
  }
  PathSearch search(any_room, query.to, query.limit.stop);
  for (ComputedPath& path : working.paths) {
    if (query.limit.stop && query.limit.stop()) {
      found.exhausted = false;
      break;
    }
    const std::vector<bool> banned = NoProtect(query, path.links);
    PathResult protect = search.Run(query.from, {.banned_links = &banned});
    found.exhausted &= protect.outcome != Outcome::kBudgetSpent;
    if (protect.outcome != Outcome::kFound) continue;
    found.pairs.push_back({std::move(path), std::move(protect.path)});
  }
  const auto rank = [&](const std::vector<ComputedPath>& two) {
    return query.constraints.pair_order == PairOrder::kMinMax
               ? std::max(two[0].metric, two[1].metric)
               : two[0].metric + two[1].metric;
  };
  std::stable_sort(found.pairs.begin(), found.pairs.end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return found;
}

}  // namespace waymark

#include "controller/compute/partner_search.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "controller/compute/disjoint_pair.h"
#include "controller/compute/k_shortest.h"

namespace waymark {
namespace {

constexpr size_t kWorkingTried = 8;
// Path searches between two questions whether to go on, as everywhere in pairs.
constexpr int64_t kSearchesAsked = 16;

bool Usable(const SearchGraph& graph, const ComputedPath& path) {
  return std::all_of(path.links.begin(), path.links.end(),
                     [&](LinkId link) { return graph.LinkUsable(link); });
}

SharedRoom RoomOf(const PartneredQuery& query) {
  if (!query.share_protect) return {};
  return {.ledger = query.environment.ledger,
          .bps = query.constraints.bandwidth_bps,
          .setup_priority = query.constraints.setup_priority,
          .corouted = query.environment.corouted};
}

void SortPairs(PairOrder order, std::vector<std::vector<ComputedPath>>* pairs) {
  const auto rank = [&](const std::vector<ComputedPath>& two) {
    return order == PairOrder::kMinMax ? std::max(two[0].metric, two[1].metric)
                                       : two[0].metric + two[1].metric;
  };
  std::stable_sort(pairs->begin(), pairs->end(),
                   [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
}

// False when it is proven that no two paths will do, whatever the load.
bool AddUnloaded(const PartneredQuery& query, const SearchGraph& with_room,
                 const SearchGraph& any_room, std::vector<ComputedPath>* working) {
  PairResult pair = DisjointPair(any_room, query.constraints.protection, query.from, query.to,
                                 PairOptions{.limit = query.limit});
  if (pair.outcome == Outcome::kInfeasible) return false;
  for (ComputedPath* path : {&pair.working, &pair.protect}) {
    if (!pair.has_pair() || !Usable(with_room, *path)) continue;
    path->metric = with_room.PathMetric(path->links);
    working->push_back(std::move(*path));
  }
  return true;
}

}  // namespace

PartnerSearch::PartnerSearch(const SearchGraph& graph, const Protection& protection, NodeId from,
                             NodeId to, std::function<bool()> stop, const SharedRoom& room)
    : graph_(graph),
      from_(from),
      room_(room),
      risks_(graph.snapshot(), protection, from, to),
      search_(graph, to, std::move(stop)) {
  if (room.ledger == nullptr) return;
  for (size_t i = 0; i < graph.snapshot().links().size(); ++i) {
    const auto link = static_cast<LinkId>(i);
    if (room.ledger->Residual(link, room.setup_priority) < room.bps) scarce_.push_back(link);
  }
}

PathResult PartnerSearch::Of(std::span<const LinkId> working) {
  std::vector<bool> banned(graph_.snapshot().links().size(), false);
  for (const int32_t risk : risks_.Of(working)) {
    for (const LinkId link : risks_.LinksOf(risk)) banned[Index(link)] = true;
  }
  if (!scarce_.empty()) BanFull(working, &banned);
  return search_.Run(from_, {.banned_links = &banned});
}

void PartnerSearch::BanFull(std::span<const LinkId> working, std::vector<bool>* banned) const {
  // Both directions share their risks, so one answer serves either.
  const std::vector<int64_t> needs =
      room_.ledger->SharedProtectNeed(working, scarce_, room_.bps, room_.setup_priority);
  for (size_t i = 0; i < scarce_.size(); ++i) {
    if (needs[i] <= room_.ledger->Residual(scarce_[i], room_.setup_priority)) continue;
    (*banned)[Index(scarce_[i])] = true;
    const LinkId back = graph_.snapshot().link(scarce_[i]).reverse;
    if (room_.corouted && back != LinkId::kNone) (*banned)[Index(back)] = true;
  }
}

PartneredPairs LeastPartnered(const PartneredQuery& query) {
  PartneredPairs found;
  std::optional<SearchGraph> made;
  if (query.working_graph == nullptr) {
    made.emplace(query.snapshot, query.constraints, query.environment);
  }
  const SearchGraph& with_room = made ? *made : *query.working_graph;
  KShortestResult working = KShortestPaths(with_room, query.from, query.to, kWorkingTried,
                                           kDefaultLabelBudget, query.limit.stop);
  found.exhausted =
      working.outcome != Outcome::kBudgetSpent && working.paths.size() < kWorkingTried;
  if (working.paths.empty()) return found;
  PathConstraints unloaded = query.constraints;
  unloaded.bandwidth_bps = 0;
  const SearchGraph any_room(query.snapshot, unloaded, query.environment);
  // Least paths may all trap their partner: the best pair without regard to load shows others.
  if (!AddUnloaded(query, with_room, any_room, &working.paths)) {
    found.exhausted = true;
    return found;
  }
  PartnerSearch search(query.share_protect ? any_room : with_room, query.constraints.protection,
                       query.from, query.to, query.limit.stop, RoomOf(query));
  WorkMeter meter(query.limit, kSearchesAsked);
  for (ComputedPath& path : working.paths) {
    if (!meter.Spend()) {
      found.exhausted = false;
      break;
    }
    PathResult protect = search.Of(path.links);
    found.exhausted &= protect.outcome != Outcome::kBudgetSpent;
    if (protect.outcome != Outcome::kFound) continue;
    found.pairs.push_back({std::move(path), std::move(protect.path)});
  }
  SortPairs(query.constraints.pair_order, &found.pairs);
  return found;
}

}  // namespace waymark

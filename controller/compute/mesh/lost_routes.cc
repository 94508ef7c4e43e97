#include "controller/compute/mesh/lost_routes.h"

#include <algorithm>
#include <map>
#include <utility>

#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/pivot_search.h"
#include "controller/compute/mesh/route_bounds.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {
namespace {

constexpr double kSoftness = 0.05;
// Into how many portions what goes around failures is divided, of all of them and of one.
constexpr size_t kPortions = 32, kFewestPortions = 4;
// Sources whose trees are found under the same prices.
constexpr size_t kBatch = 4;

struct Lost {
  int32_t demand = 0;
  int64_t total = 0;  // of the weights that there were
  PairRoutes kept;
  std::vector<int32_t> route;         // the heaviest that was lost; empty: there was none
  size_t to_tail = 0, from_head = 0;  // links of it that lead to what failed, and on from there
};

class Rerouter {
 public:
  Rerouter(const SweepOptions& options, LiveRoutes* live)
      : options_(options), live_(*live), graphs_(live->problem()) {}

  std::vector<int32_t> Run(std::span<const int32_t> demands) {
    for (const int32_t demand : demands) TakeOff(demand);
    // Without any load there is no top that prices could be relative to: those of the start do.
    if (live_.mlu() > 0) live_.soft_max().SetPrices(kSoftness);
    GoAround();
    return StartAfresh();
  }

 private:
  double Rate(int32_t demand) const { return live_.problem().demands[demand].rate; }

  void TakeOff(int32_t demand) {
    Lost lost = {.demand = demand, .total = live_.weight_total(demand)};
    int32_t heaviest = 0;
    for (WeightedRoute& route : live_.pair(demand)) {
      if (MayStay(live_, options_.bounds, static_cast<size_t>(demand), route.links)) {
        lost.kept.push_back(std::move(route));
      } else if (route.weight > heaviest) {
        heaviest = route.weight;
        lost.route = std::move(route.links);
      }
    }
    const auto dead = [&](int32_t link) { return live_.problem().links[link].capacity <= 0; };
    lost.to_tail = static_cast<size_t>(std::ranges::find_if(lost.route, dead) - lost.route.begin());
    lost.from_head = static_cast<size_t>(
        std::find_if(lost.route.rbegin(), lost.route.rend(), dead) - lost.route.rbegin());
    if (lost.to_tail == lost.route.size())
      lost.route.clear();  // out of bounds: nothing to go around
    live_.Set(demand, {});
    if (Rate(demand) <= 0) {
      live_.Set(demand, std::move(lost.kept));
    } else {
      lost_.push_back(std::move(lost));
    }
  }

  // Those that lost routes to the same failed links.
  struct Group {
    PivotSearch search;
    int32_t tail, head;
    std::vector<size_t> members;  // of lost_, by falling rate
    double portion = 0;
    size_t next = 0, end = 0;  // of members: those of this turn
  };

  std::vector<Group> Groups() const {
    std::map<std::pair<int32_t, int32_t>, std::vector<size_t>> members;
    for (size_t i = 0; i < lost_.size(); ++i) {
      const Lost& lost = lost_[i];
      if (lost.route.empty()) continue;
      const std::vector<MeshLink>& links = live_.problem().links;
      members[{links[lost.route[lost.to_tail]].from,
               links[lost.route[lost.route.size() - lost.from_head - 1]].to}]
          .push_back(i);
    }
    const size_t portions =
        std::max(kFewestPortions, kPortions / std::max<size_t>(1, members.size()));
    std::vector<Group> groups;
    for (auto& [ends, indices] : members) {
      std::ranges::stable_sort(indices, [&](size_t a, size_t b) {
        return Rate(lost_[a].demand) > Rate(lost_[b].demand);
      });
      double sum = 0;
      for (const size_t i : indices) sum += Rate(lost_[i].demand);
      groups.push_back({PivotSearch(live_.problem(), graphs_), ends.first, ends.second,
                        std::move(indices), sum / static_cast<double>(portions)});
    }
    return groups;
  }

  void GoAround() {
    std::vector<Group> groups = Groups();
    std::vector<std::vector<int32_t>> ways(lost_.size());
    for (bool more = true; more;) {
      more = false;
      RunParallel(options_.parallel, static_cast<int>(groups.size()), [&](int g) {
        Group& group = groups[g];
        if (group.next >= group.members.size()) return;
        group.search.Run(group.tail, group.head, live_.soft_max().length());
        double load = 0;
        for (group.end = group.next; group.end < group.members.size() && load < group.portion;
             ++group.end) {
          const size_t i = group.members[group.end];
          const Lost& lost = lost_[i];
          ways[i] = group.search.Around(lost.route, lost.to_tail, lost.from_head).links;
          load += Rate(lost.demand);
        }
      });
      for (Group& group : groups) {
        for (; group.next < group.end; ++group.next) {
          const size_t i = group.members[group.next];
          if (ways[i].empty()) continue;
          const size_t demand = static_cast<size_t>(lost_[i].demand);
          if (MayStay(live_, options_.bounds, demand, ways[i])) {
            Attach(std::move(ways[i]), &lost_[i]);
          }
        }
        more |= group.next < group.members.size();
      }
    }
  }

  // Those that have no way yet.
  std::vector<int32_t> StartAfresh() {
    std::vector<int32_t> nowhere;
    std::vector<std::vector<size_t>> by_source;
    for (size_t i = 0; i < lost_.size(); ++i) {
      if (live_.route_count(lost_[i].demand) > 0) continue;
      if (by_source.empty() || From(by_source.back()[0]) != From(i)) by_source.emplace_back();
      by_source.back().push_back(i);
    }
    std::vector<TreeSearch> trees(kBatch, TreeSearch(graphs_.forwards));
    RouteFinder finder(live_.problem(), graphs_.forwards, options_.bounds);
    for (size_t first = 0; first < by_source.size(); first += kBatch) {
      const size_t count = std::min(kBatch, by_source.size() - first);
      RunParallel(options_.parallel, static_cast<int>(count), [&](int i) {
        trees[i].Run(From(by_source[first + static_cast<size_t>(i)][0]), live_.soft_max().length());
      });
      for (size_t s = 0; s < count; ++s) {
        for (const size_t i : by_source[first + s]) {
          if (!StartPair(trees[s], &finder, &lost_[i])) nowhere.push_back(lost_[i].demand);
        }
      }
    }
    return nowhere;
  }

  // On the tree if that keeps the bounds.
  bool StartPair(const TreeSearch& tree, RouteFinder* finder, Lost* lost) {
    const size_t demand = static_cast<size_t>(lost->demand);
    const MeshDemand& ends = live_.problem().demands[demand];
    if (tree.distance(ends.to) == TreeSearch::kFar) return false;
    std::vector<int32_t> path;
    LinksOnTree(live_.problem(), tree, ends.from, ends.to, &path);
    if (!MayStay(live_, options_.bounds, demand, path) &&
        !finder->Find(demand, live_.soft_max().length(), &path)) {
      return false;
    }
    Attach(std::move(path), lost);
    return true;
  }

  int32_t From(size_t i) const { return live_.problem().demands[lost_[i].demand].from; }

  // Gives the path what was lost.
  void Attach(std::vector<int32_t> path, Lost* lost) {
    PairRoutes& kept = lost->kept;
    int64_t left = 0;
    for (const WeightedRoute& route : kept) left += route.weight;
    const size_t same =
        static_cast<size_t>(std::ranges::find(kept, path, &WeightedRoute::links) - kept.begin());
    if (kept.empty()) {
      kept.push_back({std::move(path), options_.weight_total});
    } else if (same == kept.size() && kept.size() >= static_cast<size_t>(options_.max_paths)) {
      // No more routes: those that are left share it, as their headend has it.
      ScaleWeights(options_.weight_total, &kept);
    } else {
      const int32_t missing = std::clamp<int32_t>(
          static_cast<int32_t>(options_.weight_total * (lost->total - left) / lost->total), 1,
          options_.weight_total - static_cast<int32_t>(kept.size()));
      ScaleWeights(options_.weight_total - missing, &kept);
      if (same < kept.size()) {
        kept[same].weight += missing;
      } else {
        kept.push_back({std::move(path), missing});
      }
    }
    live_.Set(lost->demand, std::move(kept));
  }

  const SweepOptions& options_;
  LiveRoutes& live_;
  MeshGraphs graphs_;
  std::vector<Lost> lost_;  // by demand
};

}  // namespace

bool MayStay(const LiveRoutes& live, const RouteBounds* bounds, size_t demand,
             std::span<const int32_t> links) {
  return live.usable(links) && (bounds == nullptr || bounds->Keeps(demand, links));
}

std::vector<int32_t> RouteLost(std::span<const int32_t> demands, const SweepOptions& options,
                               LiveRoutes* live) {
  return Rerouter(options, live).Run(demands);
}

}  // namespace waymark

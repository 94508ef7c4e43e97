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
// Of a way around, at most, usually. What is not used costs addresses, no memory.
constexpr size_t kUsualLinks = 128;
// Sources whose trees are found under the same prices.
constexpr size_t kBatch = 4;

// A pair that has lost routes. What it kept carries all of it until another way is found, as its
// headend has it; one that kept nothing is off the links.
struct Lost {
  int32_t demand = 0;
  int64_t total = 0, left = 0;        // of the weights: before, and of what is kept
  size_t route = 0;                   // the heaviest that is lost
  std::vector<int32_t> links;         // of it, where others are kept
  size_t to_tail = 0, from_head = 0;  // links of it that lead to what failed, and on from there
  bool fails = false;                 // it leads over what failed: there is something to go around
  bool routed = false;
};

class Rerouter {
 public:
  Rerouter(const SweepOptions& options, LiveRoutes* live)
      : options_(options), live_(*live), graphs_(live->problem()) {}

  Rerouted Run(std::span<const int32_t> demands) {
    // Each portion has the prices at its start.
    live_.SetPricing(LiveRoutes::Prices::kStay);
    for (const int32_t demand : demands) Look(demand);
    SetPrices();
    GoAround();
    live_.SetPricing(LiveRoutes::Prices::kFollow);
    StartAfresh();
    return std::move(result_);
  }

 private:
  // Without any load there is no top that prices could be relative to: those of the start do.
  void SetPrices() {
    if (live_.mlu() > 0) live_.soft_max().SetPrices(kSoftness);
  }

  double Rate(int32_t demand) const { return live_.problem().demands[demand].rate; }

  void Look(int32_t demand) {
    const size_t d = static_cast<size_t>(demand), count = live_.route_count(d);
    Lost lost = {.demand = demand, .total = live_.weight_total(d)};
    int32_t heaviest = 0;
    for (size_t r = 0; r < count; ++r) {
      const int32_t weight = live_.weight(d, r);
      if (MayStay(live_, options_.bounds, d, live_.links(d, r))) {
        lost.left += weight;
      } else if (weight > heaviest) {
        heaviest = weight;
        lost.route = r;
      }
    }
    if (count > 0 && lost.left == lost.total) return;
    result_.changed.push_back(demand);
    if (Rate(demand) <= 0) return live_.Set(d, Kept(d));
    if (count > 0) FindFailure(live_.links(d, lost.route), &lost);
    if (lost.left > 0) {
      const std::span<const int32_t> links = live_.links(d, lost.route);
      lost.links.assign(links.begin(), links.end());
      live_.Set(d, Kept(d));
    } else {
      live_.TakeOff(d);
    }
    lost_.push_back(std::move(lost));
  }

  void FindFailure(std::span<const int32_t> links, Lost* lost) const {
    const auto dead = [&](int32_t link) { return live_.problem().links[link].capacity <= 0; };
    lost->to_tail = static_cast<size_t>(std::ranges::find_if(links, dead) - links.begin());
    lost->from_head =
        static_cast<size_t>(std::find_if(links.rbegin(), links.rend(), dead) - links.rbegin());
    lost->fails = lost->to_tail < links.size();
  }

  PairRoutes Kept(size_t demand) const {
    PairRoutes kept = live_.pair(demand);
    std::erase_if(kept, [&](const WeightedRoute& route) {
      return !MayStay(live_, options_.bounds, demand, route.links);
    });
    return kept;
  }

  std::span<const int32_t> LinksOf(const Lost& lost) const {
    if (lost.left > 0) return lost.links;
    return live_.links(static_cast<size_t>(lost.demand), lost.route);
  }

  // Those that lost routes to the same failed links.
  struct Group {
    PivotSearch search;
    int32_t tail, head;
    std::vector<size_t> members;  // of lost_, by falling rate
    double portion = 0;
    size_t next = 0;             // of members
    std::vector<int32_t> way;    // the one at hand
    std::vector<int32_t> links;  // of the ways of this turn, one behind the other
    std::vector<size_t> ends;    // of the ways in `links`
  };

  std::vector<Group> Groups() const {
    std::map<std::pair<int32_t, int32_t>, std::vector<size_t>> members;
    for (size_t i = 0; i < lost_.size(); ++i) {
      const Lost& lost = lost_[i];
      if (!lost.fails) continue;
      const std::vector<MeshLink>& links = live_.problem().links;
      const std::span<const int32_t> route = LinksOf(lost);
      members[{links[route[lost.to_tail]].from, links[route[route.size() - lost.from_head - 1]].to}]
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

  // Memory for the next ways, but for very long ones, is asked for before threads begin: on
  // theirs, an allocator may first have to tidy up what was freed there, which takes longer than
  // all the searches.
  void Prepare(Group* group) const {
    group->links.clear();
    group->ends.clear();
    size_t count = 0;
    double load = 0;
    for (size_t i = group->next; i < group->members.size() && load < group->portion; ++i) {
      load += Rate(lost_[group->members[i]].demand);
      ++count;
    }
    group->way.reserve(2 * static_cast<size_t>(live_.problem().node_count));
    group->ends.reserve(count);
    group->links.reserve(count * kUsualLinks);
  }

  void FindWays(Group* group) const {
    if (group->next >= group->members.size()) return;
    group->search.Run(group->tail, group->head, live_.soft_max().length());
    std::vector<int32_t>& way = group->way;
    double load = 0;
    for (size_t i = group->next; i < group->members.size() && load < group->portion; ++i) {
      const Lost& lost = lost_[group->members[i]];
      group->search.Around(LinksOf(lost), lost.to_tail, lost.from_head, TreeSearch::kFar, &way);
      group->links.insert(group->links.end(), way.begin(), way.end());
      group->ends.push_back(group->links.size());
      load += Rate(lost.demand);
    }
  }

  void GoAround() {
    std::vector<Group> groups = Groups();
    for (bool more = true; more;) {
      for (Group& group : groups) Prepare(&group);
      RunParallel(options_.parallel, static_cast<int>(groups.size()),
                  [&](int g) { FindWays(&groups[g]); });
      more = false;
      for (Group& group : groups) {
        size_t begin = 0;
        for (const size_t end : group.ends) {
          Lost& lost = lost_[group.members[group.next++]];
          const auto way = std::span(group.links).subspan(begin, end - begin);
          if (!way.empty() &&
              MayStay(live_, options_.bounds, static_cast<size_t>(lost.demand), way)) {
            Attach(way, &lost);
          }
          begin = end;
        }
        more |= group.next < group.members.size();
      }
      SetPrices();
    }
  }

  // Those that have no way yet.
  void StartAfresh() {
    std::vector<std::vector<size_t>> by_source;
    for (size_t i = 0; i < lost_.size(); ++i) {
      if (lost_[i].routed) continue;
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
          if (StartPair(trees[s], &finder, &lost_[i]) || lost_[i].left > 0) continue;
          live_.Set(static_cast<size_t>(lost_[i].demand), {});
          result_.nowhere.push_back(lost_[i].demand);
        }
      }
    }
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
    Attach(path, lost);
    return true;
  }

  int32_t From(size_t i) const { return live_.problem().demands[lost_[i].demand].from; }

  void Attach(std::span<const int32_t> way, Lost* lost) {
    lost->routed = true;
    GiveWay(static_cast<size_t>(lost->demand), way, lost->total, lost->left, options_, &live_);
  }

  const SweepOptions& options_;
  LiveRoutes& live_;
  MeshGraphs graphs_;
  std::vector<Lost> lost_;  // by demand
  Rerouted result_;
};

}  // namespace

void GiveWay(size_t demand, std::span<const int32_t> way, int64_t total, int64_t left,
             const SweepOptions& options, LiveRoutes* live) {
  if (left == 0) return live->SetOnly(demand, way, options.weight_total);
  PairRoutes kept = live->pair(demand);
  const auto same = std::ranges::find_if(
      kept, [&](const WeightedRoute& route) { return std::ranges::equal(route.links, way); });
  if (same == kept.end() && kept.size() >= static_cast<size_t>(options.max_paths)) {
    // No more routes: those that are left share it, as their headend has it.
    ScaleWeights(options.weight_total, &kept);
    return live->Set(demand, kept);
  }
  const int32_t missing =
      std::clamp<int32_t>(static_cast<int32_t>(options.weight_total * (total - left) / total), 1,
                          options.weight_total - static_cast<int32_t>(kept.size()));
  ScaleWeights(options.weight_total - missing, &kept);
  if (same != kept.end()) {
    same->weight += missing;
  } else {
    kept.push_back({{way.begin(), way.end()}, missing});
  }
  live->Set(demand, kept);
}

bool MayStay(const LiveRoutes& live, const RouteBounds* bounds, size_t demand,
             std::span<const int32_t> links) {
  return live.usable(links) && (bounds == nullptr || bounds->Keeps(demand, links));
}

Rerouted RouteLost(std::span<const int32_t> demands, const SweepOptions& options,
                   LiveRoutes* live) {
  return Rerouter(options, live).Run(demands);
}

}  // namespace waymark

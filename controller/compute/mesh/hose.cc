#include "controller/compute/mesh/hose.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

absl::Status BadSite(size_t index, const char* field, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("sites[", index, "].", field, " ", what));
}

void SortOnce(std::vector<HosePair>& pairs) {
  std::ranges::sort(pairs);
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
}

}  // namespace

absl::Status CheckHose(const Hose& hose, int32_t node_count) {
  if (hose.sites.size() > static_cast<size_t>(kMostHoseSites)) {
    return absl::InvalidArgumentError(
        absl::StrCat("sites: there are ", hose.sites.size(), ": give at most ", kMostHoseSites));
  }
  for (size_t i = 0; i < hose.sites.size(); ++i) {
    const HoseSite& site = hose.sites[i];
    if (site.node < 0 || site.node >= node_count) {
      return BadSite(i, "node",
                     absl::StrCat("is ", site.node, ": there are nodes 0 to ", node_count - 1));
    }
    for (const auto& [field, rate] :
         {std::pair("ingress", site.ingress), std::pair("egress", site.egress)}) {
      if (!(rate >= 0 && rate <= kMostMeshRate)) {  // NaN is neither
        return BadSite(i, field, absl::StrCat("is ", rate, ": give 0 to ", kMostMeshRate));
      }
    }
  }
  return absl::OkStatus();
}

int64_t WholeHoseLoad(double load) {
  const double nearest = std::round(load);
  const double noise = std::min(load * kHoseTolerance, 0.5);
  return static_cast<int64_t>(std::abs(load - nearest) <= noise ? nearest : std::ceil(load));
}

int64_t ShareOfWeight(int64_t weight, int64_t total) {
  const double share = static_cast<double>(weight) / static_cast<double>(total);
  return std::min(kWholeShare, static_cast<int64_t>(std::ceil(share * kWholeShare)));
}

HoseRoutes RoutesOfDemands(const MeshProblem& problem, const MeshRoutes& routes) {
  return [&problem, &routes](int32_t from, int32_t to, std::vector<HoseRoute>& found) {
    const auto order = [](const MeshDemand& demand) { return std::pair(demand.from, demand.to); };
    const auto at = std::ranges::lower_bound(problem.demands, std::pair(from, to), {}, order);
    if (at == problem.demands.end() || order(*at) != std::pair(from, to)) return;
    const size_t demand = static_cast<size_t>(at - problem.demands.begin());
    for (size_t r = routes.first_route(demand); r < routes.first_route(demand + 1); ++r) {
      found.push_back({routes.links(r), routes.weight(r)});
    }
  };
}

HoseGroups GroupHoseSites(const Hose& hose) {
  HoseGroups groups;
  std::vector<const HoseSite*> sites;
  for (const HoseSite& site : hose.sites) sites.push_back(&site);
  std::ranges::stable_sort(sites, {},
                           [](const HoseSite* site) { return std::tuple(site->node, site->leaf); });
  for (const HoseSite* site : sites) {
    if (groups.groups.empty() || groups.groups.back().node != site->node ||
        groups.groups.back().leaf != site->leaf) {
      groups.groups.push_back({site->node, site->leaf});
      groups.ingress.push_back(0);
      groups.egress.push_back(0);
    }
    groups.ingress.back() += site->ingress;
    groups.egress.back() += site->egress;
  }
  return groups;
}

std::vector<HosePair> HosePairs(const Hose& hose) {
  const HoseGroups groups = GroupHoseSites(hose);
  std::vector<HosePair> pairs;
  for (int32_t from = 0; from < groups.size(); ++from) {
    for (int32_t to = 0; to < groups.size(); ++to) {
      if (groups.Talk(from, to)) pairs.push_back(groups.Nodes(from, to));
    }
  }
  SortOnce(pairs);
  return pairs;
}

std::span<const HoseLinkLoad> HoseLoader::Load(const Hose& hose,
                                               std::span<const HoseRoutes> classes) {
  groups_ = GroupHoseSites(hose);
  crossings_.clear();
  unrouted_.clear();
  touched_.clear();
  for (int32_t from = 0; from < groups_.size(); ++from) {
    for (int32_t to = 0; to < groups_.size(); ++to) {
      if (groups_.Talk(from, to)) AddPair(from, to, classes);
    }
  }
  SortOnce(unrouted_);
  SortByLink();
  transport_.SetRates(groups_.ingress, groups_.egress);
  for (size_t at = 0; at < loads_.size(); ++at) loads_[at].load = transport_.Worst(shares(at));
  return loads_;
}

// Adds the share of the class's traffic between the pair that each link carries, if it is more than
// other classes have there.
void HoseLoader::AddClass(const HoseRoutes& routes, HosePair pair) {
  routes_.clear();
  routes(pair.from, pair.to, routes_);
  if (routes_.empty()) {
    unrouted_.push_back(pair);
    return;
  }
  int64_t total = 0;
  touched_.clear();
  for (const HoseRoute& route : routes_) {
    total += route.weight;
    for (const int32_t link : route.links) {
      if (static_cast<size_t>(link) >= weight_.size()) {
        weight_.resize(static_cast<size_t>(link) + 1);
        gain_.resize(weight_.size());
      }
      if (weight_[link] == 0) touched_.push_back(link);
      weight_[link] += route.weight;
    }
  }
  for (const int32_t link : touched_) {
    const int64_t gain = ShareOfWeight(std::min(weight_[link], total), total);
    weight_[link] = 0;
    if (gain_[link] == 0) pair_touched_.push_back(link);
    gain_[link] = std::max(gain_[link], gain);
  }
}

void HoseLoader::AddPair(int32_t from, int32_t to, std::span<const HoseRoutes> classes) {
  pair_touched_.clear();
  for (const HoseRoutes& routes : classes) {
    AddClass(routes, groups_.Nodes(from, to));
  }
  for (const int32_t link : pair_touched_) {
    crossings_.push_back({link, {from, to, gain_[link]}});
    gain_[link] = 0;
  }
}

// Counting sort: the shares of a link stay in the order of their pairs.
void HoseLoader::SortByLink() {
  loads_.clear();
  for (const Crossing& crossing : crossings_) {
    if (weight_[crossing.link]++ == 0) loads_.push_back({crossing.link, 0});
  }
  std::ranges::sort(loads_, {}, &HoseLinkLoad::link);
  first_.assign(1, 0);
  for (const HoseLinkLoad& load : loads_) {
    const size_t begin = first_.back();
    first_.push_back(begin + static_cast<size_t>(weight_[load.link]));
    weight_[load.link] = static_cast<int64_t>(begin);
  }
  shares_.resize(crossings_.size());
  for (const Crossing& crossing : crossings_) {
    shares_[static_cast<size_t>(weight_[crossing.link]++)] = crossing.share;
  }
  for (const HoseLinkLoad& load : loads_) weight_[load.link] = 0;
}

std::vector<HoseTraffic> HoseLoader::WorstMatrix(int32_t link) {
  std::vector<HoseTraffic> matrix;
  const auto found = std::ranges::lower_bound(loads_, link, {}, &HoseLinkLoad::link);
  if (found == loads_.end() || found->link != link) return matrix;
  const std::span<const HoseShare> crossing = shares(static_cast<size_t>(found - loads_.begin()));
  std::vector<double> traffic;
  transport_.Worst(crossing, &traffic);
  for (size_t s = 0; s < crossing.size(); ++s) {
    if (traffic[s] <= 0) continue;
    matrix.push_back({groups_.Nodes(crossing[s].from, crossing[s].to), traffic[s],
                      static_cast<double>(crossing[s].gain) / kWholeShare});
  }
  // Groups of one pair of nodes have the same share.
  std::ranges::stable_sort(matrix, {}, &HoseTraffic::pair);
  size_t kept = 0;
  for (size_t i = 0; i < matrix.size(); ++i) {
    if (kept > 0 && matrix[kept - 1].pair == matrix[i].pair) {
      matrix[kept - 1].rate += matrix[i].rate;
    } else {
      matrix[kept++] = matrix[i];
    }
  }
  matrix.resize(kept);
  std::ranges::stable_sort(matrix, [](const HoseTraffic& a, const HoseTraffic& b) {
    return a.rate * a.share > b.rate * b.share;
  });
  return matrix;
}

HoseWorstLink WorstHoseLink(std::span<const HoseLinkLoad> loads, std::span<const double> capacity) {
  HoseWorstLink worst;
  for (const HoseLinkLoad& load : loads) {
    const double utilisation = capacity[load.link] > 0 ? load.load / capacity[load.link]
                                                       : std::numeric_limits<double>::infinity();
    if (worst.link < 0 || utilisation > worst.utilisation) worst = {load.link, utilisation};
  }
  return worst;
}

HoseDelays WorstHoseDelays(const Hose& hose, std::span<const HoseRoutes> classes,
                           std::span<const double> delay) {
  HoseDelays delays;
  std::vector<HoseRoute> routes;
  for (const HosePair& pair : HosePairs(hose)) {
    routes.clear();
    for (const HoseRoutes& of : classes) of(pair.from, pair.to, routes);
    if (routes.empty()) continue;
    double most = 0;
    for (const HoseRoute& route : routes) {
      double sum = 0;
      for (const int32_t link : route.links) sum += delay[link];
      most = std::max(most, sum);
    }
    delays.pairs.push_back({pair, most});
    if (delays.worst < 0 || most > delays.pairs[delays.worst].delay) {
      delays.worst = static_cast<int32_t>(delays.pairs.size()) - 1;
    }
  }
  return delays;
}

}  // namespace waymark

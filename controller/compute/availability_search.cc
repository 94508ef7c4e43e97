#include "controller/compute/availability_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "controller/compute/availability_labels.h"
#include "controller/compute/conflict_search.h"
#include "controller/compute/path_risks.h"

namespace waymark {
namespace {

using Order = AvailabilityLabels::Order;

// Between two questions whether to stop: about a millisecond.
constexpr int64_t kStopStride = 16'384;
// Of asking `keeps` once.
constexpr int64_t kKeepsWork = 2'000;
// As of Availability::Meets.
constexpr double kTargetTolerance = 1e-9;
// What a bound may be off by in its last digits.
constexpr double kRounding = 1e-12;

double DownFromLog(double log) { return -std::expm1(-log); }

// Both: what is common is down, or it is not and each of two independent ones is.
double DownTogether(double common, double one, double other) {
  const double down = DownFromLog(common);
  return down + (1 - down) * DownFromLog(one) * DownFromLog(other);
}

class Searcher {
 public:
  Searcher(const AvailabilityQuery& query, Order order)
      : query_(query),
        order_(order),
        pair_(query.protection.any()),
        parts_(query.graph, query.model, query.from, query.to),
        work_(query.limit, kStopStride),
        most_down_(order == Order::kAvailability ? 1
                                                 : (1 - query.target) * (1 + kTargetTolerance)) {}

  AvailableRoutes Run() {
    if (query_.from != query_.to && parts_.connected()) {
      for (const AvailableRoute& route : query_.known) Offer(route);
      if (pair_) {
        Pairs();
      } else {
        Paths();
      }
    }
    AvailableRoutes result;
    result.routes = std::move(routes_);
    const Outcome proven = result.routes.empty() ? Outcome::kInfeasible : Outcome::kFound;
    result.outcome = work_.ended() ? Outcome::kBudgetSpent : proven;
    return result;
  }

 private:
  size_t wanted() const { return pair_ || order_ == Order::kAvailability ? 1 : query_.count; }
  bool full() const { return routes_.size() >= wanted(); }

  // By the best that is known.
  bool Hopeless(const SetRank& rank, double down) const {
    if (down > most_down_ * (1 + kRounding)) return true;
    if (!full()) return false;
    return order_ == Order::kAvailability ? down * (1 + kRounding) >= most_down_
                                          : rank >= RankOf(routes_.back(), query_.order, 0);
  }

  // Keeps it if it is wanted.
  void Offer(AvailableRoute route) {
    std::vector<std::vector<LinkId>> links;
    for (ComputedPath& path : route) {
      path.metric = query_.graph.PathMetric(path.links);
      links.push_back(path.links);
    }
    std::sort(route.begin(), route.end());
    const Availability told = query_.model.Of(links);
    const bool meets = order_ == Order::kAvailability || told.Meets(query_.target);
    if (!told.stated || !meets || Hopeless(RankOf(route, query_.order, 0), told.unavailability)) {
      return;
    }
    if (std::find(routes_.begin(), routes_.end(), route) != routes_.end()) return;
    if (query_.keeps && (!Spend(kKeepsWork) || !query_.keeps(route))) return;
    if (full()) routes_.pop_back();
    const auto better = [&](const AvailableRoute& a, const AvailableRoute& b) {
      const SetRank rank_a = RankOf(a, query_.order, 0), rank_b = RankOf(b, query_.order, 0);
      return rank_a != rank_b ? rank_a < rank_b : a < b;
    };
    routes_.insert(std::upper_bound(routes_.begin(), routes_.end(), route, better), route);
    if (order_ == Order::kAvailability) most_down_ = told.unavailability;
  }

  bool Spend(int64_t units) {
    while (units-- > 0 && work_.Spend()) {
    }
    return !work_.ended();
  }

  void Paths() {
    AvailabilityLabels::Search search;
    search.order = order_;
    // Others than the first are wanted, or the first may not do.
    search.dominance = wanted() == 1 && !query_.keeps;
    search.down = [this](double own, double) { return DownFromLog(parts_.common() + own); };
    search.hopeless = [this](const Metric& least, double down) {
      return Hopeless(
          {.dearest = query_.order == PairOrder::kMinMax ? least : Metric(), .total = least}, down);
    };
    search.found = [this](ComputedPath path, double) {
      Offer({std::move(path)});
      return false;
    };
    AvailabilityLabels(parts_, &work_).Run(search);
  }

  SetRank RankWith(const Metric& one, const Metric& other) const {
    return {.dearest = query_.order == PairOrder::kMinMax ? std::max(one, other) : Metric(),
            .total = one + other};
  }

  void Pairs() {
    risks_.emplace(query_.graph.snapshot(), query_.protection, query_.from, query_.to);
    const Metric least_partner = parts_.LeastMetric(query_.from);
    AvailabilityLabels::Search search;
    search.order = order_;
    search.down = [this](double own, double) { return DownTogether(parts_.common(), own, own); };
    search.hopeless = [&](const Metric& least, double down) {
      return Hopeless(RankWith(least, least_partner), down);
    };
    search.found = [this](ComputedPath path, double own) {
      Partner(path, own);
      return work_.ended();
    };
    AvailabilityLabels(parts_, &work_).Run(search);
  }

  // The best partner of a path with this -ln(up).
  void Partner(const ComputedPath& path, double own) {
    const AvailabilityPartner partner = PartnerOf(path);
    AvailabilityLabels::Search search;
    search.order = order_;
    search.dominance = !query_.keeps;
    search.partner = &partner;
    search.down = [&](double own_of_partner, double common) {
      return DownTogether(parts_.common() + common, std::max(0.0, own - common), own_of_partner);
    };
    search.hopeless = [&](const Metric& least, double down) {
      return Hopeless(RankWith(path.metric, least), down);
    };
    search.found = [&](ComputedPath other, double) {
      Offer({path, std::move(other)});
      return false;
    };
    AvailabilityLabels(parts_, &work_).Run(search);
  }

  AvailabilityPartner PartnerOf(const ComputedPath& path) const {
    const Snapshot& snapshot = query_.graph.snapshot();
    AvailabilityPartner partner;
    partner.banned_links.assign(snapshot.links().size(), false);
    partner.its_nodes.assign(snapshot.nodes().size(), false);
    partner.its_groups.assign(snapshot.srlg_names().size(), false);
    for (const int32_t risk : risks_->Of(path.links)) {
      for (const LinkId link : risks_->LinksOf(risk)) partner.banned_links[Index(link)] = true;
    }
    for (const LinkId link : path.links) {
      partner.its_nodes[Index(snapshot.link(link).target)] = true;
      for (const int32_t group : parts_.GroupsOf(link)) partner.its_groups[group] = true;
    }
    return partner;
  }

  const AvailabilityQuery& query_;
  const Order order_;
  const bool pair_;
  const AvailabilityParts parts_;
  WorkMeter work_;
  // Of a route that is wanted.
  double most_down_;
  std::vector<AvailableRoute> routes_;
  std::optional<PathRisks> risks_;
};

}  // namespace

AvailableRoutes SearchAvailable(const AvailabilityQuery& query) {
  return Searcher(query, Order::kObjective).Run();
}

AvailableRoutes SearchMostAvailable(const AvailabilityQuery& query) {
  return Searcher(query, Order::kAvailability).Run();
}

}  // namespace waymark

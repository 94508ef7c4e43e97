#include "controller/compute/mesh/live_routes.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace waymark {

std::shared_ptr<const LiveRoutes::Base> LiveRoutes::MakeBase(const MeshProblem& problem,
                                                             MeshRoutes routes) {
  auto base = std::make_shared<Base>();
  base->routes = std::move(routes);
  const MeshRoutes& all = base->routes;
  base->first_user.assign(problem.links.size() + 1, 0);
  for (size_t r = 0; r < all.route_count(); ++r) {
    for (const int32_t link : all.links(r)) ++base->first_user[link + 1];
  }
  std::partial_sum(base->first_user.begin(), base->first_user.end(), base->first_user.begin());
  base->users.resize(base->first_user.back());
  std::vector<size_t> next(base->first_user.begin(), base->first_user.end() - 1);
  std::vector<int32_t> order(problem.demands.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](int32_t a, int32_t b) {
    return problem.demands[a].rate > problem.demands[b].rate;
  });
  for (const int32_t demand : order) {
    for (size_t r = all.first_route(demand); r < all.first_route(demand + 1); ++r) {
      for (const int32_t link : all.links(r)) base->users[next[link]++] = demand;
    }
  }
  return base;
}

LiveRoutes::LiveRoutes(MeshProblem problem, MeshRoutes routes)
    : problem_(std::move(problem)),
      base_(MakeBase(problem_, std::move(routes))),
      soft_max_(problem_),
      slot_(problem_.demands.size(), -1),
      taken_off_(problem_.demands.size(), false),
      later_users_(problem_.links.size()) {
  std::vector<double> load(problem_.links.size(), 0);
  for (size_t d = 0; d < problem_.demands.size(); ++d) {
    const double unit = problem_.demands[d].rate / static_cast<double>(weight_total(d));
    for (size_t r = 0; r < route_count(d); ++r) {
      for (const int32_t link : links(d, r)) load[link] += weight(d, r) * unit;
    }
  }
  soft_max_.SetLoad(load);
}

bool LiveRoutes::usable(std::span<const int32_t> links) const {
  return std::ranges::all_of(links, [&](int32_t link) { return soft_max_.inverse()[link] > 0; });
}

int64_t LiveRoutes::weight_total(size_t demand) const {
  int64_t total = 0;
  for (size_t r = 0; r < route_count(demand); ++r) total += weight(demand, r);
  return total;
}

void LiveRoutes::AddLoad(size_t demand, double sign) {
  const double unit =
      sign * problem_.demands[demand].rate / static_cast<double>(weight_total(demand));
  for (size_t r = 0; r < route_count(demand); ++r) {
    const double load = weight(demand, r) * unit;
    for (const int32_t link : links(demand, r)) {
      pricing_ == Prices::kFollow ? soft_max_.Add(link, load) : soft_max_.AddLoad(link, load);
    }
  }
}

void LiveRoutes::TakeOff(size_t demand) {
  if (!taken_off_[demand]) AddLoad(demand, -1);
  taken_off_[demand] = true;
}

void LiveRoutes::Take(size_t demand) {
  made_.EndDemand();
  TakeOff(demand);
  taken_off_[demand] = false;
  slot_[demand] = static_cast<int32_t>(made_.demand_count() - 1);
  for (size_t r = 0; r < route_count(demand); ++r) {
    for (const int32_t link : links(demand, r)) {
      std::vector<int32_t>& users = later_users_[link];
      if (users.empty() || users.back() != static_cast<int32_t>(demand)) {
        users.push_back(static_cast<int32_t>(demand));
      }
    }
  }
  AddLoad(demand, 1);
}

void LiveRoutes::Set(size_t demand, const PairRoutes& pair) {
  made_.AddRoutes(pair);
  Take(demand);
}

void LiveRoutes::SetOnly(size_t demand, std::span<const int32_t> links, int32_t weight) {
  made_.AddRoute(links, weight);
  Take(demand);
}

std::vector<int32_t> LiveRoutes::Changed() const {
  std::vector<int32_t> demands;
  for (size_t d = 0; d < slot_.size(); ++d) {
    if (changed(d)) demands.push_back(static_cast<int32_t>(d));
  }
  return demands;
}

MeshRoutes LiveRoutes::Routes() const {
  MeshRoutes routes;
  for (size_t d = 0; d < slot_.size(); ++d) {
    for (size_t r = 0; r < route_count(d); ++r) routes.AddRoute(links(d, r), weight(d, r));
    routes.EndDemand();
  }
  return routes;
}

LiveRoutes::Share LiveRoutes::On(int32_t link, size_t demand) const {
  int64_t on_link = 0, total = 0;
  Share share;
  for (size_t r = 0; r < route_count(demand); ++r) {
    total += weight(demand, r);
    if (std::ranges::find(links(demand, r), link) == links(demand, r).end()) continue;
    if (on_link == 0) share.route = r;
    on_link += weight(demand, r);
  }
  if (on_link > 0) {
    share.load =
        problem_.demands[demand].rate * static_cast<double>(on_link) / static_cast<double>(total);
  }
  return share;
}

double LiveRoutes::MostOn(const PairRoutes& pair) const {
  double most = 0;
  for (const WeightedRoute& route : pair) {
    for (const int32_t link : route.links) {
      most = std::max(most, soft_max_.load()[link] * soft_max_.inverse()[link]);
    }
  }
  return most;
}

void LiveRoutes::Fail(std::span<const int32_t> links) {
  const std::vector<double> load(soft_max_.load().begin(), soft_max_.load().end());
  for (const int32_t link : links) problem_.links[link].capacity = 0;
  soft_max_ = SoftMax(problem_);
  soft_max_.SetLoad(load);
}

void ScaleWeights(int32_t total, PairRoutes* pair) {
  int64_t sum = 0;
  for (const WeightedRoute& route : *pair) sum += route.weight;
  if (sum == total || sum == 0) return;
  int32_t left = total;
  for (WeightedRoute& route : *pair) {
    route.weight = std::max<int32_t>(1, static_cast<int32_t>(int64_t{route.weight} * total / sum));
    left -= route.weight;
  }
  // What rounding down left goes to the heaviest; what the least of 1 took comes from them.
  const auto heaviest = [&] { return std::ranges::max_element(*pair, {}, &WeightedRoute::weight); };
  if (left > 0) heaviest()->weight += left;
  for (; left < 0; ++left) --heaviest()->weight;
}

}  // namespace waymark

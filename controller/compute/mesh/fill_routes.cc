#include "controller/compute/mesh/fill_routes.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <utility>

namespace waymark {
namespace {

// Rates stay this share below what is exact: sums of them, in whatever order, must fit.
constexpr double kSafe = 1 - 1e-12;

// Of a level: how far beyond it links that will be full are looked for.
constexpr double kAhead = 0.02;

struct Share {
  int32_t link;
  double part;  // of the demand's rate
};

}  // namespace

// Which part of each demand every link carries.
class RouteFiller::Shares {
 public:
  Shares(const MeshProblem& problem, const MeshRoutes& routes)
      : first_(1, 0), first_user_(problem.links.size() + 1, 0) {
    std::vector<double> part(problem.links.size(), 0);
    std::vector<int32_t> links;
    first_.reserve(problem.demands.size() + 1);
    size_t length = 0;
    for (size_t r = 0; r < routes.route_count(); ++r) length += routes.links(r).size();
    shares_.reserve(length);
    for (size_t d = 0; d < problem.demands.size(); ++d) {
      double weight = 0;
      for (size_t r = routes.first_route(d); r < routes.first_route(d + 1); ++r) {
        weight += routes.weight(r);
      }
      links.clear();
      for (size_t r = routes.first_route(d); r < routes.first_route(d + 1); ++r) {
        for (const int32_t link : routes.links(r)) {
          if (part[link] == 0) links.push_back(link);
          part[link] += routes.weight(r) / weight;
        }
      }
      for (const int32_t link : links) {
        shares_.push_back({link, part[link]});
        ++first_user_[link + 1];
        part[link] = 0;
      }
      first_.push_back(shares_.size());
    }
    std::partial_sum(first_user_.begin(), first_user_.end(), first_user_.begin());
    users_.resize(shares_.size());
    std::vector<size_t> next(first_user_.begin(), first_user_.end() - 1);
    for (size_t d = 0; d < problem.demands.size(); ++d) {
      for (const Share& share : of(d)) users_[next[share.link]++] = static_cast<int32_t>(d);
    }
  }

  std::span<const Share> of(size_t demand) const {
    return std::span(shares_).subspan(first_[demand], first_[demand + 1] - first_[demand]);
  }
  // Demands that the link carries some of, ascending.
  std::span<const int32_t> users(int32_t link) const {
    return std::span(users_).subspan(first_user_[link], first_user_[link + 1] - first_user_[link]);
  }

 private:
  std::vector<size_t> first_;  // by demand, then the number of all
  std::vector<Share> shares_;
  std::vector<size_t> first_user_;  // by link, then the number of all
  std::vector<int32_t> users_;
};

namespace {

using Shares = RouteFiller::Shares;

class WaterFill {
 public:
  // `rates` fit.
  WaterFill(const MeshProblem& problem, const Shares& shares, std::vector<double> rates)
      : problem_(problem),
        shares_(shares),
        rate_(std::move(rates)),
        state_(problem.demands.size(), kStays),
        used_(problem.links.size(), 0),
        slope_(problem.links.size(), 0),
        risers_(problem.links.size(), 0) {}

  std::vector<double> Run() {
    std::vector<Event> events;
    for (size_t d = 0; d < rate_.size(); ++d) {
      if (shares_.of(d).empty() || problem_.demands[d].rate <= 0) continue;
      state_[d] = kWaits;
      for (const Share& share : shares_.of(d)) used_[share.link] += share.part * rate_[d];
      events.push_back({rate_[d], static_cast<int32_t>(d), false});
      events.push_back({problem_.demands[d].rate, static_cast<int32_t>(d), true});
    }
    std::ranges::stable_sort(events, {}, &Event::level);
    for (const Event& event : events) {
      if (event.level > horizon_) LookAhead(event.level);
      while (const std::optional<int32_t> full = Full(event.level)) {
        for (const int32_t user : shares_.users(*full)) Stay(user, level_);
      }
      if (state_[event.demand] == kStays) continue;
      level_ = std::max(level_, event.level);
      if (event.enough) {
        Stay(event.demand, event.level);
      } else {
        Rise(event.demand);
      }
    }
    return std::move(rate_);
  }

 private:
  enum State : uint8_t { kWaits, kRises, kStays };
  struct Event {
    double level;
    int32_t demand;
    bool enough;  // it has all it asks for; else it begins to rise
  };

  // The level at which the link is full if all on it go on rising.
  double FullAt(int32_t link) const {
    return (problem_.links[link].capacity * kSafe - used_[link]) / slope_[link];
  }

  // Those that are full later are not looked for yet: with each demand that rises that would
  // change.
  void Queue(int32_t link) {
    const double level = FullAt(link);
    if (level > horizon_) return;
    queue_.emplace_back(-level, link);
    std::push_heap(queue_.begin(), queue_.end());
  }

  void LookAhead(double level) {
    horizon_ = level * (1 + kAhead);
    for (size_t e = 0; e < risers_.size(); ++e) {
      if (risers_[e] > 0) Queue(static_cast<int32_t>(e));
    }
  }

  // The link that is full first, at `limit` at the latest, where the level then is.
  std::optional<int32_t> Full(double limit) {
    while (!queue_.empty()) {
      const auto [key, link] = queue_.front();
      if (-key > limit) break;
      std::pop_heap(queue_.begin(), queue_.end());
      queue_.pop_back();
      if (risers_[link] == 0) continue;
      // What was queued may be of a time when more were rising.
      if (FullAt(link) > -key * (1 + 1e-12)) {
        Queue(link);
        continue;
      }
      level_ = std::max(level_, -key);
      return link;
    }
    return std::nullopt;
  }

  // In used_ a riser counts for nothing, in slope_ for its part.
  void Rise(int32_t demand) {
    state_[demand] = kRises;
    for (const Share& share : shares_.of(demand)) {
      used_[share.link] -= share.part * rate_[demand];
      slope_[share.link] += share.part;
      ++risers_[share.link];
      Queue(share.link);
    }
  }

  void Stay(int32_t demand, double rate) {
    if (state_[demand] == kRises) {
      rate_[demand] = std::clamp(rate, rate_[demand], problem_.demands[demand].rate);
      for (const Share& share : shares_.of(demand)) {
        used_[share.link] += share.part * rate_[demand];
        slope_[share.link] = std::max(1e-300, slope_[share.link] - share.part);
        --risers_[share.link];
      }
    }
    state_[demand] = kStays;
  }

  const MeshProblem& problem_;
  const Shares& shares_;
  double level_ = 0;
  double horizon_ = 0;  // queue_ has the links with risers that are full by then
  std::vector<double> rate_;
  std::vector<State> state_;
  std::vector<double> used_, slope_;  // by link: of those that do not rise; how fast others fill it
  std::vector<int32_t> risers_;
  std::vector<std::pair<double, int32_t>> queue_;
};

std::vector<double> Room(const MeshProblem& problem, const Shares& shares,
                         std::span<const double> rates) {
  std::vector<double> room;
  for (const MeshLink& link : problem.links) room.push_back(link.capacity * kSafe);
  for (size_t d = 0; d < rates.size(); ++d) {
    for (const Share& share : shares.of(d)) room[share.link] -= share.part * rates[d];
  }
  return room;
}

// By the worst of each one's links: after that none is too full.
void Shrink(const MeshProblem& problem, const Shares& shares, std::vector<double>* rates) {
  const std::vector<double> room = Room(problem, shares, *rates);
  for (size_t d = 0; d < rates->size(); ++d) {
    double factor = 1;
    for (const Share& share : shares.of(d)) {
      const double capacity = problem.links[share.link].capacity * kSafe;
      const double load = capacity - room[share.link];
      if (load > capacity) factor = std::min(factor, capacity / load);
    }
    (*rates)[d] *= factor;
  }
}

std::vector<double> Fitting(const MeshProblem& problem, const Shares& shares,
                            std::span<const double> wanted) {
  std::vector<double> rates(wanted.begin(), wanted.end());
  for (size_t d = 0; d < rates.size(); ++d) {
    rates[d] = shares.of(d).empty() ? 0 : std::min(rates[d], problem.demands[d].rate);
  }
  Shrink(problem, shares, &rates);
  return rates;
}

}  // namespace

RouteFiller::RouteFiller(const MeshProblem& problem, const MeshRoutes& routes)
    : problem_(problem), shares_(std::make_unique<Shares>(problem, routes)) {}

RouteFiller::~RouteFiller() = default;

std::vector<double> RouteFiller::FillFairly(std::span<const double> wanted) const {
  std::vector<double> rates =
      WaterFill(problem_, *shares_, Fitting(problem_, *shares_, wanted)).Run();
  Shrink(problem_, *shares_, &rates);  // differences of many sums
  return rates;
}

std::vector<double> RouteFiller::FillUp(std::span<const double> wanted) const {
  const MeshProblem& problem = problem_;
  const Shares& shares = *shares_;
  std::vector<double> rates = Fitting(problem, shares, wanted);
  std::vector<double> room = Room(problem, shares, rates), cost(rates.size(), 0);
  for (size_t d = 0; d < rates.size(); ++d) {
    for (const Share& share : shares.of(d)) cost[d] += share.part;
  }
  std::vector<int32_t> order(rates.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](int32_t d) { return cost[d]; });
  for (const int32_t d : order) {
    if (shares.of(d).empty()) continue;
    double more = problem.demands[d].rate - rates[d];
    for (const Share& share : shares.of(d)) {
      more = std::min(more, room[share.link] / share.part);
    }
    if (more <= 0) continue;
    rates[d] = std::min(rates[d] + more, problem.demands[d].rate);
    for (const Share& share : shares.of(d)) room[share.link] -= share.part * more;
  }
  Shrink(problem, shares, &rates);
  return rates;
}

std::vector<double> FillFairly(const MeshProblem& problem, const MeshRoutes& routes,
                               std::span<const double> wanted) {
  return RouteFiller(problem, routes).FillFairly(wanted);
}

std::vector<double> FillUp(const MeshProblem& problem, const MeshRoutes& routes,
                           std::span<const double> wanted) {
  return RouteFiller(problem, routes).FillUp(wanted);
}

}  // namespace waymark

#include "controller/compute/mesh/failure_loads.h"

#include <algorithm>
#include <cmath>

namespace waymark {
namespace {

// Prices that have all but vanished are computed anew: factors would not bring them back.
constexpr double kVanishing = 1e-100;

}  // namespace

FailureLoads::FailureLoads(const MeshProblem& problem,
                           std::span<const std::vector<int32_t>> failures)
    : fails_(failures.begin(), failures.end()),
      kills_(problem.links.size()),
      inverse_(problem.links.size(), 0),
      base_(problem.links.size(), 0),
      extra_(failures.size() * problem.links.size(), 0),
      price_((failures.size() + 1) * problem.links.size(), 0),
      price_in_all_(problem.links.size(), 0) {
  for (size_t e = 0; e < inverse_.size(); ++e) {
    if (problem.links[e].capacity > 0) inverse_[e] = 1 / problem.links[e].capacity;
  }
  for (size_t f = 0; f < fails_.size(); ++f) {
    std::ranges::sort(fails_[f]);
    const auto repeated = std::ranges::unique(fails_[f]);
    fails_[f].erase(repeated.begin(), repeated.end());
    for (const int32_t link : fails_[f]) kills_[link].push_back(static_cast<int32_t>(f));
  }
}

bool FailureLoads::Kills(int32_t failure, std::span<const int32_t> links) const {
  return std::ranges::any_of(
      links, [&](int32_t link) { return std::ranges::binary_search(kills_[link], failure); });
}

std::vector<int32_t> FailureLoads::FailuresOf(const PairRoutes& pair) const {
  std::vector<int32_t> failures;
  for (const WeightedRoute& route : pair) {
    for (const int32_t link : route.links) {
      failures.insert(failures.end(), kills_[link].begin(), kills_[link].end());
    }
  }
  std::ranges::sort(failures);
  const auto repeated = std::ranges::unique(failures);
  failures.erase(repeated.begin(), repeated.end());
  return failures;
}

std::vector<int32_t> FailureLoads::UncoveredBy(const PairRoutes& pair) const {
  std::vector<int32_t> uncovered;
  for (const int32_t failure : FailuresOf(pair)) {
    if (std::ranges::all_of(
            pair, [&](const WeightedRoute& route) { return Kills(failure, route.links); })) {
      uncovered.push_back(failure);
    }
  }
  return uncovered;
}

template <typename Visit>
void FailureLoads::ForEachChange(const PairRoutes& pair, double rate, int32_t failure,
                                 Visit visit) const {
  int64_t total = 0, alive = 0;
  for (const WeightedRoute& route : pair) {
    total += route.weight;
    if (!Kills(failure, route.links)) alive += route.weight;
  }
  for (const WeightedRoute& route : pair) {
    const double before = rate * route.weight / static_cast<double>(total);
    const double after =
        Kills(failure, route.links) ? 0 : rate * route.weight / static_cast<double>(alive);
    for (const int32_t link : route.links) visit(link, after - before);
  }
}

void FailureLoads::Add(const PairRoutes& pair, double rate, int sign) {
  double total = 0;
  for (const WeightedRoute& route : pair) total += route.weight;
  for (const WeightedRoute& route : pair) {
    const double change = sign * rate * route.weight / total;
    for (const int32_t link : route.links) {
      base_[link] += change;
      RepriceAll(link, change);
    }
  }
  for (const int32_t failure : FailuresOf(pair)) {
    double* row = &extra_[static_cast<size_t>(failure) * base_.size()];
    ForEachChange(pair, rate, failure, [&](int32_t link, double change) {
      row[link] += sign * change;
      Reprice(failure + 1, link, sign * change);
    });
  }
}

FailureLoads::Worst FailureLoads::FindWorst() const {
  Worst worst;
  for (int32_t row = 0; row <= failure_count(); ++row) {
    for (size_t link = 0; link < base_.size(); ++link) {
      const double use = utilisation(row, link);
      if (use > worst.utilisation) worst = {use, row, static_cast<int32_t>(link)};
    }
  }
  return worst;
}

double FailureLoads::WorstOf(const PairRoutes& pair) const {
  double worst = 0;
  for (const WeightedRoute& route : pair) {
    for (const int32_t link : route.links) worst = std::max(worst, utilisation(0, link));
  }
  for (const int32_t failure : FailuresOf(pair)) {
    for (const WeightedRoute& route : pair) {
      if (Kills(failure, route.links)) continue;
      for (const int32_t link : route.links) {
        worst = std::max(worst, utilisation(failure + 1, link));
      }
    }
  }
  return worst;
}

double FailureLoads::ExactPrice(int32_t row, size_t link) const {
  return std::exp(sharpness_ * (utilisation(row, link) - top_)) * (row == 0 ? healthy_factor_ : 1);
}

void FailureLoads::SetPrices(double sharpness, double top) {
  sharpness_ = sharpness;
  top_ = top;
  for (size_t link = 0; link < base_.size(); ++link) {
    price_in_all_[link] = 0;
    for (int32_t row = 0; row <= failure_count(); ++row) {
      price(row, link) = ExactPrice(row, link);
      price_in_all_[link] += price(row, link);
    }
  }
}

void FailureLoads::Reprice(int32_t row, size_t link, double change) {
  double& now = price(row, link);
  const double before = now;
  now = now < kVanishing ? ExactPrice(row, link)
                         : now * std::exp(sharpness_ * change * inverse_[link]);
  price_in_all_[link] = std::max(0.0, price_in_all_[link] + now - before);
}

void FailureLoads::RepriceAll(size_t link, double change) {
  const double factor = std::exp(sharpness_ * change * inverse_[link]);
  double sum = price(0, link) = ExactPrice(0, link);
  for (int32_t row = 1; row <= failure_count(); ++row) {
    double& now = price(row, link);
    now = now < kVanishing ? ExactPrice(row, link) : now * factor;
    sum += now;
  }
  price_in_all_[link] = sum;
}

void FailureLoads::LengthInAll(std::vector<double>* length) const {
  length->resize(base_.size());
  for (size_t link = 0; link < base_.size(); ++link) {
    (*length)[link] = price_in_all_[link] * inverse_[link];
  }
}

void FailureLoads::LengthIn(std::span<const int32_t> failures, std::vector<double>* length) const {
  length->assign(base_.size(), 0);
  for (size_t link = 0; link < base_.size(); ++link) {
    double sum = 0;
    for (const int32_t failure : failures) sum += price(failure + 1, link);
    (*length)[link] = sum * inverse_[link];
  }
}

double FailureLoads::CostOf(const PairRoutes& pair, double rate) const {
  double total = 0, cost = 0;
  for (const WeightedRoute& route : pair) total += route.weight;
  for (const WeightedRoute& route : pair) {
    const double load = rate * route.weight / total;
    for (const int32_t link : route.links) cost += price_in_all_[link] * inverse_[link] * load;
  }
  // By link: what the pair carries in the failure's state.
  std::vector<std::pair<int32_t, double>> carried;
  for (const int32_t failure : FailuresOf(pair)) {
    carried.clear();
    for (const WeightedRoute& route : pair) {
      for (const int32_t link : route.links) {
        carried.emplace_back(link, rate * route.weight / total);
      }
    }
    size_t i = 0;
    ForEachChange(pair, rate, failure, [&](int32_t, double change) {
      // In place of the first-order share of this state, which is counted above.
      const auto [link, before] = carried[i];
      cost -= price(failure + 1, link) * before * inverse_[link];
      carried[i++].second += change;
    });
    std::ranges::sort(carried);
    for (size_t from = 0; from < carried.size();) {
      const int32_t link = carried[from].first;
      double load = 0;
      for (; from < carried.size() && carried[from].first == link; ++from)
        load += carried[from].second;
      cost += price(failure + 1, link) *
              std::expm1(std::min(600.0, sharpness_ * load * inverse_[link])) / sharpness_;
    }
  }
  return cost;
}

}  // namespace waymark

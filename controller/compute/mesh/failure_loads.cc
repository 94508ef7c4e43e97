#include "controller/compute/mesh/failure_loads.h"

#include <algorithm>
#include <cmath>

namespace waymark {
namespace {

// Three factors of this size and all sums of them stay finite.
constexpr double kMostExponent = 150;
// What is left of a sum after the greatest part is taken away is noise below this share.
constexpr double kNoise = 1e-6;

}  // namespace

double TamedExp(double exponent) {
  if (exponent <= kMostExponent) return std::exp(exponent);
  return std::exp(kMostExponent) * (1 + exponent - kMostExponent);
}

FailureLoads::FailureLoads(const MeshProblem& problem,
                           std::span<const std::vector<int32_t>> failures)
    : fails_(failures.begin(), failures.end()),
      kills_(problem.links.size()),
      inverse_(problem.links.size(), 0),
      base_(problem.links.size(), 0),
      extra_(failures.size() * problem.links.size(), 0) {
  for (size_t e = 0; e < inverse_.size(); ++e) {
    if (problem.links[e].capacity > 0) inverse_[e] = 1 / problem.links[e].capacity;
  }
  for (size_t f = 0; f < fails_.size(); ++f) {
    std::ranges::sort(fails_[f]);
    fails_[f].erase(std::unique(fails_[f].begin(), fails_[f].end()), fails_[f].end());
    for (const int32_t link : fails_[f]) kills_[link].push_back(static_cast<int32_t>(f));
  }
}

bool FailureLoads::Kills(int32_t failure, std::span<const int32_t> links) const {
  return std::ranges::any_of(
      links, [&](int32_t link) { return std::ranges::binary_search(kills_[link], failure); });
}

std::vector<FailureLoads::Hit> FailureLoads::HitsOf(const PairRoutes& pair) const {
  std::vector<Hit> hits;
  for (size_t i = 0; i < pair.size(); ++i) {
    for (const int32_t link : pair[i].links) {
      for (const int32_t failure : kills_[link]) hits.push_back({failure, uint64_t{1} << i});
    }
  }
  std::ranges::sort(hits, {}, &Hit::failure);
  size_t kept = 0;
  for (size_t i = 0; i < hits.size(); ++i) {
    if (kept > 0 && hits[kept - 1].failure == hits[i].failure) {
      hits[kept - 1].dead |= hits[i].dead;
    } else {
      hits[kept++] = hits[i];
    }
  }
  hits.resize(kept);
  return hits;
}

std::vector<int32_t> FailureLoads::UncoveredBy(const PairRoutes& pair) const {
  if (pair.empty()) return {};
  const uint64_t all = ~uint64_t{0} >> (64 - pair.size());
  std::vector<int32_t> uncovered;
  for (const Hit& hit : HitsOf(pair)) {
    if (hit.dead == all) uncovered.push_back(hit.failure);
  }
  return uncovered;
}

namespace {

bool IsDead(const FailureLoads::Hit& hit, size_t route) { return (hit.dead >> route & 1) != 0; }

// What a route carries of `rate`: without failure, and in one.
class Shares {
 public:
  Shares(const PairRoutes& pair, double rate) : pair_(pair), rate_(rate) {
    for (const WeightedRoute& route : pair) total_ += route.weight;
  }
  double Before(size_t route) const {
    return rate_ * pair_[route].weight / static_cast<double>(total_);
  }
  void Fail(const FailureLoads::Hit& hit) {
    hit_ = hit;
    alive_ = 0;
    for (size_t i = 0; i < pair_.size(); ++i) {
      if (!IsDead(hit, i)) alive_ += pair_[i].weight;
    }
  }
  double After(size_t route) const {
    return IsDead(hit_, route) ? 0 : rate_ * pair_[route].weight / static_cast<double>(alive_);
  }

 private:
  const PairRoutes& pair_;
  const double rate_;
  FailureLoads::Hit hit_;
  int64_t total_ = 0, alive_ = 0;
};

}  // namespace

void FailureLoads::Add(const PairRoutes& pair, double rate, int sign) {
  Shares shares(pair, rate);
  for (size_t i = 0; i < pair.size(); ++i) {
    const double change = sign * shares.Before(i);
    for (const int32_t link : pair[i].links) {
      base_[link] += change;
      if (priced_) RepriceLink(link);
    }
  }
  for (const Hit& hit : HitsOf(pair)) {
    shares.Fail(hit);
    for (size_t i = 0; i < pair.size(); ++i) {
      const double change = sign * (shares.After(i) - shares.Before(i));
      for (const int32_t link : pair[i].links) {
        extra_[Cell(hit.failure, link)] += change;
        if (priced_) RepriceCell(hit.failure, link);
      }
    }
  }
}

void FailureLoads::CutAtCapacity() {
  for (size_t link = 0; link < base_.size(); ++link) {
    if (inverse_[link] == 0) continue;
    const double capacity = 1 / inverse_[link];
    const double base = base_[link];
    base_[link] = std::min(base, capacity);
    for (int32_t f = 0; f < failure_count(); ++f) {
      double& extra = extra_[Cell(f, link)];
      extra = std::min(base + extra, capacity) - base_[link];
    }
  }
}

double FailureLoads::WorstIn(int32_t row) const {
  double worst = 0;
  for (size_t link = 0; link < base_.size(); ++link)
    worst = std::max(worst, utilisation(row, link));
  return worst;
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

FailureLoads::Worst FailureLoads::WorstOf(const PairRoutes& pair, double rate) const {
  Worst worst;
  const auto meet = [&](int32_t row, int32_t link, double more) {
    const double use = utilisation(row, link) + more * inverse_[link];
    if (use > worst.utilisation) worst = {use, row, link};
  };
  Shares shares(pair, rate);
  for (size_t i = 0; i < pair.size(); ++i) {
    for (const int32_t link : pair[i].links) meet(0, link, shares.Before(i) * healthy_factor_);
  }
  for (const Hit& hit : HitsOf(pair)) {
    shares.Fail(hit);
    for (size_t i = 0; i < pair.size(); ++i) {
      if (IsDead(hit, i)) continue;
      for (const int32_t link : pair[i].links) meet(hit.failure + 1, link, shares.After(i));
    }
  }
  return worst;
}

void FailureLoads::SetPrices(double sharpness, double top) {
  sharpness_ = sharpness;
  top_ = top;
  priced_ = true;
  const size_t links = base_.size();
  price_.resize(extra_.size());
  shift_.assign(links, 0);
  level_.resize(links);
  healthy_.resize(links);
  sum_.assign(links, 0);
  for (int32_t f = 0; f < failure_count(); ++f) {
    for (size_t link = 0; link < links; ++link) {
      shift_[link] = std::max(shift_[link], sharpness * extra_[Cell(f, link)] * inverse_[link]);
    }
  }
  for (int32_t f = 0; f < failure_count(); ++f) {
    for (size_t link = 0; link < links; ++link) {
      double& price = price_[Cell(f, link)];
      price = TamedExp(sharpness * extra_[Cell(f, link)] * inverse_[link] - shift_[link]);
      sum_[link] += price;
    }
  }
  for (size_t link = 0; link < links; ++link) RepriceLink(link);
}

void FailureLoads::RepriceLink(size_t link) {
  const double use = base_[link] * inverse_[link];
  level_[link] = TamedExp(sharpness_ * (use - top_) + shift_[link]);
  healthy_[link] = TamedExp(sharpness_ * (use * healthy_factor_ - top_)) * healthy_factor_;
}

double FailureLoads::SumOf(size_t link) const {
  double sum = 0;
  for (int32_t f = 0; f < failure_count(); ++f) sum += price_[Cell(f, link)];
  return sum;
}

void FailureLoads::RepriceCell(int32_t failure, size_t link) {
  double& price = price_[Cell(failure, link)];
  const double before = price;
  price = TamedExp(sharpness_ * extra_[Cell(failure, link)] * inverse_[link] - shift_[link]);
  sum_[link] += price - before;
  if (sum_[link] < before * kNoise) sum_[link] = SumOf(link);
}

void FailureLoads::LengthInAll(std::vector<double>* length) const {
  length->resize(base_.size());
  for (size_t link = 0; link < base_.size(); ++link) {
    (*length)[link] = (level_[link] * sum_[link] + healthy_[link]) * inverse_[link];
  }
}

void FailureLoads::LengthIn(std::span<const int32_t> failures, std::vector<double>* length) const {
  length->assign(base_.size(), 0);
  for (const int32_t failure : failures) {
    const double* row = &price_[Cell(failure, 0)];
    for (size_t link = 0; link < base_.size(); ++link) (*length)[link] += row[link];
  }
  for (size_t link = 0; link < base_.size(); ++link) {
    (*length)[link] *= level_[link] * inverse_[link];
  }
}

double FailureLoads::CostOf(const PairRoutes& pair, double rate) const {
  Shares shares(pair, rate);
  std::vector<int32_t> links;
  for (const WeightedRoute& route : pair) {
    links.insert(links.end(), route.links.begin(), route.links.end());
  }
  std::ranges::sort(links);
  links.erase(std::unique(links.begin(), links.end()), links.end());
  std::vector<std::vector<size_t>> place(pair.size());  // in `links`, by route
  std::vector<double> before(links.size(), 0), after(links.size());
  for (size_t i = 0; i < pair.size(); ++i) {
    for (const int32_t link : pair[i].links) {
      place[i].push_back(
          static_cast<size_t>(std::ranges::lower_bound(links, link) - links.begin()));
      before[place[i].back()] += shares.Before(i);
    }
  }
  double cost = 0;
  for (size_t k = 0; k < links.size(); ++k) {
    const int32_t link = links[k];
    cost += (level_[link] * sum_[link] + healthy_[link]) * inverse_[link] * before[k];
  }
  for (const Hit& hit : HitsOf(pair)) {
    shares.Fail(hit);
    std::ranges::fill(after, 0);
    for (size_t i = 0; i < pair.size(); ++i) {
      for (const size_t k : place[i]) after[k] += shares.After(i);
    }
    for (size_t k = 0; k < links.size(); ++k) {
      const int32_t link = links[k];
      const double exponent = sharpness_ * after[k] * inverse_[link];
      // In place of the first-order share of this state, which is counted above.
      const double exact = exponent < 1 ? std::expm1(exponent) : TamedExp(exponent) - 1;
      cost += price(hit.failure, link) * (exact / sharpness_ - before[k] * inverse_[link]);
    }
  }
  return cost;
}

}  // namespace waymark

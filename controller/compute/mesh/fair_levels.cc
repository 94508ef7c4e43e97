#include "controller/compute/mesh/fair_levels.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>

namespace waymark {
namespace {

// Shares of the gap: an MLU above 1 by this fits; one that prices must exceed to lower a level; a
// level that counts as the same; how soft the soft maximum may stay. A level that does not fit can
// then always be lowered once its soft maximum is solved.
constexpr double kFits = 0.5, kExceeds = 0.25, kSame = 0.1, kSoft = 0.1;
constexpr double kGivenBack = 2;
// Of the mean distance of those still rising: above, a demand stays.
constexpr double kStays = 0.1;
// By how much a level may rise before prices say how far it can.
constexpr double kMostRise = 2;

class Levels {
 public:
  Levels(const MeshProblem& problem, PathMlu* flow, const PathMlu::Until& until)
      : problem_(problem), flow_(*flow), until_(until), frozen_(problem.demands.size(), -1) {
    for (size_t d = 0; d < frozen_.size(); ++d) {
      const double rate = flow->rates()[d];
      if (rate <= 0) continue;
      by_rate_.push_back(static_cast<int32_t>(d));
      most_ = std::max(most_, rate);
    }
    std::ranges::stable_sort(by_rate_, {}, [&](int32_t d) { return problem_.demands[d].rate; });
  }

  FairRates Run() {
    FairRates fair;
    double level = 0;
    bool going_on = flow_.Step(until_);
    certified_ = most_;
    while (going_on) {
      going_on = FindLevel(&level);
      first_ = false;
      ++fair.levels;
      if (!going_on || level >= most_) break;
      if (!Freeze(level)) break;
    }
    fair.least_bound = certified_;
    fair.rate.resize(frozen_.size(), 0);
    if (level <= 0) level = bound_ > 0 ? std::min(bound_, most_) : most_;
    for (const int32_t d : by_rate_) fair.rate[d] = RateAt(d, level);
    flow_.SetRates(fair.rate);
    return fair;
  }

 private:
  double RateAt(int32_t demand, double level) const {
    return frozen_[demand] >= 0 ? frozen_[demand] : std::min(level, problem_.demands[demand].rate);
  }

  // The highest level that the present prices allow for an MLU of `mlu`, most_ if they allow all.
  double LevelBound(double mlu) const {
    double room = 0, slope = 0;
    for (size_t e = 0; e < problem_.links.size(); ++e) {
      room += mlu * problem_.links[e].capacity * flow_.length()[e];
    }
    const std::span<const double> distance = flow_.distance();
    for (const int32_t d : by_rate_) {
      if (frozen_[d] >= 0) {
        room -= frozen_[d] * distance[d];
      } else {
        slope += distance[d];
      }
    }
    double level = 0;
    for (const int32_t d : by_rate_) {
      if (frozen_[d] >= 0) continue;
      const double next = problem_.demands[d].rate;
      if (slope * (next - level) > room) break;
      room -= slope * (next - level);
      slope -= distance[d];
      level = next;
    }
    if (level >= most_ || slope <= 0) return most_;
    return std::min(most_, level + std::max(0.0, room) / slope);
  }

  void SetLevel(double level) {
    if (level > level_) flow_.Soften();
    level_ = level;
    std::vector<double> rates(frozen_.size(), 0);
    for (const int32_t d : by_rate_) rates[d] = RateAt(d, level);
    flow_.SetRates(rates);
  }

  // From `level`, which is carried, to the highest that is; false: stopped.
  bool FindLevel(double* level) {
    const double gap = until_.gap;
    bound_ = LevelBound(1 + kExceeds * gap);
    double next = *level > 0 ? std::min(bound_, kMostRise * *level) : bound_;
    SetLevel(next = std::max(next, *level));
    for (int round = 0; round < until_.max_rounds; ++round) {
      if (!flow_.Step(until_)) return false;
      if (first_) certified_ = std::min(certified_, LevelBound(1));
      bound_ = std::min(bound_, LevelBound(1 + kExceeds * gap));
      if (until_.progress) until_.progress({flow_.rounds(), flow_.mlu(), bound_});
      if (flow_.mlu() <= 1 + kFits * gap) {
        *level = next;
        if (next >= most_ || bound_ <= next * (1 + gap)) return true;
        SetLevel(next = std::min(bound_, kMostRise * next));
      } else if (bound_ <= *level) {
        SetLevel(*level);
        return true;
      } else if (bound_ < next * (1 - kSame * gap)) {
        SetLevel(next = bound_);
      }
      if (flow_.solved() && flow_.softness() > kSoft * gap) flow_.Sharpen();
    }
    *level = std::max(*level, next / std::max(1.0, flow_.mlu()));
    return true;
  }

  // False: nobody is rising any more.
  bool Freeze(double level) {
    std::vector<int32_t> rising;
    double sum = 0;
    for (const int32_t d : by_rate_) {
      if (frozen_[d] >= 0) continue;
      if (problem_.demands[d].rate <= level) {
        frozen_[d] = problem_.demands[d].rate * (1 - kGivenBack * until_.gap);
        continue;
      }
      rising.push_back(d);
      sum += flow_.distance()[d];
    }
    const double mean = sum / static_cast<double>(rising.size());
    for (const int32_t d : rising) {
      if (flow_.distance()[d] >= kStays * mean) {
        frozen_[d] = level * (1 - kGivenBack * until_.gap);
      }
    }
    return !rising.empty();
  }

  const MeshProblem& problem_;
  PathMlu& flow_;
  const PathMlu::Until& until_;
  std::vector<double> frozen_;    // by demand: its rate; -1: rising
  std::vector<int32_t> by_rate_;  // demands, ascending by rate
  double most_ = 0;
  double level_ = 0;  // that flow_ has
  double bound_ = 0;  // of the level being looked for
  double certified_ = 0;
  bool first_ = true;  // level
};

}  // namespace

FairRates ShareFairly(const MeshProblem& problem, PathMlu* flow, const PathMlu::Until& until) {
  return Levels(problem, flow, until).Run();
}

}  // namespace waymark

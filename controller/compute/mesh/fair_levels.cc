#include "controller/compute/mesh/fair_levels.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace waymark {
namespace {

// Shares of the gap: an MLU above 1 by this fits; one that prices must exceed to lower a level; a
// level that counts as the same; how soft the soft maximum may stay. A level that does not fit can
// then always be lowered once its soft maximum is solved.
constexpr double kFits = 0.5, kExceeds = 0.25, kSame = 0.1, kSoft = 0.1;
constexpr double kGivenBack = 1;
// Of the highest price of a link: below, it does not tell who stays.
constexpr double kTight = 0.01;
// Of the mean distance of those still rising: where links do not tell, a demand above it stays.
constexpr double kStays = 0.1;
// Levels in a row in which nobody stays, after which that is used.
constexpr int kMostIdle = 4;
// By how much a level may rise before prices say how far it can.
constexpr double kMostRise = 2;
// Of a level that may be higher than the last, and to get past what stalls.
constexpr double kSoftened = 0.1, kStalled = 0.5;
// Rounds that a soft maximum has to be solved, and a level whose soft maximum is not solved.
constexpr int kPatience = 30;
// A gap below this share of the softness: no need to solve the next softness but one first.
constexpr double kFarSolved = 0.1;

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
    if (level > level_) flow_.Soften(kSoftened);
    level_ = level;
    unsolved_ = 0;
    std::vector<double> rates(frozen_.size(), 0);
    for (const int32_t d : by_rate_) rates[d] = RateAt(d, level);
    flow_.SetRates(rates);
  }

  // From `level`, which is carried, to the highest that is, and on until prices tell who stays;
  // false: stopped.
  bool FindLevel(double* level) {
    const double gap = until_.gap;
    bound_ = LevelBound(1 + kExceeds * gap);
    double next = *level > 0 ? std::min(bound_, kMostRise * *level) : bound_;
    SetLevel(next = std::max(next, *level));
    int found = 0;  // rounds in which it was at the bound already
    for (int round = 0; round < until_.max_rounds; ++round) {
      if (!flow_.Step(until_)) return false;
      if (first_) certified_ = std::min(certified_, LevelBound(1));
      bound_ = std::min(bound_, LevelBound(1 + kExceeds * gap));
      if (until_.progress) until_.progress({flow_.rounds(), flow_.mlu(), bound_});
      const bool sharp = flow_.softness() <= gap && flow_.solved();
      if (flow_.mlu() <= 1 + kFits * gap) {
        *level = next;
        if (next >= most_) return true;
        if (bound_ <= next * (1 + gap)) {
          if (sharp || ++found > kPatience) return true;
        } else {
          SetLevel(next = std::min(bound_, kMostRise * next));
        }
      } else if (bound_ <= *level) {
        if (sharp || ++found > kPatience) return true;
        if (next > *level) SetLevel(next = *level);
      } else if (bound_ < next * (1 - kSame * gap)) {
        SetLevel(next = bound_);
      }
      Anneal(found > 0);
    }
    *level = std::max(*level, next / std::max(1.0, flow_.mlu()));
    return true;
  }

  // Sharpens what is solved. A sharp soft maximum may creep, where each of two pairs waits for the
  // other to give way: every other time a soft one gets them past each other, unless the level is
  // `found`.
  void Anneal(bool found) {
    const double sharpest = kSoft * until_.gap;
    ++unsolved_;
    if (flow_.solved()) {
      unsolved_ = 0;
      const bool far = flow_.gap() <= kFarSolved * flow_.softness();
      if (flow_.softness() > sharpest) flow_.Sharpen();
      if (far && flow_.softness() > sharpest) flow_.Sharpen();
    } else if (unsolved_ > kPatience) {
      unsolved_ = 0;
      if (!found && stalls_++ % 2 == 0) {
        flow_.Soften(kStalled);
      } else {
        flow_.Sharpen();
      }
    }
  }

  // By link: 1 if it is as full as the fullest, but for the gap, and has at least `share` of the
  // highest price; else 0. How full a link is, its price tells, in terms of the softness.
  std::vector<double> Tight(double share) const {
    std::vector<double> price;
    for (size_t e = 0; e < problem_.links.size(); ++e) {
      price.push_back(flow_.length()[e] * problem_.links[e].capacity);
    }
    const double links = static_cast<double>(price.size());
    const double full = std::pow(links + 1, -until_.gap / flow_.softness());
    const double least = std::max(share, full) * *std::ranges::max_element(price);
    for (double& p : price) p = p >= least ? 1 : 0;
    return price;
  }

  // False: nobody is rising any more, or stopped.
  bool Freeze(double level) {
    const double given_back = 1 - kGivenBack * until_.gap;
    std::vector<int32_t> rising;
    bool some = false, left = false;
    double sum = 0;
    for (const int32_t d : by_rate_) {
      if (frozen_[d] >= 0) continue;
      if (problem_.demands[d].rate <= level) {
        frozen_[d] = problem_.demands[d].rate * given_back;
        some = true;
        continue;
      }
      rising.push_back(d);
      sum += flow_.distance()[d];
    }
    if (rising.empty()) return false;
    const auto tight_links = flow_.DistancesUnder(Tight(kTight * std::pow(0.1, idle_)), until_);
    if (!tight_links) return false;
    const double far =
        idle_ < kMostIdle ? std::numeric_limits<double>::infinity() : kStays * sum / rising.size();
    for (const int32_t d : rising) {
      if ((*tight_links)[d] < 1 && flow_.distance()[d] < far) {
        left = true;
        continue;
      }
      frozen_[d] = level * given_back;
      some = true;
    }
    idle_ = some ? 0 : idle_ + 1;
    if (some) return left;
    // What is full may be full of those that stay already: they make room.
    for (const int32_t d : by_rate_) {
      if (frozen_[d] >= 0) frozen_[d] *= given_back;
    }
    return true;
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
  int idle_ = 0;       // levels in a row in which nobody stayed
  int unsolved_ = 0;   // rounds
  int stalls_ = 0;
};

}  // namespace

FairRates ShareFairly(const MeshProblem& problem, PathMlu* flow, const PathMlu::Until& until) {
  return Levels(problem, flow, until).Run();
}

}  // namespace waymark

// Fair timings on noisy machines: the sides of a comparison take turns, and medians are shown.
#ifndef WAYMARK_TESTS_BENCH_TIMING_H_
#define WAYMARK_TESTS_BENCH_TIMING_H_

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controller/base/clock.h"

namespace waymark::bench {

struct Side {
  std::string name;
  std::function<void()> run;
  std::vector<double> seconds;

  double Median() const {
    std::vector<double> sorted = seconds;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

// Each side once a round, in an order that turns by one every round; one round before is not
// counted.
inline void TakeTurns(std::vector<Side>& sides, int rounds) {
  const Clock& clock = RealClock();
  for (int round = -1; round < rounds; ++round) {
    for (size_t i = 0; i < sides.size(); ++i) {
      Side& side = sides[(i + static_cast<size_t>(round + 1)) % sides.size()];
      const absl::Duration begin = clock.Monotonic();
      side.run();
      if (round >= 0) {
        side.seconds.push_back(absl::ToDoubleSeconds(clock.Monotonic() - begin));
      }
    }
  }
}

}  // namespace waymark::bench

#endif  // WAYMARK_TESTS_BENCH_TIMING_H_

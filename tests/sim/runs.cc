// Which runs there are, and the shortest of those that go wrong.
#include <algorithm>

#include "tests/sim/simulation.h"

namespace waymark {

Waves::Options FrequentWaves() {
  Waves::Options waves;
  waves.share = 0;
  waves.least_switches = 1;
  waves.growth = 2;
  waves.soak = absl::Milliseconds(50);
  waves.limit = absl::Seconds(3);
  waves.young = -absl::InfiniteDuration();
  return waves;
}

SimulationOptions OptionsOf(uint64_t seed, int actions) {
  SimulationOptions options;
  options.seed = seed;
  options.actions = MakeScenario(seed, actions);
  if (seed % 2 == 0) options.engine.switches.waves = FrequentWaves();
  return options;
}

std::vector<Action> Shrink(std::vector<Action> actions,
                           const std::function<bool(const std::vector<Action>&)>& fails,
                           int most_runs) {
  // Halves, quarters, ... then single ones, until none can go (Zeller and Hildebrandt 2002).
  for (size_t size = std::max<size_t>(1, actions.size() / 2); most_runs > 0;) {
    bool shorter = false;
    for (size_t at = 0; at < actions.size() && most_runs > 0;) {
      std::vector<Action> fewer = actions;
      const size_t end = std::min(actions.size(), at + size);
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(at),
                  fewer.begin() + static_cast<std::ptrdiff_t>(end));
      --most_runs;
      if (fails(fewer)) {
        actions = std::move(fewer);
        shorter = true;
      } else {
        at = end;
      }
    }
    if (size > 1) {
      size /= 2;
    } else if (!shorter) {
      break;
    }
  }
  return actions;
}

}  // namespace waymark

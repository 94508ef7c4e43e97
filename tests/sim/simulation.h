// One run: a carrier made from a seed, the real controller and agents on it, a list of things that
// happen to them, and an oracle that sends frames after every change of a kernel. In the end
// everything is mended, and the carrier must come to rest where a fresh computation would put it.
#ifndef WAYMARK_TESTS_SIM_SIMULATION_H_
#define WAYMARK_TESTS_SIM_SIMULATION_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "controller/engine/engine.h"
#include "controller/engine/waves.h"
#include "tests/sim/scenario.h"

namespace waymark {

struct SimulationOptions {
  uint64_t seed = 1;
  std::vector<Action> actions;
  // Gets a line for everything that happens; may be empty.
  std::function<void(const std::string& line)> trace;
  Engine::Options engine;
  // The data plane loses what it is told while the agent takes back a failed batch.
  bool break_rollback = false;
};

struct SimulationResult {
  // At most a few; empty: all was well.
  std::vector<std::string> violations;
  int64_t frames = 0;
  int64_t changes = 0;  // of kernels
  absl::Duration simulated;
};

// Nearly every change goes out in waves.
Waves::Options FrequentWaves();

// The run of a seed: its scenario, and with waves in every second one.
SimulationOptions OptionsOf(uint64_t seed, int actions);

// Deterministic: equal options give equal results. One thread.
SimulationResult Simulate(const SimulationOptions& options);

// Fewer actions that still go wrong: no single one of them can be left out, unless `most_runs`
// ended the search. `fails` says whether a list goes wrong. O(n^2) runs.
std::vector<Action> Shrink(std::vector<Action> actions,
                           const std::function<bool(const std::vector<Action>&)>& fails,
                           int most_runs);

}  // namespace waymark

#endif  // WAYMARK_TESTS_SIM_SIMULATION_H_

// Simulates the whole system from seeds. Exits 1 when something went wrong, and says how to see it
// again.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <string>

#include "controller/base/log.h"
#include "tests/sim/simulation.h"

namespace waymark {
namespace {

struct Flags {
  uint64_t seed = 1;
  uint64_t seeds = 1;
  int actions = 25;
  bool trace = false;
  bool shrink = true;
  std::string waves = "half";
};

SimulationResult RunOne(uint64_t seed, const std::vector<Action>& actions, const Flags& flags,
                        bool trace) {
  SimulationOptions options = OptionsOf(seed, 0);
  options.actions = actions;
  if (flags.waves == "all") options.engine.switches.waves = FrequentWaves();
  if (flags.waves == "none") options.engine.switches.waves = Waves::Options();
  if (trace) {
    options.trace = [](const std::string& line) { std::printf("%s\n", line.c_str()); };
  }
  return Simulate(options);
}

void Report(uint64_t seed, const Flags& flags, const SimulationResult& result) {
  std::printf("seed %lu:\n", static_cast<unsigned long>(seed));
  for (const std::string& text : result.violations) std::printf("  %s\n", text.c_str());
  if (!flags.shrink) return;
  const auto fails = [seed, &flags](const std::vector<Action>& actions) {
    return !RunOne(seed, actions, flags, false).violations.empty();
  };
  const std::vector<Action> fewest = Shrink(MakeScenario(seed, flags.actions), fails, 200);
  std::printf("  %zu actions are enough:", fewest.size());
  for (const Action& action : fewest) std::printf(" %s;", ActionName(action.kind).c_str());
  std::printf("\n");
  const SimulationResult shrunk = RunOne(seed, fewest, flags, flags.trace);
  for (const std::string& text : shrunk.violations) std::printf("  %s\n", text.c_str());
  std::printf("  again: --seed=%lu --actions=%d --waves=%s --trace\n",
              static_cast<unsigned long>(seed), flags.actions, flags.waves.c_str());
}

int Main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Simulates controller, agents and switches under faults, from seeds");
  app.add_option("--seed", flags.seed, "the first seed");
  app.add_option("--seeds", flags.seeds, "how many seeds")->check(CLI::Range(1, 10'000'000));
  app.add_option("--actions", flags.actions, "things that happen in a run")
      ->check(CLI::Range(0, 10'000));
  app.add_flag("--trace", flags.trace, "tell all that happens in a run that goes wrong");
  app.add_flag("--shrink,!--no-shrink", flags.shrink, "look for the fewest things that go wrong");
  app.add_option("--waves", flags.waves,
                 "which seeds send their changes in waves; half: the even ones")
      ->check(CLI::IsMember({"half", "all", "none"}))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  InitLog("sim", flags.trace ? LogLevel::kInfo : LogLevel::kError);

  uint64_t failed = 0;
  int64_t frames = 0, changes = 0;
  absl::Duration simulated;
  for (uint64_t i = 0; i < flags.seeds; ++i) {
    const uint64_t seed = flags.seed + i;
    const SimulationResult result =
        RunOne(seed, MakeScenario(seed, flags.actions), flags, flags.trace && !flags.shrink);
    frames += result.frames;
    changes += result.changes;
    simulated += result.simulated;
    if (!result.violations.empty()) {
      ++failed;
      Report(seed, flags, result);
    }
    if ((i + 1) % 100 == 0 && i + 1 < flags.seeds) {
      std::printf("%lu of %lu seeds, %lu went wrong\n", static_cast<unsigned long>(i + 1),
                  static_cast<unsigned long>(flags.seeds), static_cast<unsigned long>(failed));
      std::fflush(stdout);
    }
  }
  std::printf("%lu seeds, %lu went wrong; %ld frames, %ld kernel changes, %.0f s simulated\n",
              static_cast<unsigned long>(flags.seeds), static_cast<unsigned long>(failed), frames,
              changes, absl::ToDoubleSeconds(simulated));
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace waymark

int main(int argc, char** argv) { return waymark::Main(argc, argv); }

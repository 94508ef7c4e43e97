#include "tests/sim/scenario.h"

#include <array>

#include "tests/sim/random.h"

namespace waymark {
namespace {

struct Named {
  const char* name;
  int share;
};

// By kind, in order.
constexpr std::array<Named, kActionKinds> kKinds = {{
    {"create service", 6},
    {"delete service", 4},
    {"change rate", 4},
    {"change class map", 3},
    {"maintain link", 3},
    {"change metric", 3},
    {"cut fibre", 5},
    {"silence fibre", 2},
    {"mend fibre", 5},
    {"flap fibre", 2},
    {"kill controller", 3},
    {"kill agent", 3},
    {"forget agent", 2},
    {"reboot switch", 1},
    {"partition", 3},
    {"break session", 3},
    {"duplicate messages", 2},
    {"hang agent", 3},
    {"full store", 1},
    {"full agent disk", 1},
    {"data plane fails", 3},
    {"set clock", 1},
    {"drift", 2},
}};

// Mostly while the last action is still being worked on.
absl::Duration Pause(Random& random) {
  switch (random.Below(4)) {
    case 0:
      return absl::ZeroDuration();
    case 1:
      return absl::Microseconds(random.Between(1, 30'000));
    case 2:
      return absl::Milliseconds(random.Between(1, 300));
    default:
      return absl::Milliseconds(random.Between(300, 4'000));
  }
}

}  // namespace

std::vector<Action> MakeScenario(uint64_t seed, int count) {
  Random random(seed, /*stream=*/2);
  int total = 0;
  for (const Named& kind : kKinds) total += kind.share;
  std::vector<Action> actions;
  for (int i = 0; i < count; ++i) {
    Action action{.seed = random.Next(), .after = Pause(random)};
    int at = static_cast<int>(random.Below(static_cast<size_t>(total)));
    int kind = 0;
    while (at >= kKinds[static_cast<size_t>(kind)].share) {
      at -= kKinds[static_cast<size_t>(kind++)].share;
    }
    if (i >= 3) action.kind = static_cast<ActionKind>(kind);
    actions.push_back(action);
  }
  return actions;
}

std::string ActionName(ActionKind kind) { return kKinds[static_cast<size_t>(kind)].name; }

}  // namespace waymark

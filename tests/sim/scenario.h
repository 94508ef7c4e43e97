// What happens to the carrier in one run: a list of actions, each with a seed of its own, so that
// taking one out changes nothing about the others.
#ifndef WAYMARK_TESTS_SIM_SCENARIO_H_
#define WAYMARK_TESTS_SIM_SCENARIO_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace waymark {

enum class ActionKind {
  // Customers and operators.
  kCreateService,
  kDeleteService,
  kChangeRate,
  kChangeClassMap,
  kMaintain,  // a link: avoid, forbid or enable it again
  kChangeMetric,
  // Fibres.
  kCutFibre,
  kSilenceFibre,
  kMendFibre,
  kFlapFibre,
  // Programs.
  kKillController,
  kKillAgent,
  kForgetAgent,  // killed, and its file lost
  kRebootSwitch,
  // Between them.
  kPartition,
  kBreakSession,
  kDuplicate,
  kHangAgent,  // it answers nothing, for longer than it is waited for
  // Disks, clocks, hands.
  kFullStore,
  kFullAgentDisk,
  kDataPlaneFails,
  kSetClock,
  kDrift,
};
inline constexpr int kActionKinds = 23;

struct Action {
  ActionKind kind = ActionKind::kCreateService;
  uint64_t seed = 0;
  absl::Duration after;  // the action before it
};

// The first few always create services. O(count).
std::vector<Action> MakeScenario(uint64_t seed, int count);

std::string ActionName(ActionKind kind);

}  // namespace waymark

#endif  // WAYMARK_TESTS_SIM_SCENARIO_H_

#include "controller/plan/reoptimize.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "controller/plan/demands.h"
#include "controller/plan/fingerprint.h"

namespace waymark {
namespace {

// Field by field: a serialized message is not promised to be the same bytes everywhere.
void Add(const stored::v1::Placement& placement, Fingerprint* print) {
  for (const std::string& link : placement.working()) print->Add(link);
  print->AddByte(1);
  for (const std::string& link : placement.protect()) print->Add(link);
  print->AddByte(placement.protect_shared() ? 3 : 2);
  print->Add(std::to_string(placement.reserved_bps()));
}

std::string NameOf(const PlanInput& input, const Reoptimization& plan) {
  Fingerprint hash;
  for (const auto& [policy, placement] : input.placements) {
    hash.Add(policy);
    Add(placement, &hash);
  }
  for (const PlacementMove& move : plan.moves) {
    hash.Add(move.policy);
    Add(move.after, &hash);
  }
  return hash.Text();
}

}  // namespace

Reoptimization Reoptimize(const PlanInput& input, const ReoptimizeOptions& options) {
  const LinkState link_state = LinkStateOf(input);
  const ResolvedServices resolved = ResolveServices(input.snapshot, input.intents);
  const Replacement replacement =
      ReplacePinned(PinnedInputOf(input, resolved, link_state), options.service,
                    std::clamp(options.min_gain_percent, 0.0, 100.0), options.stop);
  Reoptimization plan;
  plan.stopped = replacement.stopped;
  if (plan.stopped) return plan;
  for (const auto& [policy, placed] : replacement.placed) {
    if (!placed.working.empty()) {
      plan.placements[policy] = PlacementOf(input.snapshot, placed);
    }
  }
  for (const PinnedMove& move : replacement.moves) {
    for (const std::string& policy : move.policies) {
      const auto before = input.placements.find(policy);
      plan.moves.push_back(
          {policy, before == input.placements.end() ? stored::v1::Placement() : before->second,
           plan.placements.at(policy), move.old_objective, move.new_objective, move.reason});
      if (move.mends) plan.mended.push_back(policy);
    }
  }
  std::sort(plan.moves.begin(), plan.moves.end(),
            [](const PlacementMove& a, const PlacementMove& b) { return a.policy < b.policy; });
  std::sort(plan.mended.begin(), plan.mended.end());
  plan.name = NameOf(input, plan);
  return plan;
}

}  // namespace waymark

#include "controller/engine/path_planned.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "controller/compute/path_risks.h"
#include "controller/compute/reverse_path.h"
#include "controller/plan/demands.h"

namespace waymark {
namespace {

// No node has such a name.
constexpr const char* kPolicies[2] = {"policies/:0:there", "policies/:0:back"};

PinnedDemand DemandOf(const PathQuestion& question, const v1::TrafficClass& traffic_class) {
  PinnedDemand demand;
  demand.a = std::min(question.from, question.to);
  demand.b = std::max(question.from, question.to);
  demand.policies = {kPolicies[0], kPolicies[1]};
  demand.traffic_class = &traffic_class;
  demand.constraints = question.constraints;
  demand.hold_priority = question.hold_priority;
  demand.share_protect = question.share_protect;
  demand.availability_target = question.availability_target;
  demand.max_latency_ns = question.max_latency_ns;
  demand.rate_bps = question.rate_bps;
  demand.burst_bytes = question.burst_bytes;
  return demand;
}

PathSolution SolutionOf(const PlannedQuery& query, const PlacedPolicy& placed, bool corouted) {
  const Snapshot& snapshot = query.world.snapshot;
  const PathQuestion& question = query.question;
  const SearchGraph graph(snapshot, question.constraints, {.corouted = corouted});
  PathSolution solution;
  solution.outcome = Outcome::kFound;
  for (const std::vector<LinkId>* links : {&placed.working, &placed.protect}) {
    if (!links->empty()) solution.paths.push_back({*links, graph.PathMetric(*links)});
  }
  if (solution.paths.size() < 2) return solution;
  const PathRisks risks(snapshot, question.constraints.protection, question.from, question.to);
  solution.shared_risks = risks.Names(risks.Shared(placed.working, placed.protect));
  return solution;
}

}  // namespace

PlannedAnswer PlanOne(const PlannedQuery& query) {
  const PathWorld& world = query.world;
  v1::TrafficClass traffic_class = *query.question.pinned;
  traffic_class.set_queue(query.question.queue);
  const std::map<std::string, stored::v1::Placement> none;
  const ResolvedServices resolved =
      query.alone ? ResolvedServices() : ResolveServices(world.snapshot, world.intents);
  const auto placed =
      PlaceOneMore(PinnedInputOf({world.snapshot, world.intents, world.links_down,
                                  query.alone ? none : world.placements, PlanOptions(), nullptr,
                                  query.alone ? nullptr : world.guarantees},
                                 resolved, query.link_state),
                   DemandOf(query.question, traffic_class), query.stop);
  PlannedAnswer answer;
  answer.solution.outcome = Outcome::kBudgetSpent;
  if (!placed) {
    answer.stopped = true;
    answer.solution.shortfall.reason =
        "the deadline ended before it was known what would be placed";
    return answer;
  }
  const bool forward = query.question.from < query.question.to;
  const PlacedPolicy& there = placed->at(kPolicies[forward ? 0 : 1]);
  const PlacedPolicy& back = placed->at(kPolicies[forward ? 1 : 0]);
  if (there.working.empty()) {
    answer.solution.shortfall.reason =
        "none of the routes that are tried for a service of " + traffic_class.name() + " would do";
    return answer;
  }
  answer.corouted = ReversePath(world.snapshot, there.working) == back.working &&
                    ReversePath(world.snapshot, there.protect) == back.protect;
  answer.solution = SolutionOf(query, there, answer.corouted);
  answer.way_back = !back.working.empty();
  return answer;
}

}  // namespace waymark

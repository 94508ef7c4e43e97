#include "controller/engine/path_answers.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compute/explanation.h"
#include "controller/compute/outcome_message.h"
#include "controller/compute/path_solver.h"
#include "controller/compute/promise.h"
#include "controller/compute/refusal.h"
#include "controller/compute/segments.h"
#include "controller/engine/path_planned.h"
#include "controller/engine/path_promise.h"
#include "controller/engine/path_question.h"
#include "controller/plan/demands.h"
#include "controller/plan/paths.h"

namespace waymark {
namespace {

// Links that can be programmed, as the planner sees them; of a question without a class, all that
// are up.
LinkState LinkStateFor(const PathWorld& world, bool planned) {
  if (planned) {
    return LinkStateOf(
        {world.snapshot, world.intents, world.links_down, world.placements, PlanOptions()});
  }
  LinkState state(world.snapshot);
  for (const std::string& name : world.links_down) {
    if (const auto link = world.snapshot.FindLink(name)) state.SetDown(*link);
  }
  state.SpreadToReverse(world.snapshot);
  return state;
}

void SetStatus(const Refusal& refusal, v1::State state, v1::Status* status) {
  status->set_state(state);
  status->set_reason(refusal.reason);
  status->set_blocking_constraint(refusal.blocking_constraint);
  status->set_relaxation(refusal.relaxation);
}

// As switches get them: a pinned path has one a link, others the fewest. Empty where a switch or a
// link has no identifier yet.
v1::SegmentList Segments(UniqueShortestPaths& table, bool pinned,
                         const std::vector<LinkId>& links) {
  std::vector<Segment> segments;
  std::vector<uint32_t> sids;
  if (pinned) {
    EncodeStrict(links, &segments);
  } else {
    EncodeFewest(table, links, &segments);
  }
  if (!ToSids(table.snapshot(), segments, &sids).ok() || sids.empty()) return {};
  return SegmentListMessage(sids);
}

// Response: any message with blocking_constraints and relaxations.
template <typename Response>
void AddRefusal(const Snapshot& snapshot, const RefusalExplanation& why, Response* response) {
  if (!why.conflicts.empty()) {
    for (const std::string& constraint : why.conflicts[0]) {
      response->add_blocking_constraints(constraint);
    }
  }
  for (const RefusalRelaxation& relaxation : why.relaxations) {
    v1::Relaxation* added = response->add_relaxations();
    added->set_constraint(relaxation.constraint);
    added->set_change(relaxation.change);
    for (const ComputedPath& path : relaxation.paths) {
      *added->add_paths() = PathMessage(snapshot, path.links, 1);
    }
  }
}

template <typename Response>
void AddAlternatives(const Snapshot& snapshot, const RouteExplanation& why, Response* response) {
  for (const RuledOutPath& other : why.alternatives) {
    v1::PathAlternative* added = response->add_alternatives();
    *added->mutable_path() = PathMessage(snapshot, other.links, 1);
    added->set_ruled_out(other.ruled_out);
  }
}

// One ComputePath.
class Computation {
 public:
  Computation(const PathWorld& world, const v1::ComputePathRequest& request,
              const PathQuestion& question, const std::function<bool()>& stop)
      : world_(world),
        request_(request),
        question_(question),
        stop_(stop),
        state_(LinkStateFor(world, question.pinned != nullptr)) {
    environment_.ledger = request.ignore_reservations() ? nullptr : &world.books.ledger;
    environment_.link_state = request.ignore_link_state() ? nullptr : &state_;
    environment_.prepared = &prepared_;
  }

  v1::ComputePathResponse Run() {
    PathSolution solution = IsOneOfAService() ? SolveAsPlanned() : Solve();
    v1::ComputePathResponse response;
    response.set_outcome(OutcomeMessage(solution.outcome));
    response.set_revision(world_.revision);
    UniqueShortestPaths table(world_.snapshot, environment_.link_state);
    for (const ComputedPath& path : solution.paths) {
      *response.add_paths() = PathMessage(world_.snapshot, path.links, 1);
      *response.add_segment_lists() = Segments(table, question_.pinned != nullptr, path.links);
    }
    if (!solution.paths.empty()) {
      *response.mutable_promise() =
          PromiseOf(world_.snapshot, question_, Targets(), solution.paths);
      if (!solution.shared_risks.empty()) {
        response.mutable_promise()->mutable_shared_risks()->Assign(solution.shared_risks.begin(),
                                                                   solution.shared_risks.end());
      }
    }
    for (std::string& note : UnknownNames(world_.snapshot, question_.constraints)) {
      response.add_notes(std::move(note));
    }
    if (!note_.empty()) response.add_notes(note_);
    if (solution.outcome != Outcome::kFound) Refuse(solution, &response);
    if (request_.explain() && !solution.paths.empty()) Justify(solution, &response);
    return response;
  }

 private:
  // A service of the class would have just these: the planner itself is asked what it would get.
  bool IsOneOfAService() const {
    return question_.pinned != nullptr && question_.constraints.explicit_hops.empty() &&
           question_.count == (question_.constraints.protection.any() ? 2 : 1);
  }

  PathSolution SolveAsPlanned() {
    // Cheap beside a plan, and what is said when that takes too long.
    PathSolution searched = Solve();
    const LinkState all_up(world_.snapshot);
    PlannedAnswer planned = PlanOne({.world = world_,
                                     .question = question_,
                                     .link_state = request_.ignore_link_state() ? all_up : state_,
                                     .alone = request_.ignore_reservations(),
                                     .stop = stop_});
    if (planned.stopped) {
      searched.outcome = Outcome::kBudgetSpent;
      searched.shortfall.reason = planned.solution.shortfall.reason;
      return searched;
    }
    if (!planned.solution.paths.empty()) {
      environment_.corouted = planned.corouted;
      NoteWayBack(planned);
      return std::move(planned.solution);
    }
    refused_ = true;
    const bool proven = searched.paths.empty() && searched.outcome == Outcome::kInfeasible;
    return proven ? std::move(searched) : std::move(planned.solution);
  }

  void NoteWayBack(const PlannedAnswer& planned) {
    if (planned.way_back) return;
    note_ = absl::StrCat("the way back of such a service, from ",
                         world_.snapshot.node(question_.to).name, " to ",
                         world_.snapshot.node(question_.from).name, ", would be refused");
  }

  // As the planner: where both directions can use the same fibres, so that probes come back, they
  // do.
  PathSolution Solve() {
    const auto found = world_.intents.traffic_classes.find(request_.traffic_class());
    if (found != world_.intents.traffic_classes.end()) {
      environment_.corouted = true;
      PathSolution solution = SolveNow();
      if (!solution.paths.empty()) return solution;
      environment_.corouted = false;
    }
    return SolveNow();
  }

  PathSolution SolveNow() {
    return SolvePaths(world_.snapshot, environment_,
                      {question_.from, question_.to, question_.constraints, question_.count},
                      Targets(), stop_);
  }

  RouteTargets Targets() const {
    return Completed(TargetsOf(question_, world_.model, world_.books.loads), question_.constraints,
                     environment_);
  }

  void Refuse(const PathSolution& solution, v1::ComputePathResponse* response) {
    const bool proven = solution.outcome == Outcome::kInfeasible;
    if (!solution.paths.empty()) {
      return SetStatus(solution.shortfall, v1::STATE_UNSPECIFIED, response->mutable_status());
    }
    RefusalExplanation why =
        ExplainRefusalInFull({.snapshot = world_.snapshot,
                              .constraints = question_.constraints,
                              .environment = environment_,
                              .from = world_.snapshot.node(question_.from).name,
                              .to = world_.snapshot.node(question_.to).name,
                              .disjoint_paths = std::max(2, question_.count),
                              .targets = Targets(),
                              .limit = {.budget = kExplainBudget, .stop = stop_},
                              .proven = proven});
    const bool known = proven || (why.proven && !why.possible);
    if (known) response->set_outcome(v1::INFEASIBLE);
    // Nothing is to blame for what may yet be found.
    if (!known && !refused_) {
      why.refusal.blocking_constraint.clear();
      why.conflicts.clear();
    }
    SetStatus(why.refusal, known || refused_ ? v1::BLOCKED : v1::STATE_UNSPECIFIED,
              response->mutable_status());
    NoteOtherConflicts(why, response);
    if (!known && !solution.shortfall.reason.empty()) {
      response->mutable_status()->set_reason(solution.shortfall.reason);
    } else if (!solution.hop_problem.empty()) {
      response->mutable_status()->set_reason(why.refusal.reason + ": " + solution.hop_problem);
    }
    AddRefusal(world_.snapshot, why, response);
  }

  // blocking_constraints hold the first.
  static void NoteOtherConflicts(const RefusalExplanation& why, v1::ComputePathResponse* response) {
    for (size_t i = 1; i < why.conflicts.size(); ++i) {
      response->add_notes("impossible by itself, too: " + absl::StrJoin(why.conflicts[i], " and "));
    }
  }

  void Justify(const PathSolution& solution, v1::ComputePathResponse* response) {
    const bool pair = question_.constraints.protection.any() && solution.paths.size() > 1;
    RouteExplanationQuery query{.snapshot = world_.snapshot,
                                .constraints = question_.constraints,
                                .environment = environment_,
                                .working = solution.paths[0].links,
                                .protect = {},
                                .disjoint_paths = std::max(2, question_.count),
                                .targets = Targets(),
                                .limit = {.budget = kExplainBudget, .stop = stop_}};
    if (pair) query.protect = solution.paths[1].links;
    RouteExplanation why = ExplainRoute(query);
    // Of several paths that were asked for, none is one that was not taken.
    std::erase_if(why.alternatives, [&](const RuledOutPath& other) {
      return std::ranges::find(solution.paths, other.links, &ComputedPath::links) !=
             solution.paths.end();
    });
    AddAlternatives(world_.snapshot, why, response);
  }

  const PathWorld& world_;
  const v1::ComputePathRequest& request_;
  const PathQuestion& question_;
  const std::function<bool()>& stop_;
  const LinkState state_;
  std::string note_;
  // The planner would not place it.
  bool refused_ = false;
  PreparedGraphs prepared_;
  SearchGraph::Environment environment_;
};

// Policies of one service that are told in full: what is said of each costs seconds at worst, and
// tens of kilobytes.
constexpr int kMostInFull = 64;

// The policies of ExplainService, one after the other.
class PolicyStory {
 public:
  // `policies`: how many there are to tell.
  PolicyStory(const PathWorld& world, const LinkState& state, int policies,
              const std::function<bool()>& stop)
      : world_(world),
        state_(state),
        budget_(policies <= kMostInFull ? kExplainBudget : kPlanExplainBudget),
        stop_(stop),
        books_(world.books) {}

  void Tell(const std::string& name, const PolicyOwner& owner, v1::PolicyExplanation* told) {
    const auto placement = world_.placements.find(name);
    const bool blocked =
        placement == world_.placements.end() || placement->second.working().empty();
    // A placed one that lacks something (protection, its rate) is told what stands in the way, too.
    const bool lacks =
        blocked || told->status().state() == v1::DEGRADED || told->status().state() == v1::DOWN;
    const bool refuse = lacks && refused_ < kMostInFull;
    const bool justify = !blocked && justified_ < kMostInFull;
    refused_ += refuse;
    justified_ += justify;
    if (refuse || justify) {
      TellInFull(name, owner, refuse, justify ? &placement->second : nullptr, told);
    }
    if (!blocked) TellPromise(owner, placement->second, justify, told);
    if (blocked ? refuse : justify) return;
    told->set_chosen(
        absl::StrCat("not explained in full: the service has many policies, and the first ",
                     kMostInFull, " are; ask ComputePath with explain for this one"));
  }

 private:
  void TellInFull(const std::string& name, const PolicyOwner& owner, bool refuse,
                  const stored::v1::Placement* placement, v1::PolicyExplanation* told) {
    const PinnedDemand& demand = *owner.demand;
    PathQuestion question;
    question.from = owner.headend();
    question.to = owner.endpoint();
    question.constraints = demand.constraints;
    question.availability_target = demand.availability_target;
    question.max_latency_ns = demand.max_latency_ns;
    question.queue = demand.traffic_class->queue();
    question.rate_bps = demand.rate_bps;
    question.burst_bytes = demand.burst_bytes;
    question.pinned = demand.traffic_class;
    question.share_protect = demand.share_protect;
    // As if it were to be placed now: what it and its way back hold is theirs to use.
    const bool queues =
        demand.max_latency_ns > 0 || books_.loads.GuardsUpTo(demand.traffic_class->queue());
    const DemandTakenOff taken(world_.snapshot, world_.placements, demand, queues, &books_);
    const RouteTargets targets = TargetsOf(question, world_.model, books_.loads);
    const SearchGraph::Environment environment{.ledger = &books_.ledger,
                                               .link_state = &state_,
                                               .corouted = Corouted(name, owner.way_back())};
    if (refuse) Refuse(question, environment, targets, told);
    if (placement != nullptr) Justify(*placement, question, environment, targets, told);
  }

  bool Corouted(const std::string& name, const std::string& back) const {
    const auto there = world_.placements.find(name);
    const auto return_ = world_.placements.find(back);
    if (there == world_.placements.end() || return_ == world_.placements.end()) return false;
    const auto links = LinksOf(world_.snapshot, there->second.working());
    const auto back_links = LinksOf(world_.snapshot, return_->second.working());
    return links && back_links && ReversePath(world_.snapshot, *links) == back_links;
  }

  void Refuse(const PathQuestion& question, const SearchGraph::Environment& environment,
              const RouteTargets& targets, v1::PolicyExplanation* told) const {
    const RefusalExplanation why =
        ExplainRefusalInFull({.snapshot = world_.snapshot,
                              .constraints = question.constraints,
                              .environment = environment,
                              .from = world_.snapshot.node(question.from).name,
                              .to = world_.snapshot.node(question.to).name,
                              .targets = targets,
                              .limit = {.budget = budget_, .stop = stop_}});
    AddRefusal(world_.snapshot, why, told);
  }

  void Justify(const stored::v1::Placement& placement, const PathQuestion& question,
               const SearchGraph::Environment& environment, const RouteTargets& targets,
               v1::PolicyExplanation* told) const {
    const auto working = LinksOf(world_.snapshot, placement.working());
    const auto protect = LinksOf(world_.snapshot, placement.protect());
    if (!working || !protect) return;
    const RouteExplanation why = ExplainRoute({.snapshot = world_.snapshot,
                                               .constraints = question.constraints,
                                               .environment = environment,
                                               .working = *working,
                                               .protect = *protect,
                                               .placed = true,
                                               .targets = targets,
                                               .limit = {.budget = budget_, .stop = stop_}});
    told->set_chosen(why.chosen);
    AddAlternatives(world_.snapshot, why, told);
  }

  void TellPromise(const PolicyOwner& owner, const stored::v1::Placement& placement, bool in_full,
                   v1::PolicyExplanation* told) const {
    const auto working = LinksOf(world_.snapshot, placement.working());
    const auto protect = LinksOf(world_.snapshot, placement.protect());
    if (!working || !protect) return;
    PromiseQuery query;
    query.working = *working;
    query.protect = *protect;
    query.queue = owner.demand->traffic_class->queue();
    query.rate_bps = owner.demand->rate_bps;
    query.burst_bytes = owner.demand->burst_bytes;
    query.probe_interval_us = PlanOptions().pinned_probe_interval_us;
    if (!in_full) query.detail = PromiseDetail::kFigures;
    *told->mutable_promise() =
        MakePromise(world_.snapshot, world_.model, world_.books.loads, query);
  }

  const PathWorld& world_;
  const LinkState& state_;
  const int64_t budget_;
  const std::function<bool()>& stop_;
  // A working copy: each policy's own bookings are off it while that is told.
  PathBooks books_;
  int refused_ = 0, justified_ = 0;
};

}  // namespace

absl::StatusOr<v1::ComputePathResponse> AnswerComputePath(const PathWorld& world,
                                                          const v1::ComputePathRequest& request,
                                                          const std::function<bool()>& stop) {
  const auto question = ReadQuestion(world.snapshot, world.intents, request);
  if (!question.ok()) return question.status();
  return Computation(world, request, *question, stop).Run();
}

absl::StatusOr<v1::ExplainServiceResponse> AnswerExplainService(
    const PathWorld& world, const NetworkView& view, const v1::ExplainServiceRequest& request,
    const std::function<bool()>& stop) {
  if (!world.intents.services.contains(request.name())) {
    return absl::NotFoundError(absl::StrCat("name: ", request.name(), " does not exist"));
  }
  v1::ExplainServiceResponse response;
  response.set_revision(world.revision);
  const LinkState state = LinkStateFor(world, /*planned=*/true);
  std::vector<const std::pair<const std::string, PolicyOwner>*> policies;
  for (const auto& entry : world.owners) {
    if (entry.second.demand->service == request.name()) policies.push_back(&entry);
  }
  PolicyStory story(world, state, static_cast<int>(policies.size()), stop);
  for (const auto* entry : policies) {
    const auto& [name, owner] = *entry;
    if (stop()) {
      return absl::DeadlineExceededError(
          absl::StrCat("time ended when ", response.policies_size(), " of ", policies.size(),
                       " policies had been explained: give a longer deadline"));
    }
    v1::PolicyExplanation* told = response.add_policies();
    told->set_policy(name);
    const auto policy = view.policies.find(name);
    if (policy != view.policies.end()) {
      *told->mutable_status() = policy->second->status();
      *told->mutable_working() = policy->second->working();
      if (policy->second->has_protect()) *told->mutable_protect() = policy->second->protect();
    } else {
      told->mutable_status()->set_state(v1::PENDING);
    }
    story.Tell(name, owner, told);
  }
  return response;
}

}  // namespace waymark

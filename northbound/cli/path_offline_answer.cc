#include "northbound/cli/path_offline_answer.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compute/disjoint_set.h"
#include "controller/compute/explanation.h"
#include "controller/compute/explicit_path.h"
#include "controller/compute/k_shortest.h"
#include "controller/compute/outcome_message.h"
#include "controller/compute/path_solver.h"
#include "controller/compute/promise.h"
#include "controller/compute/refusal.h"
#include "northbound/cli/kind.h"
#include "northbound/cli/path_offline.h"

namespace waymark::cli {
namespace {

v1::Path PathMessage(const GraphFile& file, std::span<const LinkId> links) {
  const Snapshot& snapshot = file.snapshot();
  v1::Path message;
  int64_t delay_ns = 0;
  double cost = 0;
  message.add_nodes(snapshot.node(snapshot.link(links.front()).source).name);
  for (const LinkId id : links) {
    const LinkInfo& link = snapshot.link(id);
    message.add_links(link.name);
    message.add_nodes(snapshot.node(link.target).name);
    delay_ns += link.delay_ns;
    cost += link.cost;
  }
  message.set_delay_ns(delay_ns);
  message.set_te_metric(file.RoundedWeight(links));
  message.set_cost(cost);
  return message;
}

// What ended before the answer was known, and then how to get one.
std::string Ended(const PathLimits& limits) {
  return limits.GoOn().ok() ? "the work budget"
                            : absl::StrCat("the time limit of ", limits.time_limit());
}

std::string MoreWork(const PathLimits& limits) {
  return limits.GoOn().ok()
             ? "give it more work by a time to spend, --time-limit 10m, in place of the budget"
             : "give it more by a longer --time-limit";
}

class Solver {
 public:
  // `limit`: in path searches; of labels there may be as many times more as by default.
  Solver(const GraphFile& file, const v1::ComputePathRequest& request,
         const PathConstraints& constraints, NodeId from, NodeId to, const PathLimits& limits,
         WorkLimit limit)
      : file_(file),
        snapshot_(file.snapshot()),
        request_(request),
        constraints_(constraints),
        environment_({.most_hops = kMostOfflineHops, .weights = file.weights()}),
        graph_(snapshot_, constraints, environment_),
        from_(from),
        to_(to),
        limits_(limits),
        limit_(std::move(limit)),
        model_(snapshot_),
        loads_(snapshot_),
        targets_(Targets()) {}

  absl::StatusOr<OfflineAnswer> Run() {
    for (std::string& note : UnknownNames(snapshot_, constraints_)) {
      response_.add_notes(std::move(note));
    }
    const bool hops = !constraints_.explicit_hops.empty();
    if (targets_.any()) {
      WithTargets();
    } else if (!constraints_.protection.any()) {
      if (hops) {
        Explicit();
      } else {
        Several();
      }
    } else if (hops) {
      if (absl::Status status = SetByHops(); !status.ok()) return status;
    } else if (absl::Status status = Set(); !status.ok()) {
      return status;
    }
    if (response_.paths_size() == 0) Refuse();
    if (response_.paths_size() > 0 && request_.explain()) Explain();
    return OfflineAnswer{std::move(response_), std::move(paths_)};
  }

 private:
  // Of a disjoint set.
  int Count() const { return request_.paths() == 0 ? 2 : static_cast<int>(request_.paths()); }
  int64_t Labels() const {
    return limit_.budget > kDefaultPairBudget ? limit_.budget : kDefaultLabelBudget;
  }
  PairOptions Options() const { return PairOptionsOf(constraints_, limit_); }

  // Nothing else is sent in a file.
  RouteTargets Targets() const {
    const v1::PathConstraints& asked = request_.constraints();
    const RouteTargets targets = {.availability = asked.availability_target(),
                                  .model = &model_,
                                  .max_latency_ns = asked.max_latency_ns(),
                                  .loads = &loads_,
                                  .queue = asked.queue(),
                                  .rate_bps = constraints_.bandwidth_bps};
    return Completed(targets, constraints_, environment_);
  }

  void WithTargets() {
    const bool pair = constraints_.protection.any();
    const int count = pair ? Count() : std::max(1, static_cast<int>(request_.paths()));
    PathSolution solution = SolvePaths(snapshot_, environment_, {from_, to_, constraints_, count},
                                       targets_, limit_.stop);
    hop_problem_ = std::move(solution.hop_problem);
    if (!solution.more_work_helps) shortfall_ = std::move(solution.shortfall.reason);
    Give(solution.outcome, std::move(solution.paths), solution.shared_risks);
    if (paths_.empty()) return;
    PromiseQuery query{.working = paths_[0].links,
                       .protect = {},
                       .queue = targets_.queue,
                       .rate_bps = targets_.rate_bps,
                       .in_loads = false};
    if (pair) query.protect = paths_[1].links;
    v1::Promise promise = MakePromise(snapshot_, model_, loads_, query);
    if (!solution.shared_risks.empty())
      *promise.mutable_shared_risks() = response_.promise().shared_risks();
    *response_.mutable_promise() = std::move(promise);
  }

  void Several() {
    const size_t count = std::max<uint32_t>(1, request_.paths());
    KShortestResult result = KShortestPaths(graph_, from_, to_, count, Labels(), limit_.stop);
    Give(result.outcome, std::move(result.paths), {});
  }

  absl::Status Set() {
    auto result = DisjointSet(graph_, constraints_.protection, from_, to_, Count(), Options());
    if (!result.ok()) return result.status();
    if (result->single.outcome == Outcome::kFound) single_ = std::move(result->single.path);
    Give(result->outcome, std::move(result->paths), result->shared_risks);
    return absl::OkStatus();
  }

  void Explicit() {
    ExplicitResult result = ExplicitPath(graph_, constraints_.explicit_hops, from_, to_,
                                         WorkLimit{.budget = Labels(), .stop = limit_.stop});
    std::vector<ComputedPath> paths;
    if (result.outcome == Outcome::kFound) paths.push_back(std::move(result.path));
    Give(result.outcome, std::move(paths), {});
    Blame(result);
  }

  absl::Status SetByHops() {
    auto result = ExplicitSet(graph_, constraints_.explicit_hops, constraints_.protection, from_,
                              to_, Count(), Options());
    if (!result.ok()) return result.status();
    Give(result->set.outcome, std::move(result->set.paths), result->set.shared_risks);
    Blame(result->first);
    return absl::OkStatus();
  }

  void Give(Outcome outcome, std::vector<ComputedPath> paths,
            const std::vector<std::string>& shared) {
    response_.set_outcome(OutcomeMessage(outcome));
    paths_ = std::move(paths);
    for (const ComputedPath& path : paths_) {
      *response_.add_paths() = PathMessage(file_, path.links);
    }
    for (const std::string& risk : shared) response_.mutable_promise()->add_shared_risks(risk);
    if (outcome == Outcome::kBudgetSpent && !paths_.empty()) {
      response_.mutable_status()->set_reason(
          MoreTimeHelps() ? absl::StrCat(Ended(limits_), " ended first: ", MoreWork(limits_))
                          : shortfall_);
    }
  }

  // Else not everything is looked at, however long it may take.
  bool MoreTimeHelps() const { return shortfall_.empty() || (limit_.stop && limit_.stop()); }

  void Blame(const ExplicitResult& result) {
    if (result.outcome == Outcome::kInfeasible) hop_problem_ = result.message;
  }

  void Refuse() {
    const std::string &from = snapshot_.node(from_).name, &to = snapshot_.node(to_).name;
    // A time that was asked for is spent here, too.
    const bool timed = limit_.budget > kDefaultPairBudget;
    const RefusalExplanation why = ExplainRefusalInFull(
        {.snapshot = snapshot_,
         .constraints = constraints_,
         .environment = environment_,
         .from = from,
         .to = to,
         .disjoint_paths = Count(),
         .targets = targets_,
         .limit = {.budget = timed ? limit_.budget : kExplainBudget, .stop = limit_.stop},
         .attempt = timed ? kDefaultPairBudget : kExplainAttempt,
         .proven = response_.outcome() == v1::INFEASIBLE});
    const bool known = why.proven && !why.possible;
    if (known) response_.set_outcome(v1::INFEASIBLE);
    Refused(why, known);
    for (size_t i = 1; known && i < why.conflicts.size(); ++i) {
      response_.add_notes("impossible by itself, too: " + absl::StrJoin(why.conflicts[i], " and "));
    }
    if (known && !why.conflicts.empty()) {
      for (const std::string& constraint : why.conflicts[0]) {
        response_.add_blocking_constraints(constraint);
      }
    }
    for (const RefusalRelaxation& relaxation : why.relaxations) {
      v1::Relaxation& message = *response_.add_relaxations();
      message.set_constraint(relaxation.constraint);
      message.set_change(relaxation.change);
      for (const ComputedPath& path : relaxation.paths) {
        *message.add_paths() = PathMessage(file_, path.links);
      }
    }
  }

  void Refused(const RefusalExplanation& why, bool known) {
    v1::Status& status = *response_.mutable_status();
    if (known || !why.relaxations.empty()) status.set_relaxation(why.refusal.relaxation);
    if (!known) return status.set_reason(Undecided());
    status.set_state(v1::BLOCKED);
    status.set_reason(hop_problem_.empty() ? why.refusal.reason
                                           : why.refusal.reason + ": " + hop_problem_);
    status.set_blocking_constraint(why.refusal.blocking_constraint);
  }

  // Why it is not known whether there is an answer, and what there is instead.
  std::string Undecided() const {
    if (!MoreTimeHelps()) return shortfall_;
    std::string text =
        absl::StrCat(Ended(limits_), " ended before ",
                     constraints_.protection.any() ? "disjoint paths were" : "a path was",
                     " found or disproved: ", MoreWork(limits_));
    if (!single_) return text;
    absl::StrAppend(&text, "; the best path by itself is ");
    for (const LinkId link : single_->links) {
      absl::StrAppend(&text, ShortName(snapshot_.node(snapshot_.link(link).source).name), " - ");
    }
    return absl::StrCat(text, ShortName(snapshot_.node(to_).name));
  }

  void Explain() {
    const bool protect = constraints_.protection.any() && paths_.size() > 1;
    const RouteExplanation why = ExplainRoute(
        {.snapshot = snapshot_,
         .constraints = constraints_,
         .environment = environment_,
         .working = paths_[0].links,
         .protect = protect ? std::span<const LinkId>(paths_[1].links) : std::span<const LinkId>(),
         .disjoint_paths = std::max(2, static_cast<int>(paths_.size())),
         .targets = targets_,
         .limit = {.budget = kExplainBudget, .stop = limit_.stop}});
    for (const RuledOutPath& other : why.alternatives) {
      // Of several paths that were asked for, none is one that was not taken.
      if (std::ranges::find(paths_, other.links, &ComputedPath::links) != paths_.end()) continue;
      v1::PathAlternative& message = *response_.add_alternatives();
      *message.mutable_path() = PathMessage(file_, other.links);
      message.set_ruled_out(other.ruled_out);
    }
  }

  const GraphFile& file_;
  const Snapshot& snapshot_;
  const v1::ComputePathRequest& request_;
  const PathConstraints& constraints_;
  const SearchGraph::Environment environment_;
  const SearchGraph graph_;
  const NodeId from_, to_;
  const PathLimits& limits_;
  const WorkLimit limit_;
  const AvailabilityModel model_;
  const QueueLoads loads_;
  const RouteTargets targets_;
  // Where no set was found.
  std::optional<ComputedPath> single_;
  std::vector<ComputedPath> paths_;
  // What is wrong with the hops as things are, be it for another constraint.
  std::string hop_problem_;
  std::string shortfall_;  // of what no time would help
  v1::ComputePathResponse response_;
};

}  // namespace

absl::StatusOr<OfflineAnswer> AnswerOffline(const GraphFile& file,
                                            const v1::ComputePathRequest& request,
                                            const PathConstraints& constraints, NodeId from,
                                            NodeId to, const PathLimits& limits, WorkLimit limit) {
  return Solver(file, request, constraints, from, to, limits, std::move(limit)).Run();
}

}  // namespace waymark::cli

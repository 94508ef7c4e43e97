#include "northbound/cli/path_offline.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "controller/compute/disjoint_set.h"
#include "controller/compute/explanation.h"
#include "controller/compute/explicit_path.h"
#include "controller/compute/k_shortest.h"
#include "controller/compute/outcome_message.h"
#include "controller/compute/refusal.h"
#include "controller/compute/segments.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/kind.h"
#include "northbound/cli/path_command.h"
#include "northbound/cli/path_limits.h"
#include "northbound/cli/path_routes.h"
#include "northbound/cli/path_text.h"

namespace waymark::cli {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

std::vector<std::string> Sorted(const Names& names) {
  std::vector<std::string> sorted(names.begin(), names.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

absl::StatusOr<std::string> Resource(const GraphFile& file, const std::string& name) {
  const Snapshot& snapshot = file.snapshot();
  if (name.starts_with("srlgs/")) {
    const auto groups = snapshot.srlg_names();
    if (std::find(groups.begin(), groups.end(), name) != groups.end()) return name;
    return absl::NotFoundError(absl::StrCat("no risk group \"", name, "\" in the file"));
  }
  if (name.starts_with("links/")) {
    const auto link = file.Link(name);
    if (!link.ok()) return link.status();
    return snapshot.link(*link).name;
  }
  const auto node = file.Node(name);
  if (!node.ok()) return node.status();
  return snapshot.node(*node).name;
}

absl::StatusOr<ExplicitHop> Hop(const GraphFile& file, const v1::ExplicitHop& asked) {
  ExplicitHop hop{.loose = asked.loose()};
  if (asked.resource().starts_with("links/")) {
    const auto link = file.Link(asked.resource());
    if (!link.ok()) return link.status();
    hop.link = *link;
  } else {
    const auto node = file.Node(asked.resource());
    if (!node.ok()) return node.status();
    hop.node = *node;
  }
  return hop;
}

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

// Of one question, where no limit is given: a person waits for it.
constexpr char kLongest[] = "10s";

// A time that was asked for is spent, whatever the work.
WorkLimit LimitOf(const PathComputeArgs& args, const PathLimits& limits) {
  WorkLimit limit{.stop = [&limits] { return !limits.GoOn().ok(); }};
  if (!args.time_limit.empty()) limit.budget = std::numeric_limits<int64_t>::max();
  return limit;
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
        limit_(std::move(limit)) {}

  absl::StatusOr<v1::ComputePathResponse> Run() {
    for (std::string& note : UnknownNames(snapshot_, constraints_)) {
      response_.add_notes(std::move(note));
    }
    const bool hops = !constraints_.explicit_hops.empty();
    if (!constraints_.protection.any()) {
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
    return std::move(response_);
  }

  const std::vector<ComputedPath>& paths() const { return paths_; }

 private:
  // Of a disjoint set.
  int Count() const { return request_.paths() == 0 ? 2 : static_cast<int>(request_.paths()); }
  int64_t Labels() const {
    return limit_.budget > kDefaultPairBudget ? limit_.budget : kDefaultLabelBudget;
  }
  PairOptions Options() const { return PairOptionsOf(constraints_, limit_); }

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
          absl::StrCat(Ended(limits_), " ended first: ", MoreWork(limits_)));
    }
  }

  void Blame(const ExplicitResult& result) {
    if (result.outcome == Outcome::kInfeasible) hop_problem_ = result.message;
  }

  void Refuse() {
    const std::string &from = snapshot_.node(from_).name, &to = snapshot_.node(to_).name;
    const int64_t budget = request_.explain() ? kExplainBudget : kPlanExplainBudget;
    const RefusalExplanation why =
        ExplainRefusalInFull({.snapshot = snapshot_,
                              .constraints = constraints_,
                              .environment = environment_,
                              .from = from,
                              .to = to,
                              .disjoint_paths = Count(),
                              .limit = {.budget = budget, .stop = limit_.stop},
                              .proven = response_.outcome() == v1::INFEASIBLE});
    const bool known = why.proven && !why.possible;
    if (known) response_.set_outcome(v1::INFEASIBLE);
    Refused(why, known);
    if (!request_.explain()) return;
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
  // Where no set was found.
  std::optional<ComputedPath> single_;
  std::vector<ComputedPath> paths_;
  // What is wrong with the hops as things are, be it for another constraint.
  std::string hop_problem_;
  v1::ComputePathResponse response_;
};

// Where the TE metrics above had to be rounded.
void ShowWeights(Context& context, const GraphFile& file, const std::vector<ComputedPath>& paths) {
  if (file.weights() == nullptr || file.weights()->decimals == 0) return;
  context.out() << "\nExact weight (TE metric above: rounded)\n";
  for (size_t i = 0; i < paths.size(); ++i) {
    Fields()
        .Add(absl::StrCat("Path ", i + 1), file.WeightOf(paths[i].links))
        .Print(context.out(), context.color(), "  ");
  }
}

// A file gives no uSIDs, so segments go by the names of what they lead to.
void ShowSegments(Context& context, const GraphFile& file, const std::vector<ComputedPath>& paths) {
  if (file.weights() != nullptr) {
    context.out() << "\nNo segment lists: some weights of the file are no metric that switches "
                     "route by (whole numbers, 1 to 16777215)\n";
    return;
  }
  const Snapshot& snapshot = file.snapshot();
  UniqueShortestPaths table(snapshot);
  std::vector<Segment> segments;
  context.out() << "\nFewest segments (a node: by the only shortest path; a link: over it)\n";
  for (size_t i = 0; i < paths.size(); ++i) {
    EncodeFewest(table, paths[i].links, &segments);
    std::vector<std::string> names;
    for (const Segment& segment : segments) {
      names.push_back(ShortName(segment.node != NodeId::kNone ? snapshot.node(segment.node).name
                                                              : snapshot.link(segment.link).name));
    }
    std::string text = absl::StrJoin(names, " ");
    if (names.size() > static_cast<size_t>(kMaxUsids)) {
      absl::StrAppendFormat(&text, " (%d: more than the %d that a packet holds)", names.size(),
                            kMaxUsids);
    }
    Fields().Add(absl::StrCat("Path ", i + 1), text).Print(context.out(), context.color(), "  ");
  }
}

absl::Status OnlyForAController(Context& context, const PathComputeArgs& args) {
  const AsOf& as_of = context.globals().as_of;
  if (as_of.revision > 0 || as_of.time != absl::InfinitePast()) {
    return UsageError("--as-of needs the controller: a file has no past");
  }
  if (args.via.empty() || args.paths.empty() || args.paths == "1") return absl::OkStatus();
  if (args.paths == "2" && !args.disjoint.empty()) return absl::OkStatus();
  return UsageError("--via and --k exclude each other: the best path through the hops is found");
}

}  // namespace

absl::StatusOr<PathConstraints> OfflineConstraints(const GraphFile& file,
                                                   const v1::PathConstraints& asked) {
  PathConstraints c;
  if (asked.objective() != v1::OBJECTIVE_UNSPECIFIED) c.objective = asked.objective();
  c.max_delay_ns = asked.max_delay_ns();
  c.bandwidth_bps = asked.bandwidth_bps();
  c.max_hops = asked.max_hops() > 0 ? static_cast<int>(asked.max_hops()) : kMostOfflineHops;
  c.allowed_jurisdictions = Sorted(asked.allowed_jurisdictions());
  c.forbidden_jurisdictions = Sorted(asked.forbidden_jurisdictions());
  c.allowed_providers = Sorted(asked.allowed_providers());
  c.forbidden_providers = Sorted(asked.forbidden_providers());
  c.include_any = Sorted(asked.include_any());
  c.include_all = Sorted(asked.include_all());
  c.exclude = Sorted(asked.exclude());
  for (const int level : asked.disjoint()) {
    c.protection.link = true;
    if (level == v1::NODE) c.protection.node = true;
    if (level == v1::SRLG) c.protection.srlg = true;
    if (level == v1::PROVIDER) c.protection.provider = true;
    if (level == v1::BUILDING_DISJOINT) c.protection.building = true;
  }
  if (asked.pair_objective() == v1::MIN_MAX) c.pair_order = PairOrder::kMinMax;
  c.allow_shared_risks = asked.allow_shared_risks();
  for (const std::string& name : asked.exclude_resources()) {
    auto full = Resource(file, name);
    if (!full.ok()) return full.status();
    c.exclude_resources.push_back(*std::move(full));
  }
  std::sort(c.exclude_resources.begin(), c.exclude_resources.end());
  for (const v1::ExplicitHop& hop : asked.explicit_hops()) {
    const auto read = Hop(file, hop);
    if (!read.ok()) return read.status();
    c.explicit_hops.push_back(*read);
  }
  return c;
}

absl::Status RunPathComputeOffline(Context& context, const PathComputeArgs& args) {
  const auto request = PathRequest(args);
  if (!request.ok()) return request.status();
  if (absl::Status status = OnlyForAController(context, args); !status.ok()) return status;
  const auto limits =
      PathLimits::Read(context, args.threads,
                       args.time_limit.empty() && !args.all_pairs ? kLongest : args.time_limit);
  if (!limits.ok()) return limits.status();
  const auto file = GraphFile::Read(context, args.graph, args.format);
  if (!file.ok()) return file.status();
  const auto constraints = OfflineConstraints(*file, request->constraints());
  if (!constraints.ok()) return constraints.status();
  if (constraints->objective == v1::MIN_TE_METRIC && !file->weights_status().ok()) {
    return file->weights_status();
  }
  if (args.all_pairs) return RunAllPairs(context, args, *limits, *file, *constraints);
  const auto from = file->Node(request->from());
  if (!from.ok()) return from.status();
  const auto to = file->Node(request->to());
  if (!to.ok()) return to.status();
  if (*from == *to) {
    return UsageError(absl::StrCat("--from \"", args.from, "\" and --to \"", args.to,
                                   "\" are the same node: a path leads from one to another"));
  }
  Solver solver(*file, *request, *constraints, *from, *to, *limits, LimitOf(args, *limits));
  const auto response = solver.Run();
  if (!response.ok()) return response.status();
  absl::Status status = ShowPaths(context, *request, *response);
  if (!status.ok() && response->outcome() == v1::BUDGET_SPENT && !limits->GoOn().ok()) {
    status = absl::DeadlineExceededError(status.message());
  }
  if (context.globals().output == Output::kTable && !solver.paths().empty()) {
    ShowWeights(context, *file, solver.paths());
    ShowSegments(context, *file, solver.paths());
  }
  return status;
}

}  // namespace waymark::cli

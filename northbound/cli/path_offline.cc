#include "northbound/cli/path_offline.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/disjoint_pair.h"
#include "controller/compute/k_shortest.h"
#include "controller/compute/refusal.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/path_command.h"

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
    return absl::NotFoundError(absl::StrCat("--avoid \"", name, "\": no such risk group"));
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

v1::PathOutcome OutcomeOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kFound:
      return v1::FOUND;
    case Outcome::kInfeasible:
      return v1::INFEASIBLE;
    case Outcome::kBudgetSpent:
      return v1::BUDGET_SPENT;
  }
  return v1::PATH_OUTCOME_UNSPECIFIED;
}

class Solver {
 public:
  Solver(const Snapshot& snapshot, const v1::ComputePathRequest& request,
         const PathConstraints& constraints, NodeId from, NodeId to)
      : snapshot_(snapshot),
        request_(request),
        constraints_(constraints),
        graph_(snapshot, constraints, {}),
        from_(from),
        to_(to) {}

  v1::ComputePathResponse Run() {
    if (constraints_.protection.any()) {
      Pair();
    } else {
      Several();
    }
    if (response_.paths_size() == 0) Refuse();
    return std::move(response_);
  }

 private:
  void Several() {
    const size_t count = std::max<uint32_t>(1, request_.paths());
    const KShortestResult result = KShortestPaths(graph_, from_, to_, count);
    response_.set_outcome(OutcomeOf(result.outcome));
    for (const ComputedPath& path : result.paths) Add(path);
  }

  void Pair() {
    const PairResult result = DisjointPair(graph_, constraints_.protection, from_, to_);
    response_.set_outcome(OutcomeOf(result.outcome));
    if (!result.has_pair()) return;
    Add(result.working);
    Add(result.protect);
  }

  void Add(const ComputedPath& path) { *response_.add_paths() = PathMessage(snapshot_, path); }

  void Refuse() {
    const Refusal refusal = ExplainRefusal(snapshot_, constraints_, {}, snapshot_.node(from_).name,
                                           snapshot_.node(to_).name);
    v1::Status& status = *response_.mutable_status();
    status.set_state(v1::BLOCKED);
    status.set_reason(refusal.reason);
    status.set_blocking_constraint(refusal.blocking_constraint);
    status.set_relaxation(refusal.relaxation);
  }

  const Snapshot& snapshot_;
  const v1::ComputePathRequest& request_;
  const PathConstraints& constraints_;
  const SearchGraph graph_;
  const NodeId from_, to_;
  v1::ComputePathResponse response_;
};

}  // namespace

absl::StatusOr<PathConstraints> OfflineConstraints(const GraphFile& file,
                                                   const v1::PathConstraints& asked) {
  PathConstraints c;
  if (asked.objective() != v1::OBJECTIVE_UNSPECIFIED) c.objective = asked.objective();
  c.max_delay_ns = asked.max_delay_ns();
  c.bandwidth_bps = asked.bandwidth_bps();
  if (asked.max_hops() > 0) c.max_hops = static_cast<int>(asked.max_hops());
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
  for (const v1::ExplicitHop& asked_hop : asked.explicit_hops()) {
    ExplicitHop hop{.loose = asked_hop.loose()};
    if (asked_hop.resource().starts_with("links/")) {
      const auto link = file.Link(asked_hop.resource());
      if (!link.ok()) return link.status();
      hop.link = *link;
    } else {
      const auto node = file.Node(asked_hop.resource());
      if (!node.ok()) return node.status();
      hop.node = *node;
    }
    c.explicit_hops.push_back(hop);
  }
  return c;
}

v1::Path PathMessage(const Snapshot& snapshot, const ComputedPath& path) {
  v1::Path message;
  int64_t delay_ns = 0, te_metric = 0;
  double cost = 0;
  message.add_nodes(snapshot.node(snapshot.link(path.links.front()).source).name);
  for (const LinkId id : path.links) {
    const LinkInfo& link = snapshot.link(id);
    message.add_links(link.name);
    message.add_nodes(snapshot.node(link.target).name);
    delay_ns += link.delay_ns;
    te_metric += link.te_metric;
    cost += link.cost;
  }
  message.set_delay_ns(delay_ns);
  message.set_te_metric(te_metric);
  message.set_cost(cost);
  return message;
}

absl::Status RunPathComputeOffline(Context& context, const PathComputeArgs& args) {
  if (context.globals().as_of.revision > 0 ||
      context.globals().as_of.time != absl::InfinitePast()) {
    return UsageError("--as-of needs the controller: a file has no past");
  }
  auto request = PathRequest(args);
  if (!request.ok()) return request.status();
  const auto file = GraphFile::Read(context, args.graph, args.format);
  if (!file.ok()) return file.status();
  const auto constraints = OfflineConstraints(*file, request->constraints());
  if (!constraints.ok()) return constraints.status();
  const auto from = file->Node(request->from());
  if (!from.ok()) return from.status();
  const auto to = file->Node(request->to());
  if (!to.ok()) return to.status();
  if (*from == *to) {
    return UsageError(absl::StrCat("--from \"", args.from, "\" and --to \"", args.to,
                                   "\" are the same node: a path leads from one to another"));
  }
  return ShowPaths(context, *request,
                   Solver(file->snapshot(), *request, *constraints, *from, *to).Run());
}

}  // namespace waymark::cli

#include "northbound/cli/path_offline.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "controller/compute/segments.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/flag_words.h"
#include "northbound/cli/kind.h"
#include "northbound/cli/path_command.h"
#include "northbound/cli/path_limits.h"
#include "northbound/cli/path_offline_answer.h"
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

// Of one question, where no limit is given: a person waits for it.
constexpr char kLongest[] = "10s";

// A time that was asked for is spent, whatever the work.
WorkLimit LimitOf(const PathComputeArgs& args, const PathLimits& limits) {
  WorkLimit limit{.stop = [&limits] { return !limits.GoOn().ok(); }};
  if (!args.time_limit.empty()) limit.budget = std::numeric_limits<int64_t>::max();
  return limit;
}

// Where the TE metrics above had to be rounded.
Fields ExactWeights(const GraphFile& file, const std::vector<ComputedPath>& paths) {
  Fields fields;
  if (file.weights() == nullptr || file.weights()->decimals == 0) return fields;
  for (size_t i = 0; i < paths.size(); ++i) {
    fields.Add(absl::StrCat("Path ", i + 1), file.WeightOf(paths[i].links));
  }
  return fields;
}

constexpr char kNoSegments[] =
    "No segment lists: some weights of the file are no metric that switches route by (whole "
    "numbers, 1 to 16777215)";

// A file gives no uSIDs, so segments go by the names of what they lead to. None where kNoSegments.
Fields FewestSegments(const GraphFile& file, const std::vector<ComputedPath>& paths) {
  Fields fields;
  if (file.weights() != nullptr) return fields;
  const Snapshot& snapshot = file.snapshot();
  UniqueShortestPaths table(snapshot);
  std::vector<Segment> segments;
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
    fields.Add(absl::StrCat("Path ", i + 1), text);
  }
  return fields;
}

// What a response has no field for: below the table, or in its notes.
void ShowDetails(Context& context, const Fields& weights, const Fields& segments) {
  std::ostream& out = context.out();
  if (!weights.rows().empty()) {
    out << "\nExact weight (TE metric above: rounded)\n";
    weights.Print(out, context.color(), "  ");
  }
  if (segments.rows().empty()) {
    out << '\n' << kNoSegments << '\n';
  } else {
    out << "\nFewest segments (a node: by the only shortest path; a link: over it)\n";
    segments.Print(out, context.color(), "  ");
  }
}

std::vector<std::string> Details(const Fields& weights, const Fields& segments) {
  std::vector<std::string> details;
  for (const auto& [path, weight] : weights.rows()) {
    details.push_back(absl::StrCat(path, ": exact weight ", weight, " (te_metric: rounded)"));
  }
  if (segments.rows().empty()) details.push_back(kNoSegments);
  for (const auto& [path, names] : segments.rows()) {
    details.push_back(absl::StrCat(path, ": fewest segments ", names));
  }
  return details;
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
  double of_fibre = 0;
  if (absl::Status status =
          ReadProbability("--failure-probability", args.failure_probability, &of_fibre);
      !status.ok()) {
    return status;
  }
  const auto file = GraphFile::Read(context, args.graph, args.format, of_fibre);
  if (!file.ok()) return file.status();
  const auto constraints = OfflineConstraints(*file, request->constraints());
  if (!constraints.ok()) return constraints.status();
  if (constraints->objective == v1::MIN_TE_METRIC && !file->weights_status().ok()) {
    return file->weights_status();
  }
  if (request->constraints().availability_target() > 0 && !file->states_failures()) {
    return absl::FailedPreconditionError(
        "--availability: the file states no MTBF and MTTR of anything, so nothing would ever "
        "fail; give --failure-probability, such as 0.001, for every fibre");
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
  const auto answer =
      AnswerOffline(*file, *request, *constraints, *from, *to, *limits, LimitOf(args, *limits));
  if (!answer.ok()) return answer.status();
  const bool found = !answer->paths.empty();
  const Fields weights = ExactWeights(*file, answer->paths);
  const Fields segments = FewestSegments(*file, answer->paths);
  absl::Status status = ShowPaths(context, *request, answer->response,
                                  found ? Details(weights, segments) : std::vector<std::string>());
  if (!status.ok() && answer->response.outcome() == v1::BUDGET_SPENT && !limits->GoOn().ok()) {
    status = absl::DeadlineExceededError(status.message());
  }
  if (context.globals().output == Output::kTable && found) ShowDetails(context, weights, segments);
  return status;
}

}  // namespace waymark::cli

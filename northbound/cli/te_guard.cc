#include "northbound/cli/te_guard.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "northbound/cli/bundle_files.h"
#include "northbound/cli/exit_code.h"

namespace waymark::cli {
namespace {

absl::Status ReadProtected(const TeInput& input, const std::string& text,
                           std::vector<std::string>* all) {
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    if (part != "link" && part != "node" && part != "srlg") {
      return UsageError(absl::StrCat("--protected \"", part, "\": use link, node or srlg"));
    }
    if (part == "srlg" && input.graph.snapshot().srlg_names().empty()) {
      return absl::FailedPreconditionError(
          "--protected=srlg: the graph has no risk groups, so nothing would be protected; use "
          "--protected=link or node, name the links that fail together with --fail A--B,C--D, or "
          "give a graph with risk groups");
    }
    all->push_back(absl::StrCat("all-", part, "s"));
  }
  return absl::OkStatus();
}

// A failure a line; empty lines and what follows a # are left out.
absl::Status ReadFailFile(Context& context, const std::string& file,
                          std::vector<std::string>* all) {
  const auto text = ReadInput(file, context.io().in);
  if (!text.ok()) return text.status();
  const size_t before = all->size();
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    line = absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
    if (!line.empty()) all->emplace_back(line);
  }
  if (all->size() > before) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--fail-file ", file, ": names no failure; give one a line, such as A--B,C--D"));
}

}  // namespace

absl::StatusOr<std::optional<std::vector<Scenario>>> ReadFailures(Context& context,
                                                                  const TeInput& input,
                                                                  const TeSolveArgs& args) {
  std::vector<std::string> all;
  if (!args.protect.empty()) {
    if (absl::Status ok = ReadProtected(input, args.protect, &all); !ok.ok()) return ok;
  }
  all.insert(all.end(), args.fail.begin(), args.fail.end());
  if (!args.fail_file.empty()) {
    if (absl::Status ok = ReadFailFile(context, args.fail_file, &all); !ok.ok()) return ok;
  }
  if (all.empty()) return std::nullopt;
  auto scenarios = ReadScenarios(input, all);
  if (!scenarios.ok()) return scenarios.status();
  return std::optional(*std::move(scenarios));
}

absl::StatusOr<Guarded> Guard(const MeshProblem& problem, std::vector<MeshTraffic> stronger,
                              const MeshOptions& options, const SegmentRules& rules,
                              const MeshPlan& plan, std::vector<Scenario> scenarios) {
  ProtectOptions protect{
      .max_paths = options.max_paths,
      .weight_total = options.weight_total,
      .gap = options.gap,
      .fits = [&](std::span<const int32_t> links) { return rules.Fits(links); },
      // Of what is left of a link to what there is of it: a bound of the one
      // is none of the other, but where it is below 1.
      .lower_bound = stronger.empty() ? plan.lower_bound : std::min(plan.lower_bound, 1.0),
      .others = std::move(stronger),
      .stop = options.stop,
      .parallel = options.parallel};
  for (const Scenario& scenario : scenarios) {
    std::vector<int32_t>& links = protect.failures.emplace_back();
    for (size_t link = 0; link < scenario.links.size(); ++link) {
      if (scenario.links[link]) links.push_back(static_cast<int32_t>(link));
    }
  }
  auto guarded = ProtectMesh(problem, plan.routes, protect);
  if (!guarded.ok()) return guarded.status();
  Guarded result{.scenarios = std::move(scenarios), .plan = *std::move(guarded)};
  result.at_nodes = static_cast<size_t>(std::ranges::count_if(result.plan.cut, [&](const auto& c) {
    const MeshDemand& demand = problem.demands[c.second];
    const std::vector<bool>& nodes = result.scenarios[c.first].nodes;
    return nodes[demand.from] || nodes[demand.to];
  }));
  return result;
}

void Guarded::AddTo(TeJson* json) const {
  (*json)["failures"] = scenarios.size();
  (*json)["protected"] = holds();
  (*json)["worst_mlu"] = plan.worst_mlu;
  (*json)["worst_lower_bound"] = plan.worst_lower_bound;
  (*json)["worst_failure"] = Worst();
  (*json)["cut"] = plan.cut.size() - at_nodes;
  (*json)["lost_at_failed_nodes"] = at_nodes;
  (*json)["exposed"] = plan.exposed.size();
}

std::string Guarded::WorstText() const {
  return absl::StrCat(FormatUtilisation(plan.worst_mlu), " at worst, of ", scenarios.size(),
                      " failures", plan.worst_failure < 0 ? "" : ", in ", Worst());
}

std::string Guarded::LostText() const {
  return absl::StrCat(plan.cut.size() - at_nodes, " without any way, ",
                      at_nodes > 0 ? absl::StrCat(at_nodes, " of failed nodes, ") : "",
                      plan.exposed.size(), " for want of paths");
}

std::string Guarded::Warning(const std::string& traffic_class) const {
  if (holds()) return "";
  std::string text =
      absl::StrCat("warning: ", traffic_class.empty() ? "" : absl::StrCat("class ", traffic_class),
                   traffic_class.empty() ? "" : ": ", "not all failures are outlived: ");
  if (!plan.exposed.empty()) {
    absl::StrAppend(&text, plan.exposed.size(),
                    " times a demand loses all its paths though the network has another way",
                    plan.worst_mlu > 1 ? "; " : "");
  }
  if (plan.worst_mlu > 1) {
    absl::StrAppend(&text, "a link is loaded to ", FormatUtilisation(plan.worst_mlu),
                    plan.worst_failure < 0 ? " without one" : " in ", Worst(),
                    ", and no paths keep all links below ",
                    FormatUtilisation(plan.worst_lower_bound));
  }
  return absl::StrCat(text, "\n");
}

std::string Guarded::Unfinished() const {
  return absl::StrCat(plan.covered ? "; its backups are not the best yet: "
                                   : "; not all its backups have been made: ",
                      "failures leave ", plan.exposed.size(),
                      " times a demand without a path it could have, and load a link to ",
                      FormatUtilisation(plan.worst_mlu));
}

}  // namespace waymark::cli

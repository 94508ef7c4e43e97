#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/live_mesh.h"
#include "controller/compute/mesh/optimize.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/path_limits.h"
#include "northbound/cli/path_text.h"
#include "northbound/cli/te.h"
#include "northbound/cli/te_input.h"
#include "northbound/cli/te_pool.h"
#include "northbound/cli/te_print.h"
#include "northbound/cli/te_routes.h"
#include "northbound/cli/te_scenarios.h"

namespace waymark::cli {
namespace {

constexpr size_t kWorst = 10;
constexpr char kDefaultThreads[] = "2";

struct Result {
  double mlu = 0;
  int32_t worst_link = -1;
  double carried = 0;
  int64_t lost = 0;      // demands without a route
  int64_t at_nodes = 0;  // of those, whose own end failed
  // After a controller's answer.
  double reacted_mlu = 0, lower_bound = 0;
  int64_t changed = 0, still_lost = 0;
};

Result ResultOf(const MeshProblem& problem, const MeshLoads& loads, const Scenario& scenario) {
  Result result{.mlu = loads.mlu,
                .worst_link = loads.worst_link,
                .carried = loads.carried,
                .lost = static_cast<int64_t>(loads.lost.size())};
  result.at_nodes = std::ranges::count_if(loads.lost, [&](int32_t demand) {
    const MeshDemand& d = problem.demands[demand];
    return scenario.nodes[d.from] || scenario.nodes[d.to];
  });
  return result;
}

// What a controller answers to each failure, from routes that it has in force.
class Reaction {
 public:
  static absl::StatusOr<Reaction> Prepare(const TeInput& input, const MeshRoutes& routes,
                                          const PathLimits& limits) {
    TePool pool(limits.threads());
    const auto plan = OptimizeMesh(
        input.problem, {.stop = [&] { return !limits.GoOn().ok(); },
                        .parallel = [&](int n, const auto& task) { pool.Run(n, task); }});
    if (!plan.ok()) return plan.status();
    if (absl::Status status = limits.GoOn(); !status.ok()) return status;
    auto live = LiveMesh::Create(input.problem, routes, plan->prices);
    if (!live.ok()) return live.status();
    return Reaction(*std::move(live));
  }

  void AddTo(const Scenario& scenario, Result* result) const {
    LiveMesh live = live_;
    std::vector<int32_t> links;
    for (size_t link = 0; link < scenario.links.size(); ++link) {
      if (scenario.links[link]) links.push_back(static_cast<int32_t>(link));
    }
    const auto answer = live.Fail(links, {});
    // Links of the graph and options by default cannot be wrong.
    if (!answer.ok()) return;
    result->reacted_mlu = answer->mlu;
    result->lower_bound = answer->lower_bound;
    result->changed = static_cast<int64_t>(answer->changed.size());
    result->still_lost = static_cast<int64_t>(answer->unreachable.size());
  }

 private:
  explicit Reaction(LiveMesh live) : live_(std::move(live)) {}

  LiveMesh live_;
};

struct Outcomes {
  std::vector<Scenario> scenarios;
  std::vector<Result> results;
  std::vector<size_t> order;  // worst first
  int64_t overloaded = 0, lossy = 0;
};

// `reaction` null: nobody answers.
Outcomes Evaluate(const TeInput& input, const MeshRoutes& routes, std::vector<Scenario> scenarios,
                  const Reaction* reaction, const PathLimits& limits) {
  Outcomes all{.scenarios = std::move(scenarios)};
  all.results.resize(all.scenarios.size());
  TePool pool(limits.threads());
  pool.Run(static_cast<int>(all.scenarios.size()), [&](int i) {
    if (!limits.GoOn().ok()) return;
    const Scenario& scenario = all.scenarios[i];
    const MeshLoads loads = EvaluateMesh(input.problem, routes, scenario.links);
    all.results[i] = ResultOf(input.problem, loads, scenario);
    if (reaction != nullptr) reaction->AddTo(scenario, &all.results[i]);
  });
  for (size_t i = 0; i < all.results.size(); ++i) {
    all.order.push_back(i);
    if (all.results[i].mlu > 1) ++all.overloaded;
    if (all.results[i].lost > all.results[i].at_nodes) ++all.lossy;
  }
  std::ranges::stable_sort(all.order, {}, [&](size_t i) {
    const Result& r = all.results[i];
    return std::tuple(-r.mlu, r.carried);
  });
  return all;
}

std::string LinkOr(const TeInput& input, int32_t link, const std::string& none) {
  return link < 0 ? none : input.LinkName(link);
}

void ShowJson(Context& context, const TeInput& input, const MeshLoads& before, const Outcomes& all,
              bool react) {
  TeJson json;
  json["mlu_before"] = before.mlu;
  json["offered_bps"] = before.offered;
  json["carried_before_bps"] = before.carried;
  json["scenarios"] = all.scenarios.size();
  json["overloaded"] = all.overloaded;
  json["lossy"] = all.lossy;
  json["mlu"] = all.results[all.order.front()].mlu;
  json["results"] = TeJson::array();
  for (const size_t i : all.order) {
    const Result& r = all.results[i];
    TeJson links = TeJson::array();
    for (int32_t place = 0; place < input.graph.link_places(); ++place) {
      const LinkId link = input.graph.LinkAt(place);
      if (link != LinkId::kNone && all.scenarios[i].links[Index(link)]) links.push_back(place);
    }
    TeJson& result = json["results"].emplace_back();
    result = {{"fail", all.scenarios[i].name},
              {"links", links},
              {"mlu", r.mlu},
              {"worst_link", LinkOr(input, r.worst_link, "")},
              {"carried_bps", r.carried},
              {"lost_demands", r.lost},
              {"lost_at_failed_nodes", r.at_nodes}};
    if (!react) continue;
    result["reacted_mlu"] = r.reacted_mlu;
    result["reacted_lower_bound"] = r.lower_bound;
    result["changed_demands"] = r.changed;
    result["still_lost_demands"] = r.still_lost;
  }
  PrintTeJson(context, json);
}

void ShowTable(Context& context, const TeInput& input, const MeshLoads& before, const Outcomes& all,
               bool react) {
  const size_t shown = std::min(kWorst, all.order.size());
  Fields()
      .Add("MLU before", FormatUtilisation(before.mlu))
      .Add("MLU at worst", FormatUtilisation(all.results[all.order.front()].mlu))
      .Add("Failures",
           absl::StrCat(all.scenarios.size(), "; ", all.overloaded, " overload a link, ", all.lossy,
                        " leave demands without a path"))
      .Print(context.out(), context.color());
  context.out()
      << (shown < all.order.size() ? absl::StrCat("\nThe ", shown, " worst") : "\nEach")
      << " (a link fails with its reverse; headends share demands among the paths left)\n";
  std::vector<std::string> heads = {"FAILS",   "MLU",  "WORST LINK",
                                    "CARRIED", "LOST", "OF FAILED NODES"};
  if (react) heads.insert(heads.end(), {"ANSWERED", "AT LEAST", "PAIRS CHANGED", "STILL LOST"});
  Table table(heads);
  for (size_t k = 0; k < shown; ++k) {
    const Result& r = all.results[all.order[k]];
    std::vector<std::string> row = {
        all.scenarios[all.order[k]].name,
        FormatUtilisation(r.mlu),
        LinkOr(input, r.worst_link, "-"),
        before.offered > 0 ? FormatPercent(r.carried / before.offered) : "-",
        absl::StrCat(r.lost),
        absl::StrCat(r.at_nodes)};
    if (react) {
      row.insert(row.end(), {FormatUtilisation(r.reacted_mlu), FormatUtilisation(r.lower_bound),
                             absl::StrCat(r.changed), absl::StrCat(r.still_lost)});
    }
    table.Add(std::move(row));
  }
  table.Print(context.out(), context.color(), "  ");
}

// Of failures that come to none.
absl::Status NothingFails(const std::vector<std::string>& fail) {
  if (std::ranges::find(fail, "all-srlgs") == fail.end()) {
    return absl::FailedPreconditionError("the graph has no links to fail");
  }
  return absl::FailedPreconditionError(
      "--fail all-srlgs: the graph has no risk groups; use all-links or all-nodes, name the links "
      "that fail together with --fail A--B,C--D, or give a graph with risk groups");
}

}  // namespace

absl::Status RunTeWhatif(Context& context, const TeWhatifArgs& args) {
  if (absl::Status status = CheckTeOutput(context); !status.ok()) return status;
  const auto limits =
      PathLimits::Read(context, args.threads.empty() ? kDefaultThreads : args.threads, "");
  if (!limits.ok()) return limits.status();
  if (absl::Status status = CheckOneStandardInput(args.files, args.routes); !status.ok()) {
    return status;
  }
  const auto input = ReadTeInput(context, args.files);
  if (!input.ok()) return input.status();
  auto scenarios = ReadScenarios(*input, args.fail);
  if (!scenarios.ok()) return scenarios.status();
  if (scenarios->empty()) return NothingFails(args.fail);
  const auto routes = ReadTeRoutes(context, *input, args.routes);
  if (!routes.ok()) return routes.status();
  const MeshLoads before = EvaluateMesh(input->problem, *routes);
  const InterruptGuard guard;
  std::optional<Reaction> reaction;
  if (args.react) {
    auto prepared = Reaction::Prepare(*input, *routes, *limits);
    if (!prepared.ok()) return prepared.status();
    reaction = *std::move(prepared);
  }
  const Outcomes all =
      Evaluate(*input, *routes, *std::move(scenarios), reaction ? &*reaction : nullptr, *limits);
  if (absl::Status status = limits->GoOn(); !status.ok()) return status;
  if (context.globals().output == Output::kJson) {
    ShowJson(context, *input, before, all, args.react);
  } else {
    ShowTable(context, *input, before, all, args.react);
  }
  return absl::OkStatus();
}

}  // namespace waymark::cli

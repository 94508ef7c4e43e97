#include "northbound/cli/te_solved.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/compute/segments.h"
#include "northbound/cli/format.h"
#include "northbound/cli/path_text.h"
#include "northbound/cli/te_routes.h"

namespace waymark::cli {
namespace {

// Of demands in JSON, and of links in a table.
constexpr size_t kListed = 1'000, kWorst = 5;

// Demands that get less than they ask for, ascending.
std::vector<int32_t> Short(const TeInput& input, const MeshAllocation& allocation) {
  std::vector<int32_t> demands;
  for (size_t d = 0; d < allocation.granted.size(); ++d) {
    if (allocation.granted[d] < input.problem.demands[d].rate) {
      demands.push_back(static_cast<int32_t>(d));
    }
  }
  return demands;
}

bool IsThroughput(const TeSolved& solved) {
  return solved.allocation && solved.allocation->sharing == Sharing::kThroughput;
}

std::string ObjectiveName(const TeSolved& solved) {
  if (!solved.allocation) return "mlu";
  return IsThroughput(solved) ? "throughput" : "max-min";
}

void AddAllocation(const TeInput& input, const TeSolved& solved, TeJson* json) {
  const MeshAllocation& allocation = *solved.allocation;
  (*json)["fits"] = allocation.fits;
  (*json)["upper_bound_bps"] = allocation.upper_bound;
  if (!IsThroughput(solved)) {
    const auto number = [](double value) {
      return std::isfinite(value) ? TeJson(value) : TeJson(nullptr);
    };
    (*json)["least_bps"] = number(allocation.least);
    (*json)["least_bound_bps"] = number(allocation.least_bound);
    (*json)["levels"] = allocation.levels;
  }
  const std::vector<int32_t> fewer = Short(input, allocation);
  (*json)["short"] = DemandsJson(input, fewer, kListed);
  for (size_t i = 0; i < fewer.size() && i < kListed; ++i) {
    (*json)["short"][i]["granted_bps"] = allocation.granted[fewer[i]];
  }
  (*json)["short_count"] = fewer.size();
}

std::string Names(const TeInput& input, const std::vector<int32_t>& demands) {
  if (demands.empty()) return "";
  return absl::StrCat(demands.size(), ": ", input.DemandNames(demands, kTeNamed));
}

void AddFairness(const TeInput& input, const TeSolved& solved, Fields* fields) {
  const MeshAllocation& allocation = *solved.allocation;
  fields->Add("Objective", ObjectiveName(solved));
  if (allocation.fits) {
    fields->Add("Granted", "all that is asked for");
    return;
  }
  fields->Add("Granted",
              absl::StrCat(FormatLoad(allocation.carried), " of ", FormatLoad(allocation.offered),
                           allocation.stopped ? ", best so far" : ""));
  if (IsThroughput(solved)) {
    fields->Add("No routing carries more than", FormatLoad(allocation.upper_bound));
  } else if (std::isfinite(allocation.least)) {
    fields->Add("Least that is cut", FormatLoad(allocation.least));
    fields->Add("No routing gives all more than", FormatLoad(allocation.least_bound));
  }
  fields->Add("Get less than asked for", Names(input, Short(input, allocation)));
}

std::string Times(double stretch) { return absl::StrFormat("%.4g", stretch); }

}  // namespace

std::string SegmentsText(const std::optional<int>& most) {
  if (!most) return "not counted: the time was over";
  return absl::StrCat(*most, " at most",
                      *most > kMaxUsids ? absl::StrCat("; a packet holds ", kMaxUsids) : "");
}

std::optional<double> TeSolved::gap() const {
  if (allocation && allocation->sharing == Sharing::kMaxMin) return std::nullopt;
  if (allocation) {
    if (!(allocation->upper_bound > 0)) return std::nullopt;
    return std::max(0.0, 1 - allocation->carried / allocation->upper_bound);
  }
  if (!(plan.lower_bound > 0)) return std::nullopt;
  return std::max(0.0, loads.mlu / plan.lower_bound - 1);
}

TeJson SolvedJson(const TeInput& input, const TeSolved& solved, double asked_gap) {
  const MeshPlan& plan = solved.plan;
  TeJson json;
  json["objective"] = ObjectiveName(solved);
  json["mlu"] = solved.loads.mlu;
  if (!solved.allocation) json["lower_bound"] = plan.lower_bound;
  json["gap"] = solved.gap() ? TeJson(*solved.gap()) : TeJson(nullptr);
  if (solved.gap() || !solved.allocation) json["gap_reached"] = solved.Reached(asked_gap);
  json["seconds"] = solved.seconds;
  json["paths"] = plan.routes.route_count();
  json["max_segments"] = solved.most_segments ? TeJson(*solved.most_segments) : TeJson(nullptr);
  json["max_paths_per_pair"] = MostRoutes(plan.routes);
  if (!solved.allocation) json["fractional_mlu"] = plan.fractional_mlu;
  if (solved.exact) json["exact"] = *solved.exact;
  json["partial"] = plan.stopped;
  json["rounds"] = plan.rounds;
  json["demands"] = input.DemandCount();
  json["offered_bps"] = input.Offered();
  json["carried_bps"] = solved.loads.carried;
  if (solved.allocation) AddAllocation(input, solved, &json);
  if (solved.stretch.worst_demand >= 0) {
    json["mean_delay_ns"] = solved.stretch.mean_delay;
    json["worst_delay_ns"] = solved.stretch.worst_delay;
    json["mean_stretch"] = solved.stretch.mean;
    json["worst_stretch"] = solved.stretch.worst;
    json["worst_stretch_demand"] = input.DemandName(solved.stretch.worst_demand);
  }
  json["unreachable"] = DemandsJson(input, plan.unreachable, kListed);
  json["unreachable_count"] = plan.unreachable.size();
  json["out_of_bound_count"] = plan.out_of_bound.size();
  json["too_many_segments_count"] = solved.too_long.size();
  json["no_path_yet_count"] = solved.unsought.size();
  if (solved.guarded) solved.guarded->AddTo(&json);
  if (solved.availability) json["availability"] = solved.availability->Json(input);
  return json;
}

void ShowSolved(Context& context, const TeInput& input, const TeSolved& solved) {
  const MeshPlan& plan = solved.plan;
  const MeshLoads& loads = solved.loads;
  Fields fields;
  if (solved.allocation) AddFairness(input, solved, &fields);
  fields.Add("MLU",
             absl::StrCat(FormatUtilisation(loads.mlu), plan.stopped ? ", best so far" : ""));
  if (!solved.allocation) {
    const std::string gap =
        solved.gap() ? absl::StrCat("gap ", FormatPercent(*solved.gap())) : "no bound yet";
    fields
        .Add("No routing has less than",
             absl::StrCat(FormatUtilisation(plan.lower_bound), ", ", gap))
        .Add("Before rounding", absl::StrCat(FormatUtilisation(plan.fractional_mlu),
                                             !solved.exact   ? ""
                                             : *solved.exact ? ", the optimum"
                                                             : ", the optimum is not known"));
  }
  if (solved.guarded) {
    fields.Add("MLU after failures", solved.guarded->WorstText())
        .Add("No routing has less then", FormatUtilisation(solved.guarded->plan.worst_lower_bound))
        .Add("Demands lost then", solved.guarded->LostText());
  }
  if (solved.availability) fields.Add("Availability", solved.availability->Text(input));
  fields.Add("Demands", absl::StrCat(input.DemandCount(), ", ", FormatLoad(input.Offered()),
                                     " offered, ", FormatLoad(loads.carried), " carried"));
  if (solved.stretch.worst_demand >= 0) {
    fields.Add("Delay",
               absl::StrCat(FormatDelay(std::llround(solved.stretch.mean_delay)), " on average, ",
                            FormatDelay(std::llround(solved.stretch.worst_delay)), " at most"));
    fields.Add("Stretch", absl::StrCat(Times(solved.stretch.mean), " times the least delay, ",
                                       Times(solved.stretch.worst), " at worst, ",
                                       input.DemandName(solved.stretch.worst_demand)));
  }
  fields.Add("Unreachable", Names(input, plan.unreachable))
      .Add("Paths", absl::StrCat(plan.routes.route_count(), ", ", MostRoutes(plan.routes),
                                 " of a pair at most"))
      .Add("Need too many segments", Names(input, solved.too_long))
      .Add("No path yet", Names(input, solved.unsought))
      .Add("Segments", SegmentsText(solved.most_segments))
      .Add("Solved in", absl::StrFormat("%.3g s, %d rounds", solved.seconds, plan.rounds))
      .Print(context.out(), context.color());
  context.out() << "\nMost loaded links\n";
  PrintLinks(context, input, loads, WorstLinks(input, loads, kWorst));
}

}  // namespace waymark::cli

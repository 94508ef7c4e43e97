#include "northbound/cli/te.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/evaluate.h"
#include "northbound/cli/path_limits.h"
#include "northbound/cli/path_text.h"
#include "northbound/cli/te_availability.h"
#include "northbound/cli/te_input.h"
#include "northbound/cli/te_places.h"
#include "northbound/cli/te_print.h"
#include "northbound/cli/te_routes.h"

namespace waymark::cli {
namespace {

constexpr size_t kNamed = 10, kListed = 1'000, kWorst = 10;

// Demands with a path over a link that has no capacity in `allowed`, which else is `input`'s
// problem, ascending.
std::vector<int32_t> Astray(const TeInput& input, const MeshProblem& allowed,
                            const MeshRoutes& routes) {
  std::vector<int32_t> demands;
  for (size_t d = 0; d < routes.demand_count(); ++d) {
    bool astray = false;
    for (size_t r = routes.first_route(d); r < routes.first_route(d + 1); ++r) {
      for (const int32_t link : routes.links(r)) {
        astray |= allowed.links[link].capacity <= 0 && input.problem.links[link].capacity > 0;
      }
    }
    if (astray) demands.push_back(static_cast<int32_t>(d));
  }
  return demands;
}

void ShowJson(Context& context, const TeInput& input, const MeshRoutes& routes,
              const MeshLoads& loads, const std::vector<int32_t>* astray,
              const TeAvailability* availability) {
  TeJson json;
  json["mlu"] = loads.mlu;
  json["demands"] = input.DemandCount();
  json["offered_bps"] = loads.offered;
  json["carried_bps"] = loads.carried;
  json["paths"] = routes.route_count();
  json["max_segments"] = *MostSegments(input, routes, {});
  json["max_paths_per_pair"] = MostRoutes(routes);
  json["links"] = LinksJson(input, loads, WorstLinks(input, loads, kWorst));
  json["without_routes"] = DemandsJson(input, loads.lost, kListed);
  json["without_routes_count"] = loads.lost.size();
  if (astray != nullptr) {
    json["forbidden"] = DemandsJson(input, *astray, kListed);
    json["forbidden_count"] = astray->size();
  }
  if (availability != nullptr) json["availability"] = availability->Json(input);
  PrintTeJson(context, json);
}

void ShowTable(Context& context, const TeInput& input, const MeshRoutes& routes,
               const MeshLoads& loads, const std::vector<int32_t>* astray,
               const TeAvailability* availability) {
  std::string without;
  if (!loads.lost.empty()) {
    without = absl::StrCat(loads.lost.size(), ": ", input.DemandNames(loads.lost, kNamed));
  }
  Fields()
      .Add("MLU", FormatUtilisation(loads.mlu))
      .Add("Demands", absl::StrCat(input.DemandCount(), ", ", FormatLoad(loads.offered),
                                   " offered, ", FormatLoad(loads.carried), " carried"))
      .Add("Without routes", without)
      .Add("Lead where they may not",
           astray == nullptr ? ""
           : astray->empty()
               ? "none"
               : absl::StrCat(astray->size(), ": ", input.DemandNames(*astray, kNamed)))
      .Add("Availability", availability == nullptr ? "" : availability->Text(input))
      .Add("Paths",
           absl::StrCat(routes.route_count(), ", ", MostRoutes(routes), " of a pair at most"))
      .Add("Segments", absl::StrCat(*MostSegments(input, routes, {}), " at most"))
      .Print(context.out(), context.color());
  context.out() << "\nMost loaded links\n";
  PrintLinks(context, input, loads, WorstLinks(input, loads, kWorst));
}

}  // namespace

absl::Status RunTeEvaluate(Context& context, const TeEvaluateArgs& args) {
  if (absl::Status status = CheckTeOutput(context); !status.ok()) return status;
  if (absl::Status status = CheckOneStandardInput(args.files, args.routes); !status.ok()) {
    return status;
  }
  if (absl::Status s = CheckAvailabilityFlags(args.availability); !s.ok()) return s;
  const auto input = ReadTeInput(context, args.files);
  if (!input.ok()) return input.status();
  const auto routes = ReadTeRoutes(context, *input, args.routes);
  if (!routes.ok()) return routes.status();
  const MeshLoads loads = EvaluateMesh(input->problem, *routes);
  std::optional<std::vector<int32_t>> forbidden;
  if (args.places != TePlaceArgs()) {
    MeshProblem allowed = input->problem;
    if (absl::Status s = CloseForbiddenPlaces(input->graph, args.places, {}, "", &allowed);
        !s.ok()) {
      return s;
    }
    forbidden = Astray(*input, allowed, *routes);
  }
  const std::vector<int32_t>* astray = forbidden ? &*forbidden : nullptr;
  std::optional<TeAvailability> availability;
  if (!args.availability.targets.empty()) {
    const auto target = AvailabilityTarget(args.availability, {}, "");
    if (!target.ok()) return target.status();
    const auto model = ReadFailureModel(*input, args.availability);
    if (!model.ok()) return model.status();
    const InterruptGuard guard;
    const auto limits = PathLimits::Read(context, "1", "");
    availability = MeasureTe(input->problem, *routes, {}, *model, *target,
                             [&] { return !limits->GoOn().ok(); }, {});
    if (absl::Status status = limits->GoOn(); !status.ok()) return status;
  }
  const TeAvailability* available = availability ? &*availability : nullptr;
  if (context.globals().output == Output::kJson) {
    ShowJson(context, *input, *routes, loads, astray, available);
  } else {
    ShowTable(context, *input, *routes, loads, astray, available);
  }
  if (astray != nullptr && !astray->empty()) {
    context.io().err << "warning: paths of " << astray->size()
                     << " demands lead where they may not: " << input->DemandNames(*astray, kNamed)
                     << '\n';
  }
  if (available != nullptr) context.io().err << available->Warning(*input);
  return absl::OkStatus();
}

}  // namespace waymark::cli

#include "northbound/cli/te_availability.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/compute/availability.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/flag_words.h"

namespace waymark::cli {
namespace {

constexpr size_t kNamed = 10, kListed = 1'000;
constexpr double kCutOff = 1e-9;
// Steady states beyond are no networks, and the order of states would not hold.

class ModelReader {
 public:
  ModelReader(const TeInput& input, double of_fibre)
      : input_(input), known_(input.graph.snapshot()), of_fibre_(of_fibre) {}

  absl::StatusOr<FailureModel> Read() {
    for (const char* kind : {"all-links", "all-nodes", "all-srlgs"}) {
      auto scenarios = ReadScenarios(input_, {kind});
      if (!scenarios.ok()) return scenarios.status();
      for (size_t i = 0; i < scenarios->size(); ++i) {
        const double probability = ProbabilityOf(kind, i, (*scenarios)[i]);
        if (absl::Status ok = Add(std::move((*scenarios)[i]), probability); !ok.ok()) return ok;
      }
    }
    return std::move(model_);
  }
  const std::vector<double>& probability() const { return probability_; }

 private:
  double ProbabilityOf(std::string_view kind, size_t index, const Scenario& scenario) const {
    if (kind == "all-nodes") return known_.OfNode(input_.graph.NodeAt(static_cast<int32_t>(index)));
    if (kind == "all-srlgs") return known_.OfSrlg(static_cast<SrlgId>(index));
    const auto link = std::ranges::find(scenario.links, true) - scenario.links.begin();
    const double stated = known_.OfFibre(static_cast<LinkId>(link));
    return stated > 0 ? stated : of_fibre_;
  }

  absl::Status Add(Scenario scenario, double probability) {
    if (probability <= 0) return absl::OkStatus();
    if (probability > kMostFailureProbability) {
      return absl::FailedPreconditionError(absl::StrCat(
          scenario.name, " is down ", FormatPercent(probability),
          " of the time by its MTBF and MTTR: more than ", FormatPercent(kMostFailureProbability),
          " is taken for a mistake; correct them"));
    }
    std::vector<int32_t>& links = model_.links.emplace_back();
    for (size_t e = 0; e < scenario.links.size(); ++e) {
      if (scenario.links[e]) links.push_back(static_cast<int32_t>(e));
    }
    probability_.push_back(probability);
    model_.elements.push_back(std::move(scenario));
    return absl::OkStatus();
  }

  const TeInput& input_;
  const AvailabilityModel known_;
  const double of_fibre_;
  FailureModel model_;
  std::vector<double> probability_;
};

// All nines, however many.
std::string Share(double share) { return absl::StrFormat("%.9g", share); }

}  // namespace

absl::Status CheckAvailabilityFlags(const TeAvailabilityArgs& args) {
  if (!args.targets.empty() || (args.probability.empty() && args.cut_off.empty())) {
    return absl::OkStatus();
  }
  return UsageError("--cut-off and --failure-probability need --availability");
}

absl::StatusOr<FailureModel> ReadFailureModel(const TeInput& input,
                                              const TeAvailabilityArgs& args) {
  double of_fibre = 0;
  FailureStateLimits limits = {.cut_off = kCutOff};
  for (const absl::Status& status :
       {ReadProbability("--failure-probability", args.probability, &of_fibre),
        ReadProbability("--cut-off", args.cut_off, &limits.cut_off)}) {
    if (!status.ok()) return status;
  }
  ModelReader reader(input, of_fibre);
  auto model = reader.Read();
  if (!model.ok()) return model.status();
  if (model->elements.empty()) {
    return absl::FailedPreconditionError(
        "--availability: the graph states no MTBF and MTTR of anything, so nothing would ever "
        "fail; give --failure-probability, such as 0.001, for every fibre");
  }
  auto states = ListFailureStates(reader.probability(), limits);
  if (!states.ok()) return states.status();
  model->states = *std::move(states);
  return model;
}

absl::StatusOr<double> AvailabilityTarget(const TeAvailabilityArgs& args,
                                          const std::vector<std::string>& classes,
                                          const std::string& name) {
  double all = 0, own = 0;
  for (const std::string& text : args.targets) {
    const size_t equals = text.find('=');
    const std::string of = equals == std::string::npos ? "" : text.substr(0, equals);
    double value = 0;
    if (!absl::SimpleAtod(equals == std::string::npos ? text : text.substr(equals + 1), &value) ||
        !(value > 0 && value < 1)) {
      return UsageError(absl::StrCat("--availability \"", text,
                                     "\": give a share of the time above 0 and below 1, such as "
                                     "0.9999, or CLASS=0.9999"));
    }
    if (equals != std::string::npos && std::ranges::find(classes, of) == classes.end()) {
      return UsageError(absl::StrCat("--availability \"", text, "\": there is no class \"", of,
                                     "\"; --class names them"));
    }
    if (equals == std::string::npos) {
      all = value;
    } else if (of == name) {
      own = value;
    }
  }
  return own > 0 ? own : all;
}

absl::StatusOr<std::vector<Scenario>> StatesToOutlive(const FailureModel& model, double target) {
  std::vector<Scenario> scenarios;
  double mass = 0;
  for (const FailureState& state : model.states.states) {
    if (mass >= target) return scenarios;
    mass += state.probability;
    if (state.down.empty()) continue;
    Scenario together = model.elements[state.down.front()];
    for (size_t i = 1; i < state.down.size(); ++i) {
      const Scenario& element = model.elements[state.down[i]];
      absl::StrAppend(&together.name, ",", element.name);
      for (size_t e = 0; e < element.links.size(); ++e) {
        if (element.links[e]) together.links[e] = true;
      }
      for (size_t n = 0; n < element.nodes.size(); ++n) {
        if (element.nodes[n]) together.nodes[n] = true;
      }
    }
    scenarios.push_back(std::move(together));
  }
  if (mass >= target) return scenarios;
  return absl::FailedPreconditionError(absl::StrCat(
      "--availability ", Share(target), ": the ", model.states.states.size(),
      " most probable states that are looked at are ", Share(mass),
      " of the time; ask for less, lower --cut-off, or state failures that are less probable"));
}

std::vector<int32_t> TeAvailability::Below(const TeInput& input) const {
  std::vector<int32_t> below;
  for (size_t d = 0; d < mesh.served.size(); ++d) {
    if (input.problem.demands[d].rate > 0 && mesh.served[d] < target) {
      below.push_back(static_cast<int32_t>(d));
    }
  }
  std::ranges::stable_sort(below,
                           [&](int32_t a, int32_t b) { return mesh.served[a] < mesh.served[b]; });
  return below;
}

int32_t TeAvailability::Worst(const TeInput& input) const {
  int32_t worst = -1;
  for (size_t d = 0; d < mesh.served.size(); ++d) {
    if (input.problem.demands[d].rate <= 0) continue;
    if (worst < 0 || mesh.served[d] < mesh.served[worst]) worst = static_cast<int32_t>(d);
  }
  return worst;
}

TeJson TeAvailability::Json(const TeInput& input) const {
  const std::vector<int32_t> below = Below(input);
  const int32_t worst = Worst(input);
  TeJson json = {{"target", target},
                 {"least", worst < 0 ? 1.0 : mesh.served[worst]},
                 {"least_demand", worst < 0 ? "" : input.DemandName(worst)},
                 {"all_demands", mesh.all_served},
                 {"states", states},
                 {"mass", mass},
                 {"residual", residual},
                 {"partial", mesh.stopped},
                 {"below", DemandsJson(input, below, kListed)},
                 {"below_count", below.size()}};
  for (size_t i = 0; i < below.size() && i < kListed; ++i) {
    json["below"][i]["availability"] = mesh.served[below[i]];
  }
  return json;
}

std::string TeAvailability::Text(const TeInput& input) const {
  const int32_t worst = Worst(input);
  if (worst < 0) return "";
  return absl::StrCat(Share(mesh.served[worst]), " at least, ", input.DemandName(worst), "; ",
                      Share(mesh.all_served), " all at once; in ", states, " states, ",
                      FormatPercent(residual), " of the time is in none of them",
                      mesh.stopped ? "; not all were looked at" : "");
}

std::string TeAvailability::Warning(const TeInput& input) const {
  const std::vector<int32_t> below = Below(input);
  if (below.empty()) return "";
  return absl::StrCat("warning: ", below.size(), below.size() == 1 ? " demand is" : " demands are",
                      " not certain to be served ", Share(target),
                      " of the time: ", input.DemandNames(below, kNamed), "\n");
}

TeAvailability MeasureTe(const MeshProblem& problem, const MeshRoutes& routes,
                         std::span<const MeshTraffic> stronger, const FailureModel& model,
                         double target, const std::function<bool()>& stop,
                         const ParallelFor& parallel) {
  return {.target = target,
          .mesh = MeasureAvailability(problem, routes, model.links, model.states, stronger, stop,
                                      parallel),
          .states = model.states.states.size(),
          .mass = model.states.mass,
          .residual = model.states.residual()};
}

}  // namespace waymark::cli

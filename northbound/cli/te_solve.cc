#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/base/srv6.h"
#include "controller/compute/mesh/evaluate.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/path_limits.h"
#include "northbound/cli/te.h"
#include "northbound/cli/te_availability.h"
#include "northbound/cli/te_guard.h"
#include "northbound/cli/te_input.h"
#include "northbound/cli/te_places.h"
#include "northbound/cli/te_print.h"
#include "northbound/cli/te_routes.h"
#include "northbound/cli/te_scenarios.h"
#include "northbound/cli/te_solve_options.h"
#include "northbound/cli/te_solved.h"
#include "northbound/cli/te_solver.h"

namespace waymark::cli {
namespace {

// `why`: "have no way to go", and what to do about it.
absl::Status CheckLeftOut(const TeInput& input, const std::vector<int32_t>& demands, bool allowed,
                          const char* why, const char* remedy) {
  if (demands.empty()) return absl::OkStatus();
  if (!allowed) {
    return absl::FailedPreconditionError(
        absl::StrCat(demands.size(), demands.size() == 1 ? " demand has" : " demands have", " no ",
                     why, ": ", input.DemandNames(demands, kTeNamed), "; ", remedy,
                     ", or solve the rest with --allow-unreachable"));
  }
  if (static_cast<int64_t>(demands.size()) < input.DemandCount()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("no demand has a ", why, ": there is nothing to solve"));
}

// What the exit code tells a script after the best so far has been shown.
absl::Status Outcome(const TeInput& input, const TeSolved& solved, const PathLimits& limits) {
  if (!solved.plan.stopped) return absl::OkStatus();
  const std::string best = absl::StrCat(
      solved.gap() ? absl::StrCat("the best so far has a gap of ", FormatPercent(*solved.gap()))
                   : "the best so far has no bound yet",
      solved.unsought.empty()
          ? ""
          : absl::StrCat(", and no path yet of so few segments for ", solved.unsought.size(),
                         " of its demands: ", input.DemandNames(solved.unsought, kTeNamed)),
      solved.guarded ? solved.guarded->Unfinished() : "");
  if (absl::IsCancelled(limits.GoOn())) {
    return absl::CancelledError(absl::StrCat("interrupted: ", best));
  }
  return absl::DeadlineExceededError(
      absl::StrCat("the time limit of ", limits.time_limit(), " is over: ", best));
}

absl::Status Write(Context& context, const TeInput& input, const TeSolveArgs& args,
                   const std::string& name, const TeSolved& solved) {
  if (!args.routes.empty()) {
    const std::string file = FileOfClass(args.routes, name);
    if (auto status = WriteTeRoutes(context, input, solved.plan.routes, file); !status.ok())
      return status;
  }
  if (args.granted.empty()) return absl::OkStatus();
  return WriteTeGranted(context, input, solved.allocation->granted,
                        FileOfClass(args.granted, name));
}

void Warn(Context& context, const TeInput& input, const TeSolveOptions& options,
          const std::string& name, const TeSolved& solved) {
  if (solved.guarded) context.io().err << solved.guarded->Warning(name);
  if (solved.availability) context.io().err << solved.availability->Warning(input);
  if (solved.exact && !*solved.exact && !solved.plan.stopped) {
    context.io().err << "warning: the optimum before rounding is not found, only that it is "
                     << FormatUtilisation(solved.plan.lower_bound) << " to "
                     << FormatUtilisation(solved.plan.fractional_mlu)
                     << (solved.exact_out_of_time
                             ? ": give --exact more time\n"
                             : ": there are too many paths to choose from, or they are too hard "
                               "to find\n");
  }
  if (options.sharing || solved.guarded || solved.plan.stopped) return;
  if (solved.plan.fractional_mlu < kLeastMeshMlu) {
    context.io().err << "warning: no link carries as much as " << kLeastMeshMlu
                     << " of its capacity: too little to be told from nothing, so that every "
                        "demand has its shortest path\n";
    return;
  }
  if (solved.Reached(options.mesh.gap)) return;
  context.io().err
      << "warning: the gap that was asked for is not reached; no better routes of so few paths"
      << (options.max_segments < kMaxUsids
              ? absl::StrCat(
                    ", weights and segments were found, and the bound is of routings of any "
                    "number of segments: try more than --max-segments ",
                    options.max_segments, "\n")
              : " and weights were found\n");
}

// Of all classes together, on the whole links.
TeJson Together(const std::vector<MeshLink>& links, const std::vector<MeshProblem>& problems,
                const std::vector<TeSolved>& solved) {
  double mlu = 0, offered = 0, carried = 0, seconds = 0;
  for (size_t e = 0; e < links.size(); ++e) {
    double load = 0;
    for (const TeSolved& of_class : solved) load += of_class.loads.load[e];
    if (load > 0) mlu = std::max(mlu, load / links[e].capacity);
  }
  for (size_t i = 0; i < solved.size(); ++i) {
    for (const MeshDemand& demand : problems[i].demands) offered += demand.rate;
    carried += solved[i].loads.carried;
    seconds += solved[i].seconds;
  }
  return {{"mlu", mlu}, {"seconds", seconds}, {"offered_bps", offered}, {"carried_bps", carried}};
}

// What this class leaves of the links to weaker ones; less than a billionth is nothing.
void Leave(const MeshLoads& loads, const std::vector<MeshLink>& whole,
           std::vector<MeshLink>* left) {
  for (size_t e = 0; e < left->size(); ++e) {
    double& capacity = (*left)[e].capacity;
    capacity -= loads.load[e];
    if (capacity < 1e-9 * whole[e].capacity) capacity = 0;
  }
}

class Run {
 public:
  Run(Context& context, const TeSolveArgs& args, const TeSolveOptions& options, TeInput input)
      : context_(context), args_(args), options_(options), input_(std::move(input)) {}

  absl::Status ReadAll() {
    links_ = input_.problem.links;
    problems_.push_back(input_.problem);
    for (size_t i = 1; i < options_.classes.size(); ++i) {
      auto problem = ReadTeProblem(context_, options_.classes[i].files, input_.graph);
      if (!problem.ok()) return problem.status();
      problems_.push_back(*std::move(problem));
    }
    for (size_t i = 0; i < problems_.size(); ++i) {
      if (absl::Status status = Constrain(i); !status.ok()) return Named(i, status);
      input_.problem = problems_[i];
      if (absl::Status status = CheckLeftOut(
              input_, UnreachableDemands(input_.problem), args_.allow_unreachable, "way to go",
              args_.places == TePlaceArgs()
                  ? "add links"
                  : "add links, or allow more where places are forbidden");
          !status.ok()) {
        return Named(i, status);
      }
    }
    input_.problem.links = links_;
    auto failures = ReadFailures(context_, input_, args_);
    if (!failures.ok()) return failures.status();
    failures_ = *std::move(failures);
    return ReadAvailability();
  }

  absl::Status SolveAll(const PathLimits& limits) {
    TeSolver solver(context_, options_, args_.shorten, limits);
    std::vector<MeshLink> left = links_;
    for (size_t i = 0; i < problems_.size(); ++i) {
      input_.problem = problems_[i];
      for (size_t e = 0; e < left.size(); ++e) {
        double& capacity = input_.problem.links[e].capacity;
        if (capacity > 0) capacity = left[e].capacity;
      }
      const std::optional<std::vector<Scenario>> outlive = ToOutlive(i);
      TeSolver::Failing failing = {.outlive = outlive ? &*outlive : nullptr,
                                   .model = WithTarget(i) ? &*model_ : nullptr,
                                   .target = WithTarget(i) ? targets_[i] : 0,
                                   .whole = problems_[i].links};
      for (size_t j = 0; j < i; ++j) {
        failing.stronger.push_back({&problems_[j], &solved_[j].plan.routes});
      }
      auto solved = solver.Solve(input_, failing);
      if (!solved.ok()) return Named(i, solved.status());
      if (absl::Status status = CheckCarried(*solved, i > 0); !status.ok()) {
        return Named(i, status);
      }
      Leave(solved->loads, links_, &left);
      solved_.push_back(*std::move(solved));
    }
    return absl::OkStatus();
  }

  absl::Status WriteAll() {
    for (size_t i = 0; i < problems_.size(); ++i) {
      input_.problem = problems_[i];
      if (auto status = Write(context_, input_, args_, options_.classes[i].name, solved_[i]);
          !status.ok()) {
        return status;
      }
    }
    return absl::OkStatus();
  }

  // The figures go to `shown`, the warnings to where warnings go.
  void Show(Context& shown) {
    const bool as_json = context_.globals().output == Output::kJson;
    const bool classes = !args_.classes.empty();
    TeJson json = Together(links_, problems_, solved_);
    for (size_t i = 0; i < problems_.size(); ++i) {
      input_.problem = problems_[i];
      TeJson one = SolvedJson(input_, solved_[i], options_.mesh.gap);
      if (as_json && !classes) PrintTeJson(shown, one);
      one["class"] = options_.classes[i].name;
      json["classes"].push_back(std::move(one));
      if (as_json) continue;
      if (classes) {
        shown.out() << (i > 0 ? "\n" : "") << "Class " << options_.classes[i].name << '\n';
      }
      ShowSolved(shown, input_, solved_[i]);
    }
    if (as_json && classes) PrintTeJson(shown, json);
    if (!as_json && classes) {
      shown.out() << "\nAll classes: MLU " << FormatUtilisation(json["mlu"]) << ", "
                  << FormatLoad(json["offered_bps"]) << " offered, "
                  << FormatLoad(json["carried_bps"]) << " carried\n";
    }
    for (size_t i = 0; i < problems_.size(); ++i) {
      input_.problem = problems_[i];
      Warn(context_, input_, options_, options_.classes[i].name, solved_[i]);
    }
  }

  absl::Status Result(const PathLimits& limits) {
    for (size_t i = 0; i < solved_.size(); ++i) {
      input_.problem = problems_[i];
      if (auto status = Outcome(input_, solved_[i], limits); !status.ok()) {
        return Named(i, status);
      }
    }
    return absl::OkStatus();
  }

 private:
  // To where the class may go.
  absl::Status Constrain(size_t i) {
    options_.classes[i].bounds.Set(&problems_[i]);
    return CloseForbiddenPlaces(input_.graph, args_.places, options_.ClassNames(),
                                options_.classes[i].name, &problems_[i]);
  }

  absl::Status ReadAvailability() {
    if (args_.availability.targets.empty()) return absl::OkStatus();
    for (const TeSolveOptions::Class& one : options_.classes) {
      const auto target = AvailabilityTarget(args_.availability, options_.ClassNames(), one.name);
      if (!target.ok()) return target.status();
      targets_.push_back(*target);
    }
    auto model = ReadFailureModel(input_, args_.availability);
    if (!model.ok()) return model.status();
    model_ = *std::move(model);
    for (const double target : targets_) {
      auto states = StatesToOutlive(*model_, target);
      if (!states.ok()) return states.status();
      states_.push_back(*std::move(states));
    }
    return absl::OkStatus();
  }

  bool WithTarget(size_t i) const { return !targets_.empty() && targets_[i] > 0; }

  // What a class is to outlive.
  std::optional<std::vector<Scenario>> ToOutlive(size_t i) const {
    if (!failures_ && !WithTarget(i)) return std::nullopt;
    std::vector<Scenario> all = failures_.value_or(std::vector<Scenario>());
    if (WithTarget(i)) all.insert(all.end(), states_[i].begin(), states_[i].end());
    return all;
  }

  // What ways there are is known by now; weaker classes may have lost theirs to stronger ones,
  // which is no error where not everything need be carried.
  absl::Status CheckCarried(const TeSolved& solved, bool weaker) const {
    if (absl::Status status = CheckLeftOut(
            input_, solved.too_long, args_.allow_unreachable,
            "path of so few segments as are allowed",
            options_.max_segments < kMaxUsids
                ? absl::StrCat("allow more than --max-segments ", options_.max_segments).c_str()
                : "a packet holds no more: make shortest paths of more parts of them by metrics");
        !status.ok()) {
      return status;
    }
    if (absl::Status status =
            CheckLeftOut(input_, solved.plan.out_of_bound,
                         args_.allow_unreachable || (weaker && options_.sharing),
                         "way within the bounds on delay, hops and stretch", "allow more");
        !status.ok() || !weaker || options_.sharing) {
      return status;
    }
    return CheckLeftOut(input_, solved.plan.unreachable, args_.allow_unreachable,
                        "way that stronger classes have left", "add links");
  }

  absl::Status Named(size_t i, const absl::Status& status) const {
    if (options_.classes[i].name.empty()) return status;
    absl::Status named(status.code(),
                       absl::StrCat("class ", options_.classes[i].name, ": ", status.message()));
    // What tells an error in the command line from others.
    status.ForEachPayload(
        [&](absl::string_view url, const absl::Cord& payload) { named.SetPayload(url, payload); });
    return named;
  }

  Context& context_;
  const TeSolveArgs& args_;
  const TeSolveOptions& options_;
  TeInput input_;                // its problem: of the class at hand
  std::vector<MeshLink> links_;  // as they are, wherever classes may go
  std::vector<MeshProblem> problems_;
  std::vector<TeSolved> solved_;
  std::optional<std::vector<Scenario>> failures_;
  std::optional<FailureModel> model_;
  std::vector<double> targets_;                // by class
  std::vector<std::vector<Scenario>> states_;  // by class: those that its target needs
};

}  // namespace

absl::Status RunTeSolve(Context& context, const TeSolveArgs& args) {
  if (absl::Status status = CheckTeOutput(context); !status.ok()) return status;
  const auto options = ReadTeSolveOptions(args);
  if (!options.ok()) return options.status();
  for (const std::string& file : {args.routes, args.granted}) {
    if (absl::Status status = CheckTeFile(file); !status.ok()) return status;
  }
  const auto limits = PathLimits::Read(context, args.threads.empty() ? kTeThreads : args.threads,
                                       TeTimeLimit(args, *options));
  if (!limits.ok()) return limits.status();
  if (absl::Status status =
          CheckOneStandardInput(options->classes.front().files, args.fail_file, "--fail-file");
      !status.ok()) {
    return status;
  }
  auto input = ReadTeInput(context, options->classes.front().files);
  if (!input.ok()) return input.status();
  Run run(context, args, *options, *std::move(input));
  if (absl::Status status = run.ReadAll(); !status.ok()) return status;
  const InterruptGuard guard;
  if (absl::Status status = run.SolveAll(*limits); !status.ok()) return status;
  if (absl::Status status = run.WriteAll(); !status.ok()) return status;
  // Where the paths are not.
  Io apart{.in = context.io().in, .out = context.io().err, .err = context.io().err};
  Context aside(apart, context.globals(), context.clock());
  run.Show(args.routes == "-" || args.granted == "-" ? aside : context);
  return run.Result(*limits);
}

}  // namespace waymark::cli

#include <algorithm>
#include <functional>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "controller/compute/mesh/allocate.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/optimize.h"
#include "controller/compute/mesh/protect.h"
#include "controller/compute/mesh/stretch.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/path_limits.h"
#include "northbound/cli/te.h"
#include "northbound/cli/te_input.h"
#include "northbound/cli/te_pool.h"
#include "northbound/cli/te_print.h"
#include "northbound/cli/te_routes.h"
#include "northbound/cli/te_scenarios.h"
#include "northbound/cli/te_solve_options.h"
#include "northbound/cli/te_solved.h"

namespace waymark::cli {
namespace {

constexpr char kDefaultThreads[] = "2", kDefaultTimeLimit[] = "10s";
// How long a run may take before a person at a terminal is told how far it is.
constexpr absl::Duration kQuietTime = absl::Seconds(1);
constexpr absl::Duration kProgressInterval = absl::Milliseconds(200);

class TeProgress {
 public:
  explicit TeProgress(Context& context)
      : err_(context.io().err),
        shown_(context.io().interactive),
        clock_(context.clock()),
        begin_(clock_.Monotonic()),
        shown_at_(begin_) {}

  void Show(const MeshProgress& at) {
    const absl::Duration now = clock_.Monotonic();
    if (!shown_ || now - begin_ < kQuietTime || now - shown_at_ < kProgressInterval) return;
    shown_at_ = now;
    err_ << absl::StrFormat("\rround %d: MLU %.5g, at least %.5g ", at.round, at.mlu,
                            at.lower_bound)
         << std::flush;
    open_ = true;
  }

  // A message may follow.
  ~TeProgress() {
    if (open_) err_ << '\n';
  }
  TeProgress(const TeProgress&) = delete;
  TeProgress& operator=(const TeProgress&) = delete;

 private:
  std::ostream& err_;
  const bool shown_;
  const Clock& clock_;
  const absl::Duration begin_;
  absl::Duration shown_at_;
  bool open_ = false;
};

// Every fibre, node or risk group by itself, as --protected names them.
absl::StatusOr<std::vector<Scenario>> ReadProtected(const TeInput& input, const std::string& text) {
  std::vector<std::string> all;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    if (part != "link" && part != "node" && part != "srlg") {
      return UsageError(absl::StrCat("--protected \"", part, "\": use link, node or srlg"));
    }
    all.push_back(absl::StrCat("all-", part, "s"));
  }
  return ReadScenarios(input, all);
}

absl::Status Guard(const TeInput& input, const MeshOptions& options,
                   const std::vector<Scenario>& scenarios, TeSolved* solved) {
  ProtectOptions protect{
      .max_paths = options.max_paths, .weight_total = options.weight_total, .stop = options.stop};
  for (const Scenario& scenario : scenarios) {
    std::vector<int32_t>& links = protect.failures.emplace_back();
    for (size_t link = 0; link < scenario.links.size(); ++link) {
      if (scenario.links[link]) links.push_back(static_cast<int32_t>(link));
    }
  }
  auto plan = ProtectMesh(input.problem, solved->plan.routes, protect);
  if (!plan.ok()) return plan.status();
  solved->plan.routes = plan->routes;
  solved->plan.stopped |= plan->stopped;
  solved->guarded = TeGuarded{scenarios, *std::move(plan)};
  return absl::OkStatus();
}

// The routes, and what is granted where not all need be carried.
absl::Status Route(const TeInput& input, const TeSolveOptions& options, const MeshOptions& mesh,
                   TeSolved* solved) {
  if (!options.sharing) {
    auto plan = OptimizeMesh(input.problem, mesh);
    if (!plan.ok()) return plan.status();
    solved->plan = *std::move(plan);
    return absl::OkStatus();
  }
  auto allocation = AllocateMesh(input.problem, *options.sharing, mesh);
  if (!allocation.ok()) return allocation.status();
  solved->plan.routes = std::move(allocation->routes);
  solved->plan.rounds = allocation->rounds;
  solved->plan.stopped = allocation->stopped;
  solved->plan.unreachable = allocation->unreachable;
  solved->plan.out_of_bound = allocation->out_of_bound;
  solved->allocation = *std::move(allocation);
  return absl::OkStatus();
}

// With the rates that are carried.
MeshProblem CarriedOf(const TeInput& input, const TeSolved& solved) {
  MeshProblem carried = input.problem;
  if (!solved.allocation) return carried;
  for (size_t d = 0; d < carried.demands.size(); ++d) {
    carried.demands[d].rate = solved.allocation->granted[d];
  }
  return carried;
}

class Solver {
 public:
  Solver(Context& context, const TeSolveOptions& options, bool shorten, const PathLimits& limits)
      : context_(context),
        options_(options),
        shorten_(shorten),
        limits_(limits),
        pool_(limits.threads()),
        progress_(context),
        mesh_(options.mesh) {
    if (limits.threads() > 1) {
      mesh_.parallel = [this](int count, const std::function<void(int)>& task) {
        pool_.Run(count, task);
      };
    }
    mesh_.stop = [this] { return !limits_.GoOn().ok(); };
    // Only of an MLU: of the others it would not say what it is.
    if (!options.sharing) mesh_.progress = [this](const MeshProgress& at) { progress_.Show(at); };
  }

  absl::StatusOr<TeSolved> Solve(const TeInput& input,
                                 const std::optional<std::vector<Scenario>>& failures) {
    TeSolved solved;
    const absl::Duration begin = context_.clock().Monotonic();
    if (absl::Status status = Route(input, options_, mesh_, &solved); !status.ok()) return status;
    if (failures) {
      if (absl::Status status = Guard(input, mesh_, *failures, &solved); !status.ok()) {
        return status;
      }
    }
    const MeshProblem carried = CarriedOf(input, solved);
    if (shorten_) {
      const double mlu = EvaluateMesh(carried, solved.plan.routes).mlu;
      solved.plan.routes = ShortenRoutes(carried, solved.plan.routes, mlu, mesh_.stop);
    }
    solved.seconds = absl::ToDoubleSeconds(context_.clock().Monotonic() - begin);
    solved.loads = EvaluateMesh(carried, solved.plan.routes);
    solved.stretch = MeasureStretch(carried, solved.plan.routes);
    solved.most_segments = MostSegments(input, solved.plan.routes);
    return solved;
  }

 private:
  Context& context_;
  const TeSolveOptions& options_;
  const bool shorten_;
  const PathLimits& limits_;
  TePool pool_;
  TeProgress progress_;
  MeshOptions mesh_;
};

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
absl::Status Outcome(const TeSolved& solved, const TeSolveArgs& args, const PathLimits& limits) {
  if (!solved.plan.stopped) return absl::OkStatus();
  const std::string best =
      solved.gap() ? absl::StrCat("the best so far has a gap of ", FormatPercent(*solved.gap()))
                   : "the best so far has no bound yet";
  if (absl::IsCancelled(limits.GoOn())) {
    return absl::CancelledError(absl::StrCat("interrupted: ", best));
  }
  return absl::DeadlineExceededError(absl::StrCat(
      "the time limit of ", args.time_limit.empty() ? kDefaultTimeLimit : args.time_limit,
      " is over: ", best));
}

absl::Status Write(const TeInput& input, const TeSolveArgs& args, const std::string& name,
                   const TeSolved& solved) {
  if (!args.routes.empty()) {
    const std::string file = FileOfClass(args.routes, name);
    if (auto status = WriteTeRoutes(input, solved.plan.routes, file); !status.ok()) return status;
  }
  if (args.granted.empty()) return absl::OkStatus();
  return WriteTeGranted(input, solved.allocation->granted, FileOfClass(args.granted, name));
}

void Warn(Context& context, const TeSolveOptions& options, const TeSolved& solved) {
  if (options.sharing || solved.guarded || solved.plan.stopped) return;
  if (solved.gap().value_or(kTeMostGap) <= options.mesh.gap) return;
  context.io().err << "warning: the gap that was asked for is not reached; no better routes of so "
                      "few paths and weights were found\n";
}

// Of all classes together, on the whole links.
TeJson Together(const TeInput& input, const std::vector<MeshProblem>& problems,
                const std::vector<TeSolved>& solved) {
  double mlu = 0, offered = 0, carried = 0, seconds = 0;
  for (size_t e = 0; e < input.problem.links.size(); ++e) {
    double load = 0;
    for (const TeSolved& of_class : solved) load += of_class.loads.load[e];
    if (load > 0) mlu = std::max(mlu, load / problems.front().links[e].capacity);
  }
  for (size_t i = 0; i < solved.size(); ++i) {
    for (const MeshDemand& demand : problems[i].demands) offered += demand.rate;
    carried += solved[i].loads.carried;
    seconds += solved[i].seconds;
  }
  return {{"mlu", mlu}, {"seconds", seconds}, {"offered_bps", offered}, {"carried_bps", carried}};
}

// What this class leaves of the links to weaker ones; less than a billionth is nothing.
void Leave(const MeshLoads& loads, const std::vector<MeshLink>& whole, MeshProblem* left) {
  for (size_t e = 0; e < left->links.size(); ++e) {
    double& capacity = left->links[e].capacity;
    capacity -= loads.load[e];
    if (capacity < 1e-9 * whole[e].capacity) capacity = 0;
  }
}

class Run {
 public:
  Run(Context& context, const TeSolveArgs& args, const TeSolveOptions& options, TeInput input)
      : context_(context), args_(args), options_(options), input_(std::move(input)) {}

  absl::Status ReadAll() {
    options_.SetBounds(&input_.problem);
    problems_.push_back(input_.problem);
    for (size_t i = 1; i < options_.classes.size(); ++i) {
      auto problem = ReadTeProblem(context_, options_.classes[i].files, input_.graph);
      if (!problem.ok()) return problem.status();
      options_.SetBounds(&*problem);
      problems_.push_back(*std::move(problem));
    }
    for (size_t i = 0; i < problems_.size(); ++i) {
      input_.problem = problems_[i];
      if (absl::Status status = CheckLeftOut(input_, UnreachableDemands(input_.problem),
                                             args_.allow_unreachable, "way to go", "add links");
          !status.ok()) {
        return Named(i, status);
      }
    }
    if (args_.protect.empty()) return absl::OkStatus();
    auto scenarios = ReadProtected(input_, args_.protect);
    if (!scenarios.ok()) return scenarios.status();
    failures_ = *std::move(scenarios);
    return absl::OkStatus();
  }

  absl::Status SolveAll(const PathLimits& limits) {
    Solver solver(context_, options_, args_.shorten, limits);
    std::vector<MeshLink> left = problems_.front().links;
    for (size_t i = 0; i < problems_.size(); ++i) {
      input_.problem = problems_[i];
      input_.problem.links = left;
      auto solved = solver.Solve(input_, failures_);
      if (!solved.ok()) return Named(i, solved.status());
      if (absl::Status status = CheckCarried(*solved, i > 0); !status.ok()) {
        return Named(i, status);
      }
      Leave(solved->loads, problems_[i].links, &input_.problem);
      left = input_.problem.links;
      solved_.push_back(*std::move(solved));
    }
    return absl::OkStatus();
  }

  absl::Status WriteAll() {
    for (size_t i = 0; i < problems_.size(); ++i) {
      input_.problem = problems_[i];
      if (auto status = Write(input_, args_, options_.classes[i].name, solved_[i]); !status.ok()) {
        return status;
      }
    }
    return absl::OkStatus();
  }

  void Show() {
    const bool as_json = context_.globals().output == Output::kJson;
    const bool classes = !args_.classes.empty();
    TeJson json = Together(input_, problems_, solved_);
    for (size_t i = 0; i < problems_.size(); ++i) {
      input_.problem = problems_[i];
      TeJson one = SolvedJson(input_, solved_[i]);
      if (as_json && !classes) PrintTeJson(context_, one);
      one["class"] = options_.classes[i].name;
      json["classes"].push_back(std::move(one));
      if (as_json) continue;
      if (classes) {
        context_.out() << (i > 0 ? "\n" : "") << "Class " << options_.classes[i].name << '\n';
      }
      ShowSolved(context_, input_, solved_[i]);
    }
    if (as_json && classes) PrintTeJson(context_, json);
    if (!as_json && classes) {
      context_.out() << "\nAll classes: MLU " << FormatUtilisation(json["mlu"]) << ", "
                     << FormatLoad(json["offered_bps"]) << " offered, "
                     << FormatLoad(json["carried_bps"]) << " carried\n";
    }
    for (const TeSolved& solved : solved_) Warn(context_, options_, solved);
  }

  absl::Status Result(const PathLimits& limits) const {
    for (size_t i = 0; i < solved_.size(); ++i) {
      if (auto status = Outcome(solved_[i], args_, limits); !status.ok()) return Named(i, status);
    }
    return absl::OkStatus();
  }

 private:
  // What ways there are is known by now; weaker classes may have lost theirs to stronger ones,
  // which is no error where not everything need be carried.
  absl::Status CheckCarried(const TeSolved& solved, bool weaker) const {
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
    return absl::Status(status.code(), absl::StrCat("class ", options_.classes[i].name, ": ",
                                                    std::string(status.message())));
  }

  Context& context_;
  const TeSolveArgs& args_;
  const TeSolveOptions& options_;
  TeInput input_;  // its problem: of the class at hand
  std::vector<MeshProblem> problems_;
  std::vector<TeSolved> solved_;
  std::optional<std::vector<Scenario>> failures_;
};

}  // namespace

absl::Status RunTeSolve(Context& context, const TeSolveArgs& args) {
  if (absl::Status status = CheckTeOutput(context); !status.ok()) return status;
  const auto options = ReadTeSolveOptions(args);
  if (!options.ok()) return options.status();
  const auto limits =
      PathLimits::Read(context, args.threads.empty() ? kDefaultThreads : args.threads,
                       args.time_limit.empty() ? kDefaultTimeLimit : args.time_limit);
  if (!limits.ok()) return limits.status();
  auto input = ReadTeInput(context, options->classes.front().files);
  if (!input.ok()) return input.status();
  Run run(context, args, *options, *std::move(input));
  if (absl::Status status = run.ReadAll(); !status.ok()) return status;
  const InterruptGuard guard;
  if (absl::Status status = run.SolveAll(*limits); !status.ok()) return status;
  if (absl::Status status = run.WriteAll(); !status.ok()) return status;
  run.Show();
  return run.Result(*limits);
}

}  // namespace waymark::cli

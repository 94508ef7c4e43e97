#include <algorithm>
#include <optional>
#include <ostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/optimize.h"
#include "controller/compute/mesh/protect.h"
#include "controller/compute/segments.h"
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

constexpr int kMostPaths = 64, kMostWeights = 65'536;
constexpr double kMostGap = 100;
constexpr char kDefaultThreads[] = "2", kDefaultTimeLimit[] = "10s";
// Of demands without a way: in a message, and in JSON.
constexpr size_t kNamed = 10, kListed = 1'000;
// How long a run may take before a person at a terminal is told how far it is.
constexpr absl::Duration kQuietTime = absl::Seconds(1);
constexpr absl::Duration kProgressInterval = absl::Milliseconds(200);

absl::Status ReadWhole(const char* flag, const std::string& text, int least, int most, int* value) {
  if (text.empty()) return absl::OkStatus();
  if (absl::SimpleAtoi(text, value) && *value >= least && *value <= most) return absl::OkStatus();
  return UsageError(
      absl::StrCat(flag, " \"", text, "\": give a whole number, ", least, " to ", most));
}

absl::StatusOr<MeshOptions> ReadOptions(const TeSolveArgs& args) {
  MeshOptions options;
  if (absl::Status status =
          ReadWhole("--max-paths", args.max_paths, 1, kMostPaths, &options.max_paths);
      !status.ok()) {
    return status;
  }
  if (absl::Status status =
          ReadWhole("--weights", args.weights, 1, kMostWeights, &options.weight_total);
      !status.ok()) {
    return status;
  }
  if (options.weight_total < options.max_paths) {
    return UsageError(absl::StrCat("--weights ", options.weight_total,
                                   " cannot be shared by --max-paths ", options.max_paths,
                                   ": each path has a weight of 1 at least; give more weights or "
                                   "fewer paths"));
  }
  if (!args.gap.empty() && (!absl::SimpleAtod(args.gap, &options.gap) ||
                            !(options.gap > 0 && options.gap <= kMostGap))) {
    return UsageError(absl::StrCat("--gap \"", args.gap, "\": give more than 0 and at most ",
                                   kMostGap, ", e.g. 0.01 for 1 %"));
  }
  return options;
}

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

// What single failures do to the routes.
struct Guarded {
  std::vector<Scenario> scenarios;
  ProtectPlan plan;

  std::string Worst() const {
    return plan.worst_failure < 0 ? "" : scenarios[plan.worst_failure].name;
  }
  // Demands that lose all their routes in some failure, though the network has another way.
  int64_t Exposed() const { return static_cast<int64_t>(plan.exposed.size()); }
};

// A plan with what is said about it. Every figure is of the routes as they are written.
struct Solved {
  MeshPlan plan;
  MeshLoads loads;
  double seconds = 0;
  int most_segments = 0;
  std::optional<Guarded> guarded;

  // None without a bound.
  std::optional<double> gap() const {
    if (!(plan.lower_bound > 0)) return std::nullopt;
    return std::max(0.0, loads.mlu / plan.lower_bound - 1);
  }
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
                   std::vector<Scenario> scenarios, Solved* solved) {
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
  solved->guarded = Guarded{std::move(scenarios), *std::move(plan)};
  return absl::OkStatus();
}

absl::StatusOr<Solved> Solve(Context& context, const TeInput& input, MeshOptions options,
                             const PathLimits& limits,
                             std::optional<std::vector<Scenario>> failures) {
  TePool pool(limits.threads());
  TeProgress progress(context);
  if (limits.threads() > 1) {
    options.parallel = [&](int count, const std::function<void(int)>& task) {
      pool.Run(count, task);
    };
  }
  options.stop = [&] { return !limits.GoOn().ok(); };
  options.progress = [&](const MeshProgress& at) { progress.Show(at); };
  Solved solved;
  const absl::Duration begin = context.clock().Monotonic();
  auto plan = OptimizeMesh(input.problem, options);
  if (!plan.ok()) return plan.status();
  solved.plan = *std::move(plan);
  if (failures) {
    if (absl::Status status = Guard(input, options, *std::move(failures), &solved); !status.ok()) {
      return status;
    }
  }
  solved.seconds = absl::ToDoubleSeconds(context.clock().Monotonic() - begin);
  solved.loads = EvaluateMesh(input.problem, solved.plan.routes);
  solved.most_segments = MostSegments(input, solved.plan.routes);
  return solved;
}

void ShowJson(Context& context, const TeInput& input, const Solved& solved) {
  const MeshPlan& plan = solved.plan;
  TeJson json;
  json["mlu"] = solved.loads.mlu;
  json["lower_bound"] = plan.lower_bound;
  json["gap"] = solved.gap() ? TeJson(*solved.gap()) : TeJson(nullptr);
  json["seconds"] = solved.seconds;
  json["paths"] = plan.routes.route_count();
  json["max_segments"] = solved.most_segments;
  json["max_paths_per_pair"] = MostRoutes(plan.routes);
  json["fractional_mlu"] = plan.fractional_mlu;
  json["partial"] = plan.stopped;
  json["rounds"] = plan.rounds;
  json["demands"] = input.DemandCount();
  json["offered_bps"] = solved.loads.offered;
  json["carried_bps"] = solved.loads.carried;
  json["unreachable"] = DemandsJson(input, solved.loads.lost, kListed);
  json["unreachable_count"] = solved.loads.lost.size();
  if (solved.guarded) {
    const ProtectPlan& guarded = solved.guarded->plan;
    json["failures"] = solved.guarded->scenarios.size();
    json["worst_mlu"] = guarded.worst_mlu;
    json["worst_failure"] = solved.guarded->Worst();
    json["cut"] = guarded.cut.size();
    json["exposed"] = guarded.exposed.size();
  }
  PrintTeJson(context, json);
}

std::string Segments(int most) {
  return absl::StrCat(most, " at most",
                      most > kMaxUsids ? absl::StrCat("; a packet holds ", kMaxUsids) : "");
}

void ShowTable(Context& context, const TeInput& input, const Solved& solved) {
  const MeshPlan& plan = solved.plan;
  const MeshLoads& loads = solved.loads;
  const std::string gap =
      solved.gap() ? absl::StrCat("gap ", FormatPercent(*solved.gap())) : "no bound yet";
  std::string unreachable;
  if (!loads.lost.empty()) {
    unreachable = absl::StrCat(loads.lost.size(), ": ", input.DemandNames(loads.lost, kNamed));
  }
  std::string failures, lost;
  if (solved.guarded) {
    const ProtectPlan& guarded = solved.guarded->plan;
    failures = absl::StrCat(FormatUtilisation(guarded.worst_mlu), " at worst, of ",
                            solved.guarded->scenarios.size(), " failures",
                            guarded.worst_failure < 0 ? "" : ", in ", solved.guarded->Worst());
    lost = absl::StrCat(guarded.cut.size(), " without any way, ", solved.guarded->Exposed(),
                        " for want of paths");
  }
  Fields()
      .Add("MLU", absl::StrCat(FormatUtilisation(loads.mlu), plan.stopped ? ", best so far" : ""))
      .Add("No routing has less than", absl::StrCat(FormatUtilisation(plan.lower_bound), ", ", gap))
      .Add("Before rounding", FormatUtilisation(plan.fractional_mlu))
      .Add("MLU after failures", failures)
      .Add("Demands lost then", lost)
      .Add("Demands", absl::StrCat(input.DemandCount(), ", ", FormatLoad(loads.offered),
                                   " offered, ", FormatLoad(loads.carried), " carried"))
      .Add("Unreachable", unreachable)
      .Add("Paths", absl::StrCat(plan.routes.route_count(), ", ", MostRoutes(plan.routes),
                                 " of a pair at most"))
      .Add("Segments", Segments(solved.most_segments))
      .Add("Solved in", absl::StrFormat("%.3g s, %d rounds", solved.seconds, plan.rounds))
      .Print(context.out(), context.color());
  context.out() << "\nMost loaded links\n";
  PrintLinks(context, input, loads, WorstLinks(input, loads, 5));
}

absl::Status CheckReachable(const TeInput& input, bool allowed) {
  const std::vector<int32_t> unreachable = UnreachableDemands(input.problem);
  if (unreachable.empty()) return absl::OkStatus();
  if (!allowed) {
    return absl::FailedPreconditionError(
        absl::StrCat(unreachable.size(), unreachable.size() == 1 ? " demand has" : " demands have",
                     " no way to go: ", input.DemandNames(unreachable, kNamed),
                     "; add links, or solve the rest with --allow-unreachable"));
  }
  if (static_cast<int64_t>(unreachable.size()) < input.DemandCount()) return absl::OkStatus();
  return absl::FailedPreconditionError("no demand has a way to go: there is nothing to solve");
}

// What the exit code tells a script after the best so far has been shown.
absl::Status Outcome(const Solved& solved, const TeSolveArgs& args, const PathLimits& limits) {
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

}  // namespace

absl::Status RunTeSolve(Context& context, const TeSolveArgs& args) {
  if (absl::Status status = CheckTeOutput(context); !status.ok()) return status;
  const auto options = ReadOptions(args);
  if (!options.ok()) return options.status();
  const auto limits =
      PathLimits::Read(context, args.threads.empty() ? kDefaultThreads : args.threads,
                       args.time_limit.empty() ? kDefaultTimeLimit : args.time_limit);
  if (!limits.ok()) return limits.status();
  const auto input = ReadTeInput(context, args.files);
  if (!input.ok()) return input.status();
  if (absl::Status status = CheckReachable(*input, args.allow_unreachable); !status.ok()) {
    return status;
  }
  std::optional<std::vector<Scenario>> failures;
  if (!args.protect.empty()) {
    if (options->max_paths < 2) {
      return UsageError("--protected needs --max-paths 2 or more: a path and a backup");
    }
    auto scenarios = ReadProtected(*input, args.protect);
    if (!scenarios.ok()) return scenarios.status();
    failures = *std::move(scenarios);
  }
  const InterruptGuard guard;
  const auto solved = Solve(context, *input, *options, *limits, std::move(failures));
  if (!solved.ok()) return solved.status();
  if (!args.routes.empty()) {
    if (absl::Status status = WriteTeRoutes(*input, solved->plan.routes, args.routes);
        !status.ok()) {
      return status;
    }
  }
  if (context.globals().output == Output::kJson) {
    ShowJson(context, *input, *solved);
  } else {
    ShowTable(context, *input, *solved);
  }
  if (!solved->guarded && !solved->plan.stopped &&
      !(solved->gap().value_or(kMostGap) <= options->gap)) {
    context.io().err << "warning: the gap that was asked for is not reached; no better routes of "
                        "so few paths and weights were found\n";
  }
  return Outcome(*solved, args, *limits);
}

}  // namespace waymark::cli

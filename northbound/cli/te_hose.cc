#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/hose.h"
#include "controller/compute/mesh/hose_optimize.h"
#include "controller/topology/hose_file.h"
#include "northbound/cli/bundle_files.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/format.h"
#include "northbound/cli/path_limits.h"
#include "northbound/cli/path_text.h"
#include "northbound/cli/te.h"
#include "northbound/cli/te_input.h"
#include "northbound/cli/te_places.h"
#include "northbound/cli/te_pool.h"
#include "northbound/cli/te_print.h"
#include "northbound/cli/te_routes.h"
#include "northbound/cli/te_solve_options.h"
#include "northbound/cli/te_solved.h"

namespace waymark::cli {
namespace {

// Pairs that are shown of the worst matrix, and hoses in a table.
constexpr size_t kMostPairs = 10, kMostHoses = 20;
// Of a bound: what is above 1 by less proves nothing.
constexpr double kRounding = 1e-9;

struct WorstPair {
  size_t hose = 0;
  HoseTraffic traffic;
};

// The longest route of a hose.
struct Longest {
  HosePair pair;
  double delay_ns = 0;
};

struct Solved {
  HosePlan plan;
  double seconds = 0;
  std::optional<int> most_segments;  // none: the time was over before they were counted
  HoseFit fit;
  std::vector<WorstPair> matrix;               // of the worst link, the greatest load first
  std::vector<std::optional<Longest>> delays;  // by hose; none: no pair has a route

  bool admitted() const { return fit.scale >= 1 && plan.mlu <= 1 && plan.unreachable.empty(); }
  // That no routing at all admits them; otherwise none was found.
  bool impossible() const { return plan.lower_bound > 1 + kRounding || !plan.unreachable.empty(); }
  // None without a bound.
  std::optional<double> gap() const {
    if (!(plan.lower_bound > 0)) return std::nullopt;
    return std::max(0.0, plan.mlu / plan.lower_bound - 1);
  }
};

// Whether any site may send to another: not a leaf to a leaf.
bool AnybodySends(const FileHose& hose) {
  // By role: how many send, receive, and do both.
  int64_t send[2] = {}, receive[2] = {}, both = 0;
  for (const FileHose::Site& site : hose.sites) {
    send[site.leaf] += site.ingress_bps > 0;
    receive[site.leaf] += site.egress_bps > 0;
    both += !site.leaf && site.ingress_bps > 0 && site.egress_bps > 0;
  }
  if ((send[0] > 0 && receive[1] > 0) || (send[1] > 0 && receive[0] > 0)) return true;
  // The only root that sends may be the only one that receives.
  return send[0] > 0 && receive[0] > 0 && (send[0] > 1 || receive[0] > 1 || both == 0);
}

absl::StatusOr<HoseFile> ReadHoseFile(Context& context, const TeInput& input,
                                      const std::string& file) {
  const auto text = ReadInput(file, context.io().in);
  if (!text.ok()) return text.status();
  auto hoses = ReadHoses(file == "-" ? "stdin" : file, *text, DemandGraphOf(input.graph));
  if (!hoses.ok()) return hoses.status();
  for (const std::string& warning : hoses->warnings) {
    context.io().err << "warning: " << Printable(warning) << '\n';
  }
  for (const FileHose& hose : hoses->hoses) {
    if (AnybodySends(hose)) continue;
    context.io().err << "warning: no site of hose " << Printable(hose.name)
                     << " may send to another: leaves send to roots only, and receive from them; "
                        "it loads no link\n";
  }
  return hoses;
}

std::vector<Hose> HosesOf(const HoseFile& file) {
  std::vector<Hose> hoses;
  for (const FileHose& from : file.hoses) {
    Hose& hose = hoses.emplace_back();
    for (const FileHose::Site& site : from.sites) {
      hose.sites.push_back({site.node, site.ingress_bps, site.egress_bps, site.leaf});
    }
  }
  return hoses;
}

// What pipes leave of the links, and what hoses ask for at worst.
HoseFit Fit(const TeInput& input, const HosePlan& plan) {
  const MeshLoads pipes = EvaluateMesh(input.problem, plan.routes);
  std::vector<double> load, room;
  for (size_t e = 0; e < plan.load.size(); ++e) {
    load.push_back(std::max(0.0, plan.load[e] - pipes.load[e]));
    room.push_back(input.problem.links[e].capacity - pipes.load[e]);
  }
  return FitHoses(load, room);
}

void Explain(const TeInput& input, std::span<const Hose> hoses, Solved* solved) {
  const HoseRoutes routes[] = {RoutesOfDemands(input.problem, solved->plan.routes)};
  std::vector<double> delay;
  for (const LinkInfo& link : input.graph.snapshot().links()) {
    delay.push_back(static_cast<double>(link.delay_ns));
  }
  HoseLoader loader;
  for (size_t h = 0; h < hoses.size(); ++h) {
    const HoseDelays delays = WorstHoseDelays(hoses[h], routes, delay);
    solved->delays.emplace_back();
    if (delays.worst >= 0) {
      const HoseDelays::Pair& worst = delays.pairs[delays.worst];
      solved->delays.back() = Longest{worst.pair, worst.delay};
    }
    loader.Load(hoses[h], routes);
    for (const HoseTraffic& traffic : loader.WorstMatrix(solved->plan.worst_link)) {
      solved->matrix.push_back({h, traffic});
    }
  }
  std::ranges::stable_sort(solved->matrix, std::ranges::greater(), [](const WorstPair& pair) {
    return pair.traffic.rate * pair.traffic.share;
  });
  if (solved->matrix.size() > kMostPairs) solved->matrix.resize(kMostPairs);
}

// `input` gets the pairs of the hoses as demands.
absl::StatusOr<Solved> Solve(Context& context, TeInput* input, std::span<const Hose> hoses,
                             HoseOptions options, const PathLimits& limits) {
  const int threads = std::min(limits.threads(), kMeshThreads);
  TePool pool(threads);
  if (threads > 1) {
    options.parallel = [&](int count, const std::function<void(int)>& task) {
      pool.Run(count, task);
    };
  }
  options.stop = [&] { return !limits.GoOn().ok(); };
  Solved solved;
  const absl::Duration begin = context.clock().Monotonic();
  auto plan = OptimizeHose(input->problem, hoses, options);
  if (!plan.ok()) return plan.status();
  solved.plan = *std::move(plan);
  solved.seconds = absl::ToDoubleSeconds(context.clock().Monotonic() - begin);
  input->problem.demands = solved.plan.demands;
  solved.fit = Fit(*input, solved.plan);
  Explain(*input, hoses, &solved);
  solved.most_segments = MostSegments(*input, solved.plan.routes, options.stop);
  return solved;
}

std::string PairName(const TeInput& input, HosePair pair) {
  return absl::StrCat(input.NodeName(pair.from), " -> ", input.NodeName(pair.to));
}

// Why these paths do not do.
std::string Lacking(const TeInput& input, const Solved& solved) {
  if (!solved.plan.unreachable.empty()) {
    return absl::StrCat(input.problem.bounded() ? "no way within the bounds for " : "no way for ",
                        input.DemandNames(solved.plan.unreachable, kTeNamed));
  }
  if (solved.fit.link < 0 || solved.fit.missing == 0) {
    return absl::StrCat("the demands alone overload ", input.LinkName(solved.plan.worst_link));
  }
  return absl::StrFormat("%s lacks %s; %.3f of all rates fits", input.LinkName(solved.fit.link),
                         FormatLoad(solved.fit.missing), solved.fit.scale);
}

// Why not, or nothing.
std::string Refusal(const TeInput& input, const Solved& solved) {
  if (solved.admitted()) return "";
  return absl::StrCat(Lacking(input, solved),
                      solved.impossible() ? ""
                      : solved.gap()
                          ? absl::StrCat("; not proven: other paths may fit, the bound is ",
                                         FormatUtilisation(solved.plan.lower_bound))
                          : "; not proven: there is no bound yet");
}

TeJson MatrixJson(const TeInput& input, const HoseFile& file, const Solved& solved) {
  TeJson list = TeJson::array();
  for (const WorstPair& worst : solved.matrix) {
    const HoseTraffic& traffic = worst.traffic;
    list.push_back({{"hose", file.hoses[worst.hose].name},
                    {"src", traffic.pair.from},
                    {"dst", traffic.pair.to},
                    {"name", PairName(input, traffic.pair)},
                    {"rate_bps", traffic.rate},
                    {"load_bps", traffic.rate * traffic.share}});
  }
  return list;
}

TeJson HosesJson(const TeInput& input, const HoseFile& file, const Solved& solved) {
  TeJson list = TeJson::array();
  for (size_t h = 0; h < file.hoses.size(); ++h) {
    TeJson hose = {{"hose", file.hoses[h].name}, {"sites", file.hoses[h].sites.size()}};
    if (const auto& longest = solved.delays[h]; longest) {
      hose["worst_delay_ms"] = longest->delay_ns / 1e6;
      hose["src"] = longest->pair.from;
      hose["dst"] = longest->pair.to;
      hose["name"] = PairName(input, longest->pair);
    }
    list.push_back(std::move(hose));
  }
  return list;
}

void ShowJson(Context& context, const TeInput& input, const HoseFile& file, const Solved& solved) {
  const HosePlan& plan = solved.plan;
  TeJson json;
  json["mlu"] = plan.mlu;
  json["lower_bound"] = plan.lower_bound;
  json["gap"] = solved.gap() ? TeJson(*solved.gap()) : TeJson(nullptr);
  json["admitted"] = solved.admitted();
  json["proven"] = solved.admitted() || solved.impossible();
  json["reason"] = Refusal(input, solved);
  json["scale"] = solved.fit.link < 0 ? TeJson(nullptr) : TeJson(solved.fit.scale);
  json["missing_bps"] = solved.fit.missing;
  json["seconds"] = solved.seconds;
  json["paths"] = plan.routes.route_count();
  json["max_segments"] = solved.most_segments ? TeJson(*solved.most_segments) : TeJson(nullptr);
  json["max_paths_per_pair"] = MostRoutes(plan.routes);
  json["rounds"] = plan.rounds;
  json["partial"] = plan.stopped;
  json["unreachable"] = DemandsJson(input, plan.unreachable, kMostPairs);
  json["unreachable_count"] = plan.unreachable.size();
  const MeshLoads loads = {.load = plan.load};
  json["links"] = LinksJson(input, loads, WorstLinks(input, loads, kMostPairs));
  json["worst_matrix"] = MatrixJson(input, file, solved);
  json["hoses"] = HosesJson(input, file, solved);
  PrintTeJson(context, json);
}

void ShowTable(Context& context, const TeInput& input, const HoseFile& file, const Solved& solved) {
  const HosePlan& plan = solved.plan;
  Fields()
      .Add("Admitted", solved.admitted() ? "yes" : absl::StrCat("no: ", Refusal(input, solved)))
      .Add("Worst-case MLU",
           absl::StrCat(FormatUtilisation(plan.mlu), plan.stopped ? ", best so far" : ""))
      .Add("No routing has less than",
           absl::StrCat(
               FormatUtilisation(plan.lower_bound), ", ",
               solved.gap() ? absl::StrCat("gap ", FormatPercent(*solved.gap())) : "no bound yet"))
      .Add("Hoses", absl::StrCat(file.hoses.size()))
      .Add("Paths", absl::StrCat(plan.routes.route_count(), ", ", MostRoutes(plan.routes),
                                 " of a pair at most"))
      .Add("Segments", SegmentsText(solved.most_segments))
      .Add("Solved in", absl::StrFormat("%.3g s, %d moves", solved.seconds, plan.rounds))
      .Print(context.out(), context.color());
  context.out() << "\nMost loaded links, at worst\n";
  const MeshLoads loads = {.load = plan.load};
  PrintLinks(context, input, loads, WorstLinks(input, loads, 5));
  context.out() << "\nThe matrix that fills the first\n";
  Table matrix({"HOSE", "PAIR", "RATE", "LOAD"});
  for (const auto& [hose, traffic] : solved.matrix) {
    matrix.Add({file.hoses[hose].name, PairName(input, traffic.pair), FormatLoad(traffic.rate),
                FormatLoad(traffic.rate * traffic.share)});
  }
  matrix.Print(context.out(), context.color(), "  ");
  context.out() << "\nLongest paths\n";
  Table longest({"HOSE", "SITES", "PAIR", "DELAY"});
  for (size_t h = 0; h < file.hoses.size() && h < kMostHoses; ++h) {
    const auto& worst = solved.delays[h];
    longest.Add({file.hoses[h].name, absl::StrCat(file.hoses[h].sites.size()),
                 worst ? PairName(input, worst->pair) : "-",
                 worst ? FormatDelay(static_cast<int64_t>(worst->delay_ns)) : "-"});
  }
  longest.Print(context.out(), context.color(), "  ");
}

// What the exit code tells a script after the paths have been shown.
absl::Status Outcome(const TeInput& input, const Solved& solved, const TeHoseArgs& args,
                     const PathLimits& limits) {
  const bool known = solved.impossible() || !solved.plan.stopped;
  if (!solved.admitted() && known) {
    return absl::FailedPreconditionError(absl::StrCat("not admitted: ", Refusal(input, solved)));
  }
  if (!solved.plan.stopped) return absl::OkStatus();
  if (absl::IsCancelled(limits.GoOn())) {
    return absl::CancelledError("interrupted: this is the best so far");
  }
  return absl::DeadlineExceededError(
      absl::StrCat("the time limit of ", args.time_limit.empty() ? kTeTimeLimit : args.time_limit,
                   " is over: this is the best so far"));
}

}  // namespace

absl::Status RunTeHose(Context& context, const TeHoseArgs& args) {
  if (absl::Status status = CheckTeOutput(context); !status.ok()) return status;
  HoseOptions options;
  if (absl::Status status =
          ReadTePaths(args.max_paths, args.weights, &options.max_paths, &options.weight_total);
      !status.ok()) {
    return status;
  }
  const auto limits = PathLimits::Read(context, args.threads.empty() ? kTeThreads : args.threads,
                                       args.time_limit.empty() ? kTeTimeLimit : args.time_limit);
  if (!limits.ok()) return limits.status();
  if (args.hoses == "-" && (args.files.graph == "-" || args.files.demands == "-")) {
    return UsageError("only one file can be standard input: name the others");
  }
  for (const absl::Status& status :
       {CheckOneStandardInput(args.files, ""), CheckTeFile(args.routes)}) {
    if (!status.ok()) return status;
  }
  TeBounds bounds;
  if (absl::Status status = ReadTeBounds(args.max_delay, args.max_hops, args.max_stretch, &bounds);
      !status.ok()) {
    return status;
  }
  auto input = ReadTeInput(context, args.files);
  if (!input.ok()) return input.status();
  bounds.Set(&input->problem);
  if (absl::Status status =
          CloseForbiddenPlaces(input->graph, args.places, {}, "", &input->problem);
      !status.ok()) {
    return status;
  }
  const auto file = ReadHoseFile(context, *input, args.hoses);
  if (!file.ok()) return file.status();
  const InterruptGuard guard;
  const auto solved = Solve(context, &*input, HosesOf(*file), options, *limits);
  if (!solved.ok()) return solved.status();
  if (!args.routes.empty()) {
    if (absl::Status status = WriteTeRoutes(context, *input, solved->plan.routes, args.routes);
        !status.ok()) {
      return status;
    }
  }
  // Where the paths are not.
  Io apart{.in = context.io().in, .out = context.io().err, .err = context.io().err};
  Context aside(apart, context.globals(), context.clock());
  Context& shown = args.routes == "-" ? aside : context;
  if (context.globals().output == Output::kJson) {
    ShowJson(shown, *input, *file, *solved);
  } else {
    ShowTable(shown, *input, *file, *solved);
  }
  return Outcome(*input, *solved, args, *limits);
}

}  // namespace waymark::cli

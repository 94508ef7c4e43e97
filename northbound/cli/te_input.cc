#include "northbound/cli/te_input.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/demand_file.h"
#include "northbound/cli/bundle_files.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/format.h"
#include "northbound/cli/kind.h"
#include "northbound/cli/te_print.h"

namespace waymark::cli {
namespace {

// Of strict maintenance.
bool Forbidden(const Snapshot& snapshot, const LinkInfo& link) {
  return link.admin == v1::FORBID || snapshot.node(link.source).admin == v1::FORBID ||
         snapshot.node(link.target).admin == v1::FORBID;
}

MeshProblem ProblemOf(const GraphFile& file, const DemandMatrix& matrix) {
  const Snapshot& snapshot = file.snapshot();
  MeshProblem problem{
      .node_count = static_cast<int32_t>(snapshot.nodes().size()), .links = {}, .demands = {}};
  for (size_t number = 0; number < snapshot.links().size(); ++number) {
    const LinkInfo& link = snapshot.links()[number];
    const double capacity = file.Capacity(static_cast<LinkId>(number));
    problem.links.push_back({.from = file.FileNode(link.source),
                             .to = file.FileNode(link.target),
                             .capacity = Forbidden(snapshot, link) ? 0 : capacity,
                             .delay = static_cast<double>(link.delay_ns)});
  }
  for (const FileDemand& demand : matrix.demands) {
    problem.demands.push_back({.from = demand.source, .to = demand.target, .rate = demand.bps});
  }
  return problem;
}

// A rate of a unit that was not meant.
void WarnOfAbsurd(Context& context, const GraphFile& file, const MeshProblem& problem) {
  double capacity = 0;
  for (const MeshLink& link : problem.links) capacity += link.capacity;
  const auto most = std::ranges::max_element(problem.demands, {}, &MeshDemand::rate);
  if (capacity == 0 || most == problem.demands.end() || most->rate <= capacity) return;
  const auto name = [&](int32_t node) {
    return ShortName(file.snapshot().node(file.NodeAt(node)).name);
  };
  context.io().err << "warning: " << name(most->from) << " -> " << name(most->to) << " asks for "
                   << FormatLoad(most->rate) << ", more than all links together carry, "
                   << FormatLoad(capacity) << ": are its units right?\n";
}

}  // namespace

absl::StatusOr<DemandMatrix> ReadTeMatrix(Context& context, const TeFiles& files,
                                          const DemandGraph& graph) {
  DemandOptions options;
  const auto format = ParseDemandFormatName(files.demands_format);
  if (!format.ok()) {
    return UsageError(absl::StrCat("--demands-format: ", format.status().message()));
  }
  options.format = *format;
  if (!files.matrix.empty() &&
      (!absl::SimpleAtoi(files.matrix, &options.matrix) || options.matrix < 0)) {
    return UsageError(
        absl::StrCat("--matrix \"", files.matrix, "\": give the number of a matrix, from 0"));
  }
  const auto text = ReadInput(files.demands, context.io().in);
  if (!text.ok()) return text.status();
  const std::string shown = files.demands == "-" ? "stdin" : files.demands;
  auto matrix = ReadDemands(shown, *text, graph, options);
  if (!matrix.ok()) return matrix.status();
  for (const std::string& warning : matrix->warnings) {
    context.io().err << "warning: " << Printable(warning) << '\n';
  }
  return matrix;
}

DemandGraph DemandGraphOf(const GraphFile& file) {
  const Snapshot& snapshot = file.snapshot();
  DemandGraph graph{.nodes = {}, .rate_unit_bps = file.rate_unit_bps()};
  for (size_t place = 0; place < snapshot.nodes().size(); ++place) {
    const NodeId node = file.NodeAt(static_cast<int32_t>(place));
    graph.nodes.push_back({.id = ShortName(snapshot.node(node).name),
                           .label = snapshot.node_resources()[Index(node)].display_name()});
  }
  return graph;
}

std::string TeInput::NodeName(int32_t node) const {
  return ShortName(graph.snapshot().node(graph.NodeAt(node)).name);
}

std::string TeInput::LinkName(int32_t link) const {
  return ShortName(graph.snapshot().link(static_cast<LinkId>(link)).name);
}

std::string TeInput::DemandName(int32_t demand) const {
  const MeshDemand& d = problem.demands[demand];
  return absl::StrCat(NodeName(d.from), " -> ", NodeName(d.to));
}

std::string TeInput::DemandNames(const std::vector<int32_t>& demands, size_t most) const {
  std::string text;
  for (size_t i = 0; i < demands.size() && i < most; ++i) {
    absl::StrAppend(&text, i > 0 ? ", " : "", DemandName(demands[i]));
  }
  if (demands.size() > most) absl::StrAppend(&text, " and ", demands.size() - most, " more");
  return text;
}

int64_t TeInput::DemandCount() const {
  return std::ranges::count_if(problem.demands, [](const MeshDemand& d) { return d.rate > 0; });
}

double TeInput::Offered() const {
  double sum = 0;
  for (const MeshDemand& demand : problem.demands) sum += demand.rate;
  return sum;
}

absl::Status CheckOneStandardInput(const TeFiles& files, const std::string& other,
                                   const char* other_flag) {
  const char* before = nullptr;
  for (const auto& [flag, file] :
       {std::pair("--graph", &files.graph), std::pair("--demands", &files.demands),
        std::pair(other_flag, &other)}) {
    if (*file != "-") continue;
    if (before != nullptr) {
      return UsageError(absl::StrCat(before, " and ", flag,
                                     " cannot both be standard input: name one as a file"));
    }
    before = flag;
  }
  return absl::OkStatus();
}

absl::StatusOr<TeInput> ReadTeInput(Context& context, const TeFiles& files) {
  auto graph = GraphFile::Read(context, files.graph, files.format);
  if (!graph.ok()) return graph.status();
  auto problem = ReadTeProblem(context, files, *graph);
  if (!problem.ok()) return problem.status();
  return TeInput{.graph = *std::move(graph), .problem = *std::move(problem)};
}

absl::StatusOr<MeshProblem> ReadTeProblem(Context& context, const TeFiles& files,
                                          const GraphFile& graph) {
  absl::StatusOr<DemandMatrix> matrix = DemandMatrix{};
  if (!files.demands.empty()) matrix = ReadTeMatrix(context, files, DemandGraphOf(graph));
  if (!matrix.ok()) return matrix.status();
  MeshProblem problem = ProblemOf(graph, *matrix);
  if (absl::Status status = CheckMeshProblem(problem); !status.ok()) return status;
  WarnOfAbsurd(context, graph, problem);
  return problem;
}

std::vector<int32_t> UnreachableDemands(const MeshProblem& problem) {
  std::vector<std::vector<int32_t>> next(problem.node_count);
  for (const MeshLink& link : problem.links) {
    if (link.capacity > 0) next[link.from].push_back(link.to);
  }
  std::vector<int32_t> unreachable, reached;
  std::vector<int32_t> seen_from(problem.node_count, -1);
  for (size_t i = 0; i < problem.demands.size(); ++i) {
    const MeshDemand& demand = problem.demands[i];
    if (demand.rate == 0) continue;
    if (seen_from[demand.from] != demand.from) {
      seen_from[demand.from] = demand.from;
      reached.assign(1, demand.from);
      for (size_t k = 0; k < reached.size(); ++k) {
        for (const int32_t node : next[reached[k]]) {
          if (std::exchange(seen_from[node], demand.from) != demand.from) reached.push_back(node);
        }
      }
    }
    if (seen_from[demand.to] != demand.from) unreachable.push_back(static_cast<int32_t>(i));
  }
  return unreachable;
}

absl::Status CheckTeOutput(const Context& context) {
  const Output output = context.globals().output;
  if (output == Output::kTable || output == Output::kJson) return absl::OkStatus();
  return UsageError("te commands show a table or JSON: use -o table or -o json");
}

}  // namespace waymark::cli

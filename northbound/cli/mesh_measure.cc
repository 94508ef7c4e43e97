// Traffic that somebody has measured: from files of many forms to the controller.
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "northbound/cli/client.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/path_graph.h"
#include "northbound/cli/print.h"
#include "northbound/cli/te_input.h"

namespace waymark::cli {
namespace {

// The matrix's nodes: as it names them, and what the controller calls them.
struct Ends {
  DemandGraph graph;
  std::vector<std::string> names;
};

absl::Status AddEnds(Client& client, Kind kind, Ends* ends) {
  const auto all = client.List(kind, "", AsOf());
  if (!all.ok()) return all.status();
  for (const v1::Resource& one : *all) {
    const std::string& name = NameOf(one);
    // Whole names of sites are understood too; those of nodes always are.
    ends->graph.nodes.push_back(
        {.id = ShortName(name), .label = kind == Kind::kNode ? one.node().display_name() : name});
    ends->names.push_back(name);
  }
  return absl::OkStatus();
}

absl::StatusOr<Ends> EndsOf(Context& context, Client& client, const TeFiles& files) {
  Ends ends;
  if (files.graph.empty()) {
    ends.graph.has_places = false;
    for (const Kind kind : {Kind::kNode, Kind::kSite}) {
      if (absl::Status s = AddEnds(client, kind, &ends); !s.ok()) return s;
    }
    return ends;
  }
  const auto graph = GraphFile::Read(context, files.graph, files.format);
  if (!graph.ok()) return graph.status();
  ends.graph = DemandGraphOf(*graph);
  for (const DemandGraph::Node& node : ends.graph.nodes) ends.names.push_back("nodes/" + node.id);
  return ends;
}

absl::StatusOr<v1::SetMeasuredTrafficRequest> RequestOf(Context& context, Client& client,
                                                        const MeshMeasureArgs& args) {
  v1::SetMeasuredTrafficRequest request;
  auto name = ResourceName(Kind::kTrafficClass, args.traffic_class, "");
  if (!name.ok()) return name.status();
  request.set_traffic_class(*std::move(name));
  request.set_validate_only(args.validate_only);
  double headroom = 1;
  if (!args.headroom.empty() &&
      (!absl::SimpleAtod(args.headroom, &headroom) || !(headroom >= 1 && headroom <= 10))) {
    return UsageError(absl::StrCat("--headroom \"", args.headroom, "\": give 1 to 10"));
  }
  request.set_headroom(headroom);
  if (absl::Status s = CheckOneStandardInput(args.files, "", ""); !s.ok()) return s;
  const auto ends = EndsOf(context, client, args.files);
  if (!ends.ok()) return ends.status();
  const auto matrix = ReadTeMatrix(context, args.files, ends->graph);
  if (!matrix.ok()) return matrix.status();
  for (const FileDemand& demand : matrix->demands) {
    v1::MeasuredRate& rate = *request.add_rates();
    rate.set_from(ends->names[demand.source]);
    rate.set_to(ends->names[demand.target]);
    // At most 10^18, which the controller refuses by the rate's place.
    rate.set_bps(static_cast<int64_t>(std::llround(demand.bps)));
  }
  return request;
}

}  // namespace

absl::Status RunMeshMeasure(Context& context, const MeshMeasureArgs& args) {
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto request = RequestOf(context, **client, args);
  if (!request.ok()) return request.status();
  const auto told = (*client)->SetMeasured(*request);
  if (!told.ok()) return told.status();
  PrintAnswer(context, *told, std::vector<std::string>{ShortName(told->traffic_class())}, [&] {
    context.out() << told->rates() << " rates, " << FormatRate(told->bps()) << " together, count "
                  << told->headroom() << " times for class " << ShortName(told->traffic_class())
                  << (args.validate_only ? ": checked, nothing stored\n" : "\n");
  });
  return absl::OkStatus();
}

absl::Status RunMeshForget(Context& context, const std::string& traffic_class) {
  const auto name = ResourceName(Kind::kTrafficClass, traffic_class, "");
  if (!name.ok()) return name.status();
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto told = (*client)->RemoveMeasured(*name);
  if (!told.ok()) return told.status();
  context.out() << told->rates() << " rates of class " << ShortName(told->traffic_class())
                << " forgotten: what services state counts\n";
  return absl::OkStatus();
}

}  // namespace waymark::cli

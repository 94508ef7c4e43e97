#include "controller/engine/mesh_work.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controller/compute/search_graph.h"
#include "controller/engine/mesh_measured.h"
#include "controller/engine/path_books.h"
#include "controller/plan/demands.h"
#include "controller/plan/fingerprint.h"
#include "controller/plan/mesh.h"
#include "controller/plan/mesh_codec.h"
#include "controller/plan/mesh_demands.h"
#include "controller/plan/paths.h"
#include "controller/store/resource_key.h"

namespace waymark {
namespace {

// Where others hold all of a link its mesh traffic has somewhere to be until it has moved away.
constexpr double kLeastShare = 0.001;

void AddOutlive(const MeshOutlive& outlive, Fingerprint* print) {
  print->Add(outlive.target);
  for (const Failure& failure : outlive.failures) {
    print->Add(static_cast<uint64_t>(failure.links.size()));
    for (const int32_t link : failure.links) print->Add(static_cast<uint64_t>(link));
  }
  for (const FailureState& state : outlive.states.states) print->Add(state.probability);
}

uint64_t FingerprintOf(const MeshWork& work) {
  Fingerprint print;
  for (const NodeInfo& node : work.snapshot->nodes()) print.Add(uint64_t{node.node_sid});
  for (const LinkInfo& link : work.snapshot->links()) print.Add(uint64_t{link.adjacency_sid});
  for (const MeshClassWork& one : work.classes) {
    print.Add(one.traffic_class);
    print.Add(static_cast<uint64_t>(one.max_paths));
    print.Add(one.problem.max_delay);
    print.Add(static_cast<uint64_t>(one.problem.max_hops));
    print.Add(one.problem.max_stretch);
    print.Add(static_cast<uint64_t>(one.sharing));
    print.AddByte(one.shorten ? 1 : 0);
    if (one.outlive != nullptr) {
      AddOutlive(*one.outlive, &print);
      for (const double rate : one.firm) print.Add(rate);
    }
    for (const MeshLink& link : one.problem.links) {
      print.Add(static_cast<uint64_t>(link.from) << 32 | static_cast<uint64_t>(link.to));
      print.Add(link.capacity);
      print.Add(link.delay);
    }
    for (size_t i = 0; i < one.problem.demands.size(); ++i) {
      const MeshDemand& demand = one.problem.demands[i];
      print.Add(static_cast<uint64_t>(demand.from) << 32 | static_cast<uint64_t>(demand.to));
      print.Add(demand.rate);
      print.Add(one.elastic[i]);
    }
  }
  return print.value();
}

// The routes in force, by demand.
MeshRoutes PresentRoutes(const Snapshot& snapshot, const MeshCodec& codec,
                         const Resources& resources, const MeshClassDemand& demand) {
  MeshRoutes present;
  HeadendRoutes stored;
  std::vector<int32_t> place(snapshot.nodes().size(), -1);
  NodeId headend = NodeId::kNone;
  for (const auto& [from, to] : demand.pairs) {
    if (from != headend) {
      headend = from;
      const auto record = resources.mesh_routes().find(
          MeshRoutesKey(demand.traffic_class->name(), snapshot.node(from).name));
      stored =
          record == resources.mesh_routes().end() ? HeadendRoutes() : codec.Decode(record->second);
      std::fill(place.begin(), place.end(), -1);
      for (size_t i = 0; i < stored.endpoints.size(); ++i) {
        place[Index(stored.endpoints[i])] = static_cast<int32_t>(i);
      }
    }
    if (const int32_t at = place[Index(to)]; at >= 0) {
      const size_t end = stored.routes.first_route(static_cast<size_t>(at) + 1);
      for (size_t i = stored.routes.first_route(static_cast<size_t>(at)); i < end; ++i) {
        // What leads elsewhere the next plan replaces.
        if (!IsSimplePath(snapshot, LinkIdsOf(stored.routes.links(i)), from, to)) continue;
        present.AddRoute(stored.routes.links(i), stored.routes.weight(i));
      }
    }
    present.EndDemand();
  }
  return present;
}

// As MeshClassWork::firm.
std::vector<double> FirmRates(const MeshClassDemand& demand, const MeshProblem& asked,
                              const MeshProblem& measured) {
  std::vector<double> firm;
  double all = 0;
  for (size_t i = 0; i < asked.demands.size(); ++i) {
    const double rate = measured.demands[i].rate;
    const bool is_measured = rate != asked.demands[i].rate;
    firm.push_back(is_measured ? rate : std::min(demand.committed[i], kMostMeshRate));
    all += firm.back();
  }
  if (all > 0) return firm;
  for (size_t i = 0; i < firm.size(); ++i) firm[i] = measured.demands[i].rate;
  return firm;
}

// Where the class may go and what is left there.
MeshProblem ProblemOf(const Snapshot& snapshot, const LinkState& link_state, const Ledger& ledger,
                      const MeshClassDemand& demand) {
  const PathConstraints constraints = MeshConstraintsOf(*demand.traffic_class);
  SearchGraph::Environment environment;
  environment.link_state = &link_state;
  // Its probes can come back.
  environment.corouted = true;
  const SearchGraph graph(snapshot, constraints, environment);
  MeshProblem problem;
  problem.node_count = static_cast<int32_t>(snapshot.nodes().size());
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    const LinkInfo& info = snapshot.links()[i];
    const LinkId id = static_cast<LinkId>(i);
    MeshLink link = {Index(info.source), Index(info.target), 0, 0};
    const Metric metric = graph.LinkMetric(id);
    link.delay = static_cast<double>(metric.delay_ns);
    // What is in gentle maintenance is for those alone that have no other way.
    if (graph.LinkUsable(id) && metric.cost < kAvoidCost) {
      const double promised = static_cast<double>(info.reservable_bps);
      link.capacity = std::max(
          {1.0, promised * kLeastShare, promised - static_cast<double>(ledger.Reserved(id))});
    }
    problem.links.push_back(link);
  }
  problem.max_delay = static_cast<double>(std::max<int64_t>(0, constraints.max_delay_ns));
  if (constraints.max_hops < std::min<int>(kMaxPathHops, problem.node_count - 1)) {
    problem.max_hops = constraints.max_hops;
  }
  problem.max_stretch = demand.traffic_class->max_stretch();
  for (size_t i = 0; i < demand.pairs.size(); ++i) {
    const double rate = demand.committed[i] + demand.elastic[i];
    problem.demands.push_back({Index(demand.pairs[i].first), Index(demand.pairs[i].second),
                               std::min(rate, kMostMeshRate)});
  }
  return problem;
}

}  // namespace

MeshProblem FirmProblem(const MeshClassWork& work) {
  MeshProblem problem = work.problem;
  for (size_t d = 0; d < problem.demands.size(); ++d) problem.demands[d].rate = work.firm[d];
  return problem;
}

absl::StatusOr<MeshWork> MakeMeshWork(Resources& resources,
                                      const std::set<std::string>& links_down) {
  MeshWork work;
  auto topology = resources.Topology();
  if (!topology.ok()) return topology.status();
  work.snapshot = *std::move(topology);
  const Snapshot& snapshot = *work.snapshot;
  const Intents& intents = resources.intents();
  const LinkState link_state = LinkStateOf({snapshot, intents, links_down, resources.placements()});
  const ResolvedServices resolved = ResolveServices(snapshot, intents);
  const PathBooks books =
      BooksOf(snapshot, intents, OwnersOf(snapshot, intents), resources.placements());
  const MeshCodec codec(snapshot);
  for (const MeshClassDemand& demand : MeshDemandsOf(resolved)) {
    MeshClassWork& one = work.classes.emplace_back();
    one.traffic_class = demand.traffic_class->name();
    one.problem = ProblemOf(snapshot, link_state, books.ledger, demand);
    one.elastic = demand.elastic;
    const MeshProblem asked = one.problem;
    one.measured_pairs =
        ApplyMeasured(resources, one.traffic_class, snapshot, demand.pairs, &one.problem);
    one.firm = FirmRates(demand, asked, one.problem);
    one.present = PresentRoutes(snapshot, codec, resources, demand);
    one.max_paths = MeshPathLimit(*demand.traffic_class);
    one.outlive = OutliveOf(snapshot, *demand.traffic_class);
    if (demand.traffic_class->sharing() == v1::MOST_THROUGHPUT) one.sharing = v1::MOST_THROUGHPUT;
    one.shorten = demand.traffic_class->objective() == v1::MIN_DELAY;
  }
  work.fingerprint = FingerprintOf(work);
  return work;
}

std::vector<Mutation> MutationsOf(const MeshWork& work,
                                  const std::vector<MeshClassResult>& results) {
  std::vector<Mutation> mutations;
  const MeshCodec codec(*work.snapshot);
  for (size_t at = 0; at < results.size(); ++at) {
    const MeshClassResult& result = results[at];
    const std::vector<MeshDemand>& demands = work.classes[at].problem.demands;
    std::set<int32_t> headends;
    for (const int32_t demand : result.changed_demands) headends.insert(demands[demand].from);
    HeadendRoutes headend;
    for (size_t i = 0; i < demands.size(); ++i) {
      if (!headends.contains(demands[i].from)) continue;
      headend.endpoints.push_back(static_cast<NodeId>(demands[i].to));
      headend.routes.AddRoutes(result.routes.pair(i));
      headend.routes.EndDemand();
      if (i + 1 < demands.size() && demands[i + 1].from == demands[i].from) continue;
      const std::string& name = work.snapshot->node(static_cast<NodeId>(demands[i].from)).name;
      mutations.push_back({StoreKey(kMeshRoutesPrefix, MeshRoutesKey(result.traffic_class, name)),
                           codec.Encode(headend).SerializeAsString(), std::nullopt});
      headend = HeadendRoutes();
    }
  }
  return mutations;
}

}  // namespace waymark

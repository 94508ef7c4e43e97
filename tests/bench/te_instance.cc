#include "tests/bench/te_instance.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <sstream>

#include "controller/compute/test_network.h"
#include "controller/topology/demand_file.h"
#include "controller/topology/import_file.h"

namespace waymark::bench {
namespace {

[[noreturn]] void Fail(const std::string& problem) {
  std::fprintf(stderr, "%s\n", problem.c_str());
  std::exit(1);
}

template <typename T>
T OrFail(absl::StatusOr<T> value) {
  if (!value.ok()) Fail(std::string(value.status().message()));
  return *std::move(value);
}

std::string Stem(const std::string& path) {
  const std::string file = std::filesystem::path(path).filename().string();
  const size_t xz = file.ends_with(".xz") ? 3 : 0;
  return std::filesystem::path(file.substr(0, file.size() - xz)).stem().string();
}

MeshProblem LinksOf(const Snapshot& snapshot) {
  MeshProblem problem;
  problem.node_count = static_cast<int32_t>(snapshot.nodes().size());
  for (const LinkInfo& link : snapshot.links()) {
    problem.links.push_back(
        {Index(link.source), Index(link.target), static_cast<double>(link.capacity_bps)});
  }
  return problem;
}

// Rates by the product of the ends' weights: the capacity that leaves a node, times a seeded 0.5 to
// 1.5. In all, a twentieth of the capacity there is.
void AddGravity(MeshProblem* problem) {
  std::mt19937 random(1);
  std::vector<double> weight(problem->node_count, 0);
  double capacity = 0, sum = 0;
  for (const MeshLink& link : problem->links) {
    weight[link.from] += link.capacity;
    capacity += link.capacity;
  }
  for (double& w : weight) w *= 0.5 + static_cast<double>(random() % 1000) / 1000;
  for (int32_t from = 0; from < problem->node_count; ++from) {
    for (int32_t to = 0; to < problem->node_count; ++to) {
      if (from == to) continue;
      problem->demands.push_back({from, to, weight[from] * weight[to]});
      sum += problem->demands.back().rate;
    }
  }
  for (MeshDemand& demand : problem->demands) demand.rate *= capacity / 20 / sum;
}

TeInstance FromFiles(const std::string& graph_file, const std::string& demand_file) {
  const ImportResult imported = OrFail(ImportTopologyFile(graph_file));
  const v1::Bundle& bundle = imported.bundle;
  TeInstance instance;
  instance.name = Stem(demand_file.empty() ? graph_file : demand_file);
  const std::vector<v1::Node> nodes(bundle.nodes().begin(), bundle.nodes().end());
  const std::vector<v1::Link> links(bundle.links().begin(), bundle.links().end());
  const std::vector<v1::Srlg> srlgs(bundle.srlgs().begin(), bundle.srlgs().end());
  auto snapshot = Snapshot::Build(nodes, links, srlgs);
  if (!snapshot.ok()) Fail(graph_file + ": " + std::string(snapshot.status().message()));
  instance.snapshot = *std::move(snapshot);
  instance.problem = LinksOf(*instance.snapshot);
  if (demand_file.empty()) {
    AddGravity(&instance.problem);
    return instance;
  }
  std::map<std::string, int32_t> number;
  for (const NodeInfo& node : instance.snapshot->nodes()) {
    const int32_t next = static_cast<int32_t>(number.size());
    number[node.name] = next;
  }
  DemandGraph graph{.nodes = {}, .rate_unit_bps = imported.rate_unit_bps};
  for (const v1::Node& node : bundle.nodes()) {
    graph.nodes.push_back({node.name().substr(node.name().find('/') + 1), node.display_name()});
  }
  const DemandMatrix matrix =
      OrFail(ReadDemands(demand_file, OrFail(ReadFileBounded(demand_file)), graph, {}));
  for (const FileDemand& demand : matrix.demands) {
    instance.problem.demands.push_back({number.at(bundle.nodes(demand.source).name()),
                                        number.at(bundle.nodes(demand.target).name()), demand.bps});
  }
  std::ranges::sort(instance.problem.demands, {},
                    [](const MeshDemand& d) { return std::pair(d.from, d.to); });
  return instance;
}

}  // namespace

size_t TeInstance::sources() const {
  size_t count = 0;
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    count += d == 0 || problem.demands[d].from != problem.demands[d - 1].from;
  }
  return count;
}

std::vector<TeInstance> LoadTeInstances(const std::vector<std::string>& files,
                                        const std::string& references) {
  std::vector<TeInstance> instances;
  for (const std::string& file : files) {
    const size_t equals = file.find('=');
    instances.push_back(FromFiles(file.substr(0, equals),
                                  equals == std::string::npos ? "" : file.substr(equals + 1)));
  }
  if (files.empty()) {
    for (const int nodes : {50, 100, 350}) {
      TeInstance carrier;
      carrier.name = "carrier" + std::to_string(nodes);
      carrier.snapshot = CarrierNetwork(7, nodes, 2 * nodes);
      carrier.problem = LinksOf(*carrier.snapshot);
      AddGravity(&carrier.problem);
      instances.push_back(std::move(carrier));
    }
  }
  std::istringstream words(references);
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) Fail("reference \"" + word + "\": give NAME=VALUE");
    for (TeInstance& instance : instances) {
      if (instance.name == word.substr(0, equals)) {
        instance.reference = std::atof(word.c_str() + equals + 1);
      }
    }
  }
  for (const TeInstance& instance : instances) {
    if (absl::Status status = CheckMeshProblem(instance.problem); !status.ok()) {
      Fail(instance.name + ": " + std::string(status.message()));
    }
  }
  return instances;
}

}  // namespace waymark::bench

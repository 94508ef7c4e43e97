#include "tests/bench/network.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

#include "controller/compute/test_network.h"
#include "controller/topology/import_file.h"

namespace waymark::bench {

std::vector<Network> LoadNetworks(const std::vector<std::string>& files) {
  std::vector<Network> networks;
  for (const std::string& file : files) {
    auto imported = ImportTopologyFile(file);
    if (!imported.ok()) {
      std::fprintf(stderr, "%s\n", std::string(imported.status().message()).c_str());
      std::exit(1);
    }
    // Labels of two uSIDs wide: forwarding needs them, files have none.
    uint32_t node_sid = 1, adjacency_sid = 0x8000;
    for (v1::Node& node : *imported->bundle.mutable_nodes()) node.set_node_sid(node_sid++);
    std::mt19937 random(5);
    for (v1::Link& link : *imported->bundle.mutable_links()) {
      link.set_adjacency_sid(adjacency_sid++);
      // Something for constraints to tell apart, where the file says nothing.
      if (link.provider().empty()) link.set_provider("provider" + std::to_string(random() % 20));
      if (random() % 20 == 0) link.add_admin_groups("satellite");
    }
    const std::vector<v1::Node> nodes(imported->bundle.nodes().begin(),
                                      imported->bundle.nodes().end());
    const std::vector<v1::Link> links(imported->bundle.links().begin(),
                                      imported->bundle.links().end());
    const std::vector<v1::Srlg> srlgs(imported->bundle.srlgs().begin(),
                                      imported->bundle.srlgs().end());
    auto snapshot = Snapshot::Build(nodes, links, srlgs);
    if (!snapshot.ok()) {
      std::fprintf(stderr, "%s: %s\n", file.c_str(),
                   std::string(snapshot.status().message()).c_str());
      std::exit(1);
    }
    networks.push_back({std::filesystem::path(file).stem().string(), *std::move(snapshot)});
  }
  if (files.empty()) networks.push_back({"seeded carrier", CarrierNetwork(7, 350, 700)});
  return networks;
}

}  // namespace waymark::bench

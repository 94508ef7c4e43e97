// Small networks for tests, and seeded random ones.
#ifndef WAYMARK_CONTROLLER_COMPUTE_TEST_NETWORK_H_
#define WAYMARK_CONTROLLER_COMPUTE_TEST_NETWORK_H_

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "controller/compute/search_graph.h"
#include "controller/topology/snapshot.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

// Builds snapshots from resources in the order of the calls. Node sids count from 1, adjacency sids
// from 0x8000.
class TestNetwork {
 public:
  // References stay valid.
  v1::Node& Node(const std::string& id, const std::string& jurisdiction = "CH");
  // One direction; capacity 10 Gbit/s, delay `delay_us`, te and igp metric `metric`.
  v1::Link& OneWay(const std::string& from, const std::string& to, int64_t delay_us = 1000,
                   uint32_t metric = 10, const std::string& suffix = "");
  // Both directions, as each other's reverse. Returns the forward one; `reverse` gives the other.
  v1::Link& Fibre(const std::string& a, const std::string& b, int64_t delay_us = 1000,
                  uint32_t metric = 10, const std::string& suffix = "");
  v1::Link& Link(const std::string& name);  // "links/a--b"
  // The reference lasts until the next.
  v1::Srlg& Srlg(const std::string& id, v1::SrlgType type = v1::SRLG_TYPE_UNSPECIFIED);

  // Aborts with the problem when the network is not valid.
  std::shared_ptr<const Snapshot> Build() const;
  std::shared_ptr<const Snapshot> BuildShuffled(uint32_t seed) const;

 private:
  std::vector<std::unique_ptr<v1::Node>> nodes_;
  std::vector<std::unique_ptr<v1::Link>> links_;
  std::vector<v1::Srlg> srlgs_;
};

// A multigraph with ties, zero delays, parallel links, one-way links, unreachable parts, a few
// jurisdictions, providers, affinities and risk groups, and some maintenance.
std::shared_ptr<const Snapshot> RandomNetwork(std::mt19937& random, int nodes, int links);

// Ring plus chords with delays of a plane's distances: 350 nodes and 1,400 links when asked so.
std::shared_ptr<const Snapshot> CarrierNetwork(uint32_t seed, int nodes, int fibres);

// Every simple path between two nodes that keeps the graph's bounds, in order, by exhaustion.
std::vector<ComputedPath> AllPaths(const SearchGraph& graph, NodeId from, NodeId to);

// Constraints drawn at random, fit for RandomNetwork.
PathConstraints RandomConstraints(std::mt19937& random);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_TEST_NETWORK_H_

// The networks that benchmarks run on: files named on the command line, or seeded ones of the
// product's own making.
#ifndef WAYMARK_TESTS_BENCH_NETWORK_H_
#define WAYMARK_TESTS_BENCH_NETWORK_H_

#include <memory>
#include <string>
#include <vector>

#include "controller/topology/snapshot.h"

namespace waymark::bench {

struct Network {
  std::string name;
  std::shared_ptr<const Snapshot> snapshot;
};

// `files`: topology files in any format that imports, or folders of them; empty: a seeded carrier
// of 350 nodes and 1,400 links. Ends the program with the problem when a file does not import.
std::vector<Network> LoadNetworks(const std::vector<std::string>& files);

}  // namespace waymark::bench

#endif  // WAYMARK_TESTS_BENCH_NETWORK_H_

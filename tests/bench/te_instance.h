// The networks and matrices that the mesh benchmark runs on: files named by the caller, or seeded
// ones of the product's own making.
#ifndef WAYMARK_TESTS_BENCH_TE_INSTANCE_H_
#define WAYMARK_TESTS_BENCH_TE_INSTANCE_H_

#include <memory>
#include <string>
#include <vector>

#include "controller/compute/mesh/problem.h"
#include "controller/topology/snapshot.h"

namespace waymark::bench {

struct TeInstance {
  std::string name;
  std::shared_ptr<const Snapshot> snapshot;
  MeshProblem problem;   // nodes and links by their numbers in the snapshot, bit/s
  double reference = 0;  // an optimal MLU that is known; 0: none is

  size_t sources() const;
};

// Each of `files` is TOPOLOGY or TOPOLOGY=DEMANDS; without demands: a seeded gravity matrix between
// all nodes, by the capacity that leaves them. Empty: seeded carriers of 50, 100 and 350 nodes.
// `references`: NAME=VALUE, separated by blanks; NAME is the demands' file without folder and
// extensions (or the topology's, or the carrier's). Ends the program with the problem when a file
// is not understood.
std::vector<TeInstance> LoadTeInstances(const std::vector<std::string>& files,
                                        const std::string& references);

}  // namespace waymark::bench

#endif  // WAYMARK_TESTS_BENCH_TE_INSTANCE_H_

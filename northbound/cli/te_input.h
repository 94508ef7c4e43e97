// A graph and a demand matrix, as the mesh algorithms take them.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_INPUT_H_
#define WAYMARK_NORTHBOUND_CLI_TE_INPUT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/problem.h"
#include "controller/topology/demand_file.h"
#include "northbound/cli/context.h"
#include "northbound/cli/path_graph.h"
#include "northbound/cli/te.h"

namespace waymark::cli {

struct TeInput {
  GraphFile graph;
  // Nodes by their place in the graph's file, links by their number in graph.snapshot(); rates and
  // capacities in bit/s. Links in maintenance (FORBID, their own or a node's) have no capacity.
  MeshProblem problem;

  // "zrh", "zrh--fra".
  std::string NodeName(int32_t node) const;
  std::string LinkName(int32_t link) const;
  // "zrh -> fra".
  std::string DemandName(int32_t demand) const;
  // Of the first `most` of these demands, joined by commas; says how many more there are.
  std::string DemandNames(const std::vector<int32_t>& demands, size_t most) const;
  // How many have a rate above zero, and their sum.
  int64_t DemandCount() const;
  double Offered() const;
};

// A usage error if two of the files that a command reads are standard input. `other`: one more that
// it reads, of that flag; empty: none.
absl::Status CheckOneStandardInput(const TeFiles& files, const std::string& other,
                                   const char* flag = "--routes");

// The graph as matrices and hoses name its nodes.
DemandGraph DemandGraphOf(const GraphFile& file);

// The file of `files.demands`. Warnings go to io().err. Blocks on the disk.
absl::StatusOr<DemandMatrix> ReadTeMatrix(Context& context, const TeFiles& files,
                                          const DemandGraph& graph);

// Without `files.demands` there are none. Warnings of the files go to io().err. Blocks on the disk.
absl::StatusOr<TeInput> ReadTeInput(Context& context, const TeFiles& files);

// Another matrix for the same graph.
absl::StatusOr<MeshProblem> ReadTeProblem(Context& context, const TeFiles& files,
                                          const GraphFile& graph);

// Demands with a rate above zero and no way to their end, ascending. O(sources * links).
std::vector<int32_t> UnreachableDemands(const MeshProblem& problem);

// A usage error unless the output is a table or JSON.
absl::Status CheckTeOutput(const Context& context);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_INPUT_H_

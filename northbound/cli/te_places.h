// Where the paths of `waymark te` may lead: what `waymark path compute` asks of places, for whole
// matrices and for each of several classes.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_PLACES_H_
#define WAYMARK_NORTHBOUND_CLI_TE_PLACES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/compute/mesh/problem.h"
#include "northbound/cli/path_graph.h"
#include "northbound/cli/te.h"

namespace waymark::cli {

// Of a flag that is VALUE or CLASS=VALUE: what is given for this class, else what is given for all.
// A usage error for a class that there is not. Without classes every text is a value.
absl::StatusOr<std::vector<std::string>> ValuesOfClass(const char* flag,
                                                       const std::vector<std::string>& given,
                                                       const std::vector<std::string>& classes,
                                                       const std::string& name);

// Takes the capacity from links that the class ("": there are none) may not use. Usage errors;
// NOT_FOUND for what the graph does not have; FAILED_PRECONDITION where it states nothing of the
// kind that is asked for.
absl::Status CloseForbiddenPlaces(const GraphFile& graph, const TePlaceArgs& args,
                                  const std::vector<std::string>& classes, const std::string& name,
                                  MeshProblem* problem);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_PLACES_H_

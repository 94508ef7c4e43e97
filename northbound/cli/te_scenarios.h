// Failures, as `waymark te` takes them from the command line.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_SCENARIOS_H_
#define WAYMARK_NORTHBOUND_CLI_TE_SCENARIOS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "northbound/cli/te_input.h"

namespace waymark::cli {

// Links and nodes that fail together.
struct Scenario {
  std::string name;
  std::vector<bool> links;  // by number
  std::vector<bool> nodes;  // by place
};

// One a text: LINK, node:N or srlg:NAME, joined by commas; "all-links", "all-nodes" and "all-srlgs"
// are one each for every fibre, node or risk group. A link fails with its reverse, a node with its
// links. NOT_FOUND, or a usage error, naming what is wrong.
absl::StatusOr<std::vector<Scenario>> ReadScenarios(const TeInput& input,
                                                    const std::vector<std::string>& fail);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_SCENARIOS_H_

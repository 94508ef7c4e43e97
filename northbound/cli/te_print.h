// How `waymark te` shows what it found: the parts that its commands share.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_PRINT_H_
#define WAYMARK_NORTHBOUND_CLI_TE_PRINT_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "controller/compute/mesh/evaluate.h"
#include "northbound/cli/context.h"
#include "northbound/cli/te_input.h"

namespace waymark::cli {

using TeJson = nlohmann::ordered_json;

// One object, with a line break behind it.
void PrintTeJson(Context& context, const TeJson& json);

// "0.9012"; "1.2 %" of 0.012.
std::string FormatUtilisation(double value);
std::string FormatPercent(double share);
// Of bit/s that need not be whole: "2.5G".
std::string FormatLoad(double bps);

// {"src": 0, "dst": 4, "name": "zrh -> fra", "rate_bps": 5e6} of the first `most` of them, by
// places.
TeJson DemandsJson(const TeInput& input, const std::vector<int32_t>& demands, size_t most);

// The links with the greatest utilisation, worst first; of equal ones, in the file's order.
std::vector<int32_t> WorstLinks(const TeInput& input, const MeshLoads& loads, size_t most);
TeJson LinksJson(const TeInput& input, const MeshLoads& loads, const std::vector<int32_t>& links);
void PrintLinks(Context& context, const TeInput& input, const MeshLoads& loads,
                const std::vector<int32_t>& links);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_PRINT_H_

// Runs the program on strings, for its tests.
#ifndef WAYMARK_NORTHBOUND_CLI_RUN_FOR_TEST_H_
#define WAYMARK_NORTHBOUND_CLI_RUN_FOR_TEST_H_

#include <sstream>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "northbound/cli/cli.h"

namespace waymark::cli {

inline constexpr char kTwoNodesAndALink[] =
    "nodes:\n"
    "  - {name: zrh, jurisdiction: CH}\n"
    "  - {name: gva, jurisdiction: CH}\n"
    "links:\n"
    "  - {source: zrh, target: gva, both_ways: true, capacity_bps: 100G, delay_ns: 1.6ms}\n";

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

inline Ran Waymark(const std::vector<std::string>& args, const std::string& in = "",
                   const bool interactive = false) {
  std::istringstream input(in);
  std::ostringstream out;
  std::ostringstream err;
  Io io{.in = input, .out = out, .err = err, .interactive = interactive};
  Ran ran;
  ran.code = RunCli(args, io, RealClock());
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_RUN_FOR_TEST_H_

// What the tests of `waymark te solve` begin with.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_SOLVE_FIXTURE_H_
#define WAYMARK_NORTHBOUND_CLI_TE_SOLVE_FIXTURE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "controller/base/clock.h"
#include "northbound/cli/cli.h"
#include "northbound/cli/run_for_test.h"
#include "northbound/cli/te_testing.h"

namespace waymark::cli {

// Two ways from a to b of 1 Mbit/s each, one of them over c; d is an island with e.
inline constexpr char kGraph[] =
    "NODES 5\nlabel x y\nb 500 0\na 500 0\nc 500 0\nd 500 0\ne 500 0\n"
    "EDGES 5\nlabel src dest weight bw delay\n"
    "ab 1 0 1 1000 1\nac 1 2 1 1000 1\ncb 2 0 1 1000 1\nde 3 4 1 1000 1\nba 0 1 1 500 1\n";
inline constexpr char kDemands[] = "DEMANDS 2\nlabel src dest bw\nx 1 0 1000\ny 1 2 200\n";

// A millisecond passes at each look: a time limit ends a run at the same place each time.
class CountingClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch(); }
  absl::Duration Monotonic() const override { return absl::Milliseconds(++looks_); }

 private:
  mutable std::atomic<int> looks_{0};
};

class TeSolveFixture : public testing::Test {
 protected:
  Ran Solve(const std::string& graph, const std::string& demands,
            std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"te",        "solve", "--graph", WriteTestFile(".net", graph),
                                     "--demands", "-"};
    args.insert(args.end(), more.begin(), more.end());
    if (std::ranges::find(args, "-o") == args.end()) args.insert(args.end(), {"-o", "json"});
    return Waymark(args, demands);
  }

  // After so many looks at the clock the time is over.
  Ran SolveUntil(int looks, const std::string& graph, const std::string& demands,
                 const std::vector<std::string>& more) {
    std::vector<std::string> args = {"te",          "solve",
                                     "--graph",     WriteTestFile(".net", graph),
                                     "--demands",   "-",
                                     "-o",          "json",
                                     "--threads=1", absl::StrCat("--time-limit=", looks, "ms")};
    args.insert(args.end(), more.begin(), more.end());
    std::istringstream in(demands);
    std::ostringstream out, err;
    Io io{.in = in, .out = out, .err = err};
    const int code = RunCli(args, io, CountingClock());
    return {code, out.str(), err.str()};
  }

  const std::string out_ = WriteTestFile(".csv", "");
};

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_SOLVE_FIXTURE_H_

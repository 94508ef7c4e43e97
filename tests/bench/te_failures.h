// Re-optimisation after every single failure of a fibre, beside a full solve after it.
#ifndef WAYMARK_TESTS_BENCH_TE_FAILURES_H_
#define WAYMARK_TESTS_BENCH_TE_FAILURES_H_

#include "controller/compute/mesh/parallel.h"
#include "tests/bench/te_instance.h"

namespace waymark::bench {

// Prints a table of times, MLUs and pairs changed.
void Failures(const TeInstance& instance, const ParallelFor& parallel);

}  // namespace waymark::bench

#endif  // WAYMARK_TESTS_BENCH_TE_FAILURES_H_

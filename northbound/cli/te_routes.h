// Weighted routes as CSV, so that anyone can check them with the input files alone:
//   src,dst,weight,links
// src and dst: places in the graph's node list, from 0. links: places in its link list, from 0,
// joined by ";" in travel order (of a file whose links have no direction, link i is 2i as it is
// written and 2i+1 the way back). A path carries weight / (sum of the pair's weights) of the
// demand.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_ROUTES_H_
#define WAYMARK_NORTHBOUND_CLI_TE_ROUTES_H_

#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/compute/mesh/routes.h"
#include "controller/compute/mesh/segment_limit.h"
#include "controller/compute/segments.h"
#include "northbound/cli/context.h"
#include "northbound/cli/te_input.h"

namespace waymark::cli {

// Whether a file can be written where it is to be, known before anything is solved; "" and "-" can.
// INTERNAL as WriteTeRoutes. Blocks on the disk.
absl::Status CheckTeFile(const std::string& file);

// By src, dst, then as the plan has them. The file is there whole or not at all; "-": standard
// output. INTERNAL when it cannot be written.
absl::Status WriteTeRoutes(Context& context, const TeInput& input, const MeshRoutes& routes,
                           const std::string& file);

// What each demand is granted (by demand, bit/s), as a demand file that te commands read:
// "source,target,rate", by name, in the unit of the graph's capacities. As WriteTeRoutes.
absl::Status WriteTeGranted(Context& context, const TeInput& input,
                            const std::vector<double>& granted, const std::string& file);

// `file` "-": standard input. INVALID_ARGUMENT "FILE:LINE: what and how to mend": no such place,
// links that do not join or are in maintenance, a node passed twice, a weight below 1, a path that
// stands twice (with both lines). Pairs need not all have routes; paths of pairs without a demand
// are left out with a warning. Also xz-compressed; the limits of LineSource, and 20,000,000 paths.
absl::StatusOr<MeshRoutes> ReadTeRoutes(Context& context, const TeInput& input,
                                        const std::string& file);

// What segments there are, by the metrics that switches route by. Keeps references to `input`'s
// graph and to itself in what it gives: both must outlive that. O(n * (m log n)), once, when they
// are asked for.
class TeSegments {
 public:
  explicit TeSegments(const TeInput& input);

  // Any thread.
  int Count(std::span<const int32_t> links) const;
  SegmentRules Rules(int most) const;

 private:
  // Filled when it is asked for first, which takes a search a node: seldom at all.
  const UniqueShortestPaths& Table() const;

  const GraphFile& graph_;
  mutable UniqueShortestPaths table_;
  mutable std::once_flag filled_;
};

// The most segments that one of the routes needs, by the metrics that switches route by. `stop`, if
// there is one, is asked every few dozen routes; nothing once it is true.
std::optional<int> MostSegments(const TeInput& input, const MeshRoutes& routes,
                                const std::function<bool()>& stop);
// The most routes of one demand.
int MostRoutes(const MeshRoutes& routes);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_ROUTES_H_

// Hoses from a file: what the sites of each service send and receive at most.
//
// CSV, a line a site: "hose,node,ingress,egress[,role]"; the header is optional, "#" begins a
// comment. hose: any name; its sites need not stand together. node: by id, label or place in the
// graph, as in demand_file.h. ingress (into the network) and egress (out of it): in the unit of the
// graph's capacities, or with their own: "10G". role: root, the default, or leaf; leaves talk to
// roots only (MEF E-Tree). Several sites may share a node.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_HOSE_FILE_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_HOSE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/topology/demand_file.h"

namespace waymark {

inline constexpr size_t kMaxHoseSites = 4096;       // of one hose
inline constexpr size_t kMaxFileSites = 1'000'000;  // of all
inline constexpr size_t kMaxHoseName = 256;         // bytes

struct FileHose {
  struct Site {
    int32_t node = 0;                        // place among the graph's nodes
    double ingress_bps = 0, egress_bps = 0;  // 0 to kMaxDemandBps
    bool leaf = false;
  };
  std::string name;
  std::vector<Site> sites;  // in the order of the file
  int line = 0;             // of the first
};

struct HoseFile {
  std::vector<FileHose> hoses;  // in the order in which they begin
  std::vector<std::string> warnings;
};

// `path`: for messages. `contents`: at most 64 MiB, before and after xz. INVALID_ARGUMENT
// "FILE:LINE: what and how to mend"; FAILED_PRECONDITION, beginning the same, when no site has a
// rate. Pure; safe for any bytes; O(n log n).
absl::StatusOr<HoseFile> ReadHoses(std::string_view path, std::string_view contents,
                                   const DemandGraph& graph);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_HOSE_FILE_H_

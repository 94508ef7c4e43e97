// Demand matrices from the file formats that they come in.
//
// format    what                                             nodes by             unit of a rate
// repetita  REPETITA text, ".demands"                        place in the graph   kbit/s
// sndlib    the DEMANDS section of SNDlib's native text;     label                META's (Mbit/s if
//           a demand is routing_unit * demand_value                               not stated)
// teavar    TeaVaR's demand.txt: a matrix a line, n * n      place in the row     kbit/s
//           numbers, all of the first source's first
// topohub   "graph": {"demands": {source: {target: rate}}}   name or id; place,   Mbit/s
//           of node-link JSON                                where the graph
//                                                            knows neither
// csv       "source,target,rate" a line, header optional,    id, label or         the graph's, or
//           "#" begins a comment                             place                with its own:
//           "10G"
//
// Nothing in a matrix by place says which graph it is for: one that leaves out half of the graph
// gets a warning. So a matrix that comes with a graph has the unit of that graph's capacities.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_DEMAND_FILE_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_DEMAND_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace waymark {

enum class DemandFormat { kAuto, kRepetita, kSndlib, kTeavar, kTopohub, kCsv };

// "auto", "repetita"...: the table above.
std::string_view DemandFormatName(DemandFormat format);
// INVALID_ARGUMENT lists the names.
absl::StatusOr<DemandFormat> ParseDemandFormatName(std::string_view name);

// What a matrix is read for.
struct DemandGraph {
  struct Node {
    std::string id;  // "zrh"
    std::string label;
  };
  std::vector<Node> nodes;   // in the order of the graph's file: their places count from 0
  double rate_unit_bps = 1;  // as ImportResult has it
  bool has_places = true;    // false: no file's order; nodes go by id and label alone
};

inline constexpr double kMaxDemandBps = 1e18;

struct FileDemand {
  int32_t source = 0, target = 0;  // places among the graph's nodes, not equal
  double bps = 0;                  // 0 to kMaxDemandBps
  int line = 0;                    // 0: not known
};

struct DemandOptions {
  DemandFormat format = DemandFormat::kAuto;
  int64_t matrix = 0;  // of a file with several, from 0
};

struct DemandMatrix {
  std::vector<FileDemand> demands;  // ordered by (source, target), each pair once
  // "FILE:LINE: what was assumed", one for each kind of assumption.
  std::vector<std::string> warnings;
  DemandFormat format = DemandFormat::kAuto;  // never kAuto
};

// `path`: for messages, and its extension where the content leaves doubt. `contents`: the file,
// also xz-compressed; at most 64 MiB, before and after. Demands from a node to itself load no link:
// they are left out with a warning. INVALID_ARGUMENT "FILE:LINE: what and how to mend" for what is
// not understood, a node that the graph does not have, a rate that is negative, no number or over
// kMaxDemandBps, a pair that stands twice (with both lines); FAILED_PRECONDITION, beginning the
// same, when no demand is above zero. Pure; safe for any bytes; O(n log n).
absl::StatusOr<DemandMatrix> ReadDemands(std::string_view path, std::string_view contents,
                                         const DemandGraph& graph, const DemandOptions& options);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_DEMAND_FILE_H_

// Topologies from the file formats that networks come in.
//
// format    what                                                   units and defaults
// yaml      our own YAML (yaml_bundle.h)                           none assumed
// repetita  REPETITA text, ".graph"                                bw kbit/s, delay microseconds,
// weight = igp_metric graphml   GraphML as the Topology Zoo writes it                  LinkSpeedRaw
// bit/s, else LinkSpeed and LinkSpeedUnits,
//                                                                  else LinkLabel; Country ->
//                                                                  jurisdiction where known
// sndlib    SNDlib native text                                     pre-installed capacity, else the
// largest module, in
//                                                                  META's unit (Mbit/s if not
//                                                                  stated)
// topohub   TopoHub JSON (node-link, with dist)                    dist km -> delay
// metaopt   MetaOpt JSON (node-link, with capacity)                capacity read as Mbit/s
// teavar    TeaVaR topology.txt, with nodes.txt's names            capacity read as kbit/s;
// prob_failure -> MTBF for
//                                                                  an MTTR of 12 h
// rfc8345   RFC 8345 JSON (RFC 7951 encoding), ours or foreign     RFC 8346 metric1; TE bandwidth
// and delay of RFC 8795
//
// What a file leaves out gets a default and a warning: capacity 10 Gbit/s; delay from the
// great-circle distance at 2/3 of the speed of light where both ends have coordinates, else 1 ms.
// Metrics stay 0, that is, their defaults. Coordinates that are no longitude and latitude (planar
// ones) are dropped with a warning. Undirected links become two, each the other's reverse, next to
// each other; directed links are paired with the first free link the other way. Ids are made from
// labels (lower-case, [a-z0-9.-], "-2", "-3"... where they repeat), display_name keeps the label.
// Nodes and links stay in the order of the file.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_IMPORT_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_IMPORT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

enum class TopologyFormat {
  kAuto,
  kYaml,
  kRepetita,
  kGraphml,
  kSndlib,
  kTopohub,
  kMetaopt,
  kTeavar,
  kRfc8345,
};

// "auto", "yaml", "repetita"...: the table above.
std::string_view FormatName(TopologyFormat format);
// INVALID_ARGUMENT lists the names.
absl::StatusOr<TopologyFormat> ParseFormatName(std::string_view name);

// A routing weight as a file states it, zero and fractions included.
struct FileWeight {
  double value = 0;  // finite, >= 0
  int line = 0;
};

struct ImportResult {
  // Nodes, links and srlgs only. Passes Snapshot::Validate.
  v1::Bundle bundle;
  // Of each link of `bundle`, which of the file's links it is, from 0, counting those that are left
  // out. An undirected one stands here twice, first as the file has it, then the way back.
  std::vector<int32_t> link_entries;
  // By link of `bundle`: what its te_metric was made from, which holds 1 to 2^24-1 only; none where
  // the file states no weight, or the metric itself.
  std::vector<std::optional<FileWeight>> link_weights;
  // By link of `bundle`: bit/s as the file states them, of which its capacity_bps is the nearest
  // whole number.
  std::vector<double> link_capacities;
  // "FILE:LINE: what was assumed", one for each kind of assumption.
  std::vector<std::string> warnings;
  // The same about weights that the metrics are not equal to.
  std::vector<std::string> weight_warnings;
  // What a plain number for a rate means in this file, in bit/s: demands for it are in the same
  // unit.
  double rate_unit_bps = 1;
  // Never kAuto.
  TopologyFormat format = TopologyFormat::kAuto;
};

// `path`: for messages, and its extension for kAuto where the content leaves doubt. `contents`: the
// file, also xz-compressed; at most 64 MiB, before and after. `node_names`: for TeaVaR, the
// contents of nodes.txt, may be empty. INVALID_ARGUMENT "FILE:LINE: what and how to mend". Pure;
// safe for any bytes; O(n log n) time, memory a bounded multiple of the size.
absl::StatusOr<ImportResult> ImportTopology(std::string_view path, std::string_view contents,
                                            TopologyFormat format = TopologyFormat::kAuto,
                                            std::string_view node_names = {});

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_IMPORT_H_

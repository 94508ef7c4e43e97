// A topology file as `waymark path compute --graph` sees it: the network, and the file's own
// names and numbers for its parts.
#ifndef WAYMARK_NORTHBOUND_CLI_PATH_GRAPH_H_
#define WAYMARK_NORTHBOUND_CLI_PATH_GRAPH_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/compute/search_graph.h"
#include "controller/topology/import.h"
#include "controller/topology/snapshot.h"
#include "northbound/cli/context.h"

namespace waymark::cli {

class GraphFile {
 public:
  // FAILED_PRECONDITION when the file has no nodes. Warnings of the import go to io().err. Blocks
  // on the disk.
  // `of_fibre`: probability to be down of every link that states no MTBF and MTTR, with its
  // reverse; 0: those never fail.
  static absl::StatusOr<GraphFile> Read(Context& context, const std::string& file,
                                        const std::string& format, double of_fibre = 0);

  const Snapshot& snapshot() const { return *snapshot_; }

  // The file's own weights, where the te_metric of `snapshot` is not equal to all of them; else
  // null.
  const LinkWeights* weights() const { return weights_ ? &*weights_ : nullptr; }
  // FAILED_PRECONDITION, with the line, where they cannot be added up exactly.
  const absl::Status& weights_status() const { return weights_status_; }
  // Of a path, in the file's weight: as a decimal number, and to the nearest whole one.
  std::string WeightOf(std::span<const LinkId> links) const;
  int64_t RoundedWeight(std::span<const LinkId> links) const;

  // Something states its MTBF and MTTR.
  bool states_failures() const;

  // By name ("zrh" or "nodes/zrh"), else by the file's label, else by its index in the file.
  // NOT_FOUND, or a usage error when several have that label.
  absl::StatusOr<NodeId> Node(const std::string& text) const;
  // By name or by index, as FileLink gives it.
  absl::StatusOr<LinkId> Link(const std::string& text) const;

  // The node's place among the file's nodes, from 0, and the reverse.
  int32_t FileNode(NodeId node) const { return file_node_[Index(node)]; }
  NodeId NodeAt(int32_t place) const { return node_at_[place]; }
  // The link's place among the file's links, from 0. Where the file has links without a direction,
  // its link i is 2i the way it is written and 2i+1 the way back.
  int32_t FileLink(LinkId link) const { return file_link_[Index(link)]; }
  // The reverse; kNone for a link that is left out. Places are below link_places().
  LinkId LinkAt(int32_t place) const { return link_at_[place]; }
  int32_t link_places() const { return static_cast<int32_t>(link_at_.size()); }

  // Bit/s as the file states them; the snapshot's are rounded to whole ones.
  double Capacity(LinkId link) const { return capacities_[Index(link)]; }

  // As ImportResult has it.
  double rate_unit_bps() const { return rate_unit_bps_; }

 private:
  GraphFile() = default;
  int64_t Weight(std::span<const LinkId> links) const;  // in units of weights()
  void NumberLinks(const ImportResult& import);
  void ReadWeights(const ImportResult& import);

  std::string file_;
  double rate_unit_bps_ = 1;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<int32_t> file_node_, file_link_;  // by number in the snapshot
  std::vector<NodeId> node_at_;
  std::vector<double> capacities_;  // by number in the snapshot
  std::optional<LinkWeights> weights_;
  absl::Status weights_status_;
  std::vector<LinkId> link_at_;  // kNone where the file's link is left out
};

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_PATH_GRAPH_H_

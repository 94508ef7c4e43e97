// One revision of the network's shape, immutable and dense: what path computation and planning
// read.
//
// Nodes, links, risk groups, providers, jurisdictions and affinities are numbered 0..n-1 in the
// order of their names (so equal input in any order gives equal numbers), and names are looked up
// only at the edges of the system. Adjacency is in compressed sparse rows. A Snapshot is shared
// between threads as shared_ptr<const Snapshot>.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_SNAPSHOT_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_SNAPSHOT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

// Dense numbers. Distinct types: a NodeId is no LinkId. kNone: none.
enum class NodeId : int32_t { kNone = -1 };
enum class LinkId : int32_t { kNone = -1 };
enum class SrlgId : int32_t { kNone = -1 };
enum class ProviderId : int32_t { kNone = -1 };
enum class JurisdictionId : int32_t { kNone = -1 };  // kNone: unknown
enum class AffinityId : int32_t { kNone = -1 };

template <typename Id>
constexpr int32_t Index(Id id) {
  return static_cast<int32_t>(id);
}

struct NodeInfo {
  std::string name;  // "nodes/zrh"
  uint32_t node_sid = 0;
  JurisdictionId jurisdiction = JurisdictionId::kNone;
  ProviderId provider = ProviderId::kNone;
  std::vector<SrlgId> srlgs;  // sorted
  v1::AdminState admin = v1::ENABLED;
  double mtbf_hours = 0;
  double mttr_hours = 0;
};

struct LinkInfo {
  std::string name;  // "links/zrh--fra"
  NodeId source = NodeId::kNone;
  NodeId target = NodeId::kNone;
  LinkId reverse = LinkId::kNone;
  uint32_t adjacency_sid = 0;
  std::string interface;  // on the source node; never empty, see below
  int64_t capacity_bps = 0;
  // What may be promised on it: capacity_bps * oversubscription (0 reads as 1), rounded down; 0 to
  // 10^18.
  int64_t reservable_bps = 0;
  int64_t delay_ns = 0;
  uint32_t igp_metric = 0;  // defaults resolved: never 0
  uint32_t te_metric = 0;   // defaults resolved: never 0
  double cost = 0;
  ProviderId provider = ProviderId::kNone;
  std::vector<SrlgId> srlgs;             // sorted
  std::vector<AffinityId> admin_groups;  // sorted
  v1::AdminState admin = v1::ENABLED;
  double mtbf_hours = 0;
  double mttr_hours = 0;
};

class Snapshot {
 public:
  // What is wrong with a topology, for the caller to put into his own words (file and line, or RPC
  // field).
  struct Problem {
    std::string resource;  // "links/zrh--fra"
    std::string field;     // "capacity_bps"
    std::string message;   // what is wrong and how to mend it
  };

  // Checks every field and every reference (proto/waymark/v1/resources.proto gives the ranges):
  // names well-formed and unique, link ends exist and differ, capacity > 0, delay and metrics and
  // costs finite and in range, jurisdictions ISO 3166-1, reverse links mutual, interfaces and ports
  // unique on a node. An empty topology is valid. A link without `interface` gets "l" + the
  // lower-case hex of its adjacency_sid when it has one, else "l-" + its index. At most
  // `max_problems` problems, in the order of the input. O(n log n).
  static std::vector<Problem> Validate(std::span<const v1::Node> nodes,
                                       std::span<const v1::Link> links,
                                       std::span<const v1::Srlg> srlgs, size_t max_problems = 20);

  // INVALID_ARGUMENT with the first problem. Spans' order does not matter.
  static absl::StatusOr<std::shared_ptr<const Snapshot>> Build(std::span<const v1::Node> nodes,
                                                               std::span<const v1::Link> links,
                                                               std::span<const v1::Srlg> srlgs);

  std::span<const NodeInfo> nodes() const { return nodes_; }
  std::span<const LinkInfo> links() const { return links_; }
  const NodeInfo& node(NodeId id) const { return nodes_[Index(id)]; }
  const LinkInfo& link(LinkId id) const { return links_[Index(id)]; }
  // In order of link id.
  std::span<const LinkId> out_links(NodeId id) const;
  std::span<const LinkId> in_links(NodeId id) const;
  // Whose traversal relies on the group, or the provider: the links that name it, and those that
  // enter a node that does. In order of link id.
  std::span<const LinkId> links_by(SrlgId id) const;
  std::span<const LinkId> links_by(ProviderId id) const;

  std::optional<NodeId> FindNode(std::string_view name) const;
  std::optional<LinkId> FindLink(std::string_view name) const;
  std::optional<ProviderId> FindProvider(std::string_view name) const;
  std::optional<JurisdictionId> FindJurisdiction(std::string_view code) const;
  std::optional<AffinityId> FindAffinity(std::string_view name) const;

  // Names by number; SRLG names are resource names.
  std::span<const std::string> srlg_names() const { return srlg_names_; }
  std::span<const std::string> provider_names() const { return provider_names_; }
  std::span<const std::string> jurisdiction_codes() const { return jurisdiction_codes_; }
  std::span<const std::string> affinity_names() const { return affinity_names_; }

  // The resources that it was built from, in name order: for export and comparison.
  std::span<const v1::Node> node_resources() const { return node_resources_; }
  std::span<const v1::Link> link_resources() const { return link_resources_; }
  std::span<const v1::Srlg> srlg_resources() const { return srlg_resources_; }

 private:
  Snapshot() = default;

  // The steps of Build, in this order, once the resources are in place.
  void NumberNames();
  void FillNodes();
  void FillLinks();
  void FillReliance();

  std::vector<NodeInfo> nodes_;
  std::vector<LinkInfo> links_;
  std::vector<int32_t> out_begin_, in_begin_;
  std::vector<LinkId> out_, in_;
  std::vector<int32_t> by_srlg_begin_, by_provider_begin_;
  std::vector<LinkId> by_srlg_, by_provider_;
  std::vector<std::string> srlg_names_, provider_names_, jurisdiction_codes_, affinity_names_;
  absl::flat_hash_map<std::string, int32_t> node_index_, link_index_, srlg_index_, provider_index_,
      jurisdiction_index_, affinity_index_;
  std::vector<v1::Node> node_resources_;
  std::vector<v1::Link> link_resources_;
  std::vector<v1::Srlg> srlg_resources_;
};

// "CH" and the other officially assigned ISO 3166-1 alpha-2 codes.
bool IsJurisdictionCode(std::string_view code);
// [a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?
bool IsResourceId(std::string_view id);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_SNAPSHOT_H_

#include "controller/compute/segment_oracle.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/base/srv6.h"

namespace waymark {
namespace {

using LinkPath = std::vector<LinkId>;

constexpr uint64_t kFar = UINT64_MAX;
// Above any sum of metrics.
constexpr uint64_t kAvoid = uint64_t{1} << 40;

// 0: the underlay does not use the link.
uint64_t UnderlayMetric(const Snapshot& snapshot, const LinkState* link_state, LinkId id) {
  const LinkInfo& link = snapshot.link(id);
  const v1::AdminState source = snapshot.node(link.source).admin;
  const v1::AdminState target = snapshot.node(link.target).admin;
  if ((link_state != nullptr && !link_state->IsUp(id)) || link.admin == v1::FORBID ||
      source == v1::FORBID || target == v1::FORBID) {
    return 0;
  }
  return link.igp_metric + (link.admin == v1::AVOID ? kAvoid : 0) +
         (target == v1::AVOID ? kAvoid : 0);
}

class Forwarder {
 public:
  Forwarder(const Snapshot& snapshot, const LinkState* link_state, NodeId from, size_t max_paths)
      : snapshot_(snapshot), link_state_(link_state), max_paths_(max_paths), at_(from) {
    for (size_t i = 0; i < snapshot.nodes().size(); ++i) {
      node_of_[snapshot.nodes()[i].node_sid] = static_cast<NodeId>(i);
    }
    for (size_t i = 0; i < snapshot.links().size(); ++i) {
      link_of_[snapshot.links()[i].adjacency_sid] = static_cast<LinkId>(i);
    }
  }

  absl::StatusOr<std::vector<LinkPath>> Run(std::span<const uint32_t> sids) && {
    for (const uint32_t sid : sids) {
      if (absl::Status status = Step(sid); !status.ok()) return status;
    }
    std::sort(paths_.begin(), paths_.end());
    return std::move(paths_);
  }

 private:
  absl::Status Dropped(uint32_t sid, const char* reason) const {
    return absl::FailedPreconditionError(absl::StrFormat("%s drops a packet for uSID 0x%04x: %s",
                                                         snapshot_.node(at_).name, sid, reason));
  }

  absl::Status Step(uint32_t sid) {
    if (sid >= kMinNodeSid && sid <= kMaxNodeSid) {
      const auto node = node_of_.find(sid);
      return node == node_of_.end() ? Dropped(sid, "no such node") : ToNode(sid, node->second);
    }
    const auto found = link_of_.find(sid);
    if (sid == 0 || found == link_of_.end()) return Dropped(sid, "no such adjacency");
    return Over(sid, found->second);
  }

  // The packet may be at one node only, whichever way it came.
  absl::Status Over(uint32_t sid, LinkId id) {
    const LinkInfo& link = snapshot_.link(id);
    if (at_ == link.target && link.reverse != LinkId::kNone) return absl::OkStatus();
    if (at_ != link.source) return Dropped(sid, "not its adjacency");
    if (link_state_ != nullptr && !link_state_->IsUp(id)) return Dropped(sid, "the link is down");
    for (LinkPath& path : paths_) path.push_back(id);
    at_ = link.target;
    return absl::OkStatus();
  }

  absl::Status ToNode(uint32_t sid, NodeId target) {
    if (target == at_) return absl::OkStatus();
    DistancesTo(target);
    if (distance_[Index(at_)] == kFar) return Dropped(sid, "no route");
    std::vector<LinkPath> ways;
    LinkPath way;
    if (!Collect(at_, target, &way, &ways) || ways.size() * paths_.size() > max_paths_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("packets may take more than ", max_paths_, " different paths"));
    }
    std::vector<LinkPath> longer;
    for (const LinkPath& path : paths_) {
      for (const LinkPath& next : ways) {
        longer.push_back(path);
        longer.back().insert(longer.back().end(), next.begin(), next.end());
      }
    }
    paths_ = std::move(longer);
    at_ = target;
    return absl::OkStatus();
  }

  void DistancesTo(NodeId target) {
    distance_.assign(snapshot_.nodes().size(), kFar);
    using Entry = std::pair<uint64_t, NodeId>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    distance_[Index(target)] = 0;
    queue.emplace(0, target);
    while (!queue.empty()) {
      const auto [distance, node] = queue.top();
      queue.pop();
      if (distance != distance_[Index(node)]) continue;
      for (const LinkId link : snapshot_.in_links(node)) {
        const uint64_t metric = UnderlayMetric(snapshot_, link_state_, link);
        uint64_t& best = distance_[Index(snapshot_.link(link).source)];
        if (metric == 0 || distance + metric >= best) continue;
        best = distance + metric;
        queue.emplace(best, snapshot_.link(link).source);
      }
    }
  }

  // Every shortest way on; false when there are too many.
  bool Collect(NodeId node, NodeId target, LinkPath* way, std::vector<LinkPath>* ways) const {
    if (node == target) {
      ways->push_back(*way);
      return ways->size() <= max_paths_;
    }
    for (const LinkId link : snapshot_.out_links(node)) {
      const uint64_t metric = UnderlayMetric(snapshot_, link_state_, link);
      const uint64_t ahead = distance_[Index(snapshot_.link(link).target)];
      if (metric == 0 || ahead == kFar || ahead + metric != distance_[Index(node)]) continue;
      way->push_back(link);
      const bool room = Collect(snapshot_.link(link).target, target, way, ways);
      way->pop_back();
      if (!room) return false;
    }
    return true;
  }

  const Snapshot& snapshot_;
  const LinkState* link_state_;
  const size_t max_paths_;
  absl::flat_hash_map<uint32_t, NodeId> node_of_;
  absl::flat_hash_map<uint32_t, LinkId> link_of_;
  NodeId at_;
  std::vector<LinkPath> paths_ = {{}};
  std::vector<uint64_t> distance_;  // to the node uSID's node
};

}  // namespace

absl::StatusOr<std::vector<std::vector<LinkId>>> Forward(const Snapshot& snapshot,
                                                         const LinkState* link_state, NodeId from,
                                                         std::span<const uint32_t> sids,
                                                         size_t max_paths) {
  return Forwarder(snapshot, link_state, from, max_paths).Run(sids);
}

}  // namespace waymark

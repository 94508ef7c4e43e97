// Private to this folder. Paths between their forms: link numbers, names, the northbound Path, the
// southbound SegmentList.
#ifndef WAYMARK_CONTROLLER_PLAN_PATHS_H_
#define WAYMARK_CONTROLLER_PLAN_PATHS_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controller/compute/reverse_path.h"
#include "controller/topology/snapshot.h"
#include "waymark/southbound/v1/southbound.pb.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

// nullopt when a name is not in the snapshot.
std::optional<std::vector<LinkId>> LinksOf(
    const Snapshot& snapshot, const google::protobuf::RepeatedPtrField<std::string>& names);

// Joined end to end from `from` to `to`, no node twice.
bool IsSimplePath(const Snapshot& snapshot, std::span<const LinkId> links, NodeId from, NodeId to);

v1::Path PathMessage(const Snapshot& snapshot, std::span<const LinkId> links, uint32_t weight);
// With the probe's way back when every link has a reverse.
southbound::v1::SegmentList SegmentListMessage(const Snapshot& snapshot,
                                               std::span<const LinkId> links, uint32_t weight);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_PATHS_H_

// What makes a resource acceptable: every field's range as proto/waymark/v1/resources.proto
// documents it, and every reference. Pure functions; problems name the resource, the field and the
// way out.
#ifndef WAYMARK_NORTHBOUND_API_VALIDATE_H_
#define WAYMARK_NORTHBOUND_API_VALIDATE_H_

#include <string>

#include "controller/topology/limits.h"
#include "northbound/api/errors.h"
#include "northbound/api/model.h"

namespace waymark {

// Display names, in bytes of UTF-8.
inline constexpr size_t kMaxDisplayName = 256;
// Providers and affinities.
inline constexpr size_t kMaxShortName = 63;
inline constexpr int kMaxEndpoints = 1'000;
inline constexpr int kMaxRules = 72;  // 64 DSCPs and 8 PCPs
inline constexpr int kMaxListed = 1'024;
inline constexpr int64_t kMaxBurstBytes = 1'000'000'000;

// The name alone: pattern and length.
void ValidateName(Kind kind, const std::string& name, Problems& problems);

// Fields of one resource that can be judged without any other. Nodes, links and risk groups are
// judged as a whole topology, by ValidateTopology. Adds to `problems`, to kMaxProblems at most.
void ValidateFields(const google::protobuf::Message& message, Problems& problems);

// Everything that `staged` changes, and everything that refers to what it changes: references exist
// and belong to the same customer, nothing referred to is deleted, ports and VLANs are used once,
// DSCPs map to one queue. Requires that every resource put has passed ValidateFields. O(changes and
// their referrers), plus O(n log n) of the topology when nodes, links or risk groups change.
void ValidateReferences(const Staged& staged, Problems& problems);
void ValidateTopology(const Staged& staged, Problems& problems);

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_VALIDATE_H_

// Whether an object that arrived from outside has a sound form, whatever else the switch holds.
//
// Nothing here trusts the sender: every number is ranged, every list bounded, every name checked
// against what a Linux kernel takes. What depends on other objects (references, orphans) is
// rib.h's.
#ifndef WAYMARK_SOUTHBOUND_AGENT_VALIDATE_H_
#define WAYMARK_SOUTHBOUND_AGENT_VALIDATE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

inline constexpr size_t kMaxOperationsPerBatch = 1'000;
inline constexpr size_t kMaxKeyLength = 256;
inline constexpr size_t kMaxIdLength = 128;
inline constexpr int kMaxInterfaceLength = 15;  // IFNAMSIZ less its zero.
inline constexpr int kMaxQueues = 8;
inline constexpr int kMaxRouteLinks = 16;
inline constexpr int kMaxSegmentLists = 64;
inline constexpr int kMaxRemotes = 4'096;
inline constexpr uint32_t kMaxVni = (1u << 24) - 1;
inline constexpr uint32_t kMaxVlan = 4'094;
inline constexpr uint32_t kMinProbeIntervalUs = 1'000;
inline constexpr uint32_t kMaxProbeIntervalUs = 60'000'000;
inline constexpr uint32_t kMaxWaitToRestoreMs = 3'600'000;

// 1..128 printable ASCII characters without spaces.
bool IsValidId(std::string_view id);
// What the kernel's dev_valid_name takes, printable ASCII only: 1..15 characters, not "." or "..",
// no '/', ':' or space.
bool IsValidInterface(std::string_view name);

// INVALID_ARGUMENT names the field and the range: "policy.working[1].sids[3] is 0: must
// be 1..65535". A field that this version does not know is refused like a bad one, wherever in the
// object it is: half an object is another object. `own_node` is the switch's name, which a NodeObject must carry. Any thread; O(size
// of the object).
absl::Status ValidateForm(const southbound::v1::Object& object, std::string_view own_node);

// The form of a key in a delete: KIND:ID with a known kind. Deleting what is not there is no error.
absl::Status ValidateKey(std::string_view key);

// Node, links, instances, routes, policies, attachments: an object refers only to kinds of a lower
// rank. 0..5; 6 unknown.
int DependencyRank(std::string_view key);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_VALIDATE_H_

// The agent's table cut into GetResponses that fit the wire.
#ifndef WAYMARK_SOUTHBOUND_AGENT_GET_CHUNKS_H_
#define WAYMARK_SOUTHBOUND_AGENT_GET_CHUNKS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "controller/base/object.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

inline constexpr int kMaxElementsPerChunk = 10'000;
inline constexpr size_t kMaxBytesPerChunk = 1u << 20;

// At least one; the last has `last` set and carries `error`. Ordered by key. Each about
// kMaxBytesPerChunk at most.
std::vector<southbound::v1::GetResponse> MakeGetChunks(const ObjectTable& table,
                                                       const southbound::v1::Get& get,
                                                       const std::vector<std::string>& drifted,
                                                       const std::string& error);

// INVALID_ARGUMENT names the field.
absl::Status CheckGet(const southbound::v1::Get& get);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_GET_CHUNKS_H_

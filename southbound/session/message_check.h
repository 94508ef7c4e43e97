// The form of what an agent says, before anyone acts on it.
#ifndef WAYMARK_SOUTHBOUND_SESSION_MESSAGE_CHECK_H_
#define WAYMARK_SOUTHBOUND_SESSION_MESSAGE_CHECK_H_

#include "absl/status/status.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// INVALID_ARGUMENT names the field: node, instance, version and data plane are short printable
// names, counts are not negative. Any thread; O(1) but for the names.
absl::Status CheckHello(const southbound::v1::Hello& hello);

// Any message after Hello: lists within the contract's bounds, statuses known, names of bounded
// length. A body that is not set (a newer agent) is OK. O(elements).
absl::Status CheckAgentMessage(const southbound::v1::AgentMessage& message);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_SESSION_MESSAGE_CHECK_H_

#ifndef WAYMARK_NORTHBOUND_AUTH_AUTHORIZE_H_
#define WAYMARK_NORTHBOUND_AUTH_AUTHORIZE_H_

#include <google/protobuf/message.h>

#include <string_view>

#include "absl/status/status.h"
#include "northbound/auth/caller.h"

namespace waymark {

// The one place where permission is decided. `method` is "/waymark.v1.TopologyService/GetNode".
// PERMISSION_DENIED when the role may not call the method, or not with this request; NOT_FOUND when
// the request names what is another customer's, so that its existence does not show. A method
// without a row in the table is denied to everyone. For a customer, handlers still narrow what a
// list or a watch returns by Caller::Sees. Any thread.
absl::Status Authorize(std::string_view method, const Caller& caller,
                       const google::protobuf::Message& request);

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_AUTH_AUTHORIZE_H_

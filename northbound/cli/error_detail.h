// Reads and writes the detail of a gRPC error: the grpc-status-details-bin trailer, a serialized
// google.rpc.Status.
#ifndef WAYMARK_NORTHBOUND_CLI_ERROR_DETAIL_H_
#define WAYMARK_NORTHBOUND_CLI_ERROR_DETAIL_H_

#include <string>

#include "waymark/v1/services.pb.h"

namespace waymark::cli {

// The first waymark.v1.ErrorInfo in `details`. False when there is none or the bytes are no
// google.rpc.Status.
//
// google.rpc.Status is {int32 code = 1; string message = 2; repeated google.protobuf.Any details =
// 3}; it is read from the wire format so that no copy of that proto is needed.
bool DecodeErrorInfo(const std::string& details, v1::ErrorInfo* info);

// The reverse, for fakes of the server.
std::string EncodeErrorInfo(int code, const std::string& message, const v1::ErrorInfo& info);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_ERROR_DETAIL_H_

#ifndef WAYMARK_CONTROLLER_TOPOLOGY_YAML_SCALAR_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_YAML_SCALAR_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace waymark {

// Sets (or, of a repeated field, adds) what `text` says as yaml_bundle.h documents. `owner`: see
// ExpandName. INVALID_ARGUMENT without the field's name, and nothing set.
absl::Status SetScalar(const google::protobuf::FieldDescriptor& field, std::string_view text,
                       std::string_view owner, google::protobuf::Message& message);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_YAML_SCALAR_H_

// What our files know of the fields of waymark.v1 resources beyond their type: which are output
// only, which hold a resource name and of what kind, which are rates or durations, and their
// ranges.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_BUNDLE_FIELDS_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_BUNDLE_FIELDS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace waymark {

struct NameKind {
  const char* collection;  // "nodes"
  bool owned;              // lives below a customer
};

// The kind of resource that a string field names; nullopt for other fields.
std::optional<NameKind> NameKindOf(const google::protobuf::FieldDescriptor& field);

// "zrh" -> "nodes/zrh"; "bank/zrh-dc" -> "customers/bank/sites/zrh-dc"; full names stay. `owner`:
// the customer id that a bare id of an owned kind belongs to, may be empty. INVALID_ARGUMENT says
// how to write the name.
absl::StatusOr<std::string> ExpandName(NameKind kind, std::string_view text,
                                       std::string_view owner);

// Given by the controller; a file may not set it.
bool IsOutputOnly(const google::protobuf::FieldDescriptor& field);
// Clears output-only fields and etags, of `message` and of messages in it: what is left is what an
// operator wrote.
void ClearOutputOnly(google::protobuf::Message& message);

bool IsBitRate(const google::protobuf::FieldDescriptor& field);   // int64 ..._bps
bool IsDuration(const google::protobuf::FieldDescriptor& field);  // int64 ..._ns

struct Range {
  double min;
  double max;
};
// The range that resources.proto documents; nullopt: the whole type.
std::optional<Range> RangeOf(const google::protobuf::FieldDescriptor& field);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_BUNDLE_FIELDS_H_

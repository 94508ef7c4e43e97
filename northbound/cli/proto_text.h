// Messages as JSON and YAML, both with the field names of the proto.
#ifndef WAYMARK_NORTHBOUND_CLI_PROTO_TEXT_H_
#define WAYMARK_NORTHBOUND_CLI_PROTO_TEXT_H_

#include <google/protobuf/message.h>

#include <string>

namespace waymark::cli {

// Proto3's JSON mapping (64-bit integers are strings), indented, ending in a line break.
std::string ToJson(const google::protobuf::Message& message);
// The same on one line, for streams of events.
std::string ToJsonLine(const google::protobuf::Message& message);
// Block style; set fields in order of their numbers; numbers in base units, so that reading it back
// loses nothing. Text is quoted unless it is a plain word.
std::string ToYaml(const google::protobuf::Message& message);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_PROTO_TEXT_H_

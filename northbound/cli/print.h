// Resources as tables, JSON and YAML.
#ifndef WAYMARK_NORTHBOUND_CLI_PRINT_H_
#define WAYMARK_NORTHBOUND_CLI_PRINT_H_

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "northbound/cli/context.h"
#include "northbound/cli/kind.h"
#include "waymark/v1/resources.pb.h"

namespace waymark::cli {

// Cells for one resource of `kind`, in the order of TableHeader.
std::vector<std::string> TableHeader(Kind kind);
std::vector<std::string> TableRow(const v1::Resource& resource);

// The resource inside the oneof. Requires one to be set.
const google::protobuf::Message& MessageOf(const v1::Resource& resource);

// As the output flag asks. `single`: one was asked for by name; JSON is then the resource itself,
// not {"nodes": [...]}. YAML holds what `apply -f` reads: no output-only fields; policies and
// agents, which can't be applied, are shown whole.
enum class Shape { kList, kSingle };
void PrintResources(Context& context, Kind kind, std::span<const v1::Resource> resources,
                    Shape shape);

// JSON or YAML of `reply` where that is asked for; false: nothing is printed, it is for people.
bool PrintedForMachine(Context& context, const google::protobuf::Message& reply);
// A reply as the output flag asks: that, or `names`, one a line, or what `table` prints.
void PrintAnswer(Context& context, const google::protobuf::Message& reply,
                 std::span<const std::string> names, const std::function<void()>& table);

// "EF (46), AF41 (34) -> swiss; default -> best-effort".
std::string FormatRules(const v1::ClassMap& map);
// "CH only, not provider x, exclude express".
std::string FormatPlaces(const v1::TrafficClass& traffic_class);
// "enabled", "avoid" ...; unset is enabled.
std::string AdminName(v1::AdminState admin);
// Enum name in lower case with dashes: "MIN_DELAY" -> "min-delay".
std::string Lower(const std::string& enum_name);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_PRINT_H_

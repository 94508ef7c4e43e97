// Promises and reasons as people read them; shared by path, describe and plan.
#ifndef WAYMARK_NORTHBOUND_CLI_PATH_PRINT_H_
#define WAYMARK_NORTHBOUND_CLI_PATH_PRINT_H_

#include <ostream>
#include <string>

#include "google/protobuf/repeated_field.h"
#include "northbound/cli/format.h"
#include "waymark/v1/services.pb.h"

namespace waymark::cli {

// "3 hops, 12.4 ms, TE metric 30, cost 4".
std::string FormatFigures(const v1::Path& path);

// "99.9991 %, 4.63 minutes a year down"; empty when no figure is promised.
std::string FormatAvailability(const v1::Promise& promise);
// "14.302 ms", "-" for none.
std::string FormatPromised(int64_t latency_ns);

enum class Arithmetic { kShown, kHidden };
// The figures under a heading "Promise", with the lines of their arithmetic.
void PrintPromise(std::ostream& out, Color color, const v1::Promise& promise, Arithmetic arithmetic,
                  std::string_view indent);

// What else was possible and why it was not taken; what makes it impossible, and what would help.
// Nothing for empty lists.
void PrintReasons(std::ostream& out,
                  const google::protobuf::RepeatedPtrField<v1::PathAlternative>& alternatives,
                  const google::protobuf::RepeatedPtrField<std::string>& blocking,
                  const google::protobuf::RepeatedPtrField<v1::Relaxation>& relaxations,
                  std::string_view indent);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_PATH_PRINT_H_

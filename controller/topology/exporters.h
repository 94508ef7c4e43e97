#ifndef WAYMARK_CONTROLLER_TOPOLOGY_EXPORTERS_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_EXPORTERS_H_

#include <string>

#include "waymark/v1/resources.pb.h"

namespace waymark {

// `bundle` passes Snapshot::Validate and has no output-only fields.
std::string WriteRfc8345(const v1::Bundle& bundle);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_EXPORTERS_H_

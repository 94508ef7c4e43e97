// Private to this folder. The instance and the attachments of a service on each of its switches.
#ifndef WAYMARK_CONTROLLER_PLAN_SERVICE_OBJECTS_H_
#define WAYMARK_CONTROLLER_PLAN_SERVICE_OBJECTS_H_

#include <string>
#include <utility>
#include <vector>

#include "controller/plan/service.h"

namespace waymark {

// (node id, object), by node then key. Class entries: DSCP rows, then PCP rows, each by mark.
std::vector<std::pair<std::string, southbound::v1::Object>> ServiceObjects(
    const Snapshot& snapshot, const ResolvedService& service);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_SERVICE_OBJECTS_H_

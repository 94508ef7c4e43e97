// Private to this folder. Whether two parts of plans say the same.
#ifndef WAYMARK_CONTROLLER_PLAN_SAME_H_
#define WAYMARK_CONTROLLER_PLAN_SAME_H_

#include <cstddef>

#include "controller/plan/mesh_headend.h"
#include "controller/plan/pinned.h"

namespace waymark {

bool SameMessage(const google::protobuf::MessageLite& a, const google::protobuf::MessageLite& b);
bool Same(const PlacedPolicy& a, const PlacedPolicy& b);
// Of pair `at_a` of a and pair `at_b` of b.
bool SameRoutes(const MeshHeadend& a, size_t at_a, const MeshHeadend& b, size_t at_b);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_SAME_H_

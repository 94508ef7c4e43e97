#include "controller/plan/same.h"

#include <algorithm>

namespace waymark {
namespace {

bool Same(const Refusal* a, const Refusal* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->reason == b->reason && a->blocking_constraint == b->blocking_constraint &&
         a->relaxation == b->relaxation;
}

const Refusal* WhyBlocked(const MeshHeadend& headend, size_t number) {
  const auto why = headend.blocked.find(number);
  return why == headend.blocked.end() ? nullptr : &why->second;
}

}  // namespace

bool SameMessage(const google::protobuf::MessageLite& a, const google::protobuf::MessageLite& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

bool Same(const PlacedPolicy& a, const PlacedPolicy& b) {
  return a.working == b.working && a.protect == b.protect && a.reserved_bps == b.reserved_bps &&
         a.share_protect == b.share_protect && SameMessage(a.status, b.status) &&
         SameMessage(a.promise, b.promise);
}

bool SameRoutes(const MeshHeadend& a, size_t at_a, const MeshHeadend& b, size_t at_b) {
  const size_t first_a = a.routes.first_route(at_a), first_b = b.routes.first_route(at_b);
  const size_t count = a.routes.first_route(at_a + 1) - first_a;
  if (b.routes.first_route(at_b + 1) - first_b != count) return false;
  for (size_t i = 0; i < count; ++i) {
    const auto links_a = a.routes.links(first_a + i), links_b = b.routes.links(first_b + i);
    if (a.routes.weight(first_a + i) != b.routes.weight(first_b + i) ||
        !std::equal(links_a.begin(), links_a.end(), links_b.begin(), links_b.end())) {
      return false;
    }
  }
  return Same(WhyBlocked(a, at_a), WhyBlocked(b, at_b));
}

}  // namespace waymark

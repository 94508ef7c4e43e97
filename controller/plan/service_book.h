// Private to this folder. The resolved services, kept from one plan to the next.
#ifndef WAYMARK_CONTROLLER_PLAN_SERVICE_BOOK_H_
#define WAYMARK_CONTROLLER_PLAN_SERVICE_BOOK_H_

#include <cstdint>
#include <set>
#include <string>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "controller/plan/plan.h"
#include "controller/plan/service.h"

namespace waymark {

class ServiceBook {
 public:
  // The same as ResolveServices(input.snapshot, input.intents). Returns the names of services that
  // are resolved or refused in another way than before, or may be. Looks at what `changes` names
  // and at whoever refers to that; at all of them with `changes.all`, and whenever two ask for one
  // port, because then each may depend on any other.
  std::set<std::string> Update(const PlanInput& input, const PlanChanges& changes);
  const ResolvedServices& resolved() const { return resolved_; }
  // Whether the last Update looked at all of them.
  bool was_full() const { return was_full_; }

 private:
  using Port = std::tuple<NodeId, std::string, uint32_t>;

  std::set<std::string> Everything(const PlanInput& input, std::set<std::string> touched);
  bool TakePorts(const std::string& name, const ResolvedService& service);
  void GivePorts(const std::string& name, const ResolvedService& service);

  ResolvedServices resolved_;
  // Whose each port is. Only while nobody is refused for one.
  absl::flat_hash_map<Port, std::string> ports_;
  bool ports_contended_ = true;
  bool was_full_ = true;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_SERVICE_BOOK_H_

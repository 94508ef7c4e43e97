#include "controller/plan/plan.h"

#include "controller/plan/planner.h"

namespace waymark {

Plan MakePlan(const PlanInput& input) { return Planner().Make(input, PlanChanges::All()); }

std::string_view ResourceId(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

std::string MeshRoutesKey(std::string_view traffic_class, std::string_view headend) {
  return std::string(ResourceId(traffic_class)).append(":").append(ResourceId(headend));
}

std::string PolicyName(std::string_view headend, uint32_t color, std::string_view endpoint) {
  std::string name = "policies/";
  name.append(ResourceId(headend)).append(":").append(std::to_string(color));
  return name.append(":").append(ResourceId(endpoint));
}

}  // namespace waymark

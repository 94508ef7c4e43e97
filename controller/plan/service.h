// A service with its references resolved and its rules checked.
#ifndef WAYMARK_CONTROLLER_PLAN_SERVICE_H_
#define WAYMARK_CONTROLLER_PLAN_SERVICE_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/plan/node_pairs.h"
#include "controller/plan/plan.h"

namespace waymark {

// Points into the Intents that it was resolved from.
struct ResolvedService {
  const v1::Service* service = nullptr;
  const v1::ClassMap* class_map = nullptr;
  std::vector<ResolvedEndpoint> endpoints;                 // in the service's order
  std::map<std::string, const v1::TrafficClass*> classes;  // every class that a frame may get
  NodePairs node_pairs;

  // Committed rate of a class between two nodes; saturates.
  int64_t CommittedRate(const std::string& traffic_class, int64_t endpoint_pairs) const;
  // And committed burst, at most 10^9; 0: the default of the rate.
  int64_t BurstBytes(const std::string& traffic_class, int64_t endpoint_pairs) const;
  // The color of its frames of a class.
  uint32_t ColorOf(const v1::TrafficClass& traffic_class) const;
};

// FAILED_PRECONDITION: a sentence for Status.reason.
absl::StatusOr<ResolvedService> ResolveService(const Snapshot& snapshot, const Intents& intents,
                                               const v1::Service& service);

struct ResolvedServices {
  std::map<std::string, ResolvedService> services;
  // Those that cannot be realised: a sentence for Status.reason.
  std::map<std::string, std::string> refused;
};

// All of them. No two endpoints are on one port and VLAN: the first service by name keeps it.
ResolvedServices ResolveServices(const Snapshot& snapshot, const Intents& intents);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_SERVICE_H_

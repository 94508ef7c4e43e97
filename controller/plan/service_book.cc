#include "controller/plan/service_book.h"

#include <algorithm>
#include <utility>

namespace waymark {
namespace {

// Those that `changes` names, and those that refer to what it names.
std::set<std::string> Concerned(const Intents& intents, const PlanChanges& changes) {
  std::set<std::string> names = changes.services;
  if (changes.sites.empty() && changes.class_maps.empty()) return names;
  for (const auto& [name, service] : intents.services) {
    const bool its = changes.class_maps.contains(service.class_map()) ||
                     (!changes.sites.empty() &&
                      std::any_of(service.endpoints().begin(), service.endpoints().end(),
                                  [&](const auto& endpoint) {
                                    return changes.sites.contains(endpoint.site());
                                  }));
    if (its) names.insert(name);
  }
  return names;
}

}  // namespace

bool ServiceBook::TakePorts(const std::string& name, const ResolvedService& service) {
  for (const ResolvedEndpoint& endpoint : service.endpoints) {
    const Port port(endpoint.node, endpoint.interface, endpoint.vlan);
    if (!ports_.try_emplace(port, name).second) return false;
  }
  return true;
}

void ServiceBook::GivePorts(const std::string& name, const ResolvedService& service) {
  for (const ResolvedEndpoint& endpoint : service.endpoints) {
    const auto port = ports_.find(Port(endpoint.node, endpoint.interface, endpoint.vlan));
    if (port != ports_.end() && port->second == name) ports_.erase(port);
  }
}

std::set<std::string> ServiceBook::Everything(const PlanInput& input,
                                              std::set<std::string> touched) {
  was_full_ = true;
  const std::map<std::string, std::string> refused = std::move(resolved_.refused);
  const std::map<std::string, ResolvedService> services = std::move(resolved_.services);
  resolved_ = ResolveServices(input.snapshot, input.intents);
  for (const auto& [name, reason] : resolved_.refused) {
    const auto before = refused.find(name);
    if (before == refused.end() || before->second != reason) touched.insert(name);
  }
  for (const auto& [name, service] : resolved_.services) {
    if (!services.contains(name)) touched.insert(name);
  }
  ports_.clear();
  ports_contended_ = false;
  for (const auto& [name, service] : resolved_.services) TakePorts(name, service);
  for (const auto& [name, reason] : resolved_.refused) {
    const auto alone =
        ResolveService(input.snapshot, input.intents, input.intents.services.at(name));
    ports_contended_ = ports_contended_ || alone.ok();
  }
  return touched;
}

std::set<std::string> ServiceBook::Update(const PlanInput& input, const PlanChanges& changes) {
  if (changes.all) {
    *this = ServiceBook();
    return Everything(input, {});
  }
  std::set<std::string> touched = Concerned(input.intents, changes);
  if (touched.empty()) {
    was_full_ = false;
    return touched;
  }
  if (ports_contended_) return Everything(input, std::move(touched));
  was_full_ = false;
  for (const std::string& name : touched) {
    const auto before = resolved_.services.find(name);
    if (before == resolved_.services.end()) continue;
    GivePorts(name, before->second);
  }
  for (const std::string& name : touched) {
    resolved_.services.erase(name);
    resolved_.refused.erase(name);
    const auto service = input.intents.services.find(name);
    if (service == input.intents.services.end()) continue;
    absl::StatusOr<ResolvedService> resolved =
        ResolveService(input.snapshot, input.intents, service->second);
    if (!resolved.ok()) {
      resolved_.refused.emplace(name, std::string(resolved.status().message()));
    } else if (TakePorts(name, *resolved)) {
      resolved_.services.emplace(name, *std::move(resolved));
    } else {
      return Everything(input, std::move(touched));
    }
  }
  return touched;
}

}  // namespace waymark

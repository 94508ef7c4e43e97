#include "controller/engine/stragglers.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "controller/engine/switch_table.h"

namespace waymark {
namespace {

using southbound::v1::Object;

uint32_t OwnSid(const SwitchState& state) {
  const Object* node = state.desired.Find("node:");
  return node == nullptr ? 0 : node->node().node_sid();
}

// "policy:COLOR:ENDPOINT".
uint32_t EndpointOf(const std::string& policy_key) {
  uint32_t sid = 0;
  (void)absl::SimpleAtoi(policy_key.substr(policy_key.rfind(':') + 1), &sid);
  return sid;
}

uint32_t VniOf(const std::string& instance_key) {
  uint32_t vni = 0;
  (void)absl::SimpleAtoi(instance_key.substr(instance_key.find(':') + 1), &vni);
  return vni;
}

// Everything that it has yet to do, or is perhaps just doing.
std::set<std::string> Unsettled(const SwitchState& state) {
  std::set<std::string> keys = state.uncertain;
  for (const auto& [key, entry] : state.desired.entries()) {
    if (state.acked.Has(key, entry.hash)) continue;
    const auto refused = state.rejected.find(key);
    if (refused == state.rejected.end() || refused->second.hash != entry.hash) keys.insert(key);
  }
  for (const auto& [key, hash] : state.acked.hashes()) {
    if (state.desired.Find(key) == nullptr) keys.insert(key);
  }
  return keys;
}

}  // namespace

struct Stragglers::Other {
  const SwitchState& state;
  NodeDiff& diff;
  // Attachments of services that wait leave these.
  std::set<std::string> busy_interfaces;
  bool unknown_leaves = false;
  bool drains = false;
};

void Stragglers::Add(const std::string& node, const SwitchState& state) {
  nodes_.insert(node);
  std::set<uint32_t> endpoints;
  for (const std::string& key : Unsettled(state)) {
    const Object* desired = state.desired.Find(key);
    switch (RankOf(key)) {
      case ObjectRank::kNode:
        for (auto it = state.desired.entries().lower_bound("instance:");
             it != state.desired.entries().end() && it->second.object->has_instance(); ++it) {
          vnis_.insert(it->second.object->instance().vni());
        }
        break;
      case ObjectRank::kPolicy:
        if (desired != nullptr) endpoints.insert(desired->policy().endpoint_sid());
        break;
      case ObjectRank::kInstance:
        vnis_.insert(VniOf(key));
        break;
      case ObjectRank::kAttachment: {
        draining_.insert(OwnSid(state));
        const auto leaves = state.leaving.find(key);
        if (leaves != state.leaving.end()) {
          vnis_.insert(leaves->second.begin(), leaves->second.end());
        }
        if (desired != nullptr) {
          vnis_.insert(desired->attachment().vni());
        } else if (leaves == state.leaving.end()) {
          unknown_leaves_ = true;
        }
        break;
      }
      default:
        break;
    }
  }
  HoldServices(state.desired, endpoints);
}

void Stragglers::HoldServices(const ObjectTable& desired, const std::set<uint32_t>& endpoints) {
  if (endpoints.empty()) return;
  const auto& entries = desired.entries();
  for (auto it = entries.lower_bound("instance:");
       it != entries.end() && it->second.object->has_instance(); ++it) {
    const auto& instance = it->second.object->instance();
    const bool needs = std::any_of(instance.remote_sids().begin(), instance.remote_sids().end(),
                                   [&](uint32_t sid) { return endpoints.contains(sid); });
    if (needs) vnis_.insert(instance.vni());
  }
}

void Stragglers::HoldArrivals(const std::map<std::string, SwitchState>& switches,
                              const Successions& handovers,
                              std::map<std::string, NodeDiff>* diffs) const {
  std::set<PolicyPlace> held;
  const auto stays = [&](const PolicyPlace& place) {
    if (held.contains(place)) return true;
    // Who is refused to leave holds nobody up.
    return nodes_.contains(place.first) &&
           !switches.at(place.first).rejected.contains(place.second);
  };
  for (size_t before = 1; before != held.size();) {
    before = held.size();
    for (const auto& [link, handover] : handovers) {
      if (std::none_of(handover.leaving.begin(), handover.leaving.end(), stays)) continue;
      held.insert(handover.arriving.begin(), handover.arriving.end());
    }
    if (held.empty()) return;
  }
  for (auto& [node, diff] : *diffs) {
    std::erase_if(diff.puts, [&, &name = node](const Object& object) {
      return object.has_policy() && held.contains({name, ObjectKey(object)});
    });
  }
}

bool Stragglers::Leaves(const SwitchState& state, const std::string& key) const {
  const auto leaves = state.leaving.find(key);
  return leaves != state.leaving.end() &&
         std::any_of(leaves->second.begin(), leaves->second.end(),
                     [this](uint32_t vni) { return vnis_.contains(vni); });
}

bool Stragglers::HoldServicesOf(Other& other) {
  const size_t before = vnis_.size();
  for (const std::string& key : other.diff.deletes) {
    if (RankOf(key) != ObjectRank::kAttachment) continue;
    const bool unknown = !other.state.leaving.contains(key);
    if (!unknown && !Leaves(other.state, key)) continue;
    other.drains = true;
    other.unknown_leaves = other.unknown_leaves || unknown;
    // A port and one of its VLANs exclude each other.
    other.busy_interfaces.insert(key.substr(0, key.rfind(':')));
  }
  for (const Object& object : other.diff.puts) {
    if (object.has_instance() && other.unknown_leaves &&
        object.instance().type() == southbound::v1::INSTANCE_E_LINE) {
      // Its two ends may be taken.
      vnis_.insert(object.instance().vni());
    }
    if (!object.has_attachment()) continue;
    const std::string key = ObjectKey(object);
    if (Leaves(other.state, key) || other.unknown_leaves ||
        other.busy_interfaces.contains(key.substr(0, key.rfind(':')))) {
      vnis_.insert(object.attachment().vni());
    }
  }
  return vnis_.size() != before;
}

void Stragglers::Erase(const Other& other) const {
  NodeDiff& diff = other.diff;
  bool steers_on = other.drains;
  std::erase_if(diff.puts, [&](const Object& object) {
    const bool held = (object.has_instance() && vnis_.contains(object.instance().vni())) ||
                      (object.has_attachment() && vnis_.contains(object.attachment().vni()));
    steers_on = steers_on || held;
    return held;
  });
  std::erase_if(diff.deletes, [&](const std::string& key) {
    switch (RankOf(key)) {
      case ObjectRank::kAttachment:
        return Leaves(other.state, key) || !other.state.leaving.contains(key);
      case ObjectRank::kInstance:
        return unknown_leaves_ || other.unknown_leaves || vnis_.contains(VniOf(key));
      case ObjectRank::kPolicy:
        return steers_on || draining_.contains(EndpointOf(key)) || draining_.contains(0);
      case ObjectRank::kCount:
        return false;
      default:
        return true;
    }
  });
}

void Stragglers::HoldBack(const std::map<std::string, SwitchState>& switches,
                          const Successions& handovers, std::map<std::string, NodeDiff>* diffs) {
  HoldArrivals(switches, handovers, diffs);
  std::vector<Other> others;
  for (auto& [node, diff] : *diffs) {
    const SwitchState& state = switches.at(node);
    others.push_back({.state = state, .diff = diff});
    // Policies that are not there and do not come now.
    std::set<std::string> missing;
    for (auto it = state.desired.entries().lower_bound("policy:");
         it != state.desired.entries().end() && it->second.object->has_policy(); ++it) {
      if (state.acked.hashes().contains(it->first)) continue;
      if (!state.rejected.contains(it->first)) missing.insert(it->first);
    }
    for (const Object& object : diff.puts) missing.erase(ObjectKey(object));
    std::set<uint32_t> endpoints;
    for (const std::string& key : missing) endpoints.insert(EndpointOf(key));
    HoldServices(state.desired, endpoints);
  }
  for (bool more = true; more;) {
    more = false;
    for (Other& other : others) more = HoldServicesOf(other) || more;
  }
  for (const Other& other : others) {
    if (other.drains) draining_.insert(OwnSid(other.state));
  }
  for (const Other& other : others) Erase(other);
  std::erase_if(*diffs, [](const auto& entry) { return entry.second.empty(); });
}

}  // namespace waymark

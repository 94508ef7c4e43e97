#include "controller/engine/node_segments.h"

#include <algorithm>
#include <vector>

#include "controller/base/srv6.h"
#include "controller/engine/switch_table.h"

namespace waymark {
namespace {

using southbound::v1::Object;
using southbound::v1::PolicyObject;
using southbound::v1::RouteObject;
using southbound::v1::SegmentList;

std::string RouteKey(uint32_t node_sid) { return "route:" + std::to_string(node_sid); }

// Calls visit(list) for each list of the policy; false as soon as one says so.
template <typename Policy, typename Visit>
bool EachList(Policy& policy, Visit visit) {
  for (int i = 0; i < policy.working_size(); ++i) {
    if constexpr (std::is_const_v<Policy>) {
      if (!visit(policy.working(i))) return false;
    } else {
      if (!visit(*policy.mutable_working(i))) return false;
    }
  }
  if (!policy.has_protect()) return true;
  if constexpr (std::is_const_v<Policy>) {
    return visit(policy.protect());
  } else {
    return visit(*policy.mutable_protect());
  }
}

}  // namespace

SidOwners::SidOwners(const std::map<std::string, ObjectTable>& objects) {
  for (const auto& [node, table] : objects) {
    if (const Object* own = table.Find("node:")) nodes[own->node().node_sid()] = node;
    const auto& entries = table.entries();
    for (auto it = entries.lower_bound("link:"); it != entries.end(); ++it) {
      if (!it->second.object->has_link()) break;
      links[it->second.object->link().adjacency_sid()] = {node, it->first};
    }
  }
}

bool NodeSegments::SettledAt(const Place& place) const {
  const auto found = switches_.find(place.first);
  if (found == switches_.end()) return false;
  const std::string key = RouteKey(place.second);
  const auto desired = found->second.desired.entries().find(key);
  return desired != found->second.desired.entries().end() &&
         found->second.Confirmed(key, desired->second.hash);
}

std::optional<std::pair<std::string, uint32_t>> NodeSegments::Next(const Place& place) const {
  const auto found = switches_.find(place.first);
  if (found == switches_.end()) return std::nullopt;
  const ObjectTable& desired = found->second.desired;
  const Object* route = desired.Find(RouteKey(place.second));
  if (route == nullptr || route->route().links().empty()) return std::nullopt;
  const Object* link = desired.Find("link:" + route->route().links(0));
  if (link == nullptr) return std::nullopt;
  const auto next = owners_.nodes.find(link->link().neighbor_sid());
  if (next == owners_.nodes.end()) return std::nullopt;
  return std::pair(next->second, link->link().adjacency_sid());
}

bool NodeSegments::SettledFrom(const Place& place) {
  const auto end = owners_.nodes.find(place.second);
  if (end == owners_.nodes.end()) return false;
  std::vector<Place> passed;
  bool settled = true;
  Place at = place;
  while (at.first != end->second) {
    const auto known = settled_.find(at);
    if (known != settled_.end()) {
      settled = known->second;
      break;
    }
    const auto next = Next(at);
    // The plan's routes have no rings; a switch that has left the plan may be on none.
    if (!next.has_value() || passed.size() > switches_.size()) {
      settled = false;
      break;
    }
    passed.push_back(at);
    at.first = next->first;
  }
  for (auto it = passed.rbegin(); it != passed.rend(); ++it) {
    settled = settled && SettledAt(*it);
    settled_[*it] = settled;
  }
  return settled;
}

bool NodeSegments::MayPut(const std::string& node, const RouteObject& route) {
  const uint32_t sid = route.node_sid();
  const std::string key = RouteKey(sid);
  const auto next = Next({node, sid});
  if (!next.has_value()) return true;
  const auto end = owners_.nodes.find(sid);
  if (end == owners_.nodes.end() || next->first == end->second) return true;
  if (switches_.at(node).acked.hashes().contains(key)) {
    return SettledFrom({next->first, sid});
  }
  // Where there was no route, none is broken: it may lead to a switch that has none yet, but not
  // to one that still sends the old way, or may, perhaps back.
  for (Place at = {next->first, sid}; at.first != end->second;) {
    if (!SettledAt(at)) {
      const auto found = switches_.find(at.first);
      if (found == switches_.end()) return true;
      return found->second.heard && !found->second.acked.hashes().contains(key) &&
             !found->second.uncertain.contains(key);
    }
    const auto further = Next(at);
    if (!further.has_value()) return true;
    at.first = further->first;
  }
  return true;
}

bool NodeSegments::LinkConfirmed(uint32_t adjacency_sid) const {
  const auto owner = owners_.links.find(adjacency_sid);
  if (owner == owners_.links.end()) return true;
  const auto state = switches_.find(owner->second.first);
  if (state == switches_.end()) return false;
  const auto link = state->second.desired.entries().find(owner->second.second);
  return link != state->second.desired.entries().end() &&
         state->second.Confirmed(link->first, link->second.hash);
}

std::optional<std::string> NodeSegments::EndOf(uint32_t sid) const {
  uint32_t node_sid = sid;
  if (sid > kMaxNodeSid) {
    const auto owner = owners_.links.find(sid);
    if (owner == owners_.links.end()) return std::nullopt;
    const auto state = switches_.find(owner->second.first);
    if (state == switches_.end()) return std::nullopt;
    const Object* link = state->second.desired.Find(owner->second.second);
    if (link == nullptr) return std::nullopt;
    node_sid = link->link().neighbor_sid();
  }
  const auto end = owners_.nodes.find(node_sid);
  if (end == owners_.nodes.end()) return std::nullopt;
  return end->second;
}

bool NodeSegments::Settled(const std::string& node, const PolicyObject& policy) {
  return EachList(policy, [&](const SegmentList& list) {
    std::optional<std::string> at = node;
    for (int i = 0; i < list.sids_size() && at.has_value(); ++i) {
      if (list.sids(i) <= kMaxNodeSid && !SettledFrom({*at, list.sids(i)})) return false;
      at = EndOf(list.sids(i));
    }
    return true;
  });
}

bool NodeSegments::MakeStrict(const std::string& node, SegmentList* list) const {
  const std::vector<uint32_t> sids(list->sids().begin(), list->sids().end());
  list->clear_sids();
  std::string at = node;
  for (const uint32_t sid : sids) {
    const std::optional<std::string> end = EndOf(sid);
    if (!end.has_value()) return false;
    if (sid > kMaxNodeSid) list->add_sids(sid);
    while (sid <= kMaxNodeSid && at != *end) {
      const auto next = Next({at, sid});
      if (!next.has_value() || list->sids_size() >= kMaxUsids) return false;
      list->add_sids(next->second);
      at = next->first;
    }
    at = *end;
  }
  return true;
}

std::optional<PolicyObject> NodeSegments::Programmable(const std::string& node,
                                                       const PolicyObject& policy) {
  PolicyObject made = policy;
  if (!Settled(node, policy)) {
    const bool whole = EachList(made, [&](SegmentList& list) { return MakeStrict(node, &list); });
    if (!whole) return std::nullopt;
  }
  const bool confirmed = EachList(std::as_const(made), [&](const SegmentList& list) {
    return std::all_of(list.sids().begin(), list.sids().end(),
                       [&](uint32_t sid) { return sid <= kMaxNodeSid || LinkConfirmed(sid); });
  });
  if (!confirmed) return std::nullopt;
  return made;
}

}  // namespace waymark

#include "controller/plan/mesh_book.h"

#include <algorithm>

namespace waymark {

void MeshBook::Count(const Counted& counted, int sign, const Snapshot& snapshot, Stale* stale) {
  for (const std::string& name : counted.classes) {
    Class& its = classes_.at(name);
    std::vector<uint32_t>* row = nullptr;
    NodeId from = NodeId::kNone;
    bool noted = false;
    for (const auto& [pair, count] : counted.pairs) {
      if (row == nullptr || pair.first != from) {
        from = pair.first;
        row = &its.users[from];
        row->resize(snapshot.nodes().size());
        noted = false;
      }
      uint32_t& users = (*row)[static_cast<size_t>(Index(pair.second))];
      const uint32_t before = users;
      users = sign > 0 ? before + 1 : before - 1;
      if ((before == 0 || users == 0) && !noted) {
        (*stale)[{name, from}];
        noted = true;
      }
    }
  }
}

void MeshBook::CountServices(const Snapshot& snapshot, const ResolvedServices& resolved,
                             const std::set<std::string>& services, Stale* stale) {
  for (const std::string& name : services) {
    Counted now;
    if (const auto found = resolved.services.find(name); found != resolved.services.end()) {
      for (const auto& [class_name, traffic_class] : found->second.classes) {
        if (traffic_class->treatment() == v1::PINNED) continue;
        classes_[class_name].traffic_class = traffic_class;
        now.classes.push_back(class_name);
      }
      now.pairs = found->second.node_pairs;
    }
    const auto before = counted_.find(name);
    if (before != counted_.end() && before->second.classes == now.classes &&
        before->second.pairs == now.pairs) {
      continue;
    }
    for (const std::string& class_name : now.classes) ++classes_.at(class_name).services;
    // The new ones first: what both need never goes away.
    Count(now, 1, snapshot, stale);
    if (before != counted_.end()) {
      Count(before->second, -1, snapshot, stale);
      for (const std::string& class_name : before->second.classes) {
        --classes_.at(class_name).services;
      }
    }
    if (now.classes.empty()) {
      counted_.erase(name);
    } else {
      counted_[name] = std::move(now);
    }
  }
}

// Routes that somebody else has stored, and those of headends that nobody needs.
void MeshBook::NoteRecords(const PlanInput& input, const MeshCodec& codec,
                           const std::set<std::string>& keys, Stale* stale,
                           MeshChanges* mesh_changes) const {
  if (input.mesh_routes == nullptr) return;
  for (const std::string& key : keys) {
    const auto record = input.mesh_routes->find(key);
    const auto place = by_key_.find(key);
    if (place == by_key_.end()) {
      if (record != input.mesh_routes->end()) (*mesh_changes)[key] = std::nullopt;
      continue;
    }
    const auto& [name, from] = place->second;
    const MeshHeadend& headend = classes_.at(name).headends.at(from);
    const bool known = record == input.mesh_routes->end()
                           ? headend.routes.route_count() == 0
                           : codec.Says(record->second, headend.endpoints, headend.routes);
    if (!known) (*stale)[place->second].whole = true;
  }
}

// What stands loses routes only to links that are down now and were not.
void MeshBook::NoteLinks(const LinkState& link_state, size_t links, Stale* stale) const {
  if (link_state_ == link_state) return;
  std::vector<uint8_t> lost(links, 0);
  for (size_t i = 0; i < links; ++i) {
    const LinkId link = static_cast<LinkId>(i);
    lost[i] = link_state_->IsUp(link) && !link_state.IsUp(link) ? 1 : 0;
  }
  const bool any_lost = std::find(lost.begin(), lost.end(), 1) != lost.end();
  for (const auto& [name, its] : classes_) {
    for (const auto& [from, headend] : its.headends) {
      std::vector<bool>* again = nullptr;
      const auto note = [&, &name = name, &from = from](size_t number) {
        if (again == nullptr) {
          again = &(*stale)[{name, from}].again;
          again->resize(headend.endpoints.size());
        }
        (*again)[number] = true;
      };
      for (const size_t number : headend.unsettled) note(number);
      if (!any_lost) continue;
      const MeshRoutes& routes = headend.routes;
      for (size_t i = 0; i < headend.endpoints.size(); ++i) {
        for (size_t r = routes.first_route(i); r < routes.first_route(i + 1); ++r) {
          uint8_t hit = 0;
          for (const int32_t link : routes.links(r)) hit |= lost[static_cast<size_t>(link)];
          if (hit != 0) note(i);
        }
      }
    }
  }
}

std::vector<MeshBook::Redone> MeshBook::Update(
    const PlanInput& input, const ResolvedServices& resolved, const LinkState& link_state,
    const std::set<std::string>& services, const PlanChanges& changes, MeshChanges* mesh_changes) {
  if (changes.all) *this = MeshBook();
  Stale stale;
  const MeshCodec codec(input.snapshot);
  CountServices(input.snapshot, resolved, services, &stale);
  if (!changes.all) {
    NoteLinks(link_state, input.snapshot.links().size(), &stale);
    NoteRecords(input, codec, changes.mesh_routes, &stale, mesh_changes);
  }
  link_state_ = link_state;
  std::vector<Redone> redone;
  std::optional<MeshHeadendPlanner> planner;
  const Class* planned = nullptr;
  for (const auto& [place, concern] : stale) {
    const auto& [name, from] = place;
    const auto found = classes_.find(name);
    if (found == classes_.end()) continue;
    Class& its = found->second;
    Redone& one = redone.emplace_back();
    one.traffic_class = its.traffic_class;
    one.from = from;
    const auto before = its.headends.find(from);
    if (before != its.headends.end()) one.before = std::move(before->second);
    std::vector<NodeId> endpoints;
    const std::vector<uint32_t>& users = its.users[from];
    for (size_t to = 0; to < users.size(); ++to) {
      if (users[to] > 0) endpoints.push_back(static_cast<NodeId>(to));
    }
    const std::string key = MeshRoutesKey(name, input.snapshot.node(from).name);
    if (endpoints.empty()) {
      its.users.erase(from);
      its.headends.erase(from);
      by_key_.erase(key);
      if (input.mesh_routes != nullptr && input.mesh_routes->contains(key)) {
        (*mesh_changes)[key] = std::nullopt;
      }
      continue;
    }
    if (planned != &its) {
      planner.emplace(input, link_state, codec, *its.traffic_class);
      planned = &its;
    }
    MeshHeadend& after = its.headends[from];
    if (!one.before || concern.whole) {
      after = planner->Plan(from, std::move(endpoints), mesh_changes);
    } else {
      std::vector<bool> again = concern.again;
      again.resize(one.before->endpoints.size());
      after =
          planner->Replan(from, std::move(endpoints), *one.before, again, &one.kept, mesh_changes);
    }
    by_key_[key] = place;
    one.after = &after;
  }
  std::erase_if(classes_, [](const auto& entry) { return entry.second.services == 0; });
  if (changes.all && input.mesh_routes != nullptr) {
    for (const auto& [key, record] : *input.mesh_routes) {
      if (!by_key_.contains(key)) (*mesh_changes)[key] = std::nullopt;
    }
  }
  return redone;
}

std::vector<MeshClassPlan> MeshBook::Classes() const {
  std::vector<MeshClassPlan> all;
  for (const auto& [name, its] : classes_) {
    MeshClassPlan& plan = all.emplace_back();
    plan.traffic_class = its.traffic_class;
    for (const auto& [from, headend] : its.headends) {
      for (size_t i = 0; i < headend.endpoints.size(); ++i) {
        if (const auto why = headend.blocked.find(i); why != headend.blocked.end()) {
          plan.blocked.emplace(plan.pairs.size(), why->second);
        }
        plan.pairs.emplace_back(from, headend.endpoints[i]);
        plan.routes.AddRoutes(headend.routes.pair(i));
        plan.routes.EndDemand();
      }
    }
  }
  return all;
}

}  // namespace waymark

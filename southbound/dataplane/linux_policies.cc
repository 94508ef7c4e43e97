#include "southbound/dataplane/linux_policies.h"

#include <google/protobuf/util/message_differencer.h>
#include <net/if.h>

#include <algorithm>
#include <span>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "southbound/dataplane/linux_specs.h"

namespace waymark {
namespace {

using southbound::v1::PolicyObject;
using southbound::v1::SegmentList;

constexpr uint32_t kMostWeight = 255;

std::vector<uint32_t> ToVector(const google::protobuf::RepeatedField<uint32_t>& values) {
  return {values.begin(), values.end()};
}

PolicyId IdOf(const PolicyObject& policy) { return {policy.color(), policy.endpoint_sid()}; }

}  // namespace

absl::Status Policies::Open(DataPlane::EventSink sink) {
  const std::scoped_lock lock(mutex_);
  sink_ = std::move(sink);
  absl::StatusOr<std::unique_ptr<NetlinkSocket>> socket = NetlinkSocket::Open();
  if (!socket.ok()) return socket.status();
  kernel_ = *std::move(socket);
  return absl::OkStatus();
}

absl::Status Policies::Load(const std::map<PolicyId, uint32_t>& groups) {
  const std::scoped_lock lock(mutex_);
  known_groups_ = groups;
  if (absl::Status status = DumpNexthops(*kernel_, &kernel_nexthops_); !status.ok()) return status;
  for (const auto& [id, nexthop] : kernel_nexthops_) {
    if (id >= kFirstGroupNexthop) {
      next_group_ = std::max(next_group_, id + 1);
    } else {
      next_path_ = std::max(next_path_, id + 1);
      if (!nexthop.carriers.empty()) path_of_.emplace(nexthop.carriers, id);
    }
  }
  for (auto& [id, policy] : policies_) {
    const bool stand = std::all_of(policy.kept.begin(), policy.kept.end(), [this](const auto& m) {
      return kernel_nexthops_.contains(m.first);
    });
    if (!stand) {
      ReleaseKept(policy);
      policy.kept.clear();
    }
    const auto held = kernel_nexthops_.find(policy.group);
    policy.members =
        held == kernel_nexthops_.end() ? std::map<uint32_t, uint32_t>{} : held->second.members;
  }
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> Policies::AcquirePath(const std::vector<Ipv6>& carriers) {
  uint32_t& path = path_of_[carriers];
  const Nexthop wanted{.carriers = carriers};
  const auto held = kernel_nexthops_.find(path);
  if (path == 0 || held == kernel_nexthops_.end() || held->second != wanted) {
    if (path == 0) {
      while (kernel_nexthops_.contains(next_path_)) ++next_path_;
      path = next_path_++;
      if (next_path_ >= kFirstGroupNexthop) next_path_ = kFirstPathNexthop;
    }
    const int anchor = kernel_->InterfaceIndex(kAnchorDevice);
    if (absl::Status status = SetNexthop(*kernel_, path, wanted, anchor); !status.ok()) {
      if (!path_users_.contains(path)) path_of_.erase(carriers);
      return status;
    }
    kernel_nexthops_[path] = wanted;
  }
  ++path_users_[path];
  return path;
}

absl::Status Policies::ReleasePath(uint32_t path) {
  if (path == 0 || --path_users_[path] > 0) return absl::OkStatus();
  path_users_.erase(path);
  const auto held = kernel_nexthops_.find(path);
  if (held != kernel_nexthops_.end()) {
    path_of_.erase(held->second.carriers);
    kernel_nexthops_.erase(held);
  }
  return DeleteNexthop(*kernel_, path);
}

uint32_t Policies::NewGroup() {
  while (kernel_nexthops_.contains(next_group_)) ++next_group_;
  const uint32_t group = next_group_++;
  if (next_group_ > kLastGroupNexthop) next_group_ = kFirstGroupNexthop;
  return group;
}

uint32_t Policies::AddList(const PolicyId& id, const PolicyObject& policy,
                           const SegmentList& object, const FirstHops& first_hops, uint32_t path,
                           const Policy* before, absl::Duration now) {
  List list;
  list.policy = id;
  list.sids = ToVector(object.sids());
  list.back = ToVector(object.probe_return_sids());
  list.weight = std::clamp<uint32_t>(object.weight(), 1, kMostWeight);
  list.path = path;
  list.probed = policy.probe_interval_us() > 0 && !list.back.empty();
  list.interval = absl::Microseconds(policy.probe_interval_us());
  list.liveness = Liveness(list.interval);
  if (const auto hop = first_hops.find(list.sids.front()); hop != first_hops.end()) {
    list.interface = hop->second;
    // Asked of the kernel: the prober may not have heard yet of a link that has just come up.
    constexpr unsigned kReady = IFF_UP | IFF_RUNNING;
    list.carrier = (kernel_->InterfaceFlags(list.interface) & kReady) == kReady;
    carriers_[list.interface] = list.carrier;
  }
  // A link that comes back proves nothing of the rest of the path.
  list.liveness.Assume(list.carrier);
  if (!list.alive()) list.in_use = false;
  if (list.probed) {
    list.segments = PackCarriers(list.sids);
    const std::vector<Ipv6> back = PackCarriers(list.back);
    list.segments.insert(list.segments.end(), back.begin(), back.end());
    // Spread, so that a thousand lists don't go out in one burst: by the golden ratio, whatever
    // their number.
    list.next_send = now + list.interval * ((next_list_ * 0.6180339887) -
                                            static_cast<uint64_t>(next_list_ * 0.6180339887));
  }
  uint32_t number = next_list_++;
  // What is known of a list's liveness stays known when its policy is replaced, and its probes
  // under way still count.
  const auto inherit = [&](uint32_t known) {
    const auto found = lists_.find(known);
    if (found == lists_.end()) return false;
    const List& old = found->second;
    if (old.sids != list.sids || old.back != list.back || old.probed != list.probed ||
        old.interval != list.interval) {
      return false;
    }
    list.liveness = old.liveness;
    list.proven = old.proven;
    if (!list.carrier) list.liveness.Assume(false);
    list.in_use = old.in_use && list.carrier;
    list.next_send = old.next_send;
    list.restore = old.restore;
    return true;
  };
  if (before != nullptr) {
    const bool found = std::any_of(before->working.begin(), before->working.end(), inherit);
    if (!found) inherit(before->protect);
  }
  lists_.emplace(number, std::move(list));
  return number;
}

absl::StatusOr<Policies::Policy> Policies::Build(const PolicyObject& object,
                                                 const FirstHops& first_hops, const Policy* before,
                                                 absl::Duration now) {
  Policy policy{.object = object};
  const auto add = [&](const SegmentList& list) -> absl::StatusOr<uint32_t> {
    absl::StatusOr<uint32_t> path = AcquirePath(PackCarriers(ToVector(list.sids())));
    if (!path.ok()) return path.status();
    return AddList(IdOf(object), object, list, first_hops, *path, before, now);
  };
  for (const SegmentList& list : object.working()) {
    absl::StatusOr<uint32_t> number = add(list);
    if (!number.ok()) {
      Drop(policy);
      return number.status();
    }
    policy.working.push_back(*number);
  }
  if (object.has_protect()) {
    absl::StatusOr<uint32_t> number = add(object.protect());
    if (!number.ok()) {
      Drop(policy);
      return number.status();
    }
    policy.protect = *number;
  }
  return policy;
}

void Policies::Drop(const Policy& policy) {
  std::vector<uint32_t> numbers = policy.working;
  if (policy.protect != 0) numbers.push_back(policy.protect);
  for (uint32_t number : numbers) {
    const auto list = lists_.find(number);
    schedule_.erase({list->second.wake, number});
    if (absl::Status status = ReleasePath(list->second.path); !status.ok()) {
      Log(LogLevel::kWarning, "path not removed", {{"reason", std::string(status.message())}});
    }
    lists_.erase(list);
  }
  ReleaseKept(policy);
}

// What carries now is better than lists that nobody has heard of yet. `before`: null if it is a
// predecessor's group, of which it is only known that it carries.
void Policies::Keep(Policy& policy, const Policy* before) {
  const auto has = [](const Policy& p, const auto& predicate) {
    return std::any_of(p.working.begin(), p.working.end(), predicate) ||
           (p.protect != 0 && predicate(p.protect));
  };
  const auto carries = [&](uint32_t n) { return policy.members.contains(lists_.at(n).path); };
  const auto proven = [&](uint32_t n) { return carries(n) && lists_.at(n).up(); };
  const bool keep =
      before == nullptr ? !has(policy, carries) : !before->kept.empty() || has(*before, proven);
  if (!keep || policy.members.empty() || policy.members.contains(kBlackholeNexthop)) return;
  for (const auto& [path, weight] : policy.members) {
    if (!kernel_nexthops_.contains(path)) return;
  }
  policy.kept = policy.members;
  for (const auto& [path, weight] : policy.kept) ++path_users_[path];
}

void Policies::ReleaseKept(const Policy& policy) {
  for (const auto& [path, weight] : policy.kept) {
    if (absl::Status status = ReleasePath(path); !status.ok() && !absl::IsNotFound(status)) {
      Log(LogLevel::kWarning, "path not removed", {{"reason", std::string(status.message())}});
    }
  }
}

// An agent that starts anew takes over what its predecessor decided: what the group leaves out was
// dead, and comes back only when its probes do.
void Policies::Presume(Policy& policy, const std::map<uint32_t, uint32_t>& members) {
  const auto carries = [&](uint32_t number) { return members.contains(lists_.at(number).path); };
  const bool working = std::any_of(policy.working.begin(), policy.working.end(), carries);
  const bool protect = policy.protect != 0 && carries(policy.protect);
  // It carries on its predecessor's word, which had its answers.
  for (uint32_t number : policy.working) lists_.at(number).proven = carries(number);
  if (protect) lists_.at(policy.protect).proven = true;
  if (!working && !protect && !members.contains(kBlackholeNexthop)) return;
  for (uint32_t number : policy.working) {
    List& list = lists_.at(number);
    if (carries(number) || !list.probed) continue;
    list.liveness.Assume(false);
    list.in_use = false;
  }
  if (policy.protect != 0 && !working && !protect) {
    lists_.at(policy.protect).liveness.Assume(false);
  }
}

bool Policies::Unchanged(const Policy& held, const PolicyObject& object,
                         const FirstHops& first_hops) const {
  if (!google::protobuf::util::MessageDifferencer::Equals(held.object, object)) return false;
  const auto stands = [&](uint32_t number) {
    const List& list = lists_.at(number);
    const auto hop = first_hops.find(list.sids.front());
    return kernel_nexthops_.contains(list.path) &&
           list.interface == (hop == first_hops.end() ? "" : hop->second);
  };
  return kernel_nexthops_.contains(held.group) && held.members == Wish(held) &&
         std::all_of(held.working.begin(), held.working.end(), stands) &&
         (held.protect == 0 || stands(held.protect));
}

absl::StatusOr<uint32_t> Policies::Put(const PolicyObject& object, const FirstHops& first_hops,
                                       absl::Duration now) {
  std::unique_lock lock(mutex_);
  const PolicyId id = IdOf(object);
  const auto held = policies_.find(id);
  Policy* before = held == policies_.end() ? nullptr : &held->second;
  if (before != nullptr && Unchanged(*before, object, first_hops)) return before->group;
  absl::StatusOr<Policy> made = Build(object, first_hops, before, now);
  if (!made.ok()) return made.status();
  if (before != nullptr) {
    made->group = before->group;
    made->members = before->members;
    made->last_event = before->last_event;
  } else {
    const auto known = known_groups_.find(id);
    if (known != known_groups_.end()) made->group = known->second;
    const auto group = kernel_nexthops_.find(made->group);
    if (group != kernel_nexthops_.end()) {
      made->members = group->second.members;
      Presume(*made, made->members);
    }
  }
  Keep(*made, before);
  if (made->group == 0) made->group = NewGroup();
  if (absl::Status status = Apply(*made); !status.ok()) {
    Drop(*made);
    return status;
  }
  if (before != nullptr) Drop(*before);
  const auto stored = policies_.insert_or_assign(id, *std::move(made)).first;
  Policy& policy = stored->second;
  std::vector<uint32_t> numbers = policy.working;
  if (policy.protect != 0) numbers.push_back(policy.protect);
  for (uint32_t number : numbers) Schedule(number, lists_.at(number));
  Changed(id);
  const uint32_t group = policy.group;
  Tell(lock);
  return group;
}

absl::Status Policies::Remove(const PolicyId& id) {
  const std::scoped_lock lock(mutex_);
  known_groups_.erase(id);
  const auto held = policies_.find(id);
  if (held == policies_.end()) return absl::OkStatus();
  const absl::Status status = DeleteNexthop(*kernel_, held->second.group);
  kernel_nexthops_.erase(held->second.group);
  Drop(held->second);
  policies_.erase(held);
  return status;
}

bool Policies::Holds(const PolicyObject& object) const {
  const std::scoped_lock lock(mutex_);
  const PolicyId id = IdOf(object);
  const auto known = known_groups_.find(id);
  if (known == known_groups_.end()) return false;
  const auto group = kernel_nexthops_.find(known->second);
  if (group == kernel_nexthops_.end()) return false;
  const auto held = policies_.find(id);
  if (held != policies_.end() && group->second.members != Wish(held->second)) return false;
  // Every list's path is there, and the group leads nowhere else.
  std::set<uint32_t> paths = {kBlackholeNexthop};
  if (held != policies_.end()) {
    for (const auto& [path, weight] : held->second.kept) paths.insert(path);
  }
  const auto look = [&](const SegmentList& list) {
    const auto path = path_of_.find(PackCarriers(ToVector(list.sids())));
    if (path == path_of_.end()) return false;
    const auto nexthop = kernel_nexthops_.find(path->second);
    paths.insert(path->second);
    return nexthop != kernel_nexthops_.end() && nexthop->second.carriers == path->first;
  };
  if (!std::all_of(object.working().begin(), object.working().end(), look)) return false;
  if (object.has_protect() && !look(object.protect())) return false;
  return std::all_of(group->second.members.begin(), group->second.members.end(),
                     [&](const auto& member) { return paths.contains(member.first); });
}

void Policies::Sweep() {
  const std::scoped_lock lock(mutex_);
  std::set<uint32_t> used = {kBlackholeNexthop};
  for (const auto& [id, policy] : policies_) used.insert(policy.group);
  for (const auto& [id, users] : path_users_) used.insert(id);
  RemoveAllBut(used);
}

void Policies::Clear() {
  const std::scoped_lock lock(mutex_);
  RemoveAllBut({});
}

void Policies::RemoveAllBut(const std::set<uint32_t>& used) {
  std::vector<uint32_t> removed;
  // Groups have the higher numbers, and must go before their members.
  for (auto it = kernel_nexthops_.rbegin(); it != kernel_nexthops_.rend(); ++it) {
    if (!used.contains(it->first)) removed.push_back(it->first);
  }
  for (uint32_t id : removed) {
    if (absl::Status status = DeleteNexthop(*kernel_, id); !status.ok()) {
      Log(LogLevel::kWarning, "nexthop not removed", {{"reason", std::string(status.message())}});
    }
    const auto path = path_of_.find(kernel_nexthops_[id].carriers);
    if (path != path_of_.end() && path->second == id) path_of_.erase(path);
    kernel_nexthops_.erase(id);
  }
}

}  // namespace waymark

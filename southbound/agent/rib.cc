#include "southbound/agent/rib.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "southbound/agent/validate.h"

namespace waymark {
namespace {

using southbound::v1::InstanceObject;
using southbound::v1::InstanceType;
using southbound::v1::Object;
using southbound::v1::PolicyObject;

std::set<uint32_t> FirstSids(const PolicyObject& policy) {
  std::set<uint32_t> sids;
  for (const auto& list : policy.working()) sids.insert(list.sids(0));
  if (policy.has_protect()) sids.insert(policy.protect().sids(0));
  return sids;
}

template <typename K>
const std::set<std::string>* FindUsers(const std::map<K, std::set<std::string>>& index,
                                       const K& key) {
  auto it = index.find(key);
  return it == index.end() ? nullptr : &it->second;
}

absl::Status Missing(const std::string& what) {
  return absl::FailedPreconditionError(
      absl::StrCat(what, ", which this switch does not have: put it first"));
}

absl::Status Orphaned(const std::string& what, const std::set<std::string>& users) {
  return absl::FailedPreconditionError(absl::StrCat(what, " is still used by ", *users.begin(),
                                                    " and ", users.size() - 1,
                                                    " more: delete or change those first"));
}

}  // namespace

std::optional<Object> Rib::Put(const Object& object) {
  const std::string key = ObjectKey(object);
  std::optional<Object> before;
  if (const Object* old = table_.Find(key)) {
    before = *old;
    Index(key, *before, IndexOp::kRemove);
  }
  table_.Put(object);
  Index(key, object, IndexOp::kAdd);
  return before;
}

std::optional<Object> Rib::Erase(const std::string& key) {
  const Object* old = table_.Find(key);
  if (old == nullptr) return std::nullopt;
  std::optional<Object> before = *old;
  Index(key, *before, IndexOp::kRemove);
  table_.Erase(key);
  return before;
}

void Rib::Clear() {
  table_.Clear();
  link_users_.clear();
  sid_users_.clear();
  vni_users_.clear();
  sid_owners_.clear();
}

void Rib::Index(const std::string& key, const Object& object, IndexOp op) {
  const auto update = [&key, op](auto& index, const auto& at) {
    if (op == IndexOp::kAdd) {
      index[at].insert(key);
      return;
    }
    auto it = index.find(at);
    if (it == index.end()) return;
    it->second.erase(key);
    if (it->second.empty()) index.erase(it);
  };
  switch (object.kind_case()) {
    case Object::kLink:
      update(sid_owners_, object.link().adjacency_sid());
      break;
    case Object::kRoute:
      for (const std::string& link : object.route().links()) update(link_users_, link);
      break;
    case Object::kPolicy:
      for (const uint32_t sid : FirstSids(object.policy())) update(sid_users_, sid);
      break;
    case Object::kAttachment:
      update(vni_users_, object.attachment().vni());
      break;
    default:
      break;
  }
}

absl::Status Rib::CheckReferences(const Object& object) const {
  if (object.kind_case() == Object::kNode) return absl::OkStatus();
  const Object* node = Find("node:");
  if (node == nullptr) return Missing("every object needs the node object");
  const uint32_t own_sid = node->node().node_sid();
  switch (object.kind_case()) {
    case Object::kRoute:
      if (object.route().node_sid() == own_sid) {
        return absl::InvalidArgumentError("route.node_sid is this switch's own");
      }
      for (const std::string& link : object.route().links()) {
        if (Find("link:" + link) == nullptr) return Missing("route.links names link " + link);
      }
      break;
    case Object::kPolicy:
      for (const uint32_t sid : FirstSids(object.policy())) {
        if (FindUsers(sid_owners_, sid) == nullptr) {
          return Missing(absl::StrCat("policy leaves by adjacency SID ", sid));
        }
      }
      break;
    case Object::kAttachment:
      if (Find("instance:" + std::to_string(object.attachment().vni())) == nullptr) {
        return Missing(absl::StrCat("attachment.vni is of instance ", object.attachment().vni()));
      }
      break;
    default:
      break;
  }
  return absl::OkStatus();
}

absl::Status Rib::CheckStored(const Object& object) const {
  if (object.has_policy() && Find("node:") != nullptr) return absl::OkStatus();
  return CheckReferences(object);
}

absl::Status Rib::CheckOrphans(const Object& before) const {
  switch (before.kind_case()) {
    case Object::kNode:
      if (Find("node:") == nullptr && table_.size() > 0) {
        return absl::FailedPreconditionError(
            absl::StrCat("the node object is still needed by ", table_.size(), " objects"));
      }
      break;
    case Object::kLink: {
      const auto& link = before.link();
      const Users* users = FindUsers(link_users_, link.link());
      if (users != nullptr && Find("link:" + link.link()) == nullptr) {
        return Orphaned("link " + link.link(), *users);
      }
      if (Find("link:" + link.link()) != nullptr) break;  // Its users follow it to its new SID.
      users = FindUsers(sid_users_, link.adjacency_sid());
      if (users != nullptr && FindUsers(sid_owners_, link.adjacency_sid()) == nullptr) {
        return Orphaned(
            absl::StrCat("adjacency SID ", link.adjacency_sid(), " of link ", link.link()), *users);
      }
      break;
    }
    case Object::kInstance: {
      const uint32_t vni = before.instance().vni();
      const Users* users = FindUsers(vni_users_, vni);
      if (users != nullptr && Find("instance:" + std::to_string(vni)) == nullptr) {
        return Orphaned(absl::StrCat("instance ", vni), *users);
      }
      break;
    }
    default:
      break;
  }
  return absl::OkStatus();
}

absl::Status Rib::CheckIntegrity(const std::string& key,
                                 const std::optional<Object>& before) const {
  if (before.has_value()) {
    if (auto s = CheckOrphans(*before); !s.ok()) return s;
  }
  const Object* now = Find(key);
  if (now == nullptr) return absl::OkStatus();
  if (now->has_link()) {
    const Users* owners = FindUsers(sid_owners_, now->link().adjacency_sid());
    if (owners != nullptr && owners->size() > 1) {
      return absl::AlreadyExistsError(absl::StrCat("link.adjacency_sid ",
                                                   now->link().adjacency_sid(), " is that of ",
                                                   *owners->begin(), " and ", *owners->rbegin()));
    }
  }
  if (now->has_instance() || now->has_attachment()) {
    const uint32_t vni = now->has_instance() ? now->instance().vni() : now->attachment().vni();
    const Object* object = Find("instance:" + std::to_string(vni));
    const Users* users = FindUsers(vni_users_, vni);
    if (object != nullptr && users != nullptr &&
        object->instance().type() == InstanceType::INSTANCE_E_LINE &&
        users->size() + object->instance().remote_sids_size() > 2) {
      return absl::FailedPreconditionError(
          absl::StrCat("E-Line instance ", vni, " has ", users->size(), " attachments and ",
                       object->instance().remote_sids_size(), " remotes: two ends in all"));
    }
  }
  return absl::OkStatus();
}

std::vector<Object> Rib::InDependencyOrder() const {
  std::map<int, std::vector<const Object*>> by_rank;
  for (const auto& [key, entry] : table_.entries()) {
    by_rank[DependencyRank(key)].push_back(entry.object.get());
  }
  std::vector<Object> objects;
  objects.reserve(table_.size());
  for (const auto& [rank, of_rank] : by_rank) {
    for (const Object* object : of_rank) objects.push_back(*object);
  }
  return objects;
}

}  // namespace waymark

#include "northbound/api/model.h"

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

using google::protobuf::Message;

const std::set<std::string>& NoNames() {
  static const auto& none = *new std::set<std::string>;
  return none;
}

void AddServiceReferences(const v1::Service& service, std::vector<std::string>& names) {
  names.push_back(service.class_map());
  for (const auto& endpoint : service.endpoints()) names.push_back(endpoint.site());
  for (const auto& rate : service.rates()) names.push_back(rate.traffic_class());
}

}  // namespace

std::string PortKey(const v1::Site& site) { return absl::StrCat(site.node(), "|", site.port()); }

std::vector<std::string> ReferencesOf(const Message& message) {
  std::vector<std::string> names;
  if (std::string parent = ParentOf(NameOf(message)); !parent.empty()) {
    names.push_back(std::move(parent));
  }
  switch (*KindOfMessage(message)) {
    case Kind::kNode: {
      const auto& node = static_cast<const v1::Node&>(message);
      names.insert(names.end(), node.srlgs().begin(), node.srlgs().end());
      break;
    }
    case Kind::kLink: {
      const auto& link = static_cast<const v1::Link&>(message);
      names.insert(names.end(), {link.source(), link.target()});
      names.insert(names.end(), link.srlgs().begin(), link.srlgs().end());
      break;
    }
    case Kind::kSite:
      names.push_back(static_cast<const v1::Site&>(message).node());
      break;
    case Kind::kClassMap: {
      const auto& map = static_cast<const v1::ClassMap&>(message);
      for (const auto& rule : map.rules()) names.push_back(rule.traffic_class());
      names.push_back(map.default_class());
      break;
    }
    case Kind::kService:
      AddServiceReferences(static_cast<const v1::Service&>(message), names);
      break;
    case Kind::kSrlg:
    case Kind::kCustomer:
    case Kind::kTrafficClass:
      break;
  }
  return names;
}

const Message* Model::Find(Kind kind, const std::string& name) const {
  const ResourceMap& map = All(kind);
  const auto it = map.find(name);
  return it == map.end() ? nullptr : it->second.get();
}

void Model::Put(Kind kind, Resource resource) {
  Resource& slot = resources_[static_cast<int>(kind)][NameOf(*resource)];
  if (slot != nullptr) Unindex(*slot);
  slot = std::move(resource);
  Index(*slot);
}

void Model::Erase(Kind kind, const std::string& name) {
  ResourceMap& map = resources_[static_cast<int>(kind)];
  const auto it = map.find(name);
  if (it == map.end()) return;
  Unindex(*it->second);
  map.erase(it);
}

// A site refers to its port as well as to its node, so that services at one port are found through
// its sites.
void Model::Index(const Message& message) {
  const std::string name = NameOf(message);
  for (const std::string& target : ReferencesOf(message)) referrers_[target].insert(name);
  if (*KindOfMessage(message) == Kind::kSite) {
    referrers_[PortKey(static_cast<const v1::Site&>(message))].insert(name);
  }
}

void Model::Unindex(const Message& message) {
  const std::string name = NameOf(message);
  std::vector<std::string> targets = ReferencesOf(message);
  if (*KindOfMessage(message) == Kind::kSite) {
    targets.push_back(PortKey(static_cast<const v1::Site&>(message)));
  }
  for (const std::string& target : targets) {
    const auto it = referrers_.find(target);
    if (it == referrers_.end()) continue;
    it->second.erase(name);
    if (it->second.empty()) referrers_.erase(it);
  }
}

const std::set<std::string>& Model::ReferrersOf(const std::string& name) const {
  const auto it = referrers_.find(name);
  return it == referrers_.end() ? NoNames() : it->second;
}

const std::set<std::string>& Model::SitesAt(const std::string& port_key) const {
  return ReferrersOf(port_key);
}

const Message* Staged::Find(Kind kind, const std::string& name) const {
  const auto it = changes_.find({kind, name});
  return it == changes_.end() ? base_.Find(kind, name) : it->second.get();
}

void Staged::Put(Kind kind, Resource resource) {
  const std::string name = NameOf(*resource);
  changes_[{kind, name}] = std::move(resource);
}

void Staged::Erase(Kind kind, const std::string& name) { changes_[{kind, name}] = nullptr; }

std::vector<const Message*> Staged::All(Kind kind) const {
  std::map<std::string, const Message*> merged;
  for (const auto& [name, resource] : base_.All(kind)) merged[name] = resource.get();
  for (const auto& [key, resource] : changes_) {
    if (key.first == kind) merged[key.second] = resource.get();
  }
  std::vector<const Message*> all;
  for (const auto& [name, message] : merged) {
    if (message != nullptr) all.push_back(message);
  }
  return all;
}

bool Staged::Changes(Kind kind) const {
  const auto it = changes_.lower_bound({kind, ""});
  return it != changes_.end() && it->first.first == kind;
}

}  // namespace waymark

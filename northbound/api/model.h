// The latest committed resources, decoded and indexed for validation, and a change being made on
// top of them.
#ifndef WAYMARK_NORTHBOUND_API_MODEL_H_
#define WAYMARK_NORTHBOUND_API_MODEL_H_

#include <array>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "northbound/api/kinds.h"

namespace waymark {

using ResourceMap = std::map<std::string, Resource>;

// "nodes/zrh|c1".
std::string PortKey(const v1::Site& site);
// Names that a resource cannot do without, its parent among them. A link's reverse is not among
// them: the two are kept consistent (stage.h), so that either can be deleted.
std::vector<std::string> ReferencesOf(const google::protobuf::Message& message);

// Not thread-safe. Messages are immutable and carry revision and etag.
class Model {
 public:
  const google::protobuf::Message* Find(Kind kind, const std::string& name) const;
  template <typename T>
  const T* Find(const std::string& name) const {
    return static_cast<const T*>(Find(KindOf<T>::value, name));
  }
  const ResourceMap& All(Kind kind) const { return resources_[static_cast<int>(kind)]; }

  // O(log n) and the size of the resource.
  void Put(Kind kind, Resource resource);
  void Erase(Kind kind, const std::string& name);

  // Who refers to `name`, in name order.
  const std::set<std::string>& ReferrersOf(const std::string& name) const;
  // Sites at a port (PortKey), of any customer.
  const std::set<std::string>& SitesAt(const std::string& port_key) const;

  Revision revision = 0;

 private:
  void Index(const google::protobuf::Message& message);
  void Unindex(const google::protobuf::Message& message);

  std::array<ResourceMap, kKindCount> resources_;
  std::unordered_map<std::string, std::set<std::string>> referrers_;
};

// A change on top of a model, which must outlive it and not change. Reads see the change.
class Staged {
 public:
  explicit Staged(const Model& base) : base_(base) {}

  const google::protobuf::Message* Find(Kind kind, const std::string& name) const;
  template <typename T>
  const T* Find(const std::string& name) const {
    return static_cast<const T*>(Find(KindOf<T>::value, name));
  }
  void Put(Kind kind, Resource resource);
  void Erase(Kind kind, const std::string& name);
  // Every resource of a kind as it would be, in name order. O(n).
  std::vector<const google::protobuf::Message*> All(Kind kind) const;

  // What the change puts, or (null) deletes. In order of kinds, so that references point backwards.
  const std::map<std::pair<Kind, std::string>, Resource>& changes() const { return changes_; }
  bool Changes(Kind kind) const;
  const Model& base() const { return base_; }

 private:
  const Model& base_;
  std::map<std::pair<Kind, std::string>, Resource> changes_;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_MODEL_H_

#include "controller/engine/resources.h"

#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/store/resource_key.h"

namespace waymark {
namespace {

template <typename T>
std::vector<T> Values(const std::map<std::string, T>& map) {
  std::vector<T> values;
  values.reserve(map.size());
  for (const auto& [name, value] : map) values.push_back(value);
  return values;
}

// True if `key` is of this kind; then the record is taken over.
template <typename T>
bool PutIf(std::string_view prefix, const std::string& key, const std::string* value,
           std::map<std::string, T>& map, absl::Status* status) {
  if (key.compare(0, prefix.size(), prefix.data(), prefix.size()) != 0) return false;
  const std::string name = key.substr(prefix.size());
  if (value == nullptr) {
    map.erase(name);
    return true;
  }
  T message;
  if (message.ParseFromString(*value)) {
    map[name] = std::move(message);
  } else {
    *status = absl::DataLossError(absl::StrCat(
        "stored record \"", key, "\" does not parse; restore the last backup of the store"));
  }
  return true;
}

}  // namespace

absl::Status Resources::Load(const Store& store, Revision revision) {
  *this = Resources();
  // An empty store has nothing to read, and revision 0 would mean "now".
  if (revision == 0) return absl::OkStatus();
  for (const std::string_view prefix :
       {kNodePrefix, kLinkPrefix, kSrlgPrefix, kSitePrefix, kTrafficClassPrefix, kClassMapPrefix,
        kServicePrefix, kPlacementPrefix, kMeshRoutesPrefix, kGuaranteePrefix, kMeasuredPrefix}) {
    absl::StatusOr<std::vector<Record>> records = store.List(std::string(prefix), revision);
    if (!records.ok()) return records.status();
    for (const Record& record : *records) {
      bool relevant = false;
      if (absl::Status status = Put(record.key, &record.value, &relevant); !status.ok()) {
        return status;
      }
    }
  }
  revision_ = revision;
  return absl::OkStatus();
}

absl::Status Resources::Apply(const ChangeSet& changes, bool* relevant) {
  *relevant = false;
  for (const Change& change : changes.changes) {
    const std::string* value = change.value.has_value() ? &*change.value : nullptr;
    if (absl::Status status = Put(change.key, value, relevant); !status.ok()) return status;
  }
  revision_ = changes.revision;
  return absl::OkStatus();
}

absl::Status Resources::Put(const std::string& key, const std::string* value, bool* relevant) {
  absl::Status status;
  if (PutIf(kNodePrefix, key, value, nodes_, &status) ||
      PutIf(kLinkPrefix, key, value, links_, &status) ||
      PutIf(kSrlgPrefix, key, value, srlgs_, &status)) {
    snapshot_.reset();
    changes_.all = true;
    *relevant = true;
  } else if (PutIf(kTrafficClassPrefix, key, value, intents_.traffic_classes, &status)) {
    changes_.all = true;
    *relevant = true;
  } else if (PutIf(kSitePrefix, key, value, intents_.sites, &status)) {
    Note(key.substr(kSitePrefix.size()), &changes_.sites);
    *relevant = true;
  } else if (PutIf(kClassMapPrefix, key, value, intents_.class_maps, &status)) {
    Note(key.substr(kClassMapPrefix.size()), &changes_.class_maps);
    *relevant = true;
  } else if (PutIf(kServicePrefix, key, value, intents_.services, &status)) {
    Note(key.substr(kServicePrefix.size()), &changes_.services);
    *relevant = true;
  } else if (!PutIf(kMeasuredPrefix, key, value, measured_, &status)) {
    const auto put = [&](std::string_view prefix, auto* facts, auto changed) {
      if (!key.starts_with(prefix)) return;
      const std::string name = key.substr(prefix.size());
      *relevant = *relevant || !facts->Knows(name, value);
      if (facts->Holds(name, value)) return;
      PutIf(prefix, key, value, facts->held, &status);
      changed(name);
    };
    put(kPlacementPrefix, &placements_,
        [&](const std::string& name) { Note(name, &changes_.placements); });
    put(kMeshRoutesPrefix, &mesh_routes_,
        [&](const std::string& name) { Note(name, &changes_.mesh_routes); });
    put(kGuaranteePrefix, &guarantees_,
        [&](const std::string& name) { Note(name, &changes_.guarantees); });
  }
  return status;
}

void Resources::Note(const std::string& name, std::set<std::string>* names) const {
  // Names say nothing then; and whoever never takes them keeps none.
  if (!changes_.all) names->insert(name);
}

template <typename Record>
bool Resources::Facts<Record>::Knows(const std::string& name, const std::string* value) const {
  // The store's word of the commit before may come while the next one is under way.
  if (Holds(name, value)) return true;
  const auto found = storing.find(name);
  if (found == storing.end()) return false;
  return value == nullptr ? !found->second.has_value()
                          : found->second && found->second->SerializeAsString() == *value;
}

template <typename Record>
bool Resources::Facts<Record>::Holds(const std::string& name, const std::string* value) const {
  const auto found = held.find(name);
  if (found == held.end()) return value == nullptr;
  return value != nullptr && found->second.SerializeAsString() == *value;
}

template <typename Record>
template <typename Changed>
void Resources::Facts<Record>::Settle(bool stored, Changed changed) {
  for (auto& [name, record] : storing) {
    if (!stored) break;
    changed(name);
    if (record) {
      held[name] = *std::move(record);
    } else {
      held.erase(name);
    }
  }
  storing.clear();
}

void Resources::PlacementsStoring(const Plan& plan) {
  placements_.storing.clear();
  for (const std::string& name : plan.changed_placements) {
    placements_.storing[name] = plan.placements.at(name);
  }
  for (const std::string& name : plan.deleted_placements) {
    placements_.storing[name] = std::nullopt;
  }
  mesh_routes_.storing = plan.mesh_changes;
  guarantees_.storing = plan.guarantee_changes;
}

absl::Status Resources::PlacementsStoring(const std::vector<Mutation>& mutations) {
  decltype(placements_.storing) placements;
  decltype(mesh_routes_.storing) mesh_routes;
  for (const Mutation& mutation : mutations) {
    const auto take = [&](std::string_view prefix, auto* storing) {
      if (!mutation.key.starts_with(prefix)) return false;
      auto& made = (*storing)[mutation.key.substr(prefix.size())];
      return !mutation.value || made.emplace().ParseFromString(*mutation.value);
    };
    if (!take(kPlacementPrefix, &placements) && !take(kMeshRoutesPrefix, &mesh_routes)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", mutation.key, "\" is neither placement nor mesh routes"));
    }
  }
  placements_.storing = std::move(placements);
  mesh_routes_.storing = std::move(mesh_routes);
  guarantees_.storing.clear();
  return absl::OkStatus();
}

void Resources::PlacementsStored(const absl::StatusOr<Revision>& stored) {
  // What the store has told may be later than this.
  const bool news = stored.ok() && revision_ < *stored;
  placements_.Settle(news, [&](const std::string& name) { Note(name, &changes_.placements); });
  mesh_routes_.Settle(news, [&](const std::string& name) { Note(name, &changes_.mesh_routes); });
  guarantees_.Settle(news, [&](const std::string& name) { Note(name, &changes_.guarantees); });
}

absl::StatusOr<std::shared_ptr<const Snapshot>> Resources::Topology() {
  if (snapshot_ == nullptr) {
    absl::StatusOr<std::shared_ptr<const Snapshot>> built =
        Snapshot::Build(Values(nodes_), Values(links_), Values(srlgs_));
    if (!built.ok()) return built.status();
    snapshot_ = *std::move(built);
  }
  return snapshot_;
}

}  // namespace waymark

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
        kServicePrefix, kPlacementPrefix}) {
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
    *relevant = true;
  } else if (PutIf(kSitePrefix, key, value, intents_.sites, &status) ||
             PutIf(kTrafficClassPrefix, key, value, intents_.traffic_classes, &status) ||
             PutIf(kClassMapPrefix, key, value, intents_.class_maps, &status) ||
             PutIf(kServicePrefix, key, value, intents_.services, &status)) {
    *relevant = true;
  } else if (key.starts_with(kPlacementPrefix)) {
    const bool known = Knows(key.substr(kPlacementPrefix.size()), value);
    PutIf(kPlacementPrefix, key, value, placements_, &status);
    *relevant = *relevant || !known;
  }
  return status;
}

bool Resources::Knows(const std::string& policy, const std::string* placement) const {
  if (const auto storing = storing_.find(policy); storing != storing_.end()) {
    return placement == nullptr
               ? !storing->second.has_value()
               : storing->second && storing->second->SerializeAsString() == *placement;
  }
  const auto held = placements_.find(policy);
  if (held == placements_.end()) return placement == nullptr;
  return placement != nullptr && held->second.SerializeAsString() == *placement;
}

void Resources::PlacementsStoring(const Plan& plan) {
  storing_.clear();
  for (const std::string& name : plan.changed_placements) {
    storing_[name] = plan.placements.at(name);
  }
  for (const std::string& name : plan.deleted_placements) storing_[name] = std::nullopt;
}

absl::Status Resources::PlacementsStoring(const std::vector<Mutation>& mutations) {
  std::map<std::string, std::optional<stored::v1::Placement>> storing;
  for (const Mutation& mutation : mutations) {
    const bool placement = mutation.key.starts_with(kPlacementPrefix);
    auto& made = storing[mutation.key.substr(placement ? kPlacementPrefix.size() : 0)];
    if (!placement || (mutation.value && !made.emplace().ParseFromString(*mutation.value))) {
      return absl::InvalidArgumentError(absl::StrCat("\"", mutation.key, "\" is no placement"));
    }
  }
  storing_ = std::move(storing);
  return absl::OkStatus();
}

void Resources::PlacementsStored(const absl::StatusOr<Revision>& stored) {
  // What the store has told may be later than this.
  if (stored.ok() && revision_ < *stored) {
    for (const auto& [name, placement] : storing_) {
      if (placement) {
        placements_[name] = *placement;
      } else {
        placements_.erase(name);
      }
    }
  }
  storing_.clear();
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

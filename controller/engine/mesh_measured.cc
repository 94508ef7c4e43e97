#include "controller/engine/mesh_measured.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "controller/store/resource_key.h"

namespace waymark {
namespace {

absl::Status Invalid(const std::string& field, const std::string& message) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", message));
}

std::string KeyOf(const std::string& traffic_class) {
  return StoreKey(kMeasuredPrefix, traffic_class);
}

absl::Status CheckClass(const Store& store, const std::string& name) {
  const auto record = store.Get(StoreKey(kTrafficClassPrefix, name));
  if (!record.ok() && !absl::IsNotFound(record.status())) return record.status();
  v1::TrafficClass found;
  const bool mesh =
      record.ok() && found.ParseFromString(record->value) && found.treatment() != v1::PINNED;
  if (mesh) return absl::OkStatus();
  return Invalid("traffic_class", absl::StrCat("there is no mesh class \"", name.substr(0, 200),
                                               "\": write trafficClasses/ID of one"));
}

// Gives nodes and sites their places.
class Ends {
 public:
  Ends(const Store& store, stored::v1::MeasuredTraffic* record) : store_(store), record_(record) {}

  absl::StatusOr<uint32_t> PlaceOf(const std::string& field, const std::string& name) {
    if (const auto known = places_.find(name); known != places_.end()) return known->second;
    const bool site = name.starts_with("customers/");
    if (name.size() > 500 || (!site && !name.starts_with("nodes/"))) {
      return Invalid(field, "write nodes/ID or customers/ID/sites/ID");
    }
    const auto found = store_.Get(StoreKey(site ? kSitePrefix : kNodePrefix, name));
    if (absl::IsNotFound(found.status())) {
      return Invalid(field, absl::StrCat(name, " does not exist"));
    }
    if (!found.ok()) return found.status();
    const uint32_t place = static_cast<uint32_t>(record_->ends_size());
    record_->add_ends(name);
    places_.emplace(name, place);
    return place;
  }

 private:
  const Store& store_;
  stored::v1::MeasuredTraffic* const record_;
  std::map<std::string, uint32_t> places_;
};

absl::StatusOr<stored::v1::MeasuredTraffic> RecordOf(const Store& store,
                                                     const v1::SetMeasuredTrafficRequest& request) {
  if (absl::Status s = CheckClass(store, request.traffic_class()); !s.ok()) return s;
  if (request.rates().empty()) {
    return Invalid("rates", "there are none: remove what was measured instead");
  }
  if (request.rates_size() > kMostMeasuredRates) {
    return Invalid(
        "rates", absl::StrCat(request.rates_size(), " are too many: at most ", kMostMeasuredRates));
  }
  stored::v1::MeasuredTraffic record;
  record.set_headroom(request.headroom() == 0 ? 1 : request.headroom());
  if (!(record.headroom() >= 1 && record.headroom() <= kMostHeadroom)) {
    return Invalid("headroom",
                   absl::StrCat("is ", request.headroom(), ": give 1 to ", kMostHeadroom));
  }
  Ends ends(store, &record);
  std::set<std::pair<uint32_t, uint32_t>> seen;
  for (int i = 0; i < request.rates_size(); ++i) {
    const v1::MeasuredRate& rate = request.rates(i);
    const std::string row = absl::StrCat("rates[", i, "]");
    const auto from = ends.PlaceOf(row + ".from", rate.from());
    if (!from.ok()) return from.status();
    const auto to = ends.PlaceOf(row + ".to", rate.to());
    if (!to.ok()) return to.status();
    if (*from == *to) return Invalid(row + ".to", rate.to() + " is where it comes from");
    if (rate.bps() < 0 || rate.bps() > kMostMeasuredBps) {
      return Invalid(row + ".bps", absl::StrCat("is ", rate.bps(), ": give 0 to 10^15"));
    }
    if (!seen.emplace(*from, *to).second) {
      return Invalid(row, absl::StrCat(rate.from(), " to ", rate.to(),
                                       " stands in the list twice: add the two up"));
    }
    record.add_from(*from);
    record.add_to(*to);
    record.add_bps(rate.bps());
  }
  return record;
}

void Commit(Store& store, const std::string& traffic_class, std::optional<std::string> value,
            v1::MeasuredTraffic told, MeshQueries::MeasuredDone done) {
  store.Commit({{KeyOf(traffic_class), std::move(value), std::nullopt}},
               [told = std::move(told), done](const absl::StatusOr<Revision>& stored) {
                 if (!stored.ok()) return done(stored.status());
                 done(told);
               });
}

// Where a node or site is.
std::optional<NodeId> NodeOf(const std::string& end, const Resources& resources,
                             const Snapshot& snapshot) {
  if (end.starts_with("nodes/")) return snapshot.FindNode(end);
  const auto site = resources.intents().sites.find(end);
  if (site == resources.intents().sites.end()) return std::nullopt;
  return snapshot.FindNode(site->second.node());
}

}  // namespace

void StoreMeasured(Store& store, const v1::SetMeasuredTrafficRequest& request,
                   const std::string& who, absl::Time now, MeshQueries::MeasuredDone done) {
  auto record = RecordOf(store, request);
  if (!record.ok()) return done(record.status());
  record->set_by(who);
  record->set_since_unix_ns(absl::ToUnixNanos(now));
  v1::MeasuredTraffic told = TellMeasured(request.traffic_class(), *record);
  if (request.validate_only()) return done(std::move(told));
  Commit(store, request.traffic_class(), record->SerializeAsString(), std::move(told),
         std::move(done));
}

void RemoveMeasured(Store& store, const std::string& traffic_class,
                    MeshQueries::MeasuredDone done) {
  const auto found =
      traffic_class.size() > 500 ? absl::NotFoundError("") : store.Get(KeyOf(traffic_class));
  if (absl::IsNotFound(found.status())) {
    return done(absl::NotFoundError(absl::StrCat("traffic_class: nothing was measured of \"",
                                                 traffic_class.substr(0, 200), "\"")));
  }
  if (!found.ok()) return done(found.status());
  stored::v1::MeasuredTraffic record;
  // What does not parse is removed all the same.
  record.ParseFromString(found->value);
  Commit(store, traffic_class, std::nullopt, TellMeasured(traffic_class, record), std::move(done));
}

v1::MeasuredTraffic TellMeasured(const std::string& traffic_class,
                                 const stored::v1::MeasuredTraffic& record) {
  v1::MeasuredTraffic told;
  told.set_traffic_class(traffic_class);
  told.set_rates(record.bps_size());
  // At most 2 * 10^5 times 10^15: too much for 64 bits.
  double sum = 0;
  for (const int64_t bps : record.bps()) sum += static_cast<double>(bps);
  told.set_bps(static_cast<int64_t>(std::min(sum, 9e18)));
  told.set_headroom(record.headroom());
  told.set_by(record.by());
  *told.mutable_since() =
      google::protobuf::util::TimeUtil::NanosecondsToTimestamp(record.since_unix_ns());
  return told;
}

int64_t ApplyMeasured(const Resources& resources, const std::string& traffic_class,
                      const Snapshot& snapshot, std::span<const NodePair> pairs,
                      MeshProblem* problem) {
  const auto found = resources.measured().find(traffic_class);
  if (found == resources.measured().end()) return 0;
  const stored::v1::MeasuredTraffic& record = found->second;
  std::vector<std::optional<NodeId>> nodes;
  for (const std::string& end : record.ends()) nodes.push_back(NodeOf(end, resources, snapshot));
  std::vector<double> rates(pairs.size(), -1);
  for (int i = 0; i < record.bps_size(); ++i) {
    const auto node = [&](const auto& places) -> std::optional<NodeId> {
      if (i >= places.size() || places.Get(i) >= nodes.size()) return std::nullopt;
      return nodes[places.Get(i)];
    };
    const auto from = node(record.from()), to = node(record.to());
    if (!from || !to) continue;
    const NodePair pair = {*from, *to};
    const auto at = std::lower_bound(pairs.begin(), pairs.end(), pair);
    if (at == pairs.end() || *at != pair) continue;
    double& rate = rates[static_cast<size_t>(at - pairs.begin())];
    rate = std::max(rate, 0.0) + static_cast<double>(record.bps(i)) * record.headroom();
  }
  int64_t measured = 0;
  for (size_t i = 0; i < rates.size(); ++i) {
    if (rates[i] < 0) continue;
    problem->demands[i].rate = std::min(rates[i], kMostMeshRate);
    ++measured;
  }
  return measured;
}

}  // namespace waymark

#include "controller/plan/guarantee.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/hose.h"
#include "controller/compute/refusal.h"
#include "controller/plan/demands.h"
#include "controller/plan/fingerprint.h"
#include "controller/plan/mesh_demands.h"

namespace waymark {
namespace {

// Most pairs that a refusal names.
constexpr size_t kMostNamed = 3;

const MeshClassPlan* ClassOf(const PlannedMesh& mesh, const v1::TrafficClass* traffic_class) {
  for (const MeshClassPlan& one : mesh.classes) {
    if (one.traffic_class == traffic_class) return &one;
  }
  return nullptr;
}

// Its number among the class's pairs, which must have it.
size_t PlaceOf(const MeshClassPlan& planned, const NodePair& pair) {
  return static_cast<size_t>(std::lower_bound(planned.pairs.begin(), planned.pairs.end(), pair) -
                             planned.pairs.begin());
}

// The mesh classes of one service, what it asks of them, and the routes that they have.
class Asked {
 public:
  Asked(const Snapshot& snapshot, const ResolvedService& service, const PlannedMesh& mesh)
      : snapshot_(snapshot), service_(service), hose_(HoseOf(service)) {
    for (const auto& [name, traffic_class] : service.classes) {
      if (traffic_class->treatment() == v1::PINNED) continue;
      classes_.push_back(ClassOf(mesh, traffic_class));
    }
  }

  bool mesh() const { return !classes_.empty(); }
  uint32_t queue() const {
    uint32_t strongest = 0;
    for (const MeshClassPlan* one : classes_) {
      strongest = std::max(strongest, one->traffic_class->queue());
    }
    return strongest;
  }
  int64_t Pipe(const MeshClassPlan& one, int64_t endpoint_pairs) const {
    return HeldRate(*one.traffic_class,
                    service_.CommittedRate(one.traffic_class->name(), endpoint_pairs));
  }
  bool StatesRates() const {
    return hose_ || std::any_of(classes_.begin(), classes_.end(),
                                [&](const MeshClassPlan* one) { return Pipe(*one, 1) > 0; });
  }

  uint64_t Print() const {
    Fingerprint print;
    if (hose_) {
      for (const HoseSite& site : hose_->hose.sites) {
        print.Add(uint64_t{snapshot_.node(static_cast<NodeId>(site.node)).node_sid});
        print.Add(site.ingress);
        print.Add(site.egress);
        print.AddByte(site.leaf ? 1 : 0);
      }
    }
    for (const MeshClassPlan* one : classes_) {
      print.Add(one->traffic_class->name());
      for (const auto& [pair, count] : service_.node_pairs) {
        print.Add(static_cast<uint64_t>(Pipe(*one, count)));
        const size_t at = PlaceOf(*one, pair);
        for (size_t i = one->routes.first_route(at); i < one->routes.first_route(at + 1); ++i) {
          print.Add(static_cast<uint64_t>(one->routes.weight(i)));
          for (const int32_t link : one->routes.links(i)) {
            print.Add(uint64_t{snapshot_.link(static_cast<LinkId>(link)).adjacency_sid});
          }
        }
      }
    }
    return std::max<uint64_t>(1, print.value());
  }

  // The worst load of every link; `missing` says what has no route.
  std::vector<LinkHold> Loads(std::string* missing) const {
    std::vector<double> load(snapshot_.links().size(), 0);
    AddPipes(&load, missing);
    if (hose_) {
      const std::vector<HoseRoutes> routes = Routes();
      HoseLoader loader;
      for (const HoseLinkLoad& one : loader.Load(hose_->hose, routes)) load[one.link] += one.load;
      for (const HosePair& pair : loader.unrouted()) {
        NoteMissing({static_cast<NodeId>(pair.from), static_cast<NodeId>(pair.to)}, missing);
      }
    }
    std::vector<LinkHold> holds;
    for (size_t i = 0; i < load.size(); ++i) {
      // What no ledger could hold anyway.
      const int64_t bps = WholeHoseLoad(std::min(load[i], 1e18));
      if (bps > 0) holds.push_back({static_cast<LinkId>(i), bps});
    }
    return holds;
  }

  // "nodes/a to nodes/b 3.0 Gbit/s, ...": a matrix that loads the link most.
  std::string Worst(LinkId link) const {
    std::vector<std::pair<double, NodePair>> pairs;
    if (hose_) {
      const std::vector<HoseRoutes> routes = Routes();
      HoseLoader loader;
      loader.Load(hose_->hose, routes);
      for (const HoseTraffic& one : loader.WorstMatrix(Index(link))) {
        pairs.push_back({-one.rate * one.share,
                         {static_cast<NodeId>(one.pair.from), static_cast<NodeId>(one.pair.to)}});
      }
    }
    ForEachPipe([&](const MeshClassPlan& one, const NodePair& pair, double rate) {
      const double share = ShareOn(one, PlaceOf(one, pair), Index(link));
      if (share > 0) pairs.push_back({-rate * share, pair});
    });
    std::sort(pairs.begin(), pairs.end());
    std::string text;
    for (size_t i = 0; i < std::min(pairs.size(), kMostNamed); ++i) {
      absl::StrAppend(&text, i == 0 ? "" : ", ", snapshot_.node(pairs[i].second.first).name, " to ",
                      snapshot_.node(pairs[i].second.second).name, " ",
                      BandwidthText(static_cast<int64_t>(-pairs[i].first)));
    }
    return text;
  }

 private:
  template <typename Visit>
  void ForEachPipe(const Visit& visit) const {
    for (const MeshClassPlan* one : classes_) {
      for (const auto& [pair, count] : service_.node_pairs) {
        const int64_t rate = Pipe(*one, count);
        if (rate > 0) visit(*one, pair, static_cast<double>(rate));
      }
    }
  }
  static double ShareOn(const MeshClassPlan& one, size_t at, int32_t link) {
    double on = 0, total = 0;
    for (size_t i = one.routes.first_route(at); i < one.routes.first_route(at + 1); ++i) {
      const auto links = one.routes.links(i);
      total += one.routes.weight(i);
      if (std::find(links.begin(), links.end(), link) != links.end()) on += one.routes.weight(i);
    }
    return total == 0 ? 0 : on / total;
  }
  void AddPipes(std::vector<double>* load, std::string* missing) const {
    ForEachPipe([&](const MeshClassPlan& one, const NodePair& pair, double rate) {
      const size_t at = PlaceOf(one, pair);
      const size_t first = one.routes.first_route(at), end = one.routes.first_route(at + 1);
      if (first == end) NoteMissing(pair, missing);
      double total = 0;
      for (size_t i = first; i < end; ++i) total += one.routes.weight(i);
      for (size_t i = first; i < end; ++i) {
        for (const int32_t link : one.routes.links(i)) {
          (*load)[link] += rate * one.routes.weight(i) / total;
        }
      }
    });
  }
  void NoteMissing(const NodePair& pair, std::string* missing) const {
    if (!missing->empty()) return;
    *missing = absl::StrCat("no route from ", snapshot_.node(pair.first).name, " to ",
                            snapshot_.node(pair.second).name);
  }
  std::vector<HoseRoutes> Routes() const {
    std::vector<HoseRoutes> all;
    for (const MeshClassPlan* one : classes_) {
      all.push_back([one](int32_t from, int32_t to, std::vector<HoseRoute>& routes) {
        const size_t at = PlaceOf(*one, {static_cast<NodeId>(from), static_cast<NodeId>(to)});
        for (size_t i = one->routes.first_route(at); i < one->routes.first_route(at + 1); ++i) {
          routes.push_back({one->routes.links(i), one->routes.weight(i)});
        }
      });
    }
    return all;
  }

  const Snapshot& snapshot_;
  const ResolvedService& service_;
  const std::optional<ServiceHose> hose_;
  std::vector<const MeshClassPlan*> classes_;
};

// The links of a record that still exist.
std::vector<LinkHold> HoldsOf(const std::vector<LinkId>& link_of_sid,
                              const stored::v1::MeshGuarantee& record) {
  std::vector<LinkHold> holds;
  if (record.sids_size() != record.bps_size()) return holds;
  for (int i = 0; i < record.sids_size(); ++i) {
    const uint32_t sid = record.sids(i);
    if (sid >= link_of_sid.size() || link_of_sid[sid] == LinkId::kNone || record.bps(i) <= 0) {
      continue;
    }
    holds.push_back({link_of_sid[sid], record.bps(i)});
  }
  return holds;
}

std::vector<LinkId> LinkOfSid(const Snapshot& snapshot) {
  std::vector<LinkId> links(1u << 16, LinkId::kNone);
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    const uint32_t sid = snapshot.links()[i].adjacency_sid;
    if (sid > 0 && sid < links.size()) links[sid] = static_cast<LinkId>(i);
  }
  return links;
}

bool Book(const std::string& service, const std::vector<LinkHold>& holds, Ledger* ledger) {
  // No policy has such a name.
  for (const LinkHold& hold : holds) {
    if (!ledger->Add(service, std::span(&hold.link, 1), hold.bps, ReservationKind::kMesh).ok()) {
      ledger->Remove(service);
      return false;
    }
  }
  return true;
}

void Settle(MeshHold::Outcome outcome, const std::vector<LinkHold>& booked, MeshHold* hold) {
  hold->outcome = outcome;
  hold->booked = booked;
}

void NoteLacking(const Ledger& ledger, MeshHold* hold) {
  for (const LinkHold& one : hold->wanted) {
    const int64_t free = ledger.Residual(one.link, kTentativePriority);
    const double fits = static_cast<double>(free) / static_cast<double>(one.bps);
    if (fits >= hold->fits) continue;
    hold->fits = fits;
    hold->lacking = one;
    hold->free_bps = free;
  }
}

}  // namespace

std::vector<MeshHold> MeshHoldsOf(const Snapshot& snapshot, const ResolvedServices& resolved,
                                  const PlannedMesh& mesh, const GuaranteeRecords* stored) {
  std::vector<std::pair<uint32_t, MeshHold>> holds;
  const std::vector<LinkId> link_of_sid = LinkOfSid(snapshot);
  for (const auto& [name, service] : resolved.services) {
    const Asked asked(snapshot, service, mesh);
    if (!asked.mesh()) continue;
    MeshHold hold;
    hold.service = name;
    if (stored != nullptr) {
      const auto record = stored->find(name);
      if (record != stored->end()) hold.record = record->second;
    }
    if (asked.StatesRates()) {
      hold.fingerprint = asked.Print();
      if (hold.record && hold.record->fingerprint() == hold.fingerprint) {
        hold.wanted = HoldsOf(link_of_sid, *hold.record);
      } else {
        hold.wanted = asked.Loads(&hold.impossible);
      }
    }
    holds.emplace_back(asked.queue(), std::move(hold));
  }
  std::stable_sort(holds.begin(), holds.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<MeshHold> ordered;
  for (auto& [queue, hold] : holds) ordered.push_back(std::move(hold));
  return ordered;
}

std::vector<MeshHold> StoredHolds(const Snapshot& snapshot, const GuaranteeRecords& stored) {
  const std::vector<LinkId> link_of_sid = LinkOfSid(snapshot);
  std::vector<MeshHold> holds;
  for (const auto& [service, record] : stored) {
    MeshHold& hold = holds.emplace_back();
    hold.service = service;
    hold.fingerprint = record.fingerprint();
    hold.wanted = hold.booked = HoldsOf(link_of_sid, record);
    hold.record = record;
  }
  return holds;
}

void BookAsBefore(const MeshHold& hold, Ledger* ledger) {
  static_cast<void>(Book(hold.service, hold.booked, ledger));
}

void BookMeshHolds(HoldAge age, const Snapshot& snapshot, std::vector<MeshHold>* holds,
                   Ledger* ledger) {
  using Outcome = MeshHold::Outcome;
  if (age == HoldAge::kNew) {
    for (MeshHold& hold : *holds) {
      if (hold.record) continue;
      if (hold.impossible.empty() && Book(hold.service, hold.wanted, ledger)) {
        Settle(Outcome::kWanted, hold.wanted, &hold);
      } else {
        NoteLacking(*ledger, &hold);
      }
    }
    return;
  }
  // Whoever asks for nothing new first, so that nobody loses what he has to another's new wishes.
  const std::vector<LinkId> link_of_sid = LinkOfSid(snapshot);
  std::vector<MeshHold*> changed;
  for (MeshHold& hold : *holds) {
    if (!hold.record) continue;
    const bool same = hold.record->fingerprint() == hold.fingerprint;
    if (same && Book(hold.service, hold.wanted, ledger)) {
      Settle(Outcome::kWanted, hold.wanted, &hold);
    } else if (same) {
      NoteLacking(*ledger, &hold);
    } else {
      changed.push_back(&hold);
    }
  }
  if (changed.empty()) return;
  // Routes that were moved together fit together, though perhaps not one after another.
  Ledger all = *ledger;
  if (std::all_of(changed.begin(), changed.end(), [&](MeshHold* hold) {
        return hold->impossible.empty() && Book(hold->service, hold->wanted, &all);
      })) {
    *ledger = std::move(all);
    for (MeshHold* hold : changed) Settle(Outcome::kWanted, hold->wanted, hold);
    return;
  }
  for (MeshHold* hold : changed) {
    const std::vector<LinkHold> before = HoldsOf(link_of_sid, *hold->record);
    if (Book(hold->service, before, ledger)) Settle(Outcome::kBefore, before, hold);
  }
  for (MeshHold* hold : changed) {
    ledger->Remove(hold->service);
    if (hold->impossible.empty() && Book(hold->service, hold->wanted, ledger)) {
      Settle(Outcome::kWanted, hold->wanted, hold);
      continue;
    }
    NoteLacking(*ledger, hold);
    BookAsBefore(*hold, ledger);
  }
}

std::optional<stored::v1::MeshGuarantee> RecordOf(const Snapshot& snapshot, const MeshHold& hold) {
  // What a failure has taken from it, it gets back when it fits again.
  if (hold.outcome != MeshHold::Outcome::kWanted) return hold.record;
  stored::v1::MeshGuarantee record;
  record.set_fingerprint(hold.fingerprint);
  for (const LinkHold& one : hold.wanted) {
    record.add_sids(snapshot.link(one.link).adjacency_sid);
    record.add_bps(one.bps);
  }
  return record;
}

std::optional<v1::Status> StatusOf(const Snapshot& snapshot, const ResolvedService& service,
                                   const PlannedMesh& mesh, const MeshHold& hold) {
  if (hold.outcome == MeshHold::Outcome::kWanted) return std::nullopt;
  v1::Status status;
  status.set_state(hold.record ? v1::DEGRADED : v1::BLOCKED);
  std::string reason = "its guaranteed rates cannot be held: ";
  if (!hold.impossible.empty()) {
    absl::StrAppend(&reason, hold.impossible);
    status.set_blocking_constraint("topology");
  } else {
    const std::string& link = snapshot.link(hold.lacking.link).name;
    absl::StrAppend(
        &reason, link, " would have to hold ", BandwidthText(hold.lacking.bps), " and has ",
        BandwidthText(hold.free_bps), " free, ", BandwidthText(hold.lacking.bps - hold.free_bps),
        " too little; most of it: ", Asked(snapshot, service, mesh).Worst(hold.lacking.link));
    status.set_blocking_constraint("bandwidth on " + link);
    status.set_relaxation(
        absl::StrCat("at most ", std::floor(hold.fits * 1000) / 10, " % of its rates"));
  }
  if (hold.outcome == MeshHold::Outcome::kBefore) {
    absl::StrAppend(&reason, "; what it held before stays held");
  }
  status.set_reason(reason);
  return status;
}

}  // namespace waymark

#include "controller/plan/guarantee.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compute/refusal.h"
#include "controller/plan/guarantee_asked.h"

namespace waymark {
namespace {

// Most pairs that a refusal names.
constexpr size_t kMostNamed = 3;

// "nodes/a to nodes/b 3.0 Gbit/s, ...": what of a matrix that loads the link most loads it most.
std::string WorstText(const Snapshot& snapshot, const GuaranteeAsked& asked, LinkId link) {
  std::vector<std::string> texts;
  for (const GuaranteeTraffic& one : asked.WorstMatrix(link)) {
    if (texts.size() == kMostNamed) break;
    texts.push_back(absl::StrCat(snapshot.node(one.pair.first).name, " to ",
                                 snapshot.node(one.pair.second).name, " ",
                                 BandwidthText(static_cast<int64_t>(one.rate * one.share))));
  }
  return absl::StrJoin(texts, ", ");
}

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
    const GuaranteeAsked asked(snapshot, service, mesh);
    if (!asked.mesh()) continue;
    MeshHold hold;
    hold.service = name;
    if (stored != nullptr) {
      const auto record = stored->find(name);
      if (record != stored->end()) hold.record = record->second;
    }
    if (StatesMeshRates(service)) {
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
        " too little; most of it: ",
        WorstText(snapshot, GuaranteeAsked(snapshot, service, mesh), hold.lacking.link));
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

GuaranteeFigures FiguresOf(const Snapshot& snapshot, const ResolvedService& service,
                           const PlannedMesh& mesh, const MeshHold& hold, const HopDelay& hop) {
  const GuaranteeAsked asked(snapshot, service, mesh);
  GuaranteeFigures figures;
  double worst = 0;
  for (const LinkHold& one : hold.wanted) {
    const double share =
        static_cast<double>(one.bps) /
        static_cast<double>(std::max<int64_t>(1, snapshot.link(one.link).reservable_bps));
    if (share <= worst) continue;
    worst = share;
    figures.worst_link = one;
  }
  if (worst > 0) figures.worst_matrix = asked.WorstMatrix(figures.worst_link.link);
  figures.latency_ns = asked.Latencies(hop);
  return figures;
}

}  // namespace waymark

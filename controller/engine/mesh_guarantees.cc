#include "controller/engine/mesh_guarantees.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/latency.h"
#include "controller/engine/mesh_waits.h"
#include "controller/engine/path_books.h"
#include "controller/plan/demands.h"

namespace waymark {
namespace {

// So much fits into a message of 4 MiB, which is the most that a client takes by default.
constexpr size_t kMostWholeSites = 500;
constexpr size_t kMostWholeTraffic = 10'000;
// Of a matrix that is not asked for as a whole.
constexpr size_t kMostTold = 3;

bool IsWanted(const std::string& service, const std::string& parent) {
  if (parent.empty() || parent == "customers/-") return true;
  return service == parent || service.starts_with(parent + "/");
}

class Teller {
 public:
  Teller(const Snapshot& snapshot, const PlannedMesh& mesh, const MeshWaits& waits, bool whole)
      : snapshot_(snapshot), mesh_(mesh), waits_(waits), whole_(whole) {}

  v1::MeshGuarantee Tell(const ResolvedService& service, const MeshHold& hold) const {
    v1::MeshGuarantee told;
    told.set_service(hold.service);
    if (auto status = StatusOf(snapshot_, service, mesh_, hold)) {
      *told.mutable_status() = *std::move(status);
    } else {
      told.mutable_status()->set_state(v1::UP);
    }
    told.set_waiting_unknown(Unknown(service));
    const GuaranteeFigures figures =
        FiguresOf(snapshot_, service, mesh_, hold,
                  [&](LinkId link, uint32_t queue) { return waits_.HopWait(link, queue); });
    TellWorstLink(figures, &told);
    TellLatencies(service, figures, &told);
    return told;
  }

 private:
  // Of the first of its mesh classes without a bound.
  std::string Unknown(const ResolvedService& service) const {
    for (const auto& [name, traffic_class] : service.classes) {
      if (traffic_class->treatment() == v1::PINNED) continue;
      const std::string& why = waits_.unknown(std::min(traffic_class->queue(), kQueues - 1));
      if (!why.empty()) return absl::StrCat(name, ": ", why);
    }
    return "";
  }

  void TellWorstLink(const GuaranteeFigures& figures, v1::MeshGuarantee* told) const {
    if (figures.worst_link.link == LinkId::kNone) return;
    const LinkInfo& link = snapshot_.link(figures.worst_link.link);
    told->set_worst_link(link.name);
    told->set_worst_link_bps(figures.worst_link.bps);
    told->set_worst_link_promisable_bps(link.reservable_bps);
    const size_t most = whole_ ? kMostWholeTraffic : kMostTold;
    for (size_t i = 0; i < std::min(most, figures.worst_matrix.size()); ++i) {
      const GuaranteeTraffic& one = figures.worst_matrix[i];
      v1::MeshTraffic* traffic = told->add_worst_matrix();
      traffic->set_from(snapshot_.node(one.pair.first).name);
      traffic->set_to(snapshot_.node(one.pair.second).name);
      traffic->set_bps(static_cast<int64_t>(one.rate));
      traffic->set_share(one.share);
    }
  }

  void TellLatencies(const ResolvedService& service, const GuaranteeFigures& figures,
                     v1::MeshGuarantee* told) const {
    const auto site = [&](size_t i) {
      return service.service->endpoints(static_cast<int>(i)).site();
    };
    const size_t count = service.endpoints.size();
    if (whole_) {
      for (size_t i = 0; i < count; ++i) told->add_sites(site(i));
    }
    for (size_t i = 0; i < count; ++i) {
      for (size_t j = 0; j < count; ++j) {
        const ResolvedEndpoint& from = service.endpoints[i];
        const ResolvedEndpoint& to = service.endpoints[j];
        int64_t latency = -1;
        if (i == j || (from.node == to.node && !(from.leaf && to.leaf))) latency = 0;
        const auto found = figures.latency_ns.find({from.node, to.node});
        if (!(from.leaf && to.leaf) && found != figures.latency_ns.end()) latency = found->second;
        if (whole_) told->add_latency_ns(latency);
        if (latency <= told->worst_latency_ns()) continue;
        told->set_worst_latency_ns(latency);
        told->set_worst_from(site(i));
        told->set_worst_to(site(j));
      }
    }
  }

  const Snapshot& snapshot_;
  const PlannedMesh& mesh_;
  const MeshWaits& waits_;
  const bool whole_;
};

}  // namespace

std::vector<MeshHold> MeshHoldsNow(Resources& resources, const Snapshot& snapshot,
                                   const ResolvedServices& resolved, const PlannedMesh& mesh) {
  std::vector<MeshHold> holds = MeshHoldsOf(snapshot, resolved, mesh, &resources.guarantees());
  Ledger ledger = BooksOf(snapshot, resources.intents(), OwnersOf(snapshot, resources.intents()),
                          resources.placements())
                      .ledger;
  BookMeshHolds(HoldAge::kOld, snapshot, &holds, &ledger);
  BookMeshHolds(HoldAge::kNew, snapshot, &holds, &ledger);
  return holds;
}

absl::StatusOr<v1::ListMeshGuaranteesResponse> AnswerListMeshGuarantees(
    Resources& resources, const std::set<std::string>& links_down,
    const v1::ListMeshGuaranteesRequest& request, const std::function<bool()>& stop) {
  const auto topology = resources.Topology();
  if (!topology.ok()) return topology.status();
  const Snapshot& snapshot = **topology;
  const ResolvedServices resolved = ResolveServices(snapshot, resources.intents());
  const bool one = request.parent().find("/services/") != std::string::npos;
  if (one && !resources.intents().services.contains(request.parent())) {
    return absl::NotFoundError(absl::StrCat("parent: ", request.parent(), " does not exist"));
  }
  if (request.whole()) {
    const auto service = resolved.services.find(request.parent());
    if (service != resolved.services.end() && service->second.endpoints.size() > kMostWholeSites) {
      return absl::InvalidArgumentError(absl::StrCat("whole: is for services of at most ",
                                                     kMostWholeSites, " sites, and this one has ",
                                                     service->second.endpoints.size()));
    }
  }
  const PlanInput input = {.snapshot = snapshot,
                           .intents = resources.intents(),
                           .links_down = links_down,
                           .placements = resources.placements(),
                           .mesh_routes = &resources.mesh_routes(),
                           .guarantees = &resources.guarantees()};
  const PlannedMesh mesh = PlanMesh(input, resolved, LinkStateOf(input));
  std::vector<MeshHold> all = MeshHoldsNow(resources, snapshot, resolved, mesh);
  const MeshWaits waits(
      snapshot, resolved, mesh, all,
      PinnedLoadsOf(snapshot, OwnersOf(snapshot, resources.intents()), resources.placements()));
  std::map<std::string, MeshHold> holds;
  for (MeshHold& hold : all) {
    if (hold.fingerprint != 0 && IsWanted(hold.service, request.parent()) &&
        hold.service > request.page_token()) {
      std::string name = hold.service;
      holds.emplace(std::move(name), std::move(hold));
    }
  }
  v1::ListMeshGuaranteesResponse response;
  response.set_revision(resources.revision());
  const Teller teller(snapshot, mesh, waits, request.whole());
  for (const auto& [name, hold] : holds) {
    if (stop()) return absl::CancelledError("the caller has gone, or has no more time");
    if (response.guarantees_size() == request.page_size() && request.page_size() > 0) {
      response.set_next_page_token(response.guarantees().rbegin()->service());
      break;
    }
    *response.add_guarantees() = teller.Tell(resolved.services.at(name), hold);
  }
  return response;
}

}  // namespace waymark

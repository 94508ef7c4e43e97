#include "controller/plan/pinned.h"

#include <algorithm>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include "controller/compute/disjoint_pair.h"
#include "controller/compute/refusal.h"
#include "controller/plan/paths.h"

namespace waymark {
namespace {

struct Route {
  std::vector<LinkId> working, protect;
};

// What there is of a placement when planning begins.
enum class Standing {
  kNone,      // nothing that could be kept
  kSurvivor,  // one valid path that is up, in `working`, without the partner that is asked for
  kWhole,     // meets every constraint
};

// One direction of a demand, or both when they use the same fibres.
struct Job {
  const PinnedDemand* demand = nullptr;
  bool corouted = false;
  size_t leg = 0;  // direction of `route`: 0 a -> b, 1 b -> a; 0 when corouted
  Standing standing = Standing::kNone;
  Route route;
  int64_t reserved_bps = 0;
  v1::Status status;

  NodeId from() const { return leg == 0 ? demand->a : demand->b; }
  NodeId to() const { return leg == 0 ? demand->b : demand->a; }
  const PathConstraints& constraints() const { return demand->constraints; }
};

void SetRefusal(const Refusal& refusal, v1::State state, v1::Status* status) {
  status->set_state(state);
  status->set_reason(refusal.reason);
  status->set_blocking_constraint(refusal.blocking_constraint);
  status->set_relaxation(refusal.relaxation);
}

class Placer {
 public:
  Placer(const Snapshot& snapshot, const LinkState& link_state,
         const std::map<std::string, stored::v1::Placement>& stored)
      : snapshot_(snapshot), link_state_(link_state), stored_(stored), ledger_(snapshot) {}

  std::map<std::string, PlacedPolicy> Run(const std::vector<PinnedDemand>& demands) {
    std::vector<Job> jobs;
    for (const PinnedDemand& demand : demands) AddJobs(demand, &jobs);
    for (Job& job : jobs) Retake(&job);
    for (Job& job : jobs) {
      if (job.standing == Standing::kWhole) Grow(&job);
    }
    for (Job& job : jobs) {
      if (job.standing == Standing::kWhole && Dead(job)) Restore(&job);
    }
    for (Job& job : jobs) {
      if (job.standing == Standing::kSurvivor) FindPartner(&job);
    }
    for (Job& job : jobs) {
      if (job.standing == Standing::kNone) PlaceNew(&job);
    }
    return std::move(placed_);
  }

 private:
  std::optional<Route> Stored(const PinnedDemand& demand, size_t leg) const {
    const auto found = stored_.find(demand.policies[leg]);
    if (found == stored_.end()) return std::nullopt;
    // A path with a link that is gone counts as no path; its partner may still stand.
    return Route{LinksOf(snapshot_, found->second.working()).value_or(std::vector<LinkId>()),
                 LinksOf(snapshot_, found->second.protect()).value_or(std::vector<LinkId>())};
  }
  int64_t StoredRate(const Job& job) const {
    const auto found = stored_.find(job.demand->policies[job.leg]);
    return found == stored_.end() ? 0 : std::max<int64_t>(0, found->second.reserved_bps());
  }

  bool Mirrored(const std::vector<LinkId>& forward, const std::vector<LinkId>& backward) const {
    return ReversePath(snapshot_, forward) == backward;
  }

  // Directions that share their fibres stay together; those that were placed apart stay apart.
  void AddJobs(const PinnedDemand& demand, std::vector<Job>* jobs) const {
    const auto forward = Stored(demand, 0);
    const auto backward = Stored(demand, 1);
    const bool fresh = !forward && !backward;
    const bool together = forward && backward && Mirrored(forward->working, backward->working) &&
                          Mirrored(forward->protect, backward->protect);
    if (fresh || together) {
      Job job{.demand = &demand, .corouted = true};
      if (forward) Assess(*forward, &job);
      jobs->push_back(std::move(job));
      return;
    }
    for (size_t leg = 0; leg < 2; ++leg) {
      Job job{.demand = &demand, .leg = leg};
      const auto& route = leg == 0 ? forward : backward;
      if (route) Assess(*route, &job);
      jobs->push_back(std::move(job));
    }
  }

  // Which of the stored paths still meet the constraints: not load (the ledger says) nor link
  // state.
  void Assess(const Route& route, Job* job) const {
    PathConstraints constraints = job->constraints();
    constraints.bandwidth_bps = 0;
    const SearchGraph graph(snapshot_, constraints, {.corouted = job->corouted});
    const auto valid = [&](const std::vector<LinkId>& links) {
      if (!IsSimplePath(snapshot_, links, job->from(), job->to())) return false;
      const Metric metric = graph.PathMetric(links);
      return metric.delay_ns <= graph.max_delay_ns() && metric.hops <= graph.max_hops() &&
             std::all_of(links.begin(), links.end(),
                         [&](LinkId link) { return graph.LinkUsable(link); });
    };
    const bool working = valid(route.working);
    const bool protect = valid(route.protect);
    const Protection& protection = constraints.protection;
    if (!protection.any() && working) {
      job->standing = Standing::kWhole;
      job->route = {route.working, {}};
    } else if (working && protect &&
               RiskTable(snapshot_, protection, job->from(), job->to())
                   .Disjoint(route.working, route.protect)) {
      job->standing = Standing::kWhole;
      job->route = route;
    } else if (working && Up(route.working)) {
      job->standing = Standing::kSurvivor;
      job->route = {route.working, {}};
    } else if (protect && Up(route.protect)) {
      job->standing = protection.any() ? Standing::kSurvivor : Standing::kWhole;
      job->route = {route.protect, {}};
    }
  }

  bool Up(const std::vector<LinkId>& links) const {
    return std::all_of(links.begin(), links.end(),
                       [&](LinkId link) { return link_state_.IsUp(link); });
  }
  bool Dead(const Job& job) const {
    return !Up(job.route.working) && (job.route.protect.empty() || !Up(job.route.protect));
  }

  // Holds the rate on every link of the job, in each of its directions; all or nothing.
  bool Reserve(const Job& job, const Route& route, int64_t bps) {
    for (const std::vector<LinkId>* links : {&route.working, &route.protect}) {
      bool held = ledger_.Add(job.demand->policies[job.leg], *links, bps).ok();
      if (held && job.corouted) {
        const auto back = ReversePath(snapshot_, *links);
        held = back && ledger_.Add(job.demand->policies[1], *back, bps).ok();
      }
      if (!held) {
        Release(job);
        return false;
      }
    }
    return true;
  }
  void Release(const Job& job) {
    ledger_.Remove(job.demand->policies[job.leg]);
    if (job.corouted) ledger_.Remove(job.demand->policies[1]);
  }

  // What held bandwidth before gets it back first, at most as much as it held: a raised rate
  // displaces nobody.
  void Retake(Job* job) {
    if (job->standing == Standing::kNone) return;
    const int64_t bps = std::min(StoredRate(*job), job->constraints().bandwidth_bps);
    if (Reserve(*job, job->route, bps)) {
      Settle(job, job->route, bps);
    } else {
      job->standing = Standing::kNone;
    }
  }

  void Grow(Job* job) {
    const int64_t wanted = job->constraints().bandwidth_bps;
    const int64_t held = job->reserved_bps;
    if (held == wanted) return;
    Release(*job);
    if (Reserve(*job, job->route, wanted)) return Settle(job, job->route, wanted);
    if (const auto route = Solve(*job); route && Reserve(*job, *route, wanted)) {
      return Settle(job, *route, wanted);
    }
    Reserve(*job, job->route, held);
    Settle(job, job->route, held);
    Degrade(job,
            "holds " + BandwidthText(held) + " of the " + BandwidthText(wanted) + " committed: ");
  }

  // Nothing of it is up: around what is down, or else back when its links are.
  void Restore(Job* job) {
    const int64_t wanted = job->constraints().bandwidth_bps;
    const int64_t held = job->reserved_bps;
    Release(*job);
    if (const auto route = Solve(*job); route && Reserve(*job, *route, wanted)) {
      return Settle(job, *route, wanted);
    }
    // Before it takes its bandwidth back, which must not count against it.
    const Refusal why = Why(*job);
    Reserve(*job, job->route, held);
    Settle(job, job->route, held);
    SetRefusal(why, v1::DOWN, &job->status);
    job->status.set_reason("every path is down and there is no other: " + job->status.reason());
    Publish(*job);
  }

  void FindPartner(Job* job) {
    const int64_t wanted = job->constraints().bandwidth_bps;
    const int64_t held = job->reserved_bps;
    Release(*job);
    PathResult partner = DisjointFrom(Graph(*job), job->constraints().protection, job->from(),
                                      job->to(), job->route.working);
    const Route with_partner = {job->route.working, partner.path.links};
    if (partner.outcome == Outcome::kFound && Reserve(*job, with_partner, wanted)) {
      return Settle(job, with_partner, wanted);
    }
    if (const auto route = Solve(*job); route && Reserve(*job, *route, wanted)) {
      return Settle(job, *route, wanted);
    }
    Reserve(*job, job->route, held);
    Settle(job, job->route, held);
    Degrade(job, "unprotected: ");
  }

  void PlaceNew(Job* job) {
    const int64_t wanted = job->constraints().bandwidth_bps;
    if (const auto route = Solve(*job); route && Reserve(*job, *route, wanted)) {
      return Settle(job, *route, wanted);
    }
    if (job->corouted) {
      for (size_t leg = 0; leg < 2; ++leg) {
        Job alone{.demand = job->demand, .leg = leg};
        PlaceNew(&alone);
      }
      return;
    }
    job->route = {};
    job->reserved_bps = 0;
    SetRefusal(Why(*job), v1::BLOCKED, &job->status);
    Publish(*job);
  }

  SearchGraph Graph(const Job& job) const {
    return SearchGraph(snapshot_, job.constraints(),
                       {.ledger = &ledger_, .link_state = &link_state_, .corouted = job.corouted});
  }

  std::optional<Route> Solve(const Job& job) const {
    const SearchGraph graph = Graph(job);
    const Protection& protection = job.constraints().protection;
    if (protection.any()) {
      PairResult pair = DisjointPair(graph, protection, job.from(), job.to());
      if (!pair.has_pair()) return std::nullopt;
      return Route{std::move(pair.working.links), std::move(pair.protect.links)};
    }
    PathResult path = CheapestPath(graph, job.from(), job.to());
    if (path.outcome != Outcome::kFound) return std::nullopt;
    return Route{std::move(path.path.links), {}};
  }

  Refusal Why(const Job& job) const {
    return ExplainRefusal(snapshot_, job.constraints(),
                          {.ledger = &ledger_, .link_state = &link_state_},
                          snapshot_.node(job.from()).name, snapshot_.node(job.to()).name);
  }

  void Settle(Job* job, const Route& route, int64_t bps) {
    job->route = route;
    job->reserved_bps = bps;
    job->status.Clear();
    job->status.set_state(v1::PENDING);
    Publish(*job);
  }

  void Degrade(Job* job, const std::string& what) {
    // Its own bandwidth must not count against it in the explanation.
    const Route route = job->route;
    Release(*job);
    SetRefusal(Why(*job), v1::DEGRADED, &job->status);
    Reserve(*job, route, job->reserved_bps);
    job->status.set_reason(what + job->status.reason());
    Publish(*job);
  }

  void Publish(const Job& job) {
    placed_[job.demand->policies[job.leg]] = {job.route.working, job.route.protect,
                                              job.reserved_bps, job.status};
    if (!job.corouted) return;
    placed_[job.demand->policies[1]] = {
        ReversePath(snapshot_, job.route.working).value_or(std::vector<LinkId>()),
        ReversePath(snapshot_, job.route.protect).value_or(std::vector<LinkId>()), job.reserved_bps,
        job.status};
  }

  const Snapshot& snapshot_;
  const LinkState& link_state_;
  const std::map<std::string, stored::v1::Placement>& stored_;
  Ledger ledger_;
  std::map<std::string, PlacedPolicy> placed_;
};

}  // namespace

std::map<std::string, PlacedPolicy> PlacePinned(
    const Snapshot& snapshot, const LinkState& link_state,
    const std::map<std::string, stored::v1::Placement>& stored, std::vector<PinnedDemand> demands) {
  std::sort(demands.begin(), demands.end(), [](const PinnedDemand& x, const PinnedDemand& y) {
    return std::tuple(-int64_t{x.queue}, -x.constraints.bandwidth_bps, x.policies) <
           std::tuple(-int64_t{y.queue}, -y.constraints.bandwidth_bps, y.policies);
  });
  return Placer(snapshot, link_state, stored).Run(demands);
}

}  // namespace waymark

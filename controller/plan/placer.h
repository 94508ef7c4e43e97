// Private to this folder. Places pinned policies: keeps what stands, mends what is broken, then
// places what is new (plan.h, "Stickiness" and "Order").
#ifndef WAYMARK_CONTROLLER_PLAN_PLACER_H_
#define WAYMARK_CONTROLLER_PLAN_PLACER_H_

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/compute/latency.h"
#include "controller/compute/ledger.h"
#include "controller/compute/promise.h"
#include "controller/plan/pinned.h"
#include "controller/plan/route_solver.h"

namespace waymark {

// What there is of a placement when planning begins.
enum class Standing {
  kNone,      // new, or to be treated as new
  kLost,      // was placed, but nothing of it can be kept
  kSurvivor,  // one valid path, in `working`, without the partner that is asked for
  kWhole,     // meets every constraint of each path and of the two together
};

struct PinnedJob : RouteQuery {
  size_t number = 0;  // in the order of service
  Standing standing = Standing::kNone;
  // Divided into one job a direction: no job any more.
  bool retired = false;
  // In the ledger, on `route`, with `reserved_bps`.
  bool placed = false;
  Route route;
  int64_t reserved_bps = 0;
  // The best among the routes that failed for these alone; nullopt: none did. What has no bound is
  // kUnreachable, what states no figures is 1.
  std::optional<int64_t> least_latency_ns;
  std::optional<double> least_unavailability;
  // No route on what is free is more available than that.
  bool most_available_known = false;
  // Whose latency bound routes that had room would have broken, first found; empty: none.
  std::string would_break;
  // No route was found, but not all were looked at.
  bool budget_spent = false;
  // Each search of the last attempt ended without a route.
  bool no_route = false;
  v1::Status status;
  // Of its policies, as last told.
  std::array<v1::Promise, 2> promises;

  // By which the ledger knows it: both directions of a co-routed job are one holder.
  const std::string& key() const { return demand->policies[leg]; }
  int64_t wanted() const { return demand->constraints.bandwidth_bps; }
};

// "0.99999": all its digits.
std::string ShareText(double share);
// All but the caller's own words.
void SetRefusal(const Refusal& refusal, v1::State state, v1::Status* status);

class Placer {
 public:
  // Keeps a reference.
  // Demands are in the order of service. `stop`: asked before each job; once true, nothing more is
  // placed, and what is left over is of no use. Empty: never.
  explicit Placer(const PinnedInput& input, std::function<bool()> stop = nullptr);

  void Place();
  bool stopped() const { return stopped_; }
  const std::vector<MeshHold>& mesh_holds() const { return mesh_holds_; }
  // After Place.
  std::vector<PinnedMove> Replace(const std::string& service, double min_gain_percent);
  std::map<std::string, PlacedPolicy> Result();

  // After Result, of a plan that placed nothing but what was stored already: whether all of it
  // stands as it should, and would beside any other demand that leaves it its room; and whether
  // what was refused would be refused in the same words as long as no link changes that has, or
  // then has, less room than the greatest of them asks for.
  bool Settled();
  // While Settled: what the same would be with some demands less, and then some more, in the order
  // of service, that `stored` may hold something for. For everybody else it is all the same, but
  // for promises. False, and the placer is of no use any more: that is not plain, or not so. O(what
  // changes, and the flows on its links).
  bool Change(const std::map<std::string, stored::v1::Placement>& stored,
              const std::vector<const PinnedDemand*>& gone,
              const std::vector<const PinnedDemand*>& come, PinnedChange* change);

 private:
  // Makes room for a job by moving others that are new too (placer_joint.cc).
  class JointSearch;

  bool Stopped() { return stopped_ = stopped_ || (stop_ && stop_()); }
  void AddJobs(const PinnedDemand& demand);
  PinnedJob& AddJob(PinnedJob job);
  std::optional<Route> Stored(const PinnedDemand& demand, size_t leg) const;
  int64_t StoredRate(const PinnedJob& job) const;
  bool Mirrored(const std::vector<LinkId>& forward, const std::vector<LinkId>& backward) const;
  void Assess(const Route& route, PinnedJob* job);
  bool Up(const std::vector<LinkId>& links) const;
  // What stood, and of which nothing carries.
  bool Dead(const PinnedJob& job) const;

  // The books: ledger and queues (placer_books.cc). Each is all or nothing; the job must hold
  // nothing before, but for Release.
  std::vector<PairReservation> Wanted(const PinnedJob& job, const Route& route, int64_t bps,
                                      int hold) const;
  // Whatever becomes of latencies: of what has been promised already.
  bool Book(PinnedJob* job, const Route& route, int64_t bps, int hold);
  bool Book(PinnedJob* job, const Route& route, int64_t bps);
  void BookAgain(PinnedJob* job, const Route& route, int64_t bps);
  // As a new promise: meets the availability target, and keeps everybody's latency bound.
  bool Reserve(PinnedJob* job, const Route& route, int64_t bps, int hold);
  bool Guards(const PinnedJob& job) const {
    return job.demand->traffic_class->queue() >= guarded_from_;
  }
  void AddLoads(const PinnedJob& job, bool guarded);
  void Release(PinnedJob* job);
  // As Reserve, if need be by taking from weaker ones.
  bool Claim(PinnedJob* job, const Route& route, int64_t bps);
  // On the best route of those that are free to `setup`, as `hold`.
  bool PlaceAt(PinnedJob* job, int setup, int hold, bool spare_others);
  // On what is free, else on what can be taken.
  bool PlaceAnew(PinnedJob* job, bool take);
  // Empty when it keeps the class's availability target and latency bound; else what it lacks.
  std::string Shortfall(const PinnedJob& job);
  int64_t WorstLatency(const PinnedJob& job) const;
  void UnguardBroken();

  // The steps, each over the jobs in order.
  void RetakeAll();
  // What stands, but not as it should (placer_mend.cc).
  void Mend(PinnedJob* job);
  void Restore(PinnedJob* job);
  void FindPartner(PinnedJob* job);
  // Of a job that holds nothing: `stays` as its working path, and a protect path for it.
  bool PlacePartner(PinnedJob* job, const std::vector<LinkId>& stays);
  // Divides a co-routed job that holds nothing; on each way `keep` (empty: nothing) stays if it
  // gets a partner. `alone`: if need be without one. False, and nothing changed: no.
  bool PlaceApart(PinnedJob* job, const std::vector<LinkId>& keep, bool alone);
  bool PlaceLeg(PinnedJob* leg, const std::vector<LinkId>& keep, bool alone, bool take);
  bool PlaceUnprotected(PinnedJob* job, bool take);
  void KeepUnprotected(PinnedJob* job, const Route& route, int64_t bps, const std::string& why);
  // Which links of it are down: "working path: links/a--b down; protect path: ...".
  std::string DownText(const Route& route) const;
  void PlaceNewOnes();
  void PlaceRefused(PinnedJob* job);
  void Refuse(PinnedJob* job);
  void MarkUnprotected();
  // Of a job that holds nothing and would fit if those were not there that could have taken its
  // place: who they are, "pre-empted by A and B: "; else "".
  std::string PreemptedBy(const PinnedJob& job);

  // What is said of a job that holds bandwidth.
  void Settle(PinnedJob* job);
  void Degrade(PinnedJob* job, const std::string& what);
  void Keep(PinnedJob* job, const Route& route, int64_t bps, const std::string& what);
  Refusal Why(const PinnedJob& job);

  // Change (placer_change.cc). Nothing is to be mended, and the stored placement says so, too:
  bool Stands(const PinnedJob& job) const;
  bool WouldStand(const PinnedJob& job);
  void Touch(const PinnedJob& job, std::set<LinkId>* touched) const;
  bool HaveRoomForRefused(const std::set<LinkId>& links) const;
  void Drop(PinnedJob* job);
  bool Retake(const std::vector<PinnedJob*>& jobs);
  bool MendInPlace(PinnedJob* job);
  bool PlaceFresh(PinnedJob* job);
  // Whether all that is said of a refused job follows from which links have how much of what it
  // asks for.
  static bool ForWantOfRoomAlone(const PinnedJob& job);
  bool RefuseFresh(PinnedJob* job, std::vector<PinnedJob*>* refused);
  bool ExplainsAll() const { return refused_ <= kMostExplained && budget_.explains_all(); }
  uint32_t LowestBounded() const;

  // Its policies, one or two.
  void Tell(PinnedJob* job, std::map<std::string, PlacedPolicy>* policies);
  PromiseQuery PromiseAsked(const PinnedJob& job, const std::vector<LinkId>& working,
                            const std::vector<LinkId>& protect) const;
  v1::Promise PromiseOf(const PinnedJob& job, const PlacedPolicy& policy);
  // Of its policies, where nothing but loads has changed.
  void UpdatePromises(PinnedJob* job, PinnedChange* change);
  bool TryMove(PinnedJob* job, double min_gain_percent, PinnedMove* move);

  const PinnedInput& input_;
  const Snapshot& snapshot_;
  const LinkState& link_state_;
  const std::map<std::string, stored::v1::Placement>* stored_;
  Ledger ledger_;
  QueueLoads loads_;
  // The lowest queue whose latency some class bounds; kQueues: none does. From here up `loads_` is
  // kept, and every new promise checked against all; what queues below send does not matter there
  // (latency.h), and is added when all is placed.
  uint32_t guarded_from_ = kQueues;
  std::array<int, kQueues> bounded_ = {};  // demands with a latency bound, by queue
  SearchBudget budget_;
  RouteSolver solver_;
  std::deque<PinnedJob> jobs_;
  std::map<std::string, PinnedJob*> by_key_;
  std::vector<MeshHold> mesh_holds_;
  // What would be free if none were stronger than this hold priority.
  struct WithoutStronger;
  std::map<int, std::shared_ptr<WithoutStronger>> without_stronger_;
  // Each takes up to some hundred searches.
  static constexpr int kMostExplained = 64;
  int explained_ = 0;
  // For Change: what the greatest of those that are, or were, refused asks for; nullopt: none is.
  std::optional<int64_t> refused_bps_;
  int refused_ = 0;
  bool shares_ = false;  // some protect bandwidth is shared
  bool down_ = false;    // some link is
  size_t dropped_ = 0;
  const std::function<bool()> stop_;
  bool stopped_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_PLACER_H_

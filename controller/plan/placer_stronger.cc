// Who stands where a job that holds nothing would stand.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/plan/placer.h"

namespace waymark {
namespace {

constexpr size_t kMostNamed = 3;

std::string Names(const std::vector<const PinnedJob*>& jobs) {
  std::string text;
  for (size_t i = 0; i < std::min(jobs.size(), kMostNamed); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", jobs[i]->key());
  }
  if (jobs.size() > kMostNamed) absl::StrAppend(&text, " and ", jobs.size() - kMostNamed, " more");
  return text;
}

}  // namespace

struct Placer::WithoutStronger {
  WithoutStronger(const Placer& placer, SearchBudget& budget)
      : ledger(placer.snapshot_),
        solver(placer.snapshot_, placer.link_state_, ledger, budget, placer.input_.prepared) {}
  bool any = false;
  Ledger ledger;
  RouteSolver solver;
};

std::string Placer::PreemptedBy(const PinnedJob& job) {
  // No setup priority is stronger than the strongest; or room would not help.
  if (job.demand->hold_priority == 0 || job.least_latency_ns || job.least_unavailability) return "";
  const auto stronger = [&](const PinnedJob& other) {
    return other.constraints().setup_priority < job.demand->hold_priority;
  };
  std::shared_ptr<WithoutStronger>& without = without_stronger_[job.demand->hold_priority];
  if (without == nullptr) {
    without = std::make_shared<WithoutStronger>(*this, budget_);
    for (const MeshHold& hold : mesh_holds_) BookAsBefore(hold, &without->ledger);
    for (const PinnedJob& other : jobs_) {
      if (!other.placed) continue;
      without->any = without->any || stronger(other);
      if (stronger(other)) continue;
      for (const PairReservation& pair :
           Wanted(other, other.route, other.reserved_bps, other.demand->hold_priority)) {
        const absl::Status part = without->ledger.AddPair(other.key(), pair);
        static_cast<void>(part);  // a part of what fits
      }
    }
  }
  if (!without->any) return "";
  const auto route = without->solver.Solve(job, kTentativePriority);
  if (!route) return "";
  // On each link that lacks room, as many of them as would make it, in the order of service.
  std::vector<const PinnedJob*> named;
  for (const PairReservation& pair : Wanted(job, *route, job.wanted(), kTentativePriority)) {
    for (const std::vector<LinkId>* links : {&pair.working, &pair.protect}) {
      for (const LinkId link : *links) {
        int64_t lacking = job.wanted() - ledger_.Residual(link, kTentativePriority);
        std::vector<const PinnedJob*> holders;
        for (const std::string& key : ledger_.Holders(link)) {
          const auto holder = by_key_.find(key);
          // What any-to-any services hold gives way to nobody.
          if (holder != by_key_.end() && stronger(*holder->second)) {
            holders.push_back(holder->second);
          }
        }
        const auto is_named = [&](const PinnedJob* holder) {
          return std::find(named.begin(), named.end(), holder) != named.end();
        };
        std::sort(holders.begin(), holders.end(), [&](const PinnedJob* a, const PinnedJob* b) {
          return std::pair(!is_named(a), a->number) < std::pair(!is_named(b), b->number);
        });
        for (const PinnedJob* holder : holders) {
          if (lacking <= 0) break;
          lacking -= holder->reserved_bps;
          if (!is_named(holder)) named.push_back(holder);
        }
      }
    }
  }
  return named.empty() ? "" : absl::StrCat("pre-empted by ", Names(named), ": ");
}

}  // namespace waymark

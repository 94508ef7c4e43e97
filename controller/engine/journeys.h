// How far every change has come, from the store to the last switch that it touches, and how long
// each part of the way took.
#ifndef WAYMARK_CONTROLLER_ENGINE_JOURNEYS_H_
#define WAYMARK_CONTROLLER_ENGINE_JOURNEYS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "controller/engine/switch_table.h"
#include "controller/store/store.h"
#include "waymark/v1/programming.pb.h"

namespace waymark {

// Of the last kMost computations. One thread: the engine's loop. Each call O(log) of what it keeps,
// but Holds: O(journeys under way).
class Journeys final : public SwitchTable::Follower {
 public:
  static constexpr size_t kMost = 1'000;

  Journeys(const Clock& clock, Metrics& metrics) : clock_(clock), metrics_(metrics) {}

  // In this order, the first three as often as need be: something has changed that must be computed
  // with ("customers/bank/services/core"; `revision`: the store's); it is being computed; it has
  // been, from all up to `revision`, and is being stored;
  void Noticed(Revision revision, std::string what);
  void Computing();
  void Computed(Revision revision);
  // it is stored, and becomes what switches must hold (Touched, Sent, Holds).
  void Adopted(Revision revision);

  // SwitchTable::Follower.
  void Touched(const std::set<std::string>& nodes) override;
  void Sent(const std::string& node) override;
  void Holds(const std::string& node) override;

  // Of the computation that took `revision` up; 0: the latest. `computed`: the revision up to which
  // nothing is left to compute. NOT_FOUND as in programming.proto.
  absl::StatusOr<v1::RevisionJourney> Find(Revision revision, Revision computed,
                                           const SwitchTable& switches) const;

 private:
  struct Journey {
    Revision first = 0, last = 0;
    absl::Time noticed;
    absl::Duration begin;                                               // monotonic
    std::optional<absl::Duration> computed, stored, first_sent, acked;  // since `begin`
    absl::Duration computation;
    size_t touched = 0, changes = 0;
    std::vector<std::string> changed;  // the first of them
    std::set<uint32_t> waiting;        // numbers of nodes
  };

  absl::Duration Since(const Journey& journey) const { return clock_.Monotonic() - journey.begin; }
  uint32_t Number(const std::string& node);
  void Finish(Journey& journey);
  v1::RevisionJourney Tell(const Journey& journey, const SwitchTable& switches) const;

  const Clock& clock_;
  Metrics& metrics_;
  std::map<std::string, uint32_t> numbers_;
  std::vector<std::string> nodes_;  // by number
  std::optional<Journey> next_;     // until it is adopted
  absl::Duration computing_since_;
  // Of several computations of one revision (links fail and come back) the first took it up.
  using Key = std::pair<Revision, uint64_t>;  // last revision, running number
  uint64_t next_number_ = 0;
  std::map<Key, Journey> adopted_;
  std::set<Key> under_way_;  // of them
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_JOURNEYS_H_

// The carrier's one capacity ledger: what is held on every directed link, by whom, for what and how
// firmly. Whoever promises bandwidth books it here: pinned paths, working and protect, the hoses of
// any-to-any services, bulk transfers.
//
// What a link holds is the sum of
//   * working, dedicated protect, mesh and bulk reservations, each for itself; and
//   * shared protect (RFC 4872, shared-mesh restoration): the greatest, over every single risk r,
//   of the sum of the rates of the policies whose working path fails with r and whose protect path
//   uses the link. The risks of a working path are its fibres, the nodes between its ends, the risk
//   groups of both but those of an end, and the providers of links and of nodes between the ends:
//   what PathRisks calls risks under full protection. Two failures at once are not provided for.
//
// Priorities as in RFC 3209 section 4.7: what others hold at a weaker (larger) hold priority than
// one's setup priority counts as free, but must be taken from them first (Preempt, Remove): the
// ledger never holds more on a link than can be promised on it.
#ifndef WAYMARK_CONTROLLER_COMPUTE_LEDGER_H_
#define WAYMARK_CONTROLLER_COMPUTE_LEDGER_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "controller/compute/constraints.h"
#include "controller/topology/snapshot.h"

namespace waymark {

enum class ReservationKind { kWorking, kProtectDedicated, kProtectShared, kMesh, kBulk };
inline constexpr int kReservationKinds = 5;

// Hold priority of what is not promised yet: weaker than all of RFC 3209's, so that a planner may
// move it to make room for another. A setup priority of this value takes from nobody.
inline constexpr int kTentativePriority = kWeakestPriority + 1;

// What a working path and its protect path hold in one direction.
struct PairReservation {
  std::vector<LinkId> working;
  std::vector<LinkId> protect;  // may be empty
  int64_t bps = 0;              // on every link of both
  bool share_protect = false;
  int hold_priority = 0;  // 0 to kTentativePriority
};

// Of one directed link, in bit/s.
struct LinkUsage {
  int64_t reservable = 0;
  int64_t working = 0, protect_dedicated = 0, protect_shared = 0, mesh = 0, bulk = 0;

  int64_t reserved() const { return working + protect_dedicated + protect_shared + mesh + bulk; }
  friend bool operator==(const LinkUsage&, const LinkUsage&) = default;
};

// Belongs to one snapshot (link numbers are its), which must outlive it; copyable, not thread-safe.
// Invariant: on every link 0 <= reserved <= LinkInfo::reservable_bps, so no sum can overflow.
class Ledger {
 public:
  explicit Ledger(const Snapshot& snapshot);

  // Holds `bps` for `policy` on each of `links` (a link named twice is held twice), beside what it
  // already holds. INVALID_ARGUMENT: negative bps, unknown link, a priority out of 0 to
  // kTentativePriority, or kProtectShared (which needs the working path: AddPair).
  // RESOURCE_EXHAUSTED: names the first link without room. On error nothing changes. O(links).
  absl::Status Add(const std::string& policy, std::span<const LinkId> links, int64_t bps,
                   ReservationKind kind = ReservationKind::kWorking, int hold_priority = 0);
  // Working and protect, all or nothing; errors as Add's. O(links + protect links * risks).
  absl::Status AddPair(const std::string& policy, const PairReservation& pair);
  // Gives back all that `policy` holds; false if it holds nothing.
  bool Remove(const std::string& policy);

  // What a path of this setup priority may take on a directed link, 0 to what can be promised.
  // Beyond 0 to kTentativePriority it is clamped. O(1).
  int64_t Residual(LinkId link, int setup_priority = kWeakestPriority) const;
  int64_t Reserved(LinkId link) const { return books_[Index(link)].upto[kTentativePriority]; }
  LinkUsage Usage(LinkId link) const;
  // Who holds something on the link. Sorted.
  std::vector<std::string> Holders(LinkId link) const;

  // What sharing would add to the reservations of each of `protect`, 0 to `bps`, if the policy of
  // this working path and rate were booked there; among reservations at least as strong as
  // `setup_priority`. O(protect links * risks of the working path * log).
  std::vector<int64_t> SharedProtectNeed(std::span<const LinkId> working,
                                         std::span<const LinkId> protect, int64_t bps,
                                         int setup_priority = kTentativePriority) const;

  // What a working path fails with, as numbers that are equal where the risks are: a path between
  // ends that are those of its first and last link. Sorted. O(links * their groups).
  std::vector<int32_t> RisksOf(std::span<const LinkId> working) const;

  // Whom to remove so that all of `wanted` fits: only policies all of whose reservations are
  // weaker than `setup_priority`. Of the sets that do, one that spares the stronger: first the
  // strongest priority touched is as weak as possible, then the fewest policies, then the least of
  // their rates, then names. (Exact to two policies among at most 64; beyond, a greedy choice from
  // which no policy can be left out.) Sorted; empty when all fits as it is; nullopt when not even
  // removing all of them helps.
  std::optional<std::vector<std::string>> Preempt(std::span<const PairReservation> wanted,
                                                  int setup_priority) const;
  std::optional<std::vector<std::string>> Preempt(std::span<const LinkId> links, int64_t bps,
                                                  int setup_priority) const;

  struct AfterFailure;
  // The reservations as they are while `down` (both directions of a fibre, if both are dead) does
  // not carry: for what may be used until the repair, such as bulk transfers. Not a basis for
  // promises: all that has moved comes back.
  AfterFailure WithFailed(std::span<const LinkId> down) const;

 private:
  friend class FailedLedger;
  friend class PreemptionSearch;

  struct Booking {
    ReservationKind kind = ReservationKind::kWorking;
    int hold = 0;
    int64_t bps = 0;
    std::vector<LinkId> links;
    std::vector<int32_t> risks;  // of the working path, for kProtectShared; sorted
  };
  struct Holder {
    std::string name;  // empty: unused
    std::vector<Booking> bookings;
  };
  // The sum of the rates of one priority whose working path fails with one risk.
  struct SharedSum {
    int32_t risk = 0;
    int32_t hold = 0;
    int64_t bps = 0;
    std::pair<int32_t, int32_t> key() const { return {risk, hold}; }
  };
  using Levels = std::array<int64_t, kTentativePriority + 1>;
  struct Book {
    int64_t reservable = 0;
    std::array<int64_t, kReservationKinds> by_kind = {};  // without kProtectShared
    Levels alone = {};                                    // by hold priority; not shared
    std::vector<SharedSum> shared;                        // by key
    Levels upto = {};              // reserved at this hold priority or stronger, shared included
    std::vector<int32_t> holders;  // sorted; once for each booking that names the link
  };

  // The greatest sum of one risk by priority; with `bps` more on `risks`, which must be sorted.
  static Levels SharedUpto(std::span<const SharedSum> shared);
  static void AddShared(std::span<const int32_t> risks, int hold, int64_t bps,
                        std::vector<SharedSum>* shared);
  static void Sum(Book* book);

  absl::Status Check(const std::string& policy, std::span<const LinkId> links, int64_t bps,
                     int hold) const;
  absl::Status AddBooking(const std::string& policy, Booking booking);
  // Adds (sign 1) or takes back (-1) the booking on one of its links.
  void Apply(const Booking& booking, LinkId link, int sign);
  bool HasRoom(const Booking& booking, LinkId link) const;
  int32_t HolderOf(const std::string& policy);
  void Unbook(int32_t holder, size_t bookings);

  const Snapshot* snapshot_;
  std::vector<Book> books_;
  std::map<std::string, int32_t> ids_;
  std::vector<Holder> holders_;
  std::vector<int32_t> unused_;
};

// What WithFailed finds. Of each policy that crosses something that is down:
//   * its working path is down, its protect path is not: the protect path carries, counted as
//   working there, and all of its working path is free (`moved`);
//   * both are down: it holds nothing (`lost`);
//   * its protect path alone is down: that is free.
// Shared protect bandwidth that is in use so serves nobody else: those whose protect no longer fits
// beside it give it up, weakest hold priority first, then the largest rate, then by name
// (`unprotected`). All lists sorted.
struct Ledger::AfterFailure {
  Ledger ledger;
  std::vector<std::string> moved, lost, unprotected;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_LEDGER_H_

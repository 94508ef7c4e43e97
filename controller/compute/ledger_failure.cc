#include <algorithm>
#include <tuple>

#include "controller/compute/ledger.h"

namespace waymark {

// Books the survivors again, firmest first: what works or is dedicated fits by itself, since it did
// before; then the shared protect paths that carry now; then those that stand by.
class FailedLedger {
 public:
  FailedLedger(const Ledger& before, std::span<const LinkId> down)
      : before_(before),
        dead_(before.books_.size(), false),
        after_{Ledger(*before.snapshot_), {}, {}, {}} {
    for (const LinkId link : down) {
      if (Index(link) >= 0 && static_cast<size_t>(Index(link)) < dead_.size()) {
        dead_[Index(link)] = true;
      }
    }
  }

  Ledger::AfterFailure Run() {
    for (const auto& [name, id] : before_.ids_) Divide(name, before_.holders_[id]);
    Order(&carrying_);
    for (const Shared& shared : carrying_) {
      // One failure moves at most what was held for it; several at once may be too many.
      if (after_.ledger.AddBooking(*shared.name, Active(*shared.booking)).ok()) continue;
      after_.ledger.Remove(*shared.name);
      after_.lost.push_back(*shared.name);
      std::erase(after_.moved, *shared.name);
    }
    Order(&standing_by_);
    for (const Shared& shared : standing_by_) {
      if (!after_.ledger.AddBooking(*shared.name, *shared.booking).ok()) {
        after_.unprotected.push_back(*shared.name);
      }
    }
    for (std::vector<std::string>* names : {&after_.moved, &after_.lost, &after_.unprotected}) {
      std::sort(names->begin(), names->end());
      names->erase(std::unique(names->begin(), names->end()), names->end());
    }
    return std::move(after_);
  }

 private:
  using Booking = Ledger::Booking;
  struct Shared {
    const std::string* name;
    const Booking* booking;
  };

  static bool IsProtect(const Booking& booking) {
    return booking.kind == ReservationKind::kProtectDedicated ||
           booking.kind == ReservationKind::kProtectShared;
  }
  static Booking Active(const Booking& protect) {
    Booking active = protect;
    active.kind = ReservationKind::kWorking;
    active.risks.clear();
    return active;
  }
  static void Order(std::vector<Shared>* shared) {
    std::stable_sort(shared->begin(), shared->end(), [](const Shared& a, const Shared& b) {
      return std::tuple(a.booking->hold, a.booking->bps) <
             std::tuple(b.booking->hold, b.booking->bps);
    });
  }
  bool Carries(const Booking& booking) const {
    return std::none_of(booking.links.begin(), booking.links.end(),
                        [&](LinkId link) { return dead_[Index(link)]; });
  }

  void Divide(const std::string& name, const Ledger::Holder& holder) {
    bool working_up = true, protect_up = true, has_protect = false;
    for (const Booking& booking : holder.bookings) {
      if (booking.kind == ReservationKind::kWorking) working_up = working_up && Carries(booking);
      if (!IsProtect(booking)) continue;
      has_protect = true;
      protect_up = protect_up && Carries(booking);
    }
    const bool moves = !working_up && has_protect && protect_up;
    if (!working_up) (moves ? after_.moved : after_.lost).push_back(name);
    for (const Booking& booking : holder.bookings) {
      if (!Carries(booking)) continue;
      if (booking.kind == ReservationKind::kWorking && !working_up) continue;
      if (IsProtect(booking) && !working_up && !moves) continue;
      if (booking.kind == ReservationKind::kProtectShared) {
        (moves ? carrying_ : standing_by_).push_back({&name, &booking});
        continue;
      }
      const bool activated = moves && IsProtect(booking);
      const absl::Status kept =
          after_.ledger.AddBooking(name, activated ? Active(booking) : booking);
      static_cast<void>(kept);  // a part of what fitted before fits
    }
  }

  const Ledger& before_;
  std::vector<bool> dead_;
  Ledger::AfterFailure after_;
  std::vector<Shared> carrying_, standing_by_;
};

Ledger::AfterFailure Ledger::WithFailed(std::span<const LinkId> down) const {
  return FailedLedger(*this, down).Run();
}

}  // namespace waymark

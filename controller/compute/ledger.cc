#include "controller/compute/ledger.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "controller/compute/path_risks.h"

namespace waymark {
namespace {

int ClampPriority(int priority) { return std::clamp(priority, 0, kTentativePriority); }

size_t KindIndex(ReservationKind kind) { return static_cast<size_t>(kind); }

}  // namespace

Ledger::Ledger(const Snapshot& snapshot) : snapshot_(&snapshot), books_(snapshot.links().size()) {
  for (size_t i = 0; i < books_.size(); ++i) {
    books_[i].reservable = snapshot.links()[i].reservable_bps;
  }
}

int64_t Ledger::Residual(LinkId link, int setup_priority) const {
  const Book& book = books_[Index(link)];
  return book.reservable - book.upto[static_cast<size_t>(ClampPriority(setup_priority))];
}

LinkUsage Ledger::Usage(LinkId link) const {
  const Book& book = books_[Index(link)];
  const auto of = [&](ReservationKind kind) { return book.by_kind[KindIndex(kind)]; };
  LinkUsage usage;
  usage.reservable = book.reservable;
  usage.working = of(ReservationKind::kWorking);
  usage.protect_dedicated = of(ReservationKind::kProtectDedicated);
  usage.protect_shared = SharedUpto(book.shared).back();
  usage.mesh = of(ReservationKind::kMesh);
  usage.bulk = of(ReservationKind::kBulk);
  return usage;
}

std::vector<std::string> Ledger::Holders(LinkId link) const {
  std::vector<std::string> names;
  for (const int32_t holder : books_[Index(link)].holders) {
    names.push_back(holders_[holder].name);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

absl::Status Ledger::Add(const std::string& policy, std::span<const LinkId> links, int64_t bps,
                         ReservationKind kind, int hold_priority) {
  if (kind == ReservationKind::kProtectShared) {
    return absl::InvalidArgumentError(
        absl::StrCat(policy, ": shared protect bandwidth needs the working path beside it"));
  }
  if (absl::Status status = Check(policy, links, bps, hold_priority); !status.ok()) return status;
  return AddBooking(policy, {kind, hold_priority, bps, {links.begin(), links.end()}, {}});
}

absl::Status Ledger::AddPair(const std::string& policy, const PairReservation& pair) {
  for (const std::vector<LinkId>* links : {&pair.working, &pair.protect}) {
    if (absl::Status status = Check(policy, *links, pair.bps, pair.hold_priority); !status.ok()) {
      return status;
    }
  }
  absl::Status status = AddBooking(
      policy, {ReservationKind::kWorking, pair.hold_priority, pair.bps, pair.working, {}});
  if (!status.ok() || pair.protect.empty()) return status;
  Booking protect = {
      ReservationKind::kProtectDedicated, pair.hold_priority, pair.bps, pair.protect, {}};
  if (pair.share_protect) {
    protect.kind = ReservationKind::kProtectShared;
    protect.risks = RisksOf(pair.working);
  }
  status = AddBooking(policy, std::move(protect));
  if (!status.ok()) Unbook(ids_.at(policy), 1);
  return status;
}

bool Ledger::Remove(const std::string& policy) {
  const auto found = ids_.find(policy);
  if (found == ids_.end()) return false;
  Unbook(found->second, holders_[found->second].bookings.size());
  return true;
}

std::vector<int64_t> Ledger::SharedProtectNeed(std::span<const LinkId> working,
                                               std::span<const LinkId> protect, int64_t bps,
                                               int setup_priority) const {
  const std::vector<int32_t> risks = RisksOf(working);
  const auto level = static_cast<size_t>(ClampPriority(setup_priority));
  std::vector<int64_t> needs;
  needs.reserve(protect.size());
  for (const LinkId link : protect) {
    const std::vector<SharedSum>& shared = books_[Index(link)].shared;
    if (shared.empty()) {
      needs.push_back(bps);
      continue;
    }
    int64_t greatest = 0;
    for (const int32_t risk : risks) {
      int64_t sum = 0;
      auto at = std::lower_bound(
          shared.begin(), shared.end(), std::pair(risk, 0),
          [](const SharedSum& a, const std::pair<int32_t, int32_t>& key) { return a.key() < key; });
      for (; at != shared.end() && at->risk == risk && at->hold <= static_cast<int>(level); ++at) {
        sum += at->bps;
      }
      greatest = std::max(greatest, sum);
    }
    const Book& book = books_[Index(link)];
    const int64_t held =
        book.upto[level] - std::accumulate(book.alone.begin(),
                                           book.alone.begin() + static_cast<ptrdiff_t>(level) + 1,
                                           int64_t{0});
    // Compared as a difference: bps may be as large as the type.
    needs.push_back(std::max<int64_t>(0, bps - (held - greatest)));
  }
  return needs;
}

std::vector<int32_t> Ledger::RisksOf(std::span<const LinkId> working) const {
  if (working.empty()) return {};
  return PathRisks(*snapshot_, kAllRisks, snapshot_->link(working.front()).source,
                   snapshot_->link(working.back()).target)
      .Of(working);
}

Ledger::Levels Ledger::SharedUpto(std::span<const SharedSum> shared) {
  Levels greatest = {};
  for (size_t i = 0; i < shared.size();) {
    const int32_t risk = shared[i].risk;
    int64_t sum = 0;
    size_t level = 0;
    // Between two priorities that hold something the sum stays as it is.
    for (; i < shared.size() && shared[i].risk == risk; ++i) {
      for (; level < static_cast<size_t>(shared[i].hold); ++level) {
        greatest[level] = std::max(greatest[level], sum);
      }
      sum += shared[i].bps;
    }
    for (; level < greatest.size(); ++level) greatest[level] = std::max(greatest[level], sum);
  }
  return greatest;
}

void Ledger::AddShared(std::span<const int32_t> risks, int hold, int64_t bps,
                       std::vector<SharedSum>* shared) {
  std::vector<SharedSum> merged;
  merged.reserve(shared->size() + risks.size());
  auto old = shared->begin();
  const auto keep = [&](const SharedSum& sum) {
    if (sum.bps != 0) merged.push_back(sum);
  };
  for (const int32_t risk : risks) {
    SharedSum mine = {risk, hold, bps};
    while (old != shared->end() && old->key() < mine.key()) keep(*old++);
    if (old != shared->end() && old->key() == mine.key()) mine.bps += (old++)->bps;
    keep(mine);
  }
  while (old != shared->end()) keep(*old++);
  *shared = std::move(merged);
}

void Ledger::Sum(Book* book) {
  const Levels shared = SharedUpto(book->shared);
  int64_t alone = 0;
  for (size_t level = 0; level < book->upto.size(); ++level) {
    alone += book->alone[level];
    book->upto[level] = alone + shared[level];
  }
}

absl::Status Ledger::Check(const std::string& policy, std::span<const LinkId> links, int64_t bps,
                           int hold) const {
  if (bps < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(policy, ": reservation of ", bps, " bit/s is negative; give 0 or more"));
  }
  if (hold < 0 || hold > kTentativePriority) {
    return absl::InvalidArgumentError(
        absl::StrCat(policy, ": hold priority ", hold, " is not 0 to ", kTentativePriority));
  }
  for (const LinkId link : links) {
    if (Index(link) < 0 || static_cast<size_t>(Index(link)) >= books_.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat(policy, ": link number ", Index(link), " does not exist"));
    }
  }
  return absl::OkStatus();
}

absl::Status Ledger::AddBooking(const std::string& policy, Booking booking) {
  for (size_t i = 0; i < booking.links.size(); ++i) {
    const LinkId link = booking.links[i];
    if (HasRoom(booking, link)) {
      Apply(booking, link, 1);
      continue;
    }
    absl::Status full = absl::ResourceExhaustedError(absl::StrCat(
        policy, ": ", snapshot_->link(link).name, " has ", Residual(link, kTentativePriority),
        " bit/s free of ", books_[Index(link)].reservable, ", needs ", booking.bps));
    while (i-- > 0) Apply(booking, booking.links[i], -1);
    return full;
  }
  const int32_t holder = HolderOf(policy);
  for (const LinkId link : booking.links) {
    std::vector<int32_t>& holders = books_[Index(link)].holders;
    holders.insert(std::upper_bound(holders.begin(), holders.end(), holder), holder);
  }
  holders_[holder].bookings.push_back(std::move(booking));
  return absl::OkStatus();
}

bool Ledger::HasRoom(const Booking& booking, LinkId link) const {
  const Book& book = books_[Index(link)];
  const int64_t free = book.reservable - book.upto.back();
  // Compared before anything is added: no sum overflows.
  if (booking.bps <= free) return true;
  if (booking.kind != ReservationKind::kProtectShared || booking.bps > book.reservable) {
    return false;
  }
  std::vector<SharedSum> shared = book.shared;
  AddShared(booking.risks, booking.hold, booking.bps, &shared);
  return SharedUpto(shared).back() - SharedUpto(book.shared).back() <= free;
}

void Ledger::Apply(const Booking& booking, LinkId link, int sign) {
  Book& book = books_[Index(link)];
  if (booking.kind == ReservationKind::kProtectShared) {
    AddShared(booking.risks, booking.hold, sign * booking.bps, &book.shared);
    Sum(&book);
    return;
  }
  book.by_kind[KindIndex(booking.kind)] += sign * booking.bps;
  const auto hold = static_cast<size_t>(booking.hold);
  book.alone[hold] += sign * booking.bps;
  for (size_t level = hold; level < book.upto.size(); ++level) {
    book.upto[level] += sign * booking.bps;
  }
}

int32_t Ledger::HolderOf(const std::string& policy) {
  const auto [it, inserted] = ids_.try_emplace(policy, 0);
  if (!inserted) return it->second;
  if (unused_.empty()) {
    it->second = static_cast<int32_t>(holders_.size());
    holders_.emplace_back();
  } else {
    it->second = unused_.back();
    unused_.pop_back();
  }
  holders_[it->second].name = policy;
  return it->second;
}

// The last ones.
void Ledger::Unbook(int32_t holder, size_t bookings) {
  Holder& of = holders_[holder];
  for (; bookings > 0; --bookings) {
    const Booking& booking = of.bookings.back();
    for (const LinkId link : booking.links) {
      Apply(booking, link, -1);
      std::vector<int32_t>& holders = books_[Index(link)].holders;
      holders.erase(std::lower_bound(holders.begin(), holders.end(), holder));
    }
    of.bookings.pop_back();
  }
  if (!of.bookings.empty()) return;
  ids_.erase(of.name);
  of.name.clear();
  unused_.push_back(holder);
}

}  // namespace waymark

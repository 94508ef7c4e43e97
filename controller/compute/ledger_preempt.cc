#include <algorithm>
#include <tuple>

#include "controller/compute/ledger.h"

namespace waymark {
namespace {

// Up to so many candidates every pair of them is tried.
constexpr size_t kMostPaired = 64;

}  // namespace

class PreemptionSearch {
 public:
  PreemptionSearch(const Ledger& ledger, std::span<const PairReservation> wanted, int setup)
      : ledger_(ledger) {
    Collect(wanted);
    for (Tight& tight : tight_) FindCandidates(&tight, setup);
    FillCandidates();
  }

  std::optional<std::vector<std::string>> Run() {
    if (tight_.empty()) return std::vector<std::string>();
    std::vector<int32_t> all(candidates_.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int32_t>(i);
    if (!Enough(all)) return std::nullopt;
    // Strongest last; those that are not needed at all are not considered.
    std::sort(all.begin(), all.end(), [&](int32_t a, int32_t b) { return Weaker(a, b); });
    while (true) {
      const int hold = candidates_[all.back()].hold;
      std::vector<int32_t> weaker;
      for (const int32_t i : all) {
        if (candidates_[i].hold > hold) weaker.push_back(i);
      }
      if (weaker.empty() || !Enough(weaker)) break;
      all = std::move(weaker);
    }
    return Names(Fewest(all));
  }

 private:
  struct Candidate {
    int32_t holder = 0;
    int hold = kTentativePriority;  // the strongest of its reservations
    int64_t bps = 0;                // the largest of them
  };
  // A link on which not all that is wanted fits.
  struct Tight {
    LinkId link = LinkId::kNone;
    int64_t alone = 0;                                             // wanted, not shared
    std::vector<std::pair<std::vector<int32_t>, int64_t>> shared;  // wanted: risks, rate
    std::vector<int32_t> holders;
  };

  void Collect(std::span<const PairReservation> wanted) {
    std::map<LinkId, Tight> by_link;
    for (const PairReservation& pair : wanted) {
      for (const LinkId link : pair.working) by_link[link].alone += pair.bps;
      const std::vector<int32_t> risks =
          pair.share_protect ? ledger_.RisksOf(pair.working) : std::vector<int32_t>();
      for (const LinkId link : pair.protect) {
        if (pair.share_protect) {
          by_link[link].shared.emplace_back(risks, pair.bps);
        } else {
          by_link[link].alone += pair.bps;
        }
      }
    }
    for (auto& [link, tight] : by_link) {
      tight.link = link;
      if (!Fits(tight, {})) tight_.push_back(std::move(tight));
    }
  }

  // Whether all that is wanted fits on the link without these holders (sorted).
  bool Fits(const Tight& tight, const std::vector<int32_t>& without) const {
    const Ledger::Book& book = ledger_.books_[Index(tight.link)];
    int64_t alone = tight.alone;
    for (const int64_t bps : book.alone) alone += bps;
    std::vector<Ledger::SharedSum> shared = book.shared;
    for (const auto& [risks, bps] : tight.shared) Ledger::AddShared(risks, 0, bps, &shared);
    for (const int32_t holder : without) {
      for (const Ledger::Booking& booking : ledger_.holders_[holder].bookings) {
        const auto times = std::count(booking.links.begin(), booking.links.end(), tight.link);
        if (times == 0) continue;
        if (booking.kind == ReservationKind::kProtectShared) {
          Ledger::AddShared(booking.risks, booking.hold, -booking.bps * times, &shared);
        } else {
          alone -= booking.bps * times;
        }
      }
    }
    return alone <= book.reservable - Ledger::SharedUpto(shared).back();
  }

  void FindCandidates(Tight* tight, int setup) {
    tight->holders = ledger_.books_[Index(tight->link)].holders;
    tight->holders.erase(std::unique(tight->holders.begin(), tight->holders.end()),
                         tight->holders.end());
    std::erase_if(tight->holders, [&](int32_t holder) {
      const auto& bookings = ledger_.holders_[holder].bookings;
      return std::any_of(bookings.begin(), bookings.end(),
                         [&](const Ledger::Booking& booking) { return booking.hold <= setup; });
    });
  }

  void FillCandidates() {
    std::vector<int32_t> holders;
    for (const Tight& tight : tight_) {
      holders.insert(holders.end(), tight.holders.begin(), tight.holders.end());
    }
    std::sort(holders.begin(), holders.end());
    holders.erase(std::unique(holders.begin(), holders.end()), holders.end());
    for (const int32_t holder : holders) {
      Candidate candidate = {.holder = holder};
      for (const Ledger::Booking& booking : ledger_.holders_[holder].bookings) {
        candidate.hold = std::min(candidate.hold, booking.hold);
        candidate.bps = std::max(candidate.bps, booking.bps);
      }
      candidates_.push_back(candidate);
    }
  }

  const std::string& Name(int32_t candidate) const {
    return ledger_.holders_[candidates_[candidate].holder].name;
  }
  bool Weaker(int32_t a, int32_t b) const {
    return std::tuple(-candidates_[a].hold, candidates_[a].bps, Name(a)) <
           std::tuple(-candidates_[b].hold, candidates_[b].bps, Name(b));
  }

  bool Enough(const std::vector<int32_t>& evicted) const {
    std::vector<int32_t> holders;
    for (const int32_t i : evicted) holders.push_back(candidates_[i].holder);
    std::sort(holders.begin(), holders.end());
    return std::all_of(tight_.begin(), tight_.end(), [&](const Tight& tight) {
      std::vector<int32_t> here;
      std::set_intersection(holders.begin(), holders.end(), tight.holders.begin(),
                            tight.holders.end(), std::back_inserter(here));
      return Fits(tight, here);
    });
  }

  // `all` is enough, and in order, weakest first.
  std::vector<int32_t> Fewest(const std::vector<int32_t>& all) const {
    for (const int32_t i : all) {
      if (Enough({i})) return {i};
    }
    if (all.size() <= kMostPaired) {
      if (auto pair = BestPair(all); !pair.empty()) return pair;
    }
    return Reduce(all);
  }

  std::vector<int32_t> BestPair(const std::vector<int32_t>& all) const {
    std::vector<int32_t> best;
    std::tuple<int, int64_t> best_rank;
    for (size_t i = 0; i < all.size(); ++i) {
      for (size_t j = i + 1; j < all.size(); ++j) {
        const Candidate& a = candidates_[all[i]];
        const Candidate& b = candidates_[all[j]];
        const std::tuple rank(-(a.hold + b.hold), a.bps + b.bps);
        if ((best.empty() || rank < best_rank) && Enough({all[i], all[j]})) {
          best = {all[i], all[j]};
          best_rank = rank;
        }
      }
    }
    return best;
  }

  // Leaves out whom it can: the strongest first, among equals the smallest, so that few large ones
  // remain.
  std::vector<int32_t> Reduce(std::vector<int32_t> chosen) const {
    std::vector<int32_t> order = chosen;
    std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      return std::tuple(candidates_[a].hold, candidates_[a].bps, Name(a)) <
             std::tuple(candidates_[b].hold, candidates_[b].bps, Name(b));
    });
    for (const int32_t i : order) {
      std::vector<int32_t> fewer = chosen;
      std::erase(fewer, i);
      if (Enough(fewer)) chosen = std::move(fewer);
    }
    return chosen;
  }

  std::vector<std::string> Names(const std::vector<int32_t>& evicted) const {
    std::vector<std::string> names;
    for (const int32_t i : evicted) names.push_back(Name(i));
    std::sort(names.begin(), names.end());
    return names;
  }

  const Ledger& ledger_;
  std::vector<Tight> tight_;
  std::vector<Candidate> candidates_;
};

std::optional<std::vector<std::string>> Ledger::Preempt(std::span<const PairReservation> wanted,
                                                        int setup_priority) const {
  // More than any link can hold would only make the sums overflow.
  for (const PairReservation& pair : wanted) {
    for (const std::vector<LinkId>* links : {&pair.working, &pair.protect}) {
      for (const LinkId link : *links) {
        if (pair.bps < 0 || pair.bps > books_[Index(link)].reservable) return std::nullopt;
      }
    }
  }
  return PreemptionSearch(*this, wanted, setup_priority).Run();
}

std::optional<std::vector<std::string>> Ledger::Preempt(std::span<const LinkId> links, int64_t bps,
                                                        int setup_priority) const {
  const PairReservation one = {{links.begin(), links.end()}, {}, bps};
  return Preempt(std::span(&one, 1), setup_priority);
}

}  // namespace waymark

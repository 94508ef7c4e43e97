// The ledger against a list of all bookings that is added up anew each time.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "controller/compute/disjoint_pair.h"
#include "controller/compute/ledger.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

struct Entry {
  std::string policy;
  ReservationKind kind;
  int hold;
  int64_t bps;
  std::vector<LinkId> links;
  std::vector<int32_t> risks;  // of the working path
};

class Model {
 public:
  explicit Model(const Snapshot& snapshot) : snapshot_(snapshot) {}

  int64_t Reserved(LinkId link, int level, const std::vector<Entry>& entries) const {
    int64_t sum = 0;
    std::map<int32_t, int64_t> by_risk;
    for (const Entry& entry : entries) {
      if (entry.hold > level) continue;
      const auto times = std::count(entry.links.begin(), entry.links.end(), link);
      if (entry.kind != ReservationKind::kProtectShared) {
        sum += times * entry.bps;
        continue;
      }
      for (const int32_t risk : entry.risks) by_risk[risk] += times * entry.bps;
    }
    int64_t shared = 0;
    for (const auto& [risk, bps] : by_risk) shared = std::max(shared, bps);
    return sum + shared;
  }
  int64_t OfKind(LinkId link, ReservationKind kind) const {
    std::vector<Entry> of_kind;
    for (const Entry& entry : entries) {
      if (entry.kind == kind) of_kind.push_back(entry);
    }
    return Reserved(link, kTentativePriority, of_kind);
  }
  bool Fits(const std::vector<Entry>& all, const std::vector<Entry>& added) const {
    for (const Entry& entry : added) {
      for (const LinkId link : entry.links) {
        if (Reserved(link, kTentativePriority, all) > snapshot_.link(link).reservable_bps) {
          return false;
        }
      }
    }
    return true;
  }
  bool Add(const std::vector<Entry>& added) {
    std::vector<Entry> all = entries;
    all.insert(all.end(), added.begin(), added.end());
    if (!Fits(all, added)) return false;
    entries = std::move(all);
    return true;
  }
  std::vector<int32_t> RisksOf(const std::vector<LinkId>& path) const {
    return PathRisks(snapshot_, kAllRisks, snapshot_.link(path.front()).source,
                     snapshot_.link(path.back()).target)
        .Of(path);
  }
  std::vector<Entry> EntriesOf(const std::string& policy, const PairReservation& pair) const {
    std::vector<Entry> made = {
        {policy, ReservationKind::kWorking, pair.hold_priority, pair.bps, pair.working, {}}};
    if (pair.protect.empty()) return made;
    made.push_back(
        {policy,
         pair.share_protect ? ReservationKind::kProtectShared : ReservationKind::kProtectDedicated,
         pair.hold_priority, pair.bps, pair.protect,
         pair.share_protect ? RisksOf(pair.working) : std::vector<int32_t>()});
    return made;
  }

  std::vector<Entry> entries;

 private:
  const Snapshot& snapshot_;
};

class LedgerRandomTest : public testing::TestWithParam<uint32_t> {
 protected:
  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

  std::shared_ptr<const Snapshot> Network(int nodes = 9, int fibres = 30) {
    const auto shape = RandomNetwork(random_, nodes, fibres);
    std::vector<v1::Link> links(shape->link_resources().begin(), shape->link_resources().end());
    for (v1::Link& link : links) {
      link.set_capacity_bps(40 + Pick(200));
      if (Pick(4) == 0) link.set_oversubscription(0.5 + Pick(4));
    }
    return *Snapshot::Build(shape->node_resources(), links, shape->srlg_resources());
  }
  std::vector<LinkId> Walk(const Snapshot& snapshot) {
    while (true) {
      std::vector<LinkId> walk;
      NodeId at = static_cast<NodeId>(Pick(static_cast<int>(snapshot.nodes().size())));
      std::set<NodeId> seen = {at};
      for (int hop = 1 + Pick(4); hop > 0; --hop) {
        const auto out = snapshot.out_links(at);
        if (out.empty()) break;
        const LinkId link = out[static_cast<size_t>(Pick(static_cast<int>(out.size())))];
        if (!seen.insert(snapshot.link(link).target).second) break;
        walk.push_back(link);
        at = snapshot.link(link).target;
      }
      if (!walk.empty()) return walk;
    }
  }
  PairReservation Pair(const Snapshot& snapshot) {
    return {Walk(snapshot), Pick(4) == 0 ? std::vector<LinkId>() : Walk(snapshot), Pick(50),
            Pick(3) != 0, Pick(kTentativePriority + 1)};
  }
  static void ExpectEqual(const Snapshot& snapshot, const Ledger& ledger, const Model& model) {
    for (size_t i = 0; i < snapshot.links().size(); ++i) {
      const auto link = static_cast<LinkId>(i);
      const int64_t reservable = snapshot.link(link).reservable_bps;
      for (int level = 0; level <= kTentativePriority; ++level) {
        const int64_t expected = reservable - model.Reserved(link, level, model.entries);
        ASSERT_EQ(ledger.Residual(link, level), expected);
        ASSERT_GE(expected, 0);
      }
      const LinkUsage expected = {reservable,
                                  model.OfKind(link, ReservationKind::kWorking),
                                  model.OfKind(link, ReservationKind::kProtectDedicated),
                                  model.OfKind(link, ReservationKind::kProtectShared),
                                  model.OfKind(link, ReservationKind::kMesh),
                                  model.OfKind(link, ReservationKind::kBulk)};
      ASSERT_EQ(ledger.Usage(link), expected);
      ASSERT_EQ(ledger.Reserved(link), expected.reserved());
    }
  }

  std::mt19937 random_{GetParam()};
};

// 100,000 operations in all.
TEST_P(LedgerRandomTest, EqualsTheSumOfItsBookings) {
  const auto snapshot = Network();
  Ledger ledger(*snapshot);
  Model model(*snapshot);
  constexpr ReservationKind kAlone[] = {ReservationKind::kWorking,
                                        ReservationKind::kProtectDedicated, ReservationKind::kMesh,
                                        ReservationKind::kBulk};
  int accepted = 0, refused = 0;
  for (int operation = 0; operation < 10'000; ++operation) {
    const std::string policy = "p" + std::to_string(Pick(30));
    const int what = Pick(10);
    if (what < 3) {
      const bool held = std::erase_if(model.entries, [&](const Entry& entry) {
                          return entry.policy == policy;
                        }) > 0;
      ASSERT_EQ(ledger.Remove(policy), held);
    } else if (what < 7) {
      const PairReservation pair = Pair(*snapshot);
      if (!pair.protect.empty() && pair.share_protect) {
        const auto needs = ledger.SharedProtectNeed(pair.working, pair.protect, pair.bps);
        Model with = model;
        with.entries.push_back(model.EntriesOf(policy, pair)[1]);
        for (size_t i = 0; i < pair.protect.size(); ++i) {
          ASSERT_EQ(needs[i], with.Reserved(pair.protect[i], kTentativePriority, with.entries) -
                                  ledger.Reserved(pair.protect[i]));
        }
      }
      const bool fits = model.Add(model.EntriesOf(policy, pair));
      ASSERT_EQ(ledger.AddPair(policy, pair).ok(), fits);
      ++(fits ? accepted : refused);
    } else {
      Entry entry = {policy,   kAlone[Pick(4)], Pick(kTentativePriority + 1),
                     Pick(50), Walk(*snapshot), {}};
      if (Pick(5) == 0) entry.links.push_back(entry.links[0]);
      const bool fits = model.Add({entry});
      ASSERT_EQ(ledger.Add(policy, entry.links, entry.bps, entry.kind, entry.hold).ok(), fits);
      ++(fits ? accepted : refused);
    }
    if (operation % 20 == 0) ExpectEqual(*snapshot, ledger, model);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(accepted, 1000);
  EXPECT_GT(refused, 1000);
  for (int i = 0; i < 30; ++i) ledger.Remove("p" + std::to_string(i));
  model.entries.clear();
  ExpectEqual(*snapshot, ledger, model);
  for (size_t i = 0; i < snapshot->links().size(); ++i) {
    EXPECT_TRUE(ledger.Holders(static_cast<LinkId>(i)).empty());
  }
}

// Against every subset of the weaker policies.
TEST_P(LedgerRandomTest, PreemptsTheLeastSet) {
  int evicting = 0, impossible = 0;
  for (int round = 0; round < 40; ++round) {
    const auto snapshot = Network(4, 5);
    Ledger ledger(*snapshot);
    std::map<std::string, int> hold_of;
    for (int i = 0; i < 60 && hold_of.size() < 10; ++i) {
      const std::string policy = "p" + std::to_string(i);
      const PairReservation pair = Pair(*snapshot);
      if (ledger.AddPair(policy, pair).ok()) hold_of[policy] = pair.hold_priority;
    }
    std::vector<PairReservation> wanted = {Pair(*snapshot)};
    wanted[0].bps += 30;
    const int setup = Pick(kWeakestPriority + 1);
    std::vector<std::string> weaker;
    for (const auto& [policy, hold] : hold_of) {
      if (hold > setup) weaker.push_back(policy);
    }
    const auto enough = [&](const std::vector<std::string>& evicted) {
      Ledger without = ledger;
      for (const std::string& policy : evicted) without.Remove(policy);
      return without.AddPair("new", wanted[0]).ok();
    };
    std::optional<std::pair<int, size_t>> best;  // (strongest touched, negated; how many)
    for (size_t subset = 0; subset < size_t{1} << weaker.size(); ++subset) {
      std::vector<std::string> evicted;
      int strongest = kTentativePriority + 1;
      for (size_t i = 0; i < weaker.size(); ++i) {
        if ((subset >> i & 1) == 0) continue;
        evicted.push_back(weaker[i]);
        strongest = std::min(strongest, hold_of[weaker[i]]);
      }
      const std::pair rank(-strongest, evicted.size());
      if ((!best || rank < *best) && enough(evicted)) best = rank;
    }
    const auto found = ledger.Preempt(wanted, setup);
    ASSERT_EQ(found.has_value(), best.has_value());
    if (!found) {
      ++impossible;
      continue;
    }
    ASSERT_TRUE(enough(*found));
    int strongest = kTentativePriority + 1;
    for (const std::string& policy : *found) {
      ASSERT_GT(hold_of[policy], setup);
      strongest = std::min(strongest, hold_of[policy]);
      std::vector<std::string> fewer = *found;
      std::erase(fewer, policy);
      ASSERT_FALSE(enough(fewer));
    }
    ASSERT_EQ(-strongest, best->first);
    if (best->second <= 2) {
      ASSERT_EQ(found->size(), best->second);
    }
    evicting += found->empty() ? 0 : 1;
  }
  // Both happened.
  EXPECT_GT(evicting, 0);
  EXPECT_GT(impossible, 0);
}

TEST_P(LedgerRandomTest, OneFailureMovesWhatWasHeldForIt) {
  for (int round = 0; round < 60; ++round) {
    const auto snapshot = Network();
    Ledger ledger(*snapshot);
    std::map<std::string, PairReservation> pairs;
    for (int i = 0; i < 60; ++i) {
      const std::string policy = "p" + std::to_string(i);
      const PairReservation pair = Pair(*snapshot);
      if (ledger.AddPair(policy, pair).ok()) pairs[policy] = pair;
    }
    const auto down = static_cast<LinkId>(Pick(static_cast<int>(snapshot->links().size())));
    std::vector<LinkId> dead = {down};
    if (const LinkId back = snapshot->link(down).reverse; back != LinkId::kNone) {
      dead.push_back(back);
    }
    const auto up = [&](const std::vector<LinkId>& links) {
      return std::none_of(links.begin(), links.end(), [&](LinkId link) {
        return std::find(dead.begin(), dead.end(), link) != dead.end();
      });
    };
    const Ledger::AfterFailure after = ledger.WithFailed(dead);
    Model model(*snapshot);
    std::vector<std::string> moved, lost;
    for (const auto& [policy, pair] : pairs) {
      auto entries = model.EntriesOf(policy, pair);
      const bool protect_up = entries.size() > 1 && up(pair.protect);
      if (up(pair.working)) {
        const bool gives_up =
            std::binary_search(after.unprotected.begin(), after.unprotected.end(), policy);
        EXPECT_TRUE(!gives_up || (pair.share_protect && protect_up));
        if (!protect_up || gives_up) entries.resize(1);
      } else if (protect_up) {
        moved.push_back(policy);
        entries = {entries[1]};
        entries[0].kind = ReservationKind::kWorking;
      } else {
        lost.push_back(policy);
        entries.clear();
      }
      model.entries.insert(model.entries.end(), entries.begin(), entries.end());
    }
    std::sort(moved.begin(), moved.end());
    std::sort(lost.begin(), lost.end());
    EXPECT_EQ(after.moved, moved);
    EXPECT_EQ(after.lost, lost);
    ExpectEqual(*snapshot, after.ledger, model);
    if (HasFatalFailure()) return;
    EXPECT_EQ(ledger.WithFailed({}).unprotected, std::vector<std::string>());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, LedgerRandomTest, testing::Range(1u, 11u));

}  // namespace
}  // namespace waymark

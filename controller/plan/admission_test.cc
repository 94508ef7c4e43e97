// Who gets bandwidth, from whom, and what is said to those who do not.
#include "controller/plan/admission_testing.h"

namespace waymark {
namespace {

TEST_F(AdmissionTest, FactorsOfClassAndLinkSayWhatIsHeld) {
  Class("thin").set_oversubscription(4);
  Serve("one", "thin", 8 * kGig + 1);
  EXPECT_EQ(Of(carrier_.Commit(), "one").reserved_bps(), 2 * kGig + 1);
  Class("full");
  for (const char* id : {"aa--m1", "m1--aa", "m1--bb", "bb--m1"}) {
    Link(id).set_oversubscription(0.5);
  }
  Serve("two", "full", 3 * kGig);  // 2 of 5 Gbit/s are held: no room
  EXPECT_EQ(Working(carrier_.Commit(), "two"), "aa m2 bb");
  Link("aa--m2").set_oversubscription(2);
  Serve("three", "full", 8 * kGig);  // room one way, not the other
  EXPECT_EQ(Working(carrier_.Commit(), "three"), "aa m3 bb");
}

TEST_F(AdmissionTest, ProtectBandwidthIsShared) {
  Class("shared").add_protection(v1::NODE);
  Class("shared").set_protect_bandwidth(v1::SHARED);
  Serve("one", "shared", 8 * kGig);
  Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "one"), "aa m1 bb");
  EXPECT_EQ(Protect(plan, "one"), "aa m2 bb");
  Serve("two", "shared", 8 * kGig);
  plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "two"), "aa m3 bb");
  EXPECT_EQ(Protect(plan, "two"), "aa m2 bb");
  EXPECT_EQ(State(plan, "two"), v1::PENDING);
  EXPECT_TRUE(carrier_.Commit().changed_placements.empty());

  // One failure uses what both share.
  carrier_.links_down = {"links/aa--m1"};
  plan = carrier_.Commit();
  EXPECT_EQ(Protect(plan, "one"), "aa m2 bb");
  EXPECT_EQ(State(plan, "one"), v1::PENDING);
  EXPECT_EQ(State(plan, "two"), v1::DEGRADED);
  EXPECT_NE(Of(plan, "two").status().reason().find("carries others now"), std::string::npos);
  carrier_.links_down.clear();

  // A class that changes its mind moves nobody and breaks no promise that was given.
  Class("shared").set_protect_bandwidth(v1::DEDICATED);
  plan = carrier_.Commit();
  for (const char* service : {"one", "two"}) {
    EXPECT_EQ(Protect(plan, service), "aa m2 bb");
    EXPECT_EQ(State(plan, service), v1::DEGRADED);
  }
  Class("shared").set_protect_bandwidth(v1::SHARED);
  EXPECT_EQ(State(carrier_.Commit(), "one"), v1::PENDING);
  Class("alone").add_protection(v1::LINK);
  Serve("three", "alone", 3 * kGig);
  EXPECT_EQ(State(carrier_.Commit(), "three"), v1::BLOCKED);
}

// Of the third way 8 Gbit/s are free, and beside the first's protect path there is room for those.
TEST_F(AdmissionTest, RefusalsKnowOfSharedProtectBandwidth) {
  Class("shared").add_protection(v1::NODE);
  Class("shared").set_protect_bandwidth(v1::SHARED);
  for (const char* link : {"aa--m3", "m3--aa", "m3--bb", "bb--m3"}) {
    Link(link).set_capacity_bps(8 * kGig);
  }
  Serve("one", "shared", 8 * kGig);
  carrier_.Commit();
  Serve("two", "shared", 9 * kGig);
  const Plan plan = carrier_.Commit();
  EXPECT_EQ(State(plan, "two"), v1::BLOCKED);
  EXPECT_EQ(Of(plan, "two").status().relaxation(), "bandwidth 9 Gbit/s -> 8 Gbit/s");
}

// What never carries at once does not slow each other down.
TEST_F(AdmissionTest, SharedProtectPathsAreBoundedByTheWorstSingleRisk) {
  Class("shared").add_protection(v1::NODE);
  Class("shared").set_protect_bandwidth(v1::SHARED);
  Class("shared").set_max_latency_ns(20'000'000);
  Serve("one", "shared", 8 * kGig);
  Serve("two", "shared", 8 * kGig);
  const Plan plan = carrier_.Commit();
  for (const char* service : {"one", "two"}) {
    EXPECT_EQ(State(plan, service), v1::PENDING) << Of(plan, service).status().reason();
    EXPECT_EQ(Protect(plan, service), "aa m2 bb");
    EXPECT_GT(PromiseOf(plan, service).protect_latency_ns(), 2'000'000);
    EXPECT_LT(PromiseOf(plan, service).protect_latency_ns(), 20'000'000);
  }
}

TEST_F(AdmissionTest, SharedRisksAreTakenOnlyWhereAllowedAndNamed) {
  carrier_.network.Srlg("duct");
  for (const char* id : {"aa--m1", "aa--m2", "aa--m3"}) {
    Link(id).add_srlgs("srlgs/duct");
    Link(Link(id).reverse().substr(6)).add_srlgs("srlgs/duct");
  }
  Class("apart").add_protection(v1::SRLG);
  Serve("one", "apart", kGig);
  EXPECT_EQ(State(carrier_.Commit(), "one"), v1::BLOCKED);
  Class("apart").set_allow_shared_risks(true);
  Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "one"), "aa m1 bb");
  EXPECT_EQ(Protect(plan, "one"), "aa m2 bb");
  EXPECT_EQ(State(plan, "one"), v1::DEGRADED);
  EXPECT_NE(Of(plan, "one").status().reason().find("share srlgs/duct:"), std::string::npos);
  EXPECT_EQ(PromiseOf(plan, "one").shared_risks_size(), 1);
  EXPECT_TRUE(carrier_.Commit().changed_placements.empty());
  // As soon as there is a way out of the duct, the protect path takes it; the working path stays.
  carrier_.network.Fibre("aa", "bb", 9000, 90);
  plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "one"), "aa m1 bb");
  EXPECT_EQ(Protect(plan, "one"), "aa bb");
  EXPECT_EQ(State(plan, "one"), v1::PENDING);
}

TEST_F(AdmissionTest, TheStrongerTakesFromTheWeaker) {
  Class("weak").set_setup_priority(6);
  Class("weak").set_hold_priority(6);
  Class("strong").set_setup_priority(2);
  Class("strong").set_hold_priority(2);
  Class("usual");
  for (const char* service : {"w1", "w2", "w3"}) Serve(service, "weak", 6 * kGig);
  Plan plan = carrier_.Commit();
  for (const char* service : {"w1", "w2", "w3"}) EXPECT_EQ(State(plan, service), v1::PENDING);
  // Takes from nobody.
  Serve("u", "usual", 8 * kGig);
  EXPECT_EQ(State(carrier_.Commit(), "u"), v1::BLOCKED);
  Serve("s1", "strong", 8 * kGig);
  plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "s1"), "aa m1 bb");
  EXPECT_EQ(State(plan, "w1"), v1::BLOCKED);
  EXPECT_NE(Of(plan, "w1").status().reason().find("pre-empted by " + policy_of_["s1"]),
            std::string::npos);
  // As long as it is so, and however it came to be.
  plan = carrier_.Commit();
  EXPECT_EQ(Of(plan, "w1").status().reason().substr(0, 14 + policy_of_["s1"].size()),
            "pre-empted by " + policy_of_["s1"]);
  EXPECT_EQ(Of(plan, "u").status().reason().find("pre-empted"), std::string::npos);
  carrier_.intents.services.at("customers/c/services/w1").mutable_rates(0)->set_cir_bps(11 * kGig);
  EXPECT_EQ(Of(carrier_.MakePlan(), "w1").status().reason().find("pre-empted"), std::string::npos);
  carrier_.SetRate("w1", "weak", 6 * kGig);
  EXPECT_EQ(Working(plan, "w2"), "aa m2 bb");
  // Whoever is displaced goes elsewhere where there is room.
  carrier_.network.Fibre("aa", "bb", 50'000, 900);
  plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "u"), "aa bb");  // larger than w1: first in line
  carrier_.network.Fibre("aa", "bb", 60'000, 950, "2");
  plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "w1"), "aa bb");
  // Equals take nothing from each other, and a promise without priorities is never taken.
  for (const char* service : {"s2", "s3", "s4", "s5"}) Serve(service, "strong", 8 * kGig);
  plan = carrier_.Commit();
  EXPECT_EQ(State(plan, "s4"), v1::PENDING);
  EXPECT_EQ(State(plan, "s5"), v1::BLOCKED);
  EXPECT_EQ(Working(plan, "s1"), "aa m1 bb");
  EXPECT_EQ(Working(plan, "u"), "aa bb");
  for (const char* service : {"w1", "w2", "w3"}) EXPECT_EQ(State(plan, service), v1::BLOCKED);
}

TEST_F(AdmissionTest, FirmestKeepTheirPlaceWhenALinkShrinks) {
  Class("weak").set_hold_priority(6);
  Class("firm").set_hold_priority(1);
  Serve("w", "weak", 6 * kGig);
  Serve("f", "firm", 4 * kGig);
  Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "w"), "aa m1 bb");
  EXPECT_EQ(Working(plan, "f"), "aa m1 bb");
  Link("aa--m1").set_capacity_bps(7 * kGig);
  plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "f"), "aa m1 bb");
  EXPECT_EQ(Working(plan, "w"), "aa m2 bb");
}

class AvailabilityTargetTest : public AdmissionTest {
 protected:
  AvailabilityTargetTest() {
    // A pair that shares a bad duct, and dearer ones that do not.
    v1::Srlg& duct = carrier_.network.Srlg("duct");
    duct.set_mtbf_hours(1000);
    duct.set_mttr_hours(1);
    for (const char* middle : {"m1", "m2", "m3"}) {
      for (const std::string& id : {std::string("aa--") + middle, middle + std::string("--bb")}) {
        for (v1::Link* link : {&Link(id), &Link(Link(id).reverse().substr(6))}) {
          link->set_mtbf_hours(1000);
          link->set_mttr_hours(1);
          if (id == "aa--m1" || id == "aa--m2") link->add_srlgs("srlgs/duct");
        }
      }
    }
    Class("good").add_protection(v1::LINK);
    Serve("one", "good", kGig);
  }
};

TEST_F(AvailabilityTargetTest, DrivesTheChoice) {
  Plan plan = carrier_.MakePlan();
  EXPECT_EQ(Protect(plan, "one"), "aa m2 bb");
  EXPECT_LT(PromiseOf(plan, "one").availability(), 0.9991);
  EXPECT_GT(PromiseOf(plan, "one").working_latency_ns(), 2'000'000);
  EXPECT_GT(PromiseOf(plan, "one").failover_ns(), 0);
  Class("good").set_availability_target(0.9999);
  plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "one"), "aa m1 bb");
  EXPECT_EQ(Protect(plan, "one"), "aa m3 bb");
  EXPECT_GT(PromiseOf(plan, "one").availability(), 0.9999);
  EXPECT_EQ(State(plan, "one"), v1::PENDING);
}

TEST_F(AvailabilityTargetTest, RefusesWhatCannotBeMet) {
  Class("good").set_availability_target(0.9999999);
  const Plan plan = carrier_.MakePlan();
  EXPECT_EQ(State(plan, "one"), v1::BLOCKED);
  const v1::Status status = Of(plan, "one").status();
  EXPECT_EQ(status.blocking_constraint(), "availability_target 0.9999999");
  EXPECT_NE(status.relaxation().find("-> 99.999"), std::string::npos) << status.relaxation();
}

TEST_F(AvailabilityTargetTest, ATargetRaisedLaterMovesNobodyIntoNothing) {
  carrier_.Commit();
  Class("good").set_availability_target(0.9999999);
  Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "one"), "aa m1 bb");
  EXPECT_EQ(State(plan, "one"), v1::DEGRADED);
  EXPECT_NE(Of(plan, "one").status().reason().find("its availability is"), std::string::npos);
  Class("good").set_availability_target(0.9999);
  plan = carrier_.Commit();
  EXPECT_EQ(Protect(plan, "one"), "aa m3 bb");
  EXPECT_EQ(State(plan, "one"), v1::PENDING);
}

TEST_F(AvailabilityTargetTest, SilenceIsNotAvailability) {
  Class("quiet").set_availability_target(0.9);
  carrier_.AddService("call", v1::E_LINE, {"zrh", "par"}, "quiet");
  const Plan plan = carrier_.MakePlan();
  const uint32_t vni = carrier_.intents.services.at("customers/c/services/call").vni();
  const v1::Status& status =
      plan.policies.at(PolicyName("zrh", vni << 8 | Class("quiet").class_index(), "par"))->status;
  EXPECT_EQ(status.state(), v1::BLOCKED);
  EXPECT_NE(status.relaxation().find("state MTBF and MTTR"), std::string::npos);
}

TEST_F(AdmissionTest, LatencyIsBoundedAndStaysSo) {
  Class("fast").set_queue(7);
  Class("fast").set_max_latency_ns(1'000'000);
  Serve("one", "fast", kGig);
  Plan plan = carrier_.MakePlan();
  EXPECT_EQ(State(plan, "one"), v1::BLOCKED);
  EXPECT_EQ(Of(plan, "one").status().blocking_constraint(), "max_latency 1.0 ms");
  EXPECT_NE(Of(plan, "one").status().relaxation().find("max latency 1.0 ms -> 2."),
            std::string::npos)
      << Of(plan, "one").status().relaxation();
  const int64_t bound = [&] {
    Class("fast").set_max_latency_ns(0);
    return PromiseOf(carrier_.MakePlan(), "one").working_latency_ns();
  }();
  // Just what it takes alone: whoever would slow it down goes another way.
  Class("fast").set_max_latency_ns(bound);
  EXPECT_EQ(Working(carrier_.Commit(), "one"), "aa m1 bb");
  Class("burst").set_queue(7);
  Serve("two", "burst", 5 * kGig);
  carrier_.intents.services.at("customers/c/services/two")
      .mutable_rates(0)
      ->set_burst_bytes(1'000'000);
  plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "one"), "aa m1 bb");
  EXPECT_LE(PromiseOf(plan, "one").working_latency_ns(), bound);
  EXPECT_EQ(Working(plan, "two"), "aa m2 bb");
  // A bound that is tightened below what the path keeps: said, and nobody else pays for it.
  Class("fast").set_max_latency_ns(1'000'000);
  Serve("three", "burst", kGig);
  plan = carrier_.Commit();
  EXPECT_EQ(State(plan, "one"), v1::DEGRADED);
  EXPECT_NE(Of(plan, "one").status().reason().find("worst-case latency is"), std::string::npos);
  EXPECT_EQ(State(plan, "three"), v1::PENDING);
}

TEST_F(AdmissionTest, WhoWouldBreakAnothersBoundIsToldWhose) {
  for (const char* middle : {"m2", "m3"}) {
    Link(std::string("aa--") + middle).set_admin_state(v1::FORBID);
  }
  Class("fast").set_queue(7);
  Serve("one", "fast", kGig);
  Class("fast").set_max_latency_ns(PromiseOf(carrier_.MakePlan(), "one").working_latency_ns());
  carrier_.Commit();
  Class("burst").set_queue(7);
  Serve("two", "burst", 5 * kGig);
  carrier_.intents.services.at("customers/c/services/two")
      .mutable_rates(0)
      ->set_burst_bytes(1'000'000);
  const Plan plan = carrier_.Commit();
  EXPECT_EQ(State(plan, "one"), v1::PENDING);
  ASSERT_EQ(State(plan, "two"), v1::BLOCKED);
  EXPECT_EQ(Of(plan, "two").status().blocking_constraint(),
            "max_latency of others (" + Of(plan, "one").name() + ")");
  EXPECT_NE(Of(plan, "two").status().reason().find("would break the latency bound of"),
            std::string::npos);
}

// Parallel fibres from aa to bb, of which the dearest alone keeps the promise.
class ManyRoutesTest : public AdmissionTest {
 protected:
  void AddFibres(int bad) {
    for (int i = 0; i < bad; ++i) AddFibre("p" + std::to_string(i), 10'000, 1 + i, 1000);
    AddFibre("good", 1000, 1000, 10'000'000);
    for (const char* middle : {"m1", "m2", "m3"}) {
      Link(std::string("aa--") + middle).set_admin_state(v1::FORBID);
    }
  }
  void AddFibre(const std::string& suffix, int64_t delay_us, uint32_t metric, double mtbf) {
    v1::Link& there = carrier_.network.Fibre("aa", "bb", delay_us, metric, suffix);
    names_[suffix] = there.name();
    for (v1::Link* link : {&there, &carrier_.network.Link(there.reverse())}) {
      link->set_mtbf_hours(mtbf);
      link->set_mttr_hours(100);
    }
  }
  std::string Fibre(const v1::Policy& policy) {
    return policy.working_size() == 0 ? policy.status().reason() : policy.working(0).links(0);
  }
  std::map<std::string, std::string> names_;
};

TEST_F(ManyRoutesTest, TheNinthByObjectiveIsTriedToo) {
  AddFibres(9);
  Class("held").set_availability_target(0.999);
  Serve("one", "held", kGig);
  EXPECT_EQ(Fibre(Of(carrier_.MakePlan(), "one")), names_["good"]);
}

TEST_F(ManyRoutesTest, TheMostAvailableIsTriedWhereverItRanks) {
  AddFibres(80);
  Class("held").set_availability_target(0.999);
  Serve("one", "held", kGig);
  EXPECT_EQ(Fibre(Of(carrier_.MakePlan(), "one")), names_["good"]);
  Class("held").set_availability_target(0.9999999);
  const v1::Policy refused = Of(carrier_.MakePlan(), "one");
  EXPECT_EQ(refused.status().state(), v1::BLOCKED);
  EXPECT_NE(refused.status().reason().find("of all routes"), std::string::npos);
  EXPECT_NE(refused.status().relaxation().find("-> 99.99"), std::string::npos)
      << refused.status().relaxation();
}

// Dearer than what any exchange of price for availability would take.
TEST_F(ManyRoutesTest, TheBestThatKeepsTheTargetIsTaken) {
  AddFibres(80);
  AddFibre("fair", 10'000, 900, 4900);
  Class("held").set_availability_target(0.97);
  Serve("one", "held", kGig);
  EXPECT_EQ(Fibre(Of(carrier_.MakePlan(), "one")), names_["fair"]);
}

TEST_F(ManyRoutesTest, TheFastestIsTriedWhereverItRanks) {
  AddFibres(80);
  Class("fast").set_queue(7);
  Class("fast").set_max_latency_ns(5'000'000);
  Serve("one", "fast", kGig);
  EXPECT_EQ(Fibre(Of(carrier_.MakePlan(), "one")), names_["good"]);
}

// Neither the best by the objective, nor the most available, nor the fastest.
TEST_F(ManyRoutesTest, WhatTradesALittleOfEachIsTriedToo) {
  AddFibres(80);
  AddFibre("surest", 20'000, 100'000, 1'000'000'000);
  AddFibre("fastest", 500, 100'000, 1000);
  for (const bool there : {true, false}) {
    v1::Link& good = carrier_.network.Link(names_["good"]);
    (there ? good : carrier_.network.Link(good.reverse())).set_te_metric(70);
  }
  Class("both").set_queue(7);
  Class("both").set_max_latency_ns(5'000'000);
  Class("both").set_availability_target(0.9999);
  Serve("one", "both", kGig);
  EXPECT_EQ(Fibre(Of(carrier_.MakePlan(), "one")), names_["good"]);
}

}  // namespace
}  // namespace waymark

// Services that arrive together make room for each other.
#include "controller/plan/admission_testing.h"

namespace waymark {
namespace {

using JointTest = AdmissionTest;

TEST_F(JointTest, ThoseWhoArriveTogetherMakeRoomForEachOther) {
  Class("any");
  Class("near").set_max_delay_ns(2'030'000);  // only by m1
  Serve("large", "any", 6 * kGig);
  Serve("small", "near", 5 * kGig);
  Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "small"), "aa m1 bb");
  EXPECT_EQ(Working(plan, "large"), "aa m2 bb");
  EXPECT_EQ(State(plan, "large"), v1::PENDING);
  // But what is placed already stays: it does not make room.
  Serve("late", "near", 6 * kGig);
  plan = carrier_.Commit();
  EXPECT_EQ(State(plan, "late"), v1::BLOCKED);
  EXPECT_EQ(Working(plan, "small"), "aa m1 bb");
}

TEST_F(JointTest, MakingRoomMayTakeSeveralSteps) {
  // Each can go where the one before it is, and one place further.
  Class("m1").set_max_delay_ns(2'030'000);
  Class("m2").set_max_delay_ns(2'050'000);
  Class("m3");
  Serve("first", "m3", 9 * kGig);
  Serve("second", "m2", 8 * kGig);
  Serve("third", "m1", 7 * kGig);
  const Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "third"), "aa m1 bb");
  EXPECT_EQ(Working(plan, "second"), "aa m2 bb");
  EXPECT_EQ(Working(plan, "first"), "aa m3 bb");
}

// By m1 a link fails for a thousandth of the time, by the others for a tenth.
class JointTargetTest : public JointTest {
 protected:
  JointTargetTest() {
    for (const char* middle : {"m1", "m2", "m3"}) {
      for (const std::string& id : {std::string("aa--") + middle, middle + std::string("--bb")}) {
        for (v1::Link* link : {&Link(id), &Link(Link(id).reverse().substr(6))}) {
          link->set_mtbf_hours(999);
          link->set_mttr_hours(middle == std::string("m1") ? 1 : 111);
        }
      }
    }
    Class("any");
    Class("up").set_availability_target(0.99);
  }
};

TEST_F(JointTargetTest, WhoNeedsAnAvailableRouteGetsIt) {
  Serve("large", "any", 6 * kGig);
  Serve("small", "up", 5 * kGig);
  Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "small"), "aa m1 bb");
  EXPECT_GT(PromiseOf(plan, "small").availability(), 0.99);
  EXPECT_EQ(Working(plan, "large"), "aa m2 bb");
  EXPECT_EQ(State(plan, "small"), v1::PENDING);
  // Nobody moves for a target that no route keeps.
  Class("best").set_availability_target(0.9999);
  Serve("hopeless", "best", kGig);
  plan = carrier_.Commit();
  EXPECT_EQ(State(plan, "hopeless"), v1::BLOCKED);
  EXPECT_EQ(Of(plan, "hopeless").status().blocking_constraint(), "availability_target 0.9999");
}

TEST_F(JointTargetTest, ThePriceOfTheRouteDoesNotMatter) {
  // The available one is the dearest: found by its availability, not by its metric.
  for (const char* id : {"aa--m1", "m1--aa", "m1--bb", "bb--m1"}) {
    Link(id).set_igp_metric(100);
    Link(id).set_delay_ns(100'000);
  }
  Class("near").set_max_delay_ns(1'000'000);  // by m1 too, because nothing else is as short
  Serve("large", "near", 6 * kGig);
  Serve("small", "up", 5 * kGig);
  const Plan plan = carrier_.Commit();
  // Only one of them can go by m1, and `large` was first.
  EXPECT_EQ(Working(plan, "large"), "aa m1 bb");
  EXPECT_EQ(State(plan, "small"), v1::BLOCKED);
  carrier_.placements.clear();
  Class("near").set_max_delay_ns(0);
  Class("near").set_objective(v1::MIN_DELAY);
  const Plan anew = carrier_.Commit();
  EXPECT_EQ(Working(anew, "small"), "aa m1 bb");
  EXPECT_EQ(State(anew, "large"), v1::PENDING);
  EXPECT_NE(Working(anew, "large"), "aa m1 bb");
}

TEST_F(JointTest, WhoNeedsAShortWaitGetsIt) {
  // A link carries one burst after another: beside the other's burst the wait is too long, which
  // is not for want of bandwidth.
  Class("any");
  Class("fast");
  Serve("first", "any", 4 * kGig);
  Serve("second", "fast", 4 * kGig);
  const int64_t alone = [&] {
    carrier_.intents.services.erase("customers/c/services/first");
    return PromiseOf(carrier_.MakePlan(), "second").working_latency_ns();
  }();
  Serve("first", "any", 4 * kGig);
  Class("fast").set_max_latency_ns(alone);
  const Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, "second"), "aa m1 bb");
  EXPECT_EQ(State(plan, "second"), v1::PENDING);
  EXPECT_EQ(Working(plan, "first"), "aa m2 bb");
}

}  // namespace
}  // namespace waymark

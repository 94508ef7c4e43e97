#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "northbound/cli/cli_testing.h"

namespace waymark::cli {
namespace {

using testing::HasSubstr;

using ProgrammingTest = CliTest;

TEST_F(ProgrammingTest, FreezeNeedsAReasonAndShowsWhatWaits) {
  EXPECT_EQ(Run({"freeze"}).code, 2);
  const Ran frozen = Run({"freeze", "--reason", "core reload"});
  EXPECT_EQ(frozen.code, 0) << frozen.err;
  EXPECT_EQ(server_.last_freeze().reason(), "core reload");
  EXPECT_THAT(frozen.out, HasSubstr("FROZEN since"));
  EXPECT_THAT(frozen.out, HasSubstr("core reload"));
  EXPECT_THAT(Run({"info"}).out, HasSubstr("FROZEN since"));
}

TEST_F(ProgrammingTest, UnfreezeAsksBeforeMuchIsSent) {
  v1::Programming frozen;
  frozen.set_frozen(true);
  frozen.set_switches_waiting(3);
  frozen.add_waiting("nodes/zrh");
  server_.set_programming(frozen);
  const Ran script = Run({"unfreeze"});
  EXPECT_EQ(script.code, 2);
  EXPECT_THAT(script.err, HasSubstr("give --yes"));
  EXPECT_THAT(Run({"unfreeze"}, "n\n", true).err, HasSubstr("still frozen"));
  EXPECT_THAT(Run({"info"}).out, HasSubstr("FROZEN"));
  const Ran ran = Run({"unfreeze", "--yes"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Programming:  on\n"));
}

TEST_F(ProgrammingTest, ARolloutIsPausedAndResumed) {
  v1::Rollout rollout;
  rollout.set_state(v1::ROLLOUT_RUNNING);
  rollout.set_revision(17);
  rollout.set_waves(2);
  rollout.add_last_wave("nodes/zrh");
  rollout.set_switches_waiting(3);
  rollout.add_waiting("nodes/fra");
  server_.set_rollout(rollout);
  const Ran status = Run({"rollout", "status"});
  EXPECT_EQ(status.code, 0) << status.err;
  for (const char* text : {"running", "revision 17", "2, the last: zrh", "3: fra and 2 more"}) {
    EXPECT_THAT(status.out, HasSubstr(text));
  }
  EXPECT_EQ(Run({"rollout", "pause"}).code, 2);
  EXPECT_EQ(Run({"rollout"}).code, 2);
  EXPECT_THAT(Run({"rollout", "pause", "--reason", "to look"}).out, HasSubstr("PAUSED since"));
  EXPECT_THAT(Run({"rollout", "resume"}).out, HasSubstr("running"));
}

TEST_F(ProgrammingTest, AnAbortedRolloutIsNotResumedUnasked) {
  EXPECT_THAT(Run({"rollout", "abort", "--reason", "wrong map"}).out, HasSubstr("ABORTED since"));
  const Ran script = Run({"rollout", "resume"});
  EXPECT_EQ(script.code, 2);
  EXPECT_THAT(script.err, HasSubstr("give --yes"));
  EXPECT_THAT(Run({"rollout", "resume"}, "n\n", true).err, HasSubstr("still aborted"));
  EXPECT_THAT(Run({"rollout", "status"}).out, HasSubstr("wrong map"));
  EXPECT_EQ(Run({"rollout", "resume", "--yes"}).code, 0);
}

TEST_F(ProgrammingTest, TraceRevisionShowsTheJourney) {
  v1::RevisionJourney journey;
  journey.set_first_revision(7);
  journey.set_revision(9);
  journey.set_state(v1::PROGRAMMING);
  journey.mutable_noticed()->set_seconds(1'700'000'000);
  journey.mutable_computed()->set_nanos(12'000'000);
  journey.mutable_computation()->set_nanos(7'000'000);
  journey.set_switches(3);
  journey.set_switches_waiting(1);
  journey.set_changes(2);
  journey.add_changed("customers/bank/services/core");
  auto* wait = journey.add_waiting();
  wait->set_node("nodes/zrh");
  wait->set_reason("not connected");
  server_.set_journey(journey);
  const Ran ran = Run({"trace", "revision", "8"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(server_.last_journey(), 8);
  for (const char* text :
       {"7 to 9, computed together", "on its way: 1 of 3 switches do not hold it yet",
        "customers/bank/services/core and 1 more", "12.000 ms after, in 7.000 ms",
        "not connected"}) {
    EXPECT_THAT(ran.out, HasSubstr(text));
  }
  EXPECT_THAT(Run({"trace", "revision", "8", "-o", "json"}).out, HasSubstr("\"PROGRAMMING\""));
  EXPECT_EQ(Run({"trace", "revision", "0"}).code, 2);
  EXPECT_EQ(Run({"trace", "revision", "x"}).code, 2);
  // A frame is still traced by service, and asked for what it lacks.
  EXPECT_THAT(Run({"trace", "bank/core"}).err, HasSubstr("--from and --to are required"));
}

}  // namespace
}  // namespace waymark::cli

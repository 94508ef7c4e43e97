#include "southbound/dataplane/linux_liveness.h"

#include <gtest/gtest.h>

#include <deque>
#include <utility>

namespace waymark {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(10);
constexpr absl::Duration kNever = -absl::InfiniteDuration();

// Plays a path of one delay that breaks at a moment.
class Path {
 public:
  explicit Path(absl::Duration round_trip) : round_trip_(round_trip) {}

  // Runs in steps of 100 us; the moment of death, or infinity.
  absl::Duration RunUntil(absl::Duration end) {
    for (; now_ < end; now_ += absl::Microseconds(100)) {
      while (!flying_.empty() && flying_.front().second + round_trip_ <= now_) {
        const auto [sequence, sent] = flying_.front();
        flying_.pop_front();
        if (sent + round_trip_ < broken_from || sent >= broken_until) {
          liveness.Answered(sequence, sent, now_);
        }
      }
      if (liveness.Judge(now_, stall_end)) return now_;
      if (now_ >= next_) {
        flying_.emplace_back(liveness.Sent(now_), now_);
        next_ += kInterval;
      }
    }
    return absl::InfiniteDuration();
  }

  Liveness liveness{kInterval};
  absl::Duration broken_from = absl::InfiniteDuration();
  absl::Duration broken_until = absl::InfiniteDuration();
  absl::Duration stall_end = kNever;

 private:
  absl::Duration round_trip_;
  absl::Duration now_ = absl::ZeroDuration();
  absl::Duration next_ = absl::ZeroDuration();
  std::deque<std::pair<uint64_t, absl::Duration>> flying_;
};

TEST(LivenessTest, AliveWhileAnswered) {
  Path path(absl::Microseconds(300));
  EXPECT_EQ(path.RunUntil(absl::Seconds(10)), absl::InfiniteDuration());
  EXPECT_TRUE(path.liveness.alive());
}

TEST(LivenessTest, DeadThreeProbesAfterTheBreak) {
  Path path(absl::Microseconds(300));
  path.broken_from = absl::Milliseconds(1'004);
  const absl::Duration died = path.RunUntil(absl::Seconds(2));
  // Sent at 1,010, 1,020 and 1,030; half an interval more for the last to come.
  EXPECT_GE(died, absl::Milliseconds(1'030));
  EXPECT_LE(died, absl::Milliseconds(1'040));
}

// A round trip of 25 intervals is no loss, and costs its own length once.
TEST(LivenessTest, LongPathsHaveManyProbesUnderWay) {
  Path path(absl::Milliseconds(250));
  EXPECT_EQ(path.RunUntil(absl::Seconds(5)), absl::InfiniteDuration());
  path.broken_from = absl::Seconds(5);
  const absl::Duration died = path.RunUntil(absl::Seconds(8));
  EXPECT_GE(died, absl::Milliseconds(5'020));
  EXPECT_LE(died, absl::Milliseconds(5'300));
}

TEST(LivenessTest, OwnStallsProveNothing) {
  Path path(absl::Microseconds(300));
  path.broken_from = absl::Milliseconds(1'000);
  path.stall_end = absl::Milliseconds(1'100);
  const absl::Duration died = path.RunUntil(absl::Seconds(2));
  EXPECT_GT(died, absl::Milliseconds(1'100));
}

TEST(LivenessTest, NeverAnsweredDiesToo) {
  Path path(absl::Milliseconds(1));
  path.broken_from = absl::ZeroDuration();
  const absl::Duration died = path.RunUntil(absl::Seconds(2));
  EXPECT_GE(died, absl::Milliseconds(300));
  EXPECT_LE(died, absl::Milliseconds(350));
}

TEST(LivenessTest, RevivedOnlyByAProbeSentAfterItsDeath) {
  Liveness liveness(kInterval);
  absl::Duration now;
  for (int i = 0; i < 4; ++i) {
    liveness.Sent(now);
    now += kInterval;
  }
  ASSERT_TRUE(liveness.Judge(now + absl::Seconds(1), kNever));
  EXPECT_FALSE(liveness.Answered(4, now - kInterval, now)) << "left before the death";
  EXPECT_FALSE(liveness.alive());
  const uint64_t next = liveness.Sent(now);
  EXPECT_TRUE(liveness.Answered(next, now, now + absl::Milliseconds(1)));
  EXPECT_TRUE(liveness.alive());
}

TEST(LivenessTest, StrangeAnswersAreIgnored) {
  Liveness liveness(kInterval);
  liveness.Assume(false);
  EXPECT_FALSE(liveness.Answered(7, absl::ZeroDuration(), absl::Seconds(1))) << "never sent";
  const uint64_t sent = liveness.Sent(absl::Seconds(1));
  EXPECT_FALSE(liveness.Answered(sent, absl::Seconds(3), absl::Seconds(2))) << "from the future";
  EXPECT_TRUE(liveness.Answered(sent, absl::Seconds(1), absl::Seconds(2)));
  EXPECT_FALSE(liveness.Answered(sent, absl::Seconds(1), absl::Seconds(2))) << "twice";
}

}  // namespace
}  // namespace waymark

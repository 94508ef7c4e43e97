#include "controller/base/metrics.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace waymark {
namespace {

TEST(MetricsTest, TheSameNameAndLabelsAreTheSameObject) {
  Metrics metrics;
  auto& counter = metrics.Counter("waymark_things_total", "Things", {{"kind", "a"}});
  counter.Increment();
  metrics.Counter("waymark_things_total", "Things", {{"kind", "a"}}).Increment(2);
  metrics.Counter("waymark_things_total", "Things", {{"kind", "b"}}).Increment();
  metrics.Gauge("waymark_level", "Level").Set(7);
  metrics.Histogram("waymark_time_seconds", "Time", {0.1, 1}).Observe(0.5);
  const std::string text = metrics.Text();
  EXPECT_NE(text.find("waymark_things_total{kind=\"a\"} 3"), std::string::npos) << text;
  EXPECT_NE(text.find("waymark_things_total{kind=\"b\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("waymark_level 7"), std::string::npos) << text;
  EXPECT_NE(text.find("waymark_time_seconds_bucket{le=\"1\"} 1"), std::string::npos) << text;
}

TEST(MetricsTest, ManyThreads) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) metrics.Counter("waymark_x_total", "X").Increment();
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_NE(metrics.Text().find("waymark_x_total 8000"), std::string::npos) << metrics.Text();
}

TEST(MetricsTest, AnUnusableAddressIsNamed) {
  Metrics metrics;
  EXPECT_FALSE(metrics.Serve("256.0.0.1:1").ok());
  ASSERT_TRUE(metrics.Serve("127.0.0.1:39181").ok());
  Metrics other;
  const absl::Status taken = other.Serve("127.0.0.1:39181");
  EXPECT_EQ(taken.code(), absl::StatusCode::kUnavailable) << taken;
  EXPECT_NE(taken.message().find("127.0.0.1:39181"), std::string::npos);
}

}  // namespace
}  // namespace waymark

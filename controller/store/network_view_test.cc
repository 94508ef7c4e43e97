#include "controller/store/network_view.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace waymark {
namespace {

std::shared_ptr<const NetworkView> View(Revision revision) {
  auto view = std::make_shared<NetworkView>();
  view->computed_from = revision;
  return view;
}

TEST(NetworkViewHolderTest, BeginsWithAnEmptyView) {
  NetworkViewHolder holder;
  ASSERT_NE(holder.Get(), nullptr);
  EXPECT_EQ(holder.Get()->computed_from, 0);
}

TEST(NetworkViewHolderTest, ListenersGetEachViewInOrderOfSubscription) {
  NetworkViewHolder holder;
  std::vector<std::string> calls;
  auto first = holder.Subscribe([&](const std::shared_ptr<const NetworkView>& view) {
    calls.push_back("a" + std::to_string(view->computed_from));
    EXPECT_EQ(holder.Get(), view);
  });
  auto second = holder.Subscribe([&](const std::shared_ptr<const NetworkView>& view) {
    calls.push_back("b" + std::to_string(view->computed_from));
  });
  holder.Publish(View(1));
  first.reset();
  holder.Publish(View(2));
  EXPECT_EQ(calls, (std::vector<std::string>{"a1", "b1", "b2"}));
}

TEST(NetworkViewHolderTest, AListenerMayEndItself) {
  NetworkViewHolder holder;
  int calls = 0;
  std::unique_ptr<Subscription> mine;
  mine = holder.Subscribe([&](const std::shared_ptr<const NetworkView>&) {
    ++calls;
    mine.reset();
  });
  holder.Publish(View(1));
  holder.Publish(View(2));
  EXPECT_EQ(calls, 1);
}

TEST(NetworkViewHolderTest, EndingWaitsForARunningCallback) {
  NetworkViewHolder holder;
  std::promise<void> running;
  std::promise<void> release;
  std::atomic<bool> returned = false;
  auto subscription = holder.Subscribe([&](const std::shared_ptr<const NetworkView>&) {
    running.set_value();
    release.get_future().wait();
    returned = true;
  });
  std::thread publisher([&] { holder.Publish(View(1)); });
  running.get_future().wait();
  std::thread ender([&] {
    subscription.reset();
    EXPECT_TRUE(returned);
  });
  release.set_value();
  ender.join();
  publisher.join();
}

}  // namespace
}  // namespace waymark

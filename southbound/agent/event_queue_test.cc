#include "southbound/agent/event_queue.h"

#include <gtest/gtest.h>

namespace waymark {
namespace {

using southbound::v1::Event;

Event Link(const std::string& id, bool up) {
  Event event;
  event.mutable_link()->set_link(id);
  event.mutable_link()->set_up(up);
  return event;
}

TEST(EventQueue, KeepsTheLatestOfEachInTheOrderOfTheFirst) {
  EventQueue queue(10);
  EXPECT_EQ(queue.Push(Link("a", false)), EventQueue::PushResult::kQueued);
  EXPECT_EQ(queue.Push(Link("b", false)), EventQueue::PushResult::kQueued);
  EXPECT_EQ(queue.Push(Link("a", true)), EventQueue::PushResult::kMerged);
  auto first = queue.Pop();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->link().link(), "a");
  EXPECT_TRUE(first->link().up());
  // Popped: no longer there to merge with.
  EXPECT_EQ(queue.Push(Link("a", false)), EventQueue::PushResult::kQueued);
  EXPECT_EQ(queue.Pop()->link().link(), "b");
  EXPECT_FALSE(queue.Pop()->link().up());
  EXPECT_FALSE(queue.Pop().has_value());
}

TEST(EventQueue, IsBoundedButNeverRefusesNewsOfWhatWaits) {
  EventQueue queue(2);
  queue.Push(Link("a", true));
  queue.Push(Link("b", true));
  EXPECT_EQ(queue.Push(Link("c", true)), EventQueue::PushResult::kFull);
  EXPECT_EQ(queue.Push(Link("b", false)), EventQueue::PushResult::kMerged);
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.Push(Event()), EventQueue::PushResult::kInvalid);
}

TEST(EventQueue, KindsDoNotMeet) {
  EventQueue queue(10);
  Event object;
  object.mutable_object()->set_key("link:a");
  Event policy;
  policy.mutable_policy()->set_color(1);
  EXPECT_EQ(queue.Push(object), EventQueue::PushResult::kQueued);
  EXPECT_EQ(queue.Push(Link("a", true)), EventQueue::PushResult::kQueued);
  EXPECT_EQ(queue.Push(policy), EventQueue::PushResult::kQueued);
  policy.mutable_policy()->set_endpoint_sid(2);
  EXPECT_EQ(queue.Push(policy), EventQueue::PushResult::kQueued);
  EXPECT_EQ(queue.size(), 4u);
}

}  // namespace
}  // namespace waymark

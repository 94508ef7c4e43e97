#include "southbound/agent/event_queue.h"

#include <utility>

#include "controller/base/object.h"

namespace waymark {

using southbound::v1::Event;

std::string EventKey(const Event& event) {
  switch (event.kind_case()) {
    case Event::kLink:
      return "link:" + event.link().link();
    case Event::kPolicy:
      return PolicyKey(event.policy().color(), event.policy().endpoint_sid());
    case Event::kObject:
      return "object:" + event.object().key();
    case Event::KIND_NOT_SET:
      break;
  }
  return "";
}

EventQueue::PushResult EventQueue::Push(Event event) {
  std::string key = EventKey(event);
  if (key.empty()) return PushResult::kInvalid;
  if (auto it = by_key_.find(key); it != by_key_.end()) {
    *it->second = std::move(event);
    return PushResult::kMerged;
  }
  if (order_.size() >= cap_) return PushResult::kFull;
  order_.push_back(std::move(event));
  by_key_.emplace(std::move(key), std::prev(order_.end()));
  return PushResult::kQueued;
}

std::optional<Event> EventQueue::Pop() {
  if (order_.empty()) return std::nullopt;
  Event event = std::move(order_.front());
  by_key_.erase(EventKey(event));
  order_.pop_front();
  return event;
}

void EventQueue::Clear() {
  order_.clear();
  by_key_.clear();
}

}  // namespace waymark

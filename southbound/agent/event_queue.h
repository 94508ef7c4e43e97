// Events on their way to the controller, or from the data plane to the agent's loop: bounded, with
// a merge law.
#ifndef WAYMARK_SOUTHBOUND_AGENT_EVENT_QUEUE_H_
#define WAYMARK_SOUTHBOUND_AGENT_EVENT_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>

#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// Merge law: at most one event a link, a policy and an object waits; a newer one takes the older
// one's place in the order. So the latest state is never lost, and a flapping link cannot grow the
// queue. Not thread-safe. O(log n).
class EventQueue {
 public:
  enum class PushResult { kQueued, kMerged, kFull, kInvalid };

  // `cap`: most events waiting, that is, most different links, policies and objects.
  explicit EventQueue(size_t cap) : cap_(cap) {}

  // kFull and kInvalid (no kind set): nothing queued.
  PushResult Push(southbound::v1::Event event);
  std::optional<southbound::v1::Event> Pop();
  void Clear();
  size_t size() const { return order_.size(); }
  bool empty() const { return order_.empty(); }

 private:
  const size_t cap_;
  std::list<southbound::v1::Event> order_;
  std::map<std::string, std::list<southbound::v1::Event>::iterator> by_key_;
};

// "link:ID", "policy:COLOR:ENDPOINT", "object:KEY"; empty when no kind is set.
std::string EventKey(const southbound::v1::Event& event);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_EVENT_QUEUE_H_

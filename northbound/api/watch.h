// The change feed. A stream holds no queue of its own that can grow: when a client reads slower
// than the store writes, the stream forgets what it has not sent, and reads it again from the
// store's log when the client is ready. Of statuses, policies and agents only the latest counts: a
// slow client gets each one's last value.
#ifndef WAYMARK_NORTHBOUND_API_WATCH_H_
#define WAYMARK_NORTHBOUND_API_WATCH_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <mutex>
#include <set>

#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "controller/store/network_view.h"
#include "controller/store/store.h"
#include "northbound/auth/caller.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

class WatchStream;

// Runs every stream on one loop. Thread-safe.
class WatchHub : public std::enable_shared_from_this<WatchHub> {
 public:
  // Most streams at a time.
  static constexpr size_t kMaxStreams = 1'000;

  // All must outlive every stream. Stop must be called before the last reference goes.
  static std::shared_ptr<WatchHub> Create(Store& store, NetworkViewHolder& view, EventLoop& loop,
                                          Metrics& metrics);

  // The reactor for one call; it deletes itself when the call is done. `on_done` gets the final
  // status. INVALID_ARGUMENT (start_revision, prefixes), OUT_OF_RANGE, RESOURCE_EXHAUSTED end the
  // stream.
  grpc::ServerWriteReactor<v1::WatchEvent>* Start(const Caller& caller,
                                                  const v1::WatchRequest& request,
                                                  std::function<void(const absl::Status&)> on_done);

  // Ends every stream with UNAVAILABLE, and refuses new ones.
  void Stop();

  size_t streams() const;

 private:
  friend class WatchStream;
  WatchHub(Store& store, NetworkViewHolder& view, EventLoop& loop, Metrics& metrics);
  // Runs `task` on the loop, even when its queue is full.
  void Post(EventLoop::Task task);
  void Remove(const std::shared_ptr<WatchStream>& stream);
  void WakeAll();

  Store& store_;
  NetworkViewHolder& view_;
  EventLoop& loop_;
  prometheus::Gauge& gauge_;
  mutable std::mutex mutex_;
  bool stopping_ = false;
  bool wake_posted_ = false;
  std::set<std::shared_ptr<WatchStream>> streams_;
  std::unique_ptr<Subscription> subscription_;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_WATCH_H_

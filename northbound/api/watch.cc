#include "northbound/api/watch.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "northbound/api/watch_stream.h"

namespace waymark {

WatchHub::WatchHub(Store& store, NetworkViewHolder& view, EventLoop& loop, Metrics& metrics)
    : store_(store),
      view_(view),
      loop_(loop),
      gauge_(metrics.Gauge("waymark_northbound_watches", "Watch streams that are open.")) {}

std::shared_ptr<WatchHub> WatchHub::Create(Store& store, NetworkViewHolder& view, EventLoop& loop,
                                           Metrics& metrics) {
  std::shared_ptr<WatchHub> hub(new WatchHub(store, view, loop, metrics));
  hub->subscription_ = view.Subscribe(
      [weak = std::weak_ptr<WatchHub>(hub)](const std::shared_ptr<const NetworkView>&) {
        if (const auto self = weak.lock()) self->WakeAll();
      });
  return hub;
}

void WatchHub::Post(EventLoop::Task task) {
  // A task of ours must not be lost, or its stream would hang. There are at most a few a stream.
  if (!loop_.Post(task)) loop_.RunAfter(absl::ZeroDuration(), std::move(task));
}

// The publisher's thread: only posts, and once however many views come before it runs.
void WatchHub::WakeAll() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (wake_posted_ || streams_.empty()) return;
    wake_posted_ = true;
  }
  Post([this, self = shared_from_this()] {
    std::vector<std::shared_ptr<WatchStream>> streams;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      wake_posted_ = false;
      streams.assign(streams_.begin(), streams_.end());
    }
    for (const auto& stream : streams) stream->Step();
  });
}

grpc::ServerWriteReactor<v1::WatchEvent>* WatchHub::Start(
    const Caller& caller, const v1::WatchRequest& request,
    std::function<void(const absl::Status&)> on_done) {
  auto stream =
      std::make_shared<WatchStream>(shared_from_this(), caller, request, std::move(on_done));
  absl::Status refused;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) refused = absl::UnavailableError("the controller is shutting down: watch again");
    if (streams_.size() >= kMaxStreams) {
      refused = absl::ResourceExhaustedError(
          absl::StrCat(kMaxStreams, " watches are open already: close some"));
    }
    streams_.insert(stream);
    gauge_.Set(static_cast<double>(streams_.size()));
  }
  Post([stream, refused] { refused.ok() ? stream->Begin() : stream->End(refused); });
  return stream.get();
}

void WatchHub::Remove(const std::shared_ptr<WatchStream>& stream) {
  std::lock_guard<std::mutex> lock(mutex_);
  streams_.erase(stream);
  gauge_.Set(static_cast<double>(streams_.size()));
}

void WatchHub::Stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  // Waits for a running callback, so not under the lock.
  subscription_.reset();
  WakeAll();
}

size_t WatchHub::streams() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return streams_.size();
}

}  // namespace waymark

#include "controller/store/network_view.h"

#include <utility>

namespace waymark {

// Its mutex is held while the callback runs: closing waits for a running callback.
struct NetworkViewHolder::Listener {
  std::recursive_mutex mutex;
  OnPublish on_publish;
  bool closed = false;
};

namespace {

template <typename ListenerT>
class ViewSubscription final : public Subscription {
 public:
  explicit ViewSubscription(std::shared_ptr<ListenerT> listener) : listener_(std::move(listener)) {}
  ~ViewSubscription() override {
    std::lock_guard<std::recursive_mutex> lock(listener_->mutex);
    listener_->closed = true;
  }

 private:
  std::shared_ptr<ListenerT> listener_;
};

}  // namespace

std::shared_ptr<const NetworkView> NetworkViewHolder::Get() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return view_;
}

void NetworkViewHolder::Publish(std::shared_ptr<const NetworkView> view) {
  std::map<uint64_t, std::shared_ptr<Listener>> listeners;
  std::shared_ptr<const NetworkView> old;  // Released outside the lock: it may be large.
  {
    std::lock_guard<std::mutex> lock(mutex_);
    old = std::exchange(view_, view);
    listeners = listeners_;
  }
  for (const auto& [id, listener] : listeners) {
    bool closed;
    {
      std::lock_guard<std::recursive_mutex> lock(listener->mutex);
      if (!listener->closed) listener->on_publish(view);
      closed = listener->closed;
    }
    if (!closed) continue;
    std::lock_guard<std::mutex> lock(mutex_);
    listeners_.erase(id);
  }
}

std::unique_ptr<Subscription> NetworkViewHolder::Subscribe(OnPublish on_publish) {
  auto listener = std::make_shared<Listener>();
  listener->on_publish = std::move(on_publish);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    listeners_.emplace(next_++, listener);
  }
  return std::make_unique<ViewSubscription<Listener>>(std::move(listener));
}

}  // namespace waymark

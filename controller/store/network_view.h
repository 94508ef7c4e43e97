// The volatile half of the network information base: what has been computed from the stored half,
// and what the switches report. The engine publishes it, immutable; the northbound side reads it.
// Nothing here survives a restart, and nothing here needs to.
#ifndef WAYMARK_CONTROLLER_STORE_NETWORK_VIEW_H_
#define WAYMARK_CONTROLLER_STORE_NETWORK_VIEW_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "controller/store/store.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

struct NetworkView {
  // The store revision that policies and statuses were computed from.
  Revision computed_from = 0;
  // Every connected agent has acked its desired state, and every node with an object has a
  // connected agent.
  bool converged = false;
  // By resource name. Values are shared between successive views where they did not change, so that
  // comparing pointers finds the changes.
  std::map<std::string, std::shared_ptr<const v1::Policy>> policies;
  std::map<std::string, std::shared_ptr<const v1::Agent>> agents;
  // Statuses of services, nodes, links.
  std::map<std::string, std::shared_ptr<const v1::Status>> statuses;
};

// Holds the latest view. Thread-safe.
class NetworkViewHolder {
 public:
  using OnPublish = std::function<void(const std::shared_ptr<const NetworkView>&)>;

  std::shared_ptr<const NetworkView> Get() const;
  // Listeners run on the publisher's thread, in order, and must only post.
  void Publish(std::shared_ptr<const NetworkView> view);
  // Destroying the subscription waits for a running callback.
  std::unique_ptr<Subscription> Subscribe(OnPublish on_publish);

 private:
  struct Listener;
  mutable std::mutex mutex_;
  std::shared_ptr<const NetworkView> view_ = std::make_shared<NetworkView>();
  std::map<uint64_t, std::shared_ptr<Listener>> listeners_;
  uint64_t next_ = 1;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_NETWORK_VIEW_H_

// The stored half as of now, for a loop that is not the engine's: follows the store by itself, so
// that what it computes from was committed before it was asked.
#ifndef WAYMARK_CONTROLLER_ENGINE_RESOURCE_FOLLOWER_H_
#define WAYMARK_CONTROLLER_ENGINE_RESOURCE_FOLLOWER_H_

#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "controller/engine/resources.h"
#include "controller/store/store.h"

namespace waymark {

// One thread, but for what the store does by itself.
class ResourceFollower {
 public:
  // `store` must outlive it.
  explicit ResourceFollower(Store& store) : store_(store) {}

  // Begins to follow. DATA_LOSS as Resources::Load. Once.
  absl::Status Start();
  void Stop() { subscription_.reset(); }

  // Takes over what has been committed up to now; true in `*changed` if anything that computation
  // reads is different. Errors as Resources::Load.
  absl::Status CatchUp(bool* changed);

  Resources& resources() { return resources_; }
  const Resources& resources() const { return resources_; }

 private:
  // Beyond this many changes that wait they are forgotten, and everything is read anew.
  static constexpr size_t kMostChanges = 1'000;

  Store& store_;
  Resources resources_;
  std::mutex mutex_;
  std::vector<ChangeSet> changes_;  // told by the store, not taken over
  bool reload_ = false;
  std::unique_ptr<Subscription> subscription_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_RESOURCE_FOLLOWER_H_

#include "controller/engine/resource_follower.h"

#include <utility>

namespace waymark {

absl::Status ResourceFollower::Start() {
  const Revision revision = store_.current();
  if (absl::Status s = resources_.Load(store_, revision); !s.ok()) return s;
  auto subscription = store_.Watch(revision, [this](const ChangeSet& changes) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (reload_) return;
    changes_.push_back(changes);
    if (changes_.size() <= kMostChanges) return;
    // Nobody has asked for long: one scan of the store is cheaper than the memory.
    changes_.clear();
    reload_ = true;
  });
  if (!subscription.ok()) return subscription.status();
  subscription_ = *std::move(subscription);
  return absl::OkStatus();
}

absl::Status ResourceFollower::CatchUp(bool* changed) {
  *changed = false;
  std::vector<ChangeSet> changes;
  bool reload = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    changes.swap(changes_);
    reload = std::exchange(reload_, false);
  }
  const Revision current = store_.current();
  for (const ChangeSet& set : changes) {
    if (reload || set.revision <= resources_.revision()) continue;
    bool relevant = false;
    reload |= set.revision != resources_.revision() + 1 || !resources_.Apply(set, &relevant).ok();
    *changed = *changed || relevant || reload;
  }
  // What was committed before counts, though the store's word of it may still be on its way.
  if (!reload && resources_.revision() >= current) return absl::OkStatus();
  *changed = true;
  return resources_.Load(store_, current);
}

}  // namespace waymark

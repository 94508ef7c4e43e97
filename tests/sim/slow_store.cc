#include "tests/sim/slow_store.h"

namespace waymark {

void SlowStore::Commit(std::vector<Mutation> mutations, Done done) {
  queue_.emplace_back(std::move(mutations), std::move(done));
  if (queue_.size() == 1) timer_ = loop_.RunAfter(takes_(), [this] { WriteFirst(); });
}

void SlowStore::WriteFirst() {
  auto [mutations, done] = std::move(queue_.front());
  queue_.pop_front();
  if (!queue_.empty()) timer_ = loop_.RunAfter(takes_(), [this] { WriteFirst(); });
  disk_.Commit(std::move(mutations), std::move(done));
}

void SlowStore::Crash(size_t written) {
  loop_.Cancel(timer_);
  for (size_t i = 0; i < queue_.size() && i < written; ++i) {
    disk_.Commit(std::move(queue_[i].first), [](const absl::StatusOr<Revision>&) {});
  }
  queue_.clear();
}

}  // namespace waymark

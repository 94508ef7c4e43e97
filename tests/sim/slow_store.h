// A store whose disk takes time, and which loses at a crash what was not yet on it.
#ifndef WAYMARK_TESTS_SIM_SLOW_STORE_H_
#define WAYMARK_TESTS_SIM_SLOW_STORE_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/event_loop.h"
#include "controller/store/store.h"

namespace waymark {

// Everything but Commit goes to `disk` at once. One thread: the loop's.
class SlowStore final : public Store {
 public:
  // `takes`: how long the next commit is on its way.
  SlowStore(Store& disk, EventLoop& loop, std::function<absl::Duration()> takes)
      : disk_(disk), loop_(loop), takes_(std::move(takes)) {}

  void Commit(std::vector<Mutation> mutations, Done done) override;
  // Of the commits under way the first `written` reach the disk, the others do not; nobody hears.
  void Crash(size_t written);
  size_t under_way() const { return queue_.size(); }

  Revision current() const override { return disk_.current(); }
  Revision oldest() const override { return disk_.oldest(); }
  absl::StatusOr<Record> Get(const std::string& key, Revision as_of = 0) const override {
    return disk_.Get(key, as_of);
  }
  absl::StatusOr<std::vector<Record>> List(const std::string& prefix, Revision as_of = 0,
                                           const std::string& after = "",
                                           size_t limit = 0) const override {
    return disk_.List(prefix, as_of, after, limit);
  }
  absl::StatusOr<Revision> RevisionAt(absl::Time time) const override {
    return disk_.RevisionAt(time);
  }
  absl::StatusOr<absl::Time> TimeOf(Revision revision) const override {
    return disk_.TimeOf(revision);
  }
  absl::StatusOr<std::unique_ptr<Subscription>> Watch(Revision after, OnChange change) override {
    return disk_.Watch(after, std::move(change));
  }
  absl::StatusOr<Revision> Backup(const std::string& folder) override {
    return disk_.Backup(folder);
  }
  absl::Status Compact(Revision before) override { return disk_.Compact(before); }

 private:
  void WriteFirst();

  Store& disk_;
  EventLoop& loop_;
  const std::function<absl::Duration()> takes_;
  std::deque<std::pair<std::vector<Mutation>, Done>> queue_;
  EventLoop::TimerId timer_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_TESTS_SIM_SLOW_STORE_H_

#ifndef WAYMARK_NORTHBOUND_API_WATCH_STREAM_H_
#define WAYMARK_NORTHBOUND_API_WATCH_STREAM_H_

#include <grpcpp/grpcpp.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "northbound/api/kinds.h"
#include "northbound/api/view_diff.h"
#include "northbound/api/watch.h"

namespace waymark {

// One Watch call. Everything runs on the hub's loop, but for the members that say otherwise.
class WatchStream final : public grpc::ServerWriteReactor<v1::WatchEvent>,
                          public std::enable_shared_from_this<WatchStream> {
 public:
  using OnEnd = std::function<void(const absl::Status&)>;

  WatchStream(std::shared_ptr<WatchHub> hub, Caller caller, const v1::WatchRequest& request,
              OnEnd on_end);

  // Checks the request and starts. Loop.
  void Begin();
  // Looks for something to send. Loop.
  void Step();
  // Ends the call, after the write that is under way. Loop. No effect when it has ended.
  void End(const absl::Status& status);

  // gRPC's threads.
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // Most revisions, and about most bytes, held for the client to read.
  static constexpr size_t kMaxHeld = 16;
  static constexpr size_t kMaxHeldBytes = 4u << 20;
  static constexpr size_t kSnapshotPage = 256;

  absl::Status CheckRequest() const;
  absl::Status Subscribe();
  // The store's thread.
  void Hold(const ChangeSet& changes);

  bool MatchesPrefix(const std::string& name) const;
  bool Wants(const std::string& name) const;
  bool KindMayMatch(Kind kind) const;
  // What to send next. `*more`: nothing yet, but call again.
  std::optional<v1::WatchEvent> Next(bool* more);
  std::optional<v1::WatchEvent> NextOfHistory(bool* more);
  std::optional<v1::WatchEvent> NextOfFirstView(bool* more);
  std::optional<v1::WatchEvent> NextLive(bool* more);
  std::optional<v1::WatchEvent> NextOfSnapshot(bool* more);
  std::optional<v1::WatchEvent> NextOfLog();
  std::optional<v1::WatchEvent> ResourceEvent(Kind kind, const std::string& name,
                                              v1::ChangeType change, Revision revision,
                                              const std::string& key, const std::string& value);
  std::optional<v1::Resource> FindResource(const std::string& name) const;
  // Reads on from the log what was not held. True when there was such.
  bool ReadAgainWhatWasDropped();
  void EnterFirstView(std::shared_ptr<const NetworkView> view);
  v1::WatchEvent Bookmark();

  const std::shared_ptr<WatchHub> hub_;
  const Caller caller_;
  const v1::WatchRequest request_;
  OnEnd on_end_;

  bool begun_ = false;
  bool writing_ = false;
  bool ended_ = false;
  // Set when it should end but a write is under way.
  std::optional<absl::Status> ending_;
  v1::WatchEvent event_;

  // In this order, beginning with one of the first two. The first bookmark ends kFirstView.
  enum class Phase { kSnapshot, kHistory, kFirstView, kLive };
  Phase phase_ = Phase::kHistory;
  // The store's revision when the watch began: the history goes up to it at least.
  Revision target_ = 0;
  // Begun from 0: the records of `snapshot_revision_`, kind by kind, with the statuses of a view
  // that is not newer, so that whatever is newer comes after the bookmark.
  std::shared_ptr<const NetworkView> snapshot_view_;
  Revision snapshot_revision_ = 0;
  size_t snapshot_kind_ = 0;
  std::string snapshot_after_;
  std::deque<Record> page_;

  // Revisions up to this one have been sent, and the last bookmark's.
  Revision cursor_ = 0;
  Revision bookmarked_ = -1;
  std::shared_ptr<const ChangeSet> current_;
  size_t current_index_ = 0;
  std::unique_ptr<Subscription> subscription_;
  ViewDiff view_diff_;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::deque<std::shared_ptr<const ChangeSet>> held_;
  size_t held_bytes_ = 0;
  // A revision was not held: read it again from the log.
  bool dropped_ = false;
  bool step_posted_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_WATCH_STREAM_H_

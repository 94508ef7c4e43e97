#include "northbound/api/watch_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "northbound/api/errors.h"
#include "northbound/api/reader.h"

namespace waymark {
namespace {

constexpr int kMaxPrefixes = 64;
constexpr size_t kMaxPrefixBytes = 256;

size_t BytesOf(const ChangeSet& changes) {
  size_t bytes = sizeof(ChangeSet);
  for (const Change& change : changes.changes) {
    bytes += sizeof(Change) + change.key.size() + (change.value ? change.value->size() : 0);
  }
  return bytes;
}

}  // namespace

WatchStream::WatchStream(std::shared_ptr<WatchHub> hub, Caller caller,
                         const v1::WatchRequest& request, OnEnd on_end)
    : hub_(std::move(hub)),
      caller_(std::move(caller)),
      request_(request),
      on_end_(std::move(on_end)),
      view_diff_(
          caller_,
          request.start_revision() == 0 ? ViewDiff::First::kSnapshot : ViewDiff::First::kNews,
          [this](const std::string& name) { return MatchesPrefix(name); },
          [this](const std::string& name) { return FindResource(name); }) {}

absl::Status WatchStream::CheckRequest() const {
  if (request_.start_revision() < 0) {
    return InvalidField(
        "", "start_revision",
        absl::StrCat("is ", request_.start_revision(),
                     ": give 0 for everything, or the last revision you have seen"));
  }
  if (request_.prefixes_size() > kMaxPrefixes) {
    return InvalidField("", "prefixes", absl::StrCat("has more than ", kMaxPrefixes, " entries"));
  }
  for (int i = 0; i < request_.prefixes_size(); ++i) {
    if (request_.prefixes(i).size() > kMaxPrefixBytes) {
      return InvalidField("", absl::StrCat("prefixes[", i, "]"),
                          absl::StrCat("is longer than ", kMaxPrefixBytes, " bytes"));
    }
  }
  return absl::OkStatus();
}

void WatchStream::Begin() {
  // Ended before it began: the client hung up at once.
  if (ended_) return;
  begun_ = true;
  if (absl::Status s = CheckRequest(); !s.ok()) return End(s);
  if (request_.start_revision() == 0) {
    phase_ = Phase::kSnapshot;
    // Before the revision is looked up, so that it is not newer.
    snapshot_view_ = hub_->view_.Get();
    snapshot_revision_ = hub_->store_.current();
    cursor_ = snapshot_revision_;
  } else {
    cursor_ = request_.start_revision();
    target_ = hub_->store_.current();
    if (absl::Status s = Subscribe(); !s.ok()) return End(s);
  }
  Step();
}

absl::Status WatchStream::Subscribe() {
  auto subscription =
      hub_->store_.Watch(cursor_, [weak = weak_from_this()](const ChangeSet& changes) {
        if (auto self = weak.lock()) self->Hold(changes);
      });
  if (!subscription.ok()) {
    if (!absl::IsOutOfRange(subscription.status())) return subscription.status();
    return ErrorWith(absl::StatusCode::kOutOfRange, "REVISION_OUT_OF_RANGE", "", "start_revision",
                     absl::StrCat(std::string(subscription.status().message()),
                                  ": begin again from 0 to get everything as it is now"));
  }
  subscription_ = *std::move(subscription);
  return absl::OkStatus();
}

void WatchStream::Hold(const ChangeSet& changes) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!dropped_) {
      if (held_.size() >= kMaxHeld || held_bytes_ >= kMaxHeldBytes) {
        dropped_ = true;
      } else {
        held_.push_back(std::make_shared<ChangeSet>(changes));
        held_bytes_ += BytesOf(changes);
      }
    }
    if (step_posted_) return;
    step_posted_ = true;
  }
  hub_->Post([self = shared_from_this()] {
    bool dropped = false;
    {
      std::lock_guard<std::mutex> lock(self->mutex_);
      self->step_posted_ = false;
      dropped = self->dropped_;
    }
    // To read on would be for nothing.
    if (dropped) self->subscription_.reset();
    self->Step();
  });
}

bool WatchStream::MatchesPrefix(const std::string& name) const {
  if (request_.prefixes().empty()) return true;
  for (const std::string& prefix : request_.prefixes()) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

bool WatchStream::Wants(const std::string& name) const {
  return MatchesPrefix(name) && caller_.Sees(name);
}

bool WatchStream::KindMayMatch(Kind kind) const {
  if (request_.prefixes().empty()) return true;
  const KindInfo& info = InfoOf(kind);
  const std::string root = std::string(info.of_customer ? "customers" : info.collection) + "/";
  for (const std::string& prefix : request_.prefixes()) {
    if (prefix.starts_with(root) || root.starts_with(prefix)) return true;
  }
  return false;
}

std::optional<v1::Resource> WatchStream::FindResource(const std::string& name) const {
  const auto kind = KindOfName(name);
  if (!kind) return std::nullopt;
  const auto record = hub_->store_.Get(KeyOf(*kind, name));
  if (!record.ok()) return std::nullopt;
  const auto resource = Decode(*kind, record->key, record->value, record->modified);
  if (!resource.ok()) return std::nullopt;
  return ToResource(**resource);
}

std::optional<v1::WatchEvent> WatchStream::ResourceEvent(Kind kind, const std::string& name,
                                                         v1::ChangeType change, Revision revision,
                                                         const std::string& key,
                                                         const std::string& value) {
  const auto resource = Decode(kind, key, value, revision);
  if (!resource.ok()) {
    End(resource.status());
    return std::nullopt;
  }
  auto message = Clone(**resource);
  if (request_.include_status()) {
    const bool snapshot = phase_ == Phase::kSnapshot;
    AddStatus(snapshot ? *snapshot_view_ : *hub_->view_.Get(), *message);
  }
  v1::WatchEvent event;
  event.set_revision(revision);
  event.set_change(change);
  event.set_name(name);
  *event.mutable_resource() = ToResource(*message);
  return event;
}

std::optional<v1::WatchEvent> WatchStream::NextOfSnapshot(bool* more) {
  while (!page_.empty()) {
    const Record record = std::move(page_.front());
    page_.pop_front();
    const auto parsed = ParseKey(record.key);
    if (!parsed || !Wants(parsed->name)) continue;
    return ResourceEvent(parsed->kind, parsed->name, v1::CREATED, record.modified, record.key,
                         record.value);
  }
  if (snapshot_kind_ < kAllKinds.size() && snapshot_revision_ > 0) {
    *more = true;
    const Kind kind = kAllKinds[snapshot_kind_];
    std::vector<Record> records;
    if (KindMayMatch(kind)) {
      auto listed = hub_->store_.List(std::string(InfoOf(kind).store_prefix), snapshot_revision_,
                                      snapshot_after_, kSnapshotPage);
      if (!listed.ok()) {
        End(listed.status());
        return std::nullopt;
      }
      records = *std::move(listed);
    }
    if (records.empty()) {
      ++snapshot_kind_;
      snapshot_after_.clear();
    } else {
      snapshot_after_ = records.back().key;
      page_.assign(std::make_move_iterator(records.begin()),
                   std::make_move_iterator(records.end()));
    }
    return std::nullopt;
  }
  *more = true;
  if (absl::Status s = Subscribe(); !s.ok()) End(s);
  EnterFirstView(std::move(snapshot_view_));
  return std::nullopt;
}

std::optional<v1::WatchEvent> WatchStream::NextOfLog() {
  for (;;) {
    if (current_ == nullptr) {
      std::lock_guard<std::mutex> lock(mutex_);
      if (held_.empty()) return std::nullopt;
      current_ = std::move(held_.front());
      held_.pop_front();
      held_bytes_ -= BytesOf(*current_);
      current_index_ = 0;
    }
    while (current_index_ < current_->changes.size()) {
      const Change& change = current_->changes[current_index_++];
      const auto parsed = ParseKey(change.key);
      if (!parsed || !Wants(parsed->name)) continue;
      if (change.value) {
        return ResourceEvent(parsed->kind, parsed->name, change.created ? v1::CREATED : v1::UPDATED,
                             current_->revision, change.key, *change.value);
      }
      v1::WatchEvent event;
      event.set_revision(current_->revision);
      event.set_change(v1::DELETED);
      event.set_name(parsed->name);
      return event;
    }
    cursor_ = current_->revision;
    current_.reset();
    if (phase_ == Phase::kHistory && cursor_ >= target_) return std::nullopt;
  }
}

bool WatchStream::ReadAgainWhatWasDropped() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!std::exchange(dropped_, false)) return false;
  }
  subscription_.reset();
  if (absl::Status s = Subscribe(); !s.ok()) End(s);
  return true;
}

void WatchStream::EnterFirstView(std::shared_ptr<const NetworkView> view) {
  phase_ = Phase::kFirstView;
  if (request_.include_status()) view_diff_.Publish(std::move(view));
}

v1::WatchEvent WatchStream::Bookmark() {
  bookmarked_ = cursor_;
  v1::WatchEvent event;
  event.set_revision(cursor_);
  event.set_bookmark(true);
  return event;
}

std::optional<v1::WatchEvent> WatchStream::NextOfHistory(bool* more) {
  if (cursor_ < target_) {
    if (auto event = NextOfLog()) return event;
    if (ended_ || ending_) return std::nullopt;
  }
  if (cursor_ < target_) {
    *more = ReadAgainWhatWasDropped();
    return std::nullopt;
  }
  EnterFirstView(hub_->view_.Get());
  *more = true;
  return std::nullopt;
}

std::optional<v1::WatchEvent> WatchStream::NextOfFirstView(bool* more) {
  if (auto event = view_diff_.Next(more)) return event;
  if (*more) return std::nullopt;
  phase_ = Phase::kLive;
  return Bookmark();
}

std::optional<v1::WatchEvent> WatchStream::NextLive(bool* more) {
  if (auto event = NextOfLog()) return event;
  if (ended_ || ending_) return std::nullopt;
  if (ReadAgainWhatWasDropped()) {
    *more = true;
    return std::nullopt;
  }
  if (cursor_ > bookmarked_) return Bookmark();
  return view_diff_.Next(more);
}

std::optional<v1::WatchEvent> WatchStream::Next(bool* more) {
  switch (phase_) {
    case Phase::kSnapshot:
      return NextOfSnapshot(more);
    case Phase::kHistory:
      return NextOfHistory(more);
    case Phase::kFirstView:
      return NextOfFirstView(more);
    case Phase::kLive:
      break;
  }
  return NextLive(more);
}

void WatchStream::Step() {
  if (!begun_ || ended_ || writing_) return;
  bool stopping = false;
  {
    std::lock_guard<std::mutex> lock(hub_->mutex_);
    stopping = hub_->stopping_;
  }
  if (stopping) return End(absl::UnavailableError("the controller is shutting down: watch again"));
  if (request_.include_status() && phase_ == Phase::kLive) view_diff_.Publish(hub_->view_.Get());
  bool more = false;
  std::optional<v1::WatchEvent> event = Next(&more);
  if (ended_) return;
  if (event) {
    event_ = *std::move(event);
    writing_ = true;
    StartWrite(&event_);
  } else if (more) {
    hub_->Post([self = shared_from_this()] { self->Step(); });
  }
}

void WatchStream::End(const absl::Status& status) {
  if (ended_) return;
  if (writing_) {
    if (!ending_) ending_ = status;
    return;
  }
  ended_ = true;
  subscription_.reset();
  on_end_(status);
  Finish(ToGrpcStatus(status));
}

void WatchStream::OnWriteDone(bool ok) {
  hub_->Post([self = shared_from_this(), ok] {
    self->writing_ = false;
    if (!ok) return self->End(absl::CancelledError("the client hung up"));
    if (self->ending_) return self->End(*self->ending_);
    self->Step();
  });
}

void WatchStream::OnCancel() {
  hub_->Post(
      [self = shared_from_this()] { self->End(absl::CancelledError("the client hung up")); });
}

void WatchStream::OnDone() { hub_->Remove(shared_from_this()); }

}  // namespace waymark

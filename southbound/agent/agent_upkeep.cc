// The part of AgentCore that keeps the table and the data plane in agreement: events, retries,
// read-back.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "southbound/agent/agent_core.h"
#include "southbound/agent/validate.h"

namespace waymark {
namespace {

using southbound::v1::Event;
using southbound::v1::Object;
using southbound::v1::PolicyEvent;

constexpr size_t kMaxRetriesPerRound = 1'000;
constexpr size_t kMaxDataPlaneEvents = 400'000;

}  // namespace

// Where the data plane's thread leaves its events. Holding it does not hold the core.
struct AgentCore::Inbox {
  std::mutex mutex;
  EventQueue queue{kMaxDataPlaneEvents};
  bool scheduled = false;
  bool lost = false;
  // Null once the core is gone.
  AgentCore* core = nullptr;
  EventLoop* loop = nullptr;
};

void AgentCore::WithCore(const std::shared_ptr<Inbox>& inbox, void (AgentCore::*method)()) {
  AgentCore* core;
  {
    std::lock_guard<std::mutex> lock(inbox->mutex);
    core = inbox->core;
  }
  // Loop thread, as is the destructor: it cannot go away now.
  if (core != nullptr) (core->*method)();
}

void AgentCore::OpenInbox() {
  inbox_ = std::make_shared<Inbox>();
  inbox_->core = this;
  inbox_->loop = loop_;
}

AgentCore::~AgentCore() {
  std::lock_guard<std::mutex> lock(inbox_->mutex);
  inbox_->core = nullptr;
  inbox_->loop = nullptr;
}

absl::Status AgentCore::StartDataPlane() {
  return dataplane_->Start([inbox = inbox_](Event event) {
    std::lock_guard<std::mutex> lock(inbox->mutex);
    if (inbox->loop == nullptr) return;
    if (inbox->queue.Push(std::move(event)) == EventQueue::PushResult::kFull) inbox->lost = true;
    if (inbox->scheduled) return;
    inbox->scheduled = true;
    const auto drain = [inbox] { WithCore(inbox, &AgentCore::OnDataPlaneEvents); };
    // A full loop takes no tasks, but timers: the events wait, merged, and are not lost.
    if (!inbox->loop->Post(drain)) inbox->loop->RunAfter(absl::ZeroDuration(), drain);
  });
}

void AgentCore::OnDataPlaneEvents() {
  std::vector<Event> events;
  bool lost = false;
  {
    std::lock_guard<std::mutex> lock(inbox_->mutex);
    inbox_->scheduled = false;
    std::swap(lost, inbox_->lost);
    while (std::optional<Event> event = inbox_->queue.Pop()) events.push_back(std::move(*event));
  }
  if (lost) {
    metrics_.dataplane_events_lost.Increment();
    for (Event& event : dataplane_->Observe()) events.push_back(std::move(event));
  }
  bool link_up = false;
  for (Event& event : events) {
    link_up = link_up || (event.has_link() && event.link().up());
    OnDataPlaneEvent(std::move(event));
  }
  if (link_up) RetryPending();
  UpdateGauges();
}

void AgentCore::OnDataPlaneEvent(Event event) {
  metrics_.dataplane_events.Increment();
  if (event.has_link()) {
    Log(event.link().up() ? LogLevel::kInfo : LogLevel::kWarning,
        event.link().up() ? "link up" : "link down", {{"link", event.link().link()}});
  }
  if (event.has_policy()) {
    // News of a policy that has been deleted meanwhile.
    if (rib_.Find(EventKey(event)) == nullptr) return;
    NotePolicy(event.policy());
  }
  Notify(std::move(event));
}

void AgentCore::NotePolicy(const PolicyEvent& policy) {
  const std::string key = PolicyKey(policy.color(), policy.endpoint_sid());
  const bool was = on_protect_.count(key) > 0;
  if (policy.on_protect() != was) {
    Log(LogLevel::kInfo, policy.on_protect() ? "policy moved to protect" : "policy back on working",
        {{"policy", key}});
  }
  if (policy.on_protect()) {
    on_protect_.insert(key);
  } else {
    on_protect_.erase(key);
  }
  const auto dead =
      static_cast<int>(std::count(policy.working_up().begin(), policy.working_up().end(), false));
  auto it = dead_lists_.find(key);
  const int before = it == dead_lists_.end() ? 0 : it->second;
  if (dead > before) metrics_.lists_lost.Increment(dead - before);
  if (dead > 0) {
    dead_lists_[key] = dead;
  } else if (it != dead_lists_.end()) {
    dead_lists_.erase(it);
  }
}

void AgentCore::Forget(const std::string& key) {
  on_protect_.erase(key);
  dead_lists_.erase(key);
}

void AgentCore::ScheduleReadBack() {
  loop_->RunAfter(options_.read_back_interval,
                  [inbox = inbox_] { WithCore(inbox, &AgentCore::OnReadBackTimer); });
}

void AgentCore::OnReadBackTimer() {
  ReadBack("periodic");
  ScheduleReadBack();
}

void AgentCore::OnResynced() {
  Log(LogLevel::kInfo, "re-sync ended: the table is complete",
      {{"objects", static_cast<uint64_t>(rib_.table().size())}});
  ReadBack("re-sync ended");
}

void AgentCore::ScheduleRetry() {
  loop_->RunAfter(options_.retry_interval,
                  [inbox = inbox_] { WithCore(inbox, &AgentCore::OnRetryTimer); });
}

void AgentCore::OnRetryTimer() {
  RetryPending();
  UpdateGauges();
  ScheduleRetry();
}

void AgentCore::RetryPending() {
  // Links before their users; removals are as good anywhere.
  std::set<std::pair<int, std::string>> order;
  for (const auto& [key, pending] : pending_) order.emplace(DependencyRank(key), key);
  auto it = order.size() > kMaxRetriesPerRound ? order.upper_bound(retry_cursor_) : order.begin();
  const size_t rounds = std::min(order.size(), kMaxRetriesPerRound);
  for (size_t i = 0; i < rounds; ++i, ++it) {
    if (it == order.end()) it = order.begin();
    RetryOne(it->second);
    retry_cursor_ = *it;
  }
}

void AgentCore::RetryOne(const std::string& key) {
  Pending& pending = pending_.at(key);
  const Object* object = rib_.Find(key);
  absl::Status status;
  if (object != nullptr) {
    status = dataplane_->Put(*object);
  } else if (pending.remove.has_value()) {
    status = dataplane_->Remove(*pending.remove);
  }
  if (!status.ok()) {
    pending.detail = std::string(status.message());
    return;
  }
  pending_.erase(key);
  NotifyObject(key, southbound::v1::FIB_ACKED, object != nullptr ? "installed" : "removed");
  if (object != nullptr && object->has_link()) TellStateOf({key});
}

void AgentCore::ReadBack(const std::string& why) {
  metrics_.read_backs.Increment();
  absl::StatusOr<DataPlane::Report> report =
      mark_.complete ? dataplane_->Reconcile(rib_.InDependencyOrder(), /*repair=*/true)
                     : RepairWithoutRemoving();
  if (!report.ok()) {
    metrics_.read_back_errors.Increment();
    Log(LogLevel::kError, "data plane cannot be read back; trying again at the next interval",
        {{"occasion", why}, {"reason", report.status().ToString()}});
    return;
  }
  TakeReport(*report, why);
  TellStateOf(report->repaired);
  UpdateGauges();
}

// While the data plane did not know a link or policy, news of it had nowhere to go.
void AgentCore::TellStateOf(const std::vector<std::string>& keys) {
  if (keys.empty()) return;
  const std::set<std::string> told(keys.begin(), keys.end());
  for (Event& event : dataplane_->Observe()) {
    if (told.count(EventKey(event)) > 0) OnDataPlaneEvent(std::move(event));
  }
}

absl::StatusOr<DataPlane::Report> AgentCore::RepairWithoutRemoving() {
  const std::vector<Object> expected = rib_.InDependencyOrder();
  absl::StatusOr<DataPlane::Report> found = dataplane_->Reconcile(expected, /*repair=*/false);
  if (!found.ok()) return found.status();
  const std::set<std::string> right(found->kept.begin(), found->kept.end());
  DataPlane::Report report;
  for (const Object& object : expected) {
    std::string key = ObjectKey(object);
    const bool stands = right.count(key) > 0;
    // The first time also what stands: a fresh process watches and probes only what it was given.
    const absl::Status status = stands && brought_in_ ? absl::OkStatus() : dataplane_->Put(object);
    if (status.ok()) {
      (stands ? report.kept : report.repaired).push_back(std::move(key));
    } else {
      report.failed.emplace_back(std::move(key), std::string(status.message()));
    }
  }
  brought_in_ = true;
  return report;
}

void AgentCore::TakeReport(const DataPlane::Report& report, const std::string& why) {
  uint64_t drifted = 0;
  std::string first;
  for (const std::string& key : report.kept) {
    if (pending_.erase(key) > 0) NotifyObject(key, southbound::v1::FIB_ACKED, "installed");
  }
  for (const std::string& key : report.repaired) {
    if (pending_.erase(key) > 0) {
      NotifyObject(key, southbound::v1::FIB_ACKED, "installed");
      continue;
    }
    ++drifted;
    if (first.empty()) first = key;
    metrics_.drift_repaired.Increment();
    NotifyObject(key, southbound::v1::FIB_ACKED, "had drifted, repaired");
  }
  for (const std::string& key : report.removed) {
    metrics_.drift_removed.Increment();
    if (pending_.erase(key) > 0) NotifyObject(key, southbound::v1::FIB_ACKED, "removed");
  }
  for (const auto& [key, reason] : report.failed) {
    if (rib_.Find(key) == nullptr) continue;
    const bool known = pending_.count(key) > 0;
    pending_[key] = Pending{reason, std::nullopt};
    if (known) continue;
    ++drifted;
    if (first.empty()) first = key;
    metrics_.drift_failed.Increment();
    NotifyObject(key, southbound::v1::RIB_ACKED, reason);
  }
  const bool quiet = drifted == 0 && report.removed.empty();
  Log(quiet ? LogLevel::kDebug : LogLevel::kWarning,
      quiet ? "data plane is as told" : "data plane was not as told",
      {{"occasion", why},
       {"kept", static_cast<uint64_t>(report.kept.size())},
       {"repaired", static_cast<uint64_t>(report.repaired.size())},
       {"removed", static_cast<uint64_t>(report.removed.size())},
       {"failed", static_cast<uint64_t>(report.failed.size())},
       {"first", first}});
}

void AgentCore::Notify(Event event) {
  if (link_ != nullptr) link_->Notify(std::move(event));
}

void AgentCore::NotifyObject(const std::string& key, southbound::v1::ResultStatus status,
                             const std::string& detail) {
  Event event;
  event.mutable_object()->set_key(key);
  event.mutable_object()->set_status(status);
  event.mutable_object()->set_detail(detail);
  Notify(std::move(event));
}

}  // namespace waymark

// The fabric's face towards agents: objects and events.
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/base/object.h"
#include "southbound/dataplane/sim_fabric.h"

namespace waymark {
namespace {

using southbound::v1::Event;
using southbound::v1::Object;

constexpr size_t kMostObjects = 1'000'000;  // on one switch
constexpr size_t kMostWanted = 100'000;
constexpr absl::Duration kRetryDrain = absl::Milliseconds(1);

bool SteersProbes(const Object& object) {
  return object.has_node() || object.has_link() || object.has_route();
}

Event LinkEventOf(const std::string& link, bool up) {
  Event event;
  event.mutable_link()->set_link(link);
  event.mutable_link()->set_up(up);
  return event;
}

}  // namespace

absl::Status SimFabric::PutInto(SimSwitch& at, const Object& object) {
  absl::Status status = at.Check(object);
  if (absl::IsUnavailable(status) && wanted_.size() < kMostWanted) {
    const bool link = object.has_link();
    wanted_[{at.name(), link ? object.link().interface() : object.attachment().interface()}].insert(
        link ? object.link().link() : "");
  }
  if (!status.ok()) return status;
  const std::string key = ObjectKey(object);
  const Object* held = at.objects().Find(key);
  if (held != nullptr && CanonicalBytes(*held) == CanonicalBytes(object)) return status;
  if (held == nullptr && at.objects().size() >= kMostObjects) {
    return absl::ResourceExhaustedError(
        absl::StrCat("object: a switch holds at most ", kMostObjects));
  }
  const absl::Duration now = loop_.clock().Monotonic();
  if (!object.has_policy()) {
    at.Put(object);
    if (SteersProbes(object)) liveness_.Touch(at.name(), now);
    return status;
  }
  const SimPolicyKey policy{object.policy().color(), object.policy().endpoint_sid()};
  liveness_.Remove(at, policy);
  at.Put(object);
  liveness_.Add(at, policy, now);
  return status;
}

void SimFabric::RemoveFrom(SimSwitch& at, const std::string& key) {
  const Object* held = at.objects().Find(key);
  if (held == nullptr) return;
  const bool steers = SteersProbes(*held);
  if (held->has_policy()) {
    liveness_.Remove(at, {held->policy().color(), held->policy().endpoint_sid()});
  }
  at.Remove(key);
  if (steers) liveness_.Touch(at.name(), loop_.clock().Monotonic());
}

absl::Status SimFabric::Put(const std::string& node, const Object& object) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<SimSwitch*> at = FindSwitch(node);
  if (!at.ok()) return at.status();
  absl::Status status = PutInto(**at, object);
  Settle();
  return status;
}

absl::Status SimFabric::Remove(const std::string& node, const Object& object) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<SimSwitch*> at = FindSwitch(node);
  if (!at.ok()) return at.status();
  RemoveFrom(**at, ObjectKey(object));
  Settle();
  return absl::OkStatus();
}

absl::Status SimFabric::Drift(const std::string& node, const std::string& key) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<SimSwitch*> at = FindSwitch(node);
  if (!at.ok()) return at.status();
  if ((*at)->objects().Find(key) == nullptr) {
    return absl::NotFoundError(absl::StrCat("key: ", node, " holds no such object"));
  }
  RemoveFrom(**at, key);
  Settle();
  return absl::OkStatus();
}

// Users before what they use.
void SimFabric::RemoveUnexpected(SimSwitch& at,
                                 const std::map<std::string, const Object*>& expected, bool repair,
                                 DataPlane::Report* report) {
  constexpr std::array<Object::KindCase, 6> kOrder = {Object::kAttachment, Object::kInstance,
                                                      Object::kPolicy,     Object::kRoute,
                                                      Object::kLink,       Object::kNode};
  for (const Object::KindCase kind : kOrder) {
    std::vector<std::string> keys;
    for (const auto& [key, entry] : at.objects().entries()) {
      if (entry.object->kind_case() == kind && !expected.contains(key)) keys.push_back(key);
    }
    for (const std::string& key : keys) {
      if (repair) RemoveFrom(at, key);
      report->removed.push_back(key);
    }
  }
}

absl::StatusOr<DataPlane::Report> SimFabric::Reconcile(const std::string& node,
                                                       const std::vector<Object>& expected,
                                                       bool repair) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<SimSwitch*> at = FindSwitch(node);
  if (!at.ok()) return at.status();
  DataPlane::Report report;
  std::map<std::string, const Object*> keys;
  for (const Object& object : expected) {
    const std::string key = ObjectKey(object);
    if (key.empty()) return absl::InvalidArgumentError("expected: an object has no kind");
    if (!keys.emplace(key, &object).second) {
      return absl::InvalidArgumentError(absl::StrCat("expected: ", key, " stands twice"));
    }
  }
  for (const Object& object : expected) {
    const std::string key = ObjectKey(object);
    const Object* held = (*at)->objects().Find(key);
    if (held != nullptr && CanonicalBytes(*held) == CanonicalBytes(object)) {
      report.kept.push_back(key);
      continue;
    }
    const absl::Status status = repair ? PutInto(**at, object) : absl::OkStatus();
    if (status.ok()) {
      report.repaired.push_back(key);
    } else {
      report.failed.emplace_back(key, status.ToString());
    }
  }
  RemoveUnexpected(**at, keys, repair, &report);
  Settle();
  return report;
}

absl::StatusOr<std::vector<Event>> SimFabric::Observe(const std::string& node) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<SimSwitch*> at = FindSwitch(node);
  if (!at.ok()) return at.status();
  std::vector<Event> events;
  for (const auto& [key, entry] : (*at)->objects().entries()) {
    if (!entry.object->has_link()) continue;
    const SimPort& port = (*at)->ports().at(entry.object->link().interface());
    events.push_back(LinkEventOf(entry.object->link().link(), port.up()));
  }
  for (const auto& [key, policy] : (*at)->policies()) {
    *events.emplace_back().mutable_policy() = policy.Event();
  }
  return events;
}

absl::StatusOr<ObjectTable> SimFabric::Held(const std::string& node) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<SimSwitch*> at = FindSwitch(node);
  if (!at.ok()) return at.status();
  return (*at)->objects();
}

absl::StatusOr<uint64_t> SimFabric::Attach(const std::string& node, DataPlane::EventSink sink) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<SimSwitch*> at = FindSwitch(node);
  if (!at.ok()) return at.status();
  auto watcher = std::make_shared<Watcher>();
  watcher->node = node;
  watcher->sink = std::move(sink);
  watchers_.emplace(next_watcher_, std::move(watcher));
  return next_watcher_++;
}

void SimFabric::Detach(uint64_t id) {
  std::shared_ptr<Watcher> watcher;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = watchers_.find(id);
    if (found == watchers_.end()) return;
    watcher = found->second;
    watchers_.erase(found);
  }
  const std::lock_guard<std::mutex> lock(watcher->mutex);
  watcher->sink = nullptr;
}

void SimFabric::PortAppeared(const SimInterface& id) {
  const auto wanted = wanted_.find(id);
  if (wanted == wanted_.end()) return;
  for (const std::string& link : wanted->second) {
    Raise(id.node, "link:" + link, LinkEventOf(link, true));
  }
  wanted_.erase(wanted);
}

void SimFabric::RaiseLink(const SimPort& port) {
  const std::string link = port.owner->LinkOf(port.name);
  if (!link.empty()) Raise(port.owner->name(), "link:" + link, LinkEventOf(link, port.up()));
}

void SimFabric::Raise(const std::string& node, const std::string& key, const Event& event) {
  bool heard = false;
  for (auto& [id, watcher] : watchers_) {
    if (watcher->node != node) continue;
    watcher->pending[key] = event;
    heard = true;
  }
  if (heard && !drain_scheduled_) ScheduleDrain(false);
}

void SimFabric::ScheduleDrain(bool late) {
  drain_scheduled_ = true;
  const auto drain = [weak = weak_from_this()] {
    if (const std::shared_ptr<SimFabric> self = weak.lock()) self->DrainUnlocked();
  };
  if (!late && loop_.Post(drain)) return;
  // The loop is full. The events wait, merged; timers have no cap.
  Log(LogLevel::kWarning, "sim fabric loop is full", {{"action", "events are sent later"}});
  loop_.RunAfter(kRetryDrain, drain);
}

void SimFabric::DrainUnlocked() {
  std::vector<std::pair<std::shared_ptr<Watcher>, std::map<std::string, Event>>> batches;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    drain_scheduled_ = false;
    for (auto& [id, watcher] : watchers_) {
      if (!watcher->pending.empty()) {
        batches.emplace_back(watcher, std::exchange(watcher->pending, {}));
      }
    }
  }
  for (auto& [watcher, events] : batches) {
    const std::lock_guard<std::mutex> lock(watcher->mutex);
    if (!watcher->sink) continue;
    for (const auto& [key, event] : events) watcher->sink(event);
  }
}

void SimFabric::Settle() {
  for (const auto& [node, key] : liveness_.TakeChanged()) {
    const auto policy = switches_.at(node)->policies().find(key);
    if (policy == switches_.at(node)->policies().end()) continue;
    if (policy->second.object.probe_interval_us() == 0) continue;
    Event event;
    *event.mutable_policy() = policy->second.Event();
    const std::string bytes = event.SerializeAsString();
    if (bytes == policy->second.last_event) continue;
    policy->second.last_event = bytes;
    Raise(node, PolicyKey(key.first, key.second), event);
  }
  const absl::Duration due = liveness_.next_due();
  if (due >= timer_due_) return;
  timer_due_ = due;
  loop_.RunAfter(due - loop_.clock().Monotonic(), [weak = weak_from_this()] {
    if (const std::shared_ptr<SimFabric> self = weak.lock()) self->TickUnlocked();
  });
}

void SimFabric::TickUnlocked() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::Duration now = loop_.clock().Monotonic();
  // An older timer may still stand behind a newer, earlier one: it finds nothing due, and sets
  // none.
  if (now >= timer_due_) timer_due_ = absl::InfiniteDuration();
  liveness_.Advance(now);
  Settle();
}

}  // namespace waymark

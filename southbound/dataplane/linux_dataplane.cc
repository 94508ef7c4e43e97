#include "southbound/dataplane/linux_dataplane.h"

#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/base/object.h"
#include "southbound/dataplane/linux_compile.h"
#include "southbound/dataplane/linux_policies.h"
#include "southbound/dataplane/linux_prober.h"
#include "southbound/dataplane/linux_state.h"
#include "southbound/dataplane/linux_sysctl.h"

namespace waymark {
namespace {

using southbound::v1::Event;
using southbound::v1::Object;

constexpr int kExportMilliseconds = 1'000;

PolicyId IdOf(const Object& object) {
  return {object.policy().color(), object.policy().endpoint_sid()};
}

class LinuxDataPlane final : public DataPlane {
 public:
  LinuxDataPlane(const LinuxDataPlaneOptions& options, int namespace_fd)
      : clock_(*options.clock), metrics_(options.metrics), namespace_fd_(namespace_fd) {}
  ~LinuxDataPlane() override;

  std::string name() const override { return "linux"; }
  absl::Status Start(EventSink sink) override;
  absl::Status Put(const Object& object) override;
  absl::Status Remove(const Object& object) override;
  absl::StatusOr<Report> Reconcile(const std::vector<Object>& expected, bool repair) override;
  std::vector<Event> Observe() override;

 private:
  LinuxCompiler Compiler(const LinuxObjects& objects) {
    return {objects, [this](const std::string& n) { return state_.kernel().InterfaceIndex(n); }};
  }
  absl::Status PutLocked(const Object& object);
  absl::Status Make(const std::string& key, const Object& object);
  absl::Status CheckNode(const Object& object) const;
  absl::Status StartProber(const Object& node);
  absl::Status Refresh();
  absl::Status Take(const std::string& key, const Object& object);
  absl::StatusOr<std::vector<Piece>> Wanted(const LinuxObjects& objects, const Object& object);
  void Inspect(const LinuxObjects& wanted, const std::vector<Object>& expected, Report& report);
  void Repair(LinuxObjects wanted, const std::vector<Object>& expected, Report& report);
  void RememberLink(const Object& object);

  // The watcher's thread.
  void Watch();
  void InterfaceChanged(int index, const std::string& name, bool present, bool running);
  void Heal(const std::string& interface);
  void ListInterfaces();
  void ExportCounters();

  const Clock& clock_;
  Metrics* const metrics_;
  const int namespace_fd_;
  EventSink sink_;

  std::mutex mutex_;
  KernelState state_;
  LinuxObjects objects_;
  // As of the last Refresh.
  std::map<PolicyId, uint32_t> groups_;
  // Puts that were UNAVAILABLE: tried again when an interface comes.
  LinuxObjects waiting_;

  std::mutex links_mutex_;
  std::map<std::string, std::string> link_of_interface_;
  std::map<std::string, bool> link_up_;
  std::map<std::string, std::pair<int, bool>> interfaces_;  // number, running

  Policies policies_;
  std::unique_ptr<Prober> prober_;
  std::unique_ptr<NetlinkSocket> watched_;
  int stop_fd_ = -1;
  Policies::Counters exported_;
  std::thread watcher_;
};

LinuxDataPlane::~LinuxDataPlane() {
  if (prober_ != nullptr) prober_->Stop();
  if (watcher_.joinable()) {
    const uint64_t one = 1;
    (void)!write(stop_fd_, &one, sizeof one);
    watcher_.join();
  }
  if (stop_fd_ >= 0) close(stop_fd_);
  if (namespace_fd_ >= 0) close(namespace_fd_);
}

absl::Status LinuxDataPlane::Start(EventSink sink) {
  if (watcher_.joinable()) return absl::FailedPreconditionError("started already");
  const NamespaceScope scope(namespace_fd_);
  sink_ = std::move(sink);
  const std::scoped_lock lock(mutex_);
  absl::Status status = state_.Open();
  if (status.ok()) status = policies_.Open(sink_);
  if (status.ok()) status = Refresh();
  if (!status.ok()) {
    if (absl::IsPermissionDenied(status)) {
      return absl::FailedPreconditionError(
          absl::StrCat(std::string(status.message()), ": the agent needs CAP_NET_ADMIN, or root"));
    }
    return status;
  }
  absl::StatusOr<std::unique_ptr<NetlinkSocket>> watched = NetlinkSocket::Open(RTMGRP_LINK);
  if (!watched.ok()) return watched.status();
  watched_ = *std::move(watched);
  for (const auto& [index, interface] : state_.interfaces()) {
    interfaces_[interface.name] = {index, interface.running};
  }
  stop_fd_ = eventfd(0, EFD_CLOEXEC);
  if (stop_fd_ < 0) return absl::InternalError(absl::StrCat("eventfd: ", strerror(errno)));
  watcher_ = std::thread([this] { Watch(); });
  return absl::OkStatus();
}

absl::Status LinuxDataPlane::Refresh() {
  if (absl::Status status = state_.Refresh(); !status.ok()) return status;
  groups_ = state_.GroupOfPolicies();
  return policies_.Load(groups_);
}

absl::Status LinuxDataPlane::StartProber(const Object& node) {
  const Ipv6 vtep = Vtep(node.node().node_sid());
  if (prober_ != nullptr) return absl::OkStatus();
  auto prober = std::make_unique<Prober>(policies_, clock_);
  if (absl::Status status = prober->Start(vtep); !status.ok()) return status;
  prober_ = std::move(prober);
  return absl::OkStatus();
}

absl::Status LinuxDataPlane::CheckNode(const Object& object) const {
  const auto held = objects_.find("node:");
  if (held == objects_.end() || objects_.size() == 1) return absl::OkStatus();
  if (held->second.node().node_sid() == object.node().node_sid()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("node.node_sid: cannot change from ", held->second.node().node_sid(),
                   " while other objects are held; remove them first"));
}

void LinuxDataPlane::RememberLink(const Object& object) {
  if (!object.has_link()) return;
  const std::scoped_lock lock(links_mutex_);
  const std::string& id = object.link().link();
  std::erase_if(link_of_interface_, [&id](const auto& entry) { return entry.second == id; });
  link_of_interface_[object.link().interface()] = id;
  const auto interface = interfaces_.find(object.link().interface());
  link_up_[id] = interface != interfaces_.end() && interface->second.second;
}

// Compiles and applies one object. Its references are in objects_.
absl::Status LinuxDataPlane::Make(const std::string& key, const Object& object) {
  const LinuxCompiler compiler = Compiler(objects_);
  uint32_t group = 0;
  if (object.has_policy()) {
    absl::StatusOr<uint32_t> made =
        policies_.Put(object.policy(), compiler.FirstHops(), clock_.Monotonic());
    if (!made.ok()) return made.status();
    group = *made;
  }
  absl::StatusOr<std::vector<Piece>> pieces = compiler.Compile(object, group);
  absl::Status status = pieces.ok() ? state_.Apply(key, *pieces) : pieces.status();
  if (object.has_policy()) {
    if (!status.ok() && !objects_.contains(key)) (void)policies_.Remove(IdOf(object));
    if (prober_ != nullptr) prober_->Wake();
  }
  if (status.ok() && object.has_node()) status = StartProber(object);
  return status;
}

absl::Status LinuxDataPlane::PutLocked(const Object& object) {
  const std::string key = ObjectKey(object);
  if (object.has_node()) {
    if (absl::Status status = CheckNode(object); !status.ok()) return status;
  }
  const auto held = objects_.find(key);
  const bool same =
      held != objects_.end() && CanonicalBytes(held->second) == CanonicalBytes(object);
  // What it refers to, and what refers to it, is compiled against the new object.
  LinuxObjects before = {};
  if (held != objects_.end()) before.emplace(key, held->second);
  objects_[key] = object;
  absl::Status status = Make(key, object);
  if (!status.ok()) {
    objects_.erase(key);
    objects_.merge(before);
    if (absl::IsUnavailable(status)) waiting_[key] = object;
    return status;
  }
  waiting_.erase(key);
  RememberLink(object);
  if (same) return status;
  for (const std::string& dependent : Compiler(objects_).Dependents(object)) {
    const absl::Status made = Make(dependent, objects_.at(dependent));
    if (!made.ok()) {
      Log(LogLevel::kWarning, "dependent object not updated",
          {{"object", dependent}, {"reason", std::string(made.message())}});
    }
  }
  return status;
}

absl::Status LinuxDataPlane::Put(const Object& object) {
  const NamespaceScope scope(namespace_fd_);
  const std::scoped_lock lock(mutex_);
  return PutLocked(object);
}

// Takes away what was made for an object that is no longer in objects_.
absl::Status LinuxDataPlane::Take(const std::string& key, const Object& object) {
  // Its probes end before its addresses do.
  if (object.has_node()) prober_.reset();
  absl::Status status = state_.Apply(key, {});
  if (object.has_policy() && status.ok()) status = policies_.Remove(IdOf(object));
  if (object.has_node()) policies_.Clear();
  if (object.has_link()) {
    const std::scoped_lock lock(links_mutex_);
    link_up_.erase(object.link().link());
    std::erase_if(link_of_interface_,
                  [&](const auto& entry) { return entry.second == object.link().link(); });
  }
  return status;
}

absl::Status LinuxDataPlane::Remove(const Object& object) {
  const NamespaceScope scope(namespace_fd_);
  const std::scoped_lock lock(mutex_);
  const std::string key = ObjectKey(object);
  waiting_.erase(key);
  objects_.erase(key);
  const absl::Status status = Take(key, object);
  for (const std::string& dependent : Compiler(objects_).Dependents(object)) {
    // A route whose link is gone, say, can't be compiled; the agent takes it away itself.
    const absl::Status made = Make(dependent, objects_.at(dependent));
    if (!made.ok()) {
      Log(LogLevel::kDebug, "dependent object not updated",
          {{"object", dependent}, {"reason", std::string(made.message())}});
    }
  }
  return status;
}

absl::StatusOr<std::vector<Piece>> LinuxDataPlane::Wanted(const LinuxObjects& objects,
                                                          const Object& object) {
  uint32_t group = 0;
  if (object.has_policy()) {
    const auto known = groups_.find(IdOf(object));
    if (known != groups_.end()) group = known->second;
  }
  return Compiler(objects).Compile(object, group);
}

// Only says what Repair would do.
void LinuxDataPlane::Inspect(const LinuxObjects& wanted, const std::vector<Object>& expected,
                             Report& report) {
  std::set<std::string> pieces, removed;
  for (const Object& object : expected) {
    const std::string key = ObjectKey(object);
    const absl::StatusOr<std::vector<Piece>> compiled = Wanted(wanted, object);
    if (!compiled.ok()) {
      report.failed.emplace_back(key, std::string(compiled.status().message()));
      continue;
    }
    for (const Piece& piece : *compiled) pieces.insert(KeyOf(piece));
    const bool stands =
        state_.Holds(*compiled) && (!object.has_policy() || policies_.Holds(object.policy()));
    (stands ? report.kept : report.repaired).push_back(key);
  }
  for (const auto& [key, object] : objects_) {
    if (!wanted.contains(key)) removed.insert(key);
  }
  for (const std::string& piece : state_.Unwanted()) {
    if (!pieces.contains(piece)) removed.insert(state_.OwnerOf(piece));
  }
  report.removed.assign(removed.begin(), removed.end());
}

void LinuxDataPlane::Repair(LinuxObjects wanted, const std::vector<Object>& expected,
                            Report& report) {
  std::set<std::string> removed;
  LinuxObjects before = std::exchange(objects_, std::move(wanted));
  waiting_.clear();
  for (const Object& object : expected) {
    const std::string key = ObjectKey(object);
    const absl::StatusOr<std::vector<Piece>> compiled = Wanted(objects_, object);
    const bool stands = compiled.ok() && state_.Holds(*compiled) &&
                        (!object.has_policy() || policies_.Holds(object.policy()));
    // Also where nothing is to be done: from now on it is known whose the pieces are.
    const absl::Status status = Make(key, object);
    if (status.ok()) {
      RememberLink(object);
      (stands ? report.kept : report.repaired).push_back(key);
      continue;
    }
    report.failed.emplace_back(key, std::string(status.message()));
    if (absl::IsUnavailable(status)) waiting_[key] = object;
  }
  for (const auto& [key, object] : waiting_) objects_.erase(key);
  // Last, and in reverse: what replaces it stands by now.
  for (auto it = before.rbegin(); it != before.rend(); ++it) {
    if (objects_.contains(it->first) || waiting_.contains(it->first)) continue;
    const absl::Status status = Take(it->first, it->second);
    if (status.ok()) {
      removed.insert(it->first);
    } else {
      report.failed.emplace_back(it->first, std::string(status.message()));
    }
  }
  for (const std::string& piece : state_.Unwanted()) {
    const std::string owner = state_.OwnerOf(piece);
    const absl::Status status = state_.Remove(piece);
    if (status.ok()) {
      removed.insert(owner);
    } else {
      report.failed.emplace_back(owner, std::string(status.message()));
    }
  }
  policies_.Sweep();
  report.removed.assign(removed.begin(), removed.end());
}

absl::StatusOr<DataPlane::Report> LinuxDataPlane::Reconcile(const std::vector<Object>& expected,
                                                            bool repair) {
  const NamespaceScope scope(namespace_fd_);
  const std::scoped_lock lock(mutex_);
  if (absl::Status status = Refresh(); !status.ok()) return status;
  LinuxObjects wanted;
  for (const Object& object : expected) wanted[ObjectKey(object)] = object;
  Report report;
  if (repair) {
    Repair(std::move(wanted), expected, report);
  } else {
    Inspect(wanted, expected, report);
  }
  return report;
}

std::vector<Event> LinuxDataPlane::Observe() {
  std::vector<Event> events;
  {
    const std::scoped_lock lock(links_mutex_);
    for (const auto& [id, up] : link_up_) {
      auto* link = events.emplace_back().mutable_link();
      link->set_link(id);
      link->set_up(up);
    }
  }
  for (Event& event : policies_.Observe()) events.push_back(std::move(event));
  return events;
}

// Says what interfaces do, and puts back what the kernel took away with one.
void LinuxDataPlane::Watch() {
  const NamespaceScope scope(namespace_fd_);
  for (;;) {
    pollfd fds[2] = {{watched_->fd(), POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    poll(fds, 2, kExportMilliseconds);
    if (fds[1].revents != 0) return;
    const bool complete = watched_->Drain([this](const nlmsghdr* message) {
      const auto interface = ParseInterface(message);
      if (!interface) return;
      const bool present = message->nlmsg_type == RTM_NEWLINK;
      InterfaceChanged(interface->first, interface->second.name, present,
                       present && interface->second.running);
    });
    if (!complete) ListInterfaces();
    ExportCounters();
  }
}

// After notifications were lost.
void LinuxDataPlane::ListInterfaces() {
  std::map<int, InterfaceState> found;
  {
    const std::scoped_lock lock(mutex_);
    if (!DumpInterfaces(state_.kernel(), &found).ok()) return;
  }
  for (const auto& [index, state] : found) {
    InterfaceChanged(index, state.name, true, state.running);
  }
}

void LinuxDataPlane::InterfaceChanged(int index, const std::string& name, bool present,
                                      bool running) {
  // Those of ours are made and removed under mutex_, by who knows of it.
  if (IsOwnDevice(name)) return;
  bool gone = false, came = false;
  std::string link;
  {
    const std::scoped_lock lock(links_mutex_);
    const auto held = interfaces_.find(name);
    const bool known = held != interfaces_.end();
    if (!present && (!known || held->second.first != index)) return;
    gone = known && (!present || held->second.first != index);
    came = present && (!known || gone || (running && !held->second.second));
    if (present) {
      interfaces_[name] = {index, running};
    } else {
      interfaces_.erase(held);
    }
    const auto owner = link_of_interface_.find(name);
    if (owner != link_of_interface_.end() && link_up_[owner->second] != running) {
      link_up_[owner->second] = running;
      link = owner->second;
    }
  }
  if (gone) {
    const std::scoped_lock lock(mutex_);
    state_.DeviceGone(name);
  }
  if (came) Heal(name);
  // An interface that no link names has no id; the agent hears of it all the same, for what waits.
  if ((!link.empty() || came) && sink_) {
    Event event;
    event.mutable_link()->set_link(link);
    event.mutable_link()->set_up(running || link.empty());
    sink_(std::move(event));
  }
}

// What stands on an interface that is back.
void LinuxDataPlane::Heal(const std::string& interface) {
  std::vector<std::string> healed;
  {
    const std::scoped_lock lock(mutex_);
    std::set<std::string> keys;
    std::vector<Object> due;
    for (const auto& [key, object] : objects_) {
      if (object.link().interface() != interface && object.attachment().interface() != interface) {
        continue;
      }
      keys.insert(key);
      if (!object.has_link()) continue;
      for (const std::string& route : Compiler(objects_).Dependents(object)) keys.insert(route);
    }
    if (!keys.empty() && !Refresh().ok()) return;
    for (const std::string& key : keys) {
      const absl::Status status = Make(key, objects_.at(key));
      if (!status.ok()) {
        Log(LogLevel::kWarning, "object not restored",
            {{"object", key}, {"reason", std::string(status.message())}});
      }
    }
    for (const auto& [key, object] : waiting_) {
      const bool here =
          object.link().interface() == interface || object.attachment().interface() == interface;
      if (here) due.push_back(object);
    }
    for (const Object& object : due) {
      if (PutLocked(object).ok()) healed.push_back(ObjectKey(object));
    }
  }
  for (const std::string& key : healed) {
    Event event;
    event.mutable_object()->set_key(key);
    event.mutable_object()->set_status(southbound::v1::FIB_ACKED);
    event.mutable_object()->set_detail("its interface came");
    if (sink_) sink_(std::move(event));
  }
}

void LinuxDataPlane::ExportCounters() {
  if (metrics_ == nullptr) return;
  const Policies::Counters now = policies_.counters();
  const auto add = [this](const char* name, const char* help, uint64_t value, uint64_t& before) {
    metrics_->Counter(name, help).Increment(static_cast<double>(value - before));
    before = value;
  };
  add("waymark_probes_sent_total", "Liveness probes sent.", now.probes_sent, exported_.probes_sent);
  add("waymark_probes_answered_total", "Liveness probes that came back.", now.probes_answered,
      exported_.probes_answered);
  add("waymark_segment_list_deaths_total", "Segment lists found dead.", now.deaths,
      exported_.deaths);
  add("waymark_policy_repairs_total", "Nexthop groups changed by the switch itself.", now.repairs,
      exported_.repairs);
  add("waymark_policy_repair_errors_total", "Such changes that the kernel refused.",
      now.repair_errors, exported_.repair_errors);
  metrics_
      ->Gauge("waymark_probe_round_trip_seconds", "Smoothed round trip of the slowest alive list.")
      .Set(now.slowest_round_trip_seconds);
}

}  // namespace

absl::Status EnterNetworkNamespace(const std::string& name) {
  absl::StatusOr<int> fd = OpenNamespace(name);
  if (!fd.ok()) return fd.status();
  const int error = setns(*fd, CLONE_NEWNET) == 0 ? 0 : errno;
  close(*fd);
  if (error == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("enter network namespace ", name, ": ", strerror(error), ": needs root"));
}

absl::StatusOr<std::unique_ptr<DataPlane>> MakeLinuxDataPlane(
    const LinuxDataPlaneOptions& options) {
  int fd = -1;
  if (!options.netns.empty()) {
    absl::StatusOr<int> opened = OpenNamespace(options.netns);
    if (!opened.ok()) return opened.status();
    fd = *opened;
  }
  return std::make_unique<LinuxDataPlane>(options, fd);
}

}  // namespace waymark

#include "southbound/dataplane/linux_dataplane.h"

#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/base/object.h"
#include "southbound/dataplane/linux_switch.h"
#include "southbound/dataplane/linux_sysctl.h"

namespace waymark {

using southbound::v1::Event;
using southbound::v1::Object;

namespace {

PolicyId IdOf(const Object& object) {
  return {object.policy().color(), object.policy().endpoint_sid()};
}

}  // namespace

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
  const std::vector<std::string> now = Compiler(objects_).Dependents(object);
  std::set<std::string> dependents(now.begin(), now.end());
  // A link that got another SID also concerns what still names the old one: it leads nowhere now.
  for (const auto& [ignored, old] : before) {
    for (const std::string& dependent : Compiler(objects_).Dependents(old)) {
      dependents.insert(dependent);
    }
  }
  for (const std::string& dependent : dependents) {
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

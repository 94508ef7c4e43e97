// Interfaces that come and go, and the figures that are exported meanwhile.
#include <poll.h>

#include <set>
#include <utility>

#include "controller/base/log.h"
#include "controller/base/object.h"
#include "southbound/dataplane/linux_switch.h"
#include "southbound/dataplane/linux_sysctl.h"

namespace waymark {

using southbound::v1::Event;
using southbound::v1::Object;

namespace {

constexpr int kExportMilliseconds = 1'000;

}  // namespace

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

}  // namespace waymark

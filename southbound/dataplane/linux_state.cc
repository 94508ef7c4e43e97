#include "southbound/dataplane/linux_state.h"

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/object.h"
#include "controller/base/srv6.h"
#include "southbound/dataplane/linux_sysctl.h"

namespace waymark {
namespace {

template <typename T>
concept HasDevice = requires(const T& t) {
  t.device;
};

template <typename Header>
NetlinkMessage DumpMessage(uint16_t type, uint8_t family) {
  NetlinkMessage message(type, NLM_F_DUMP);
  // Every such header begins with the family.
  *reinterpret_cast<uint8_t*>(&message.Header<Header>()) = family;
  return message;
}

// Whose binding SID a route leads.
std::optional<PolicyId> PolicyOf(const RouteSpec& route) {
  const Ipv6& a = route.prefix;
  const uint32_t endpoint = static_cast<uint32_t>(a[4]) << 8 | a[5];
  const uint32_t color = static_cast<uint32_t>(a[12]) << 24 | static_cast<uint32_t>(a[13]) << 16 |
                         static_cast<uint32_t>(a[14]) << 8 | a[15];
  if (route.nexthop == 0 || a != BindingSid(endpoint, color)) return std::nullopt;
  return PolicyId{color, endpoint};
}

}  // namespace

std::string KeyOf(const SysctlSpec& spec) { return "sysctl:" + spec.path; }

std::string KeyOf(const Piece& piece) {
  return std::visit([](const auto& spec) { return KeyOf(spec); }, piece);
}

std::string DeviceOf(const Piece& piece) {
  return std::visit(
      [](const auto& spec) -> std::string {
        using Spec = std::decay_t<decltype(spec)>;
        if constexpr (std::is_same_v<Spec, DeviceSpec>) return spec.name;
        if constexpr (HasDevice<Spec>) return spec.device;
        return "";
      },
      piece);
}

absl::Status KernelState::Open() {
  absl::StatusOr<std::unique_ptr<NetlinkSocket>> socket = NetlinkSocket::Open();
  if (!socket.ok()) return socket.status();
  kernel_ = *std::move(socket);
  steering_ = std::make_unique<Steering>();
  if (absl::Status status = steering_->Open(); !status.ok()) return status;
  classifier_ = std::make_unique<Classifier>();
  return classifier_->Open(*kernel_);
}

void KernelState::Add(Piece piece) {
  std::string key = KeyOf(piece);
  held_.insert_or_assign(std::move(key), std::move(piece));
}

absl::Status KernelState::DumpRouting(const InterfaceNames& names) {
  const auto dump = [&](NetlinkMessage message, const char* what, const auto& parse) {
    return kernel_->Query(message, what, [&](const nlmsghdr* m) {
      if (auto spec = parse(m)) Add(*std::move(spec));
    });
  };
  absl::Status status = dump(DumpMessage<rtmsg>(RTM_GETROUTE, AF_INET6), "list routes",
                             [&](const nlmsghdr* m) { return ParseRoute(m, names); });
  if (status.ok()) {
    status = dump(DumpMessage<ifaddrmsg>(RTM_GETADDR, AF_INET6), "list addresses",
                  [&](const nlmsghdr* m) { return ParseAddress(m, names); });
  }
  if (status.ok()) {
    status = dump(DumpMessage<fib_rule_hdr>(RTM_GETRULE, AF_INET6), "list rules",
                  [](const nlmsghdr* m) { return ParseRule(m); });
  }
  if (status.ok()) {
    status = dump(DumpMessage<ifinfomsg>(RTM_GETLINK, AF_UNSPEC), "list devices",
                  [](const nlmsghdr* m) { return ParseDevice(m); });
  }
  if (status.ok()) {
    status = dump(DumpMessage<ifinfomsg>(RTM_GETLINK, AF_UNSPEC), "list bridge ports",
                  [&](const nlmsghdr* m) { return ParseBridgePort(m, names); });
  }
  if (status.ok()) {
    status = dump(DumpMessage<ndmsg>(RTM_GETNEIGH, AF_BRIDGE), "list flood entries",
                  [&](const nlmsghdr* m) { return ParseFlood(m, names); });
  }
  return status;
}

absl::Status KernelState::DumpEdge(const InterfaceNames& names) {
  const auto add = [this](const auto& spec) { Add(spec); };
  absl::Status status = DumpQueues(*kernel_, names, add);
  if (status.ok()) status = steering_->Dump(add, add);
  if (status.ok()) status = classifier_->DumpFilters(*kernel_, names, add);
  classifier_->DumpEntries(names, add);
  classifier_->DumpClasses(names, add);
  classifier_->DumpExits(names, add);
  classifier_->DumpQueues(add);
  return status;
}

absl::Status KernelState::Refresh() {
  if (absl::Status status = DumpInterfaces(*kernel_, &interfaces_); !status.ok()) return status;
  InterfaceNames names;
  for (const auto& [index, state] : interfaces_) names[index] = state.name;
  held_.clear();
  absl::Status status = DumpRouting(names);
  return status.ok() ? DumpEdge(names) : status;
}

absl::Status KernelState::Install(const Piece& piece) {
  const auto found = held_.find(KeyOf(piece));
  const Piece* held = found == held_.end() ? nullptr : &found->second;
  return std::visit(
      [&](const auto& spec) -> absl::Status {
        using Spec = std::decay_t<decltype(spec)>;
        const Spec* before = held == nullptr ? nullptr : std::get_if<Spec>(held);
        if constexpr (std::is_same_v<Spec, SysctlSpec>) {
          const absl::Status status = WriteSysctl(spec.path, spec.value);
          return spec.optional && absl::IsNotFound(status) ? absl::OkStatus() : status;
        } else if constexpr (std::is_same_v<Spec, SteeringTableSpec>) {
          return steering_->Install(spec);
        } else if constexpr (std::is_same_v<Spec, SteeringSpec>) {
          return steering_->Install(spec, before);
        } else if constexpr (requires { classifier_->Install(*kernel_, spec); }) {
          return classifier_->Install(*kernel_, spec);
        } else {
          return waymark::Install(*kernel_, spec, before);
        }
      },
      piece);
}

absl::Status KernelState::Uninstall(const Piece& piece) {
  return std::visit(
      [&](const auto& spec) -> absl::Status {
        using Spec = std::decay_t<decltype(spec)>;
        if constexpr (std::is_same_v<Spec, SysctlSpec>) {
          return absl::OkStatus();
        } else if constexpr (std::is_same_v<Spec, SteeringTableSpec> ||
                             std::is_same_v<Spec, SteeringSpec>) {
          return steering_->Uninstall(spec);
        } else if constexpr (requires { classifier_->Uninstall(*kernel_, spec); }) {
          return classifier_->Uninstall(*kernel_, spec);
        } else {
          return waymark::Uninstall(*kernel_, spec);
        }
      },
      piece);
}

// A kernel takes no route through an interface that is down, and drops those it had. They come back
// with the interface.
bool KernelState::Waits(const Piece& piece) {
  const auto* route = std::get_if<RouteSpec>(&piece);
  if (route == nullptr || !route->gateway) return false;
  const unsigned flags = kernel_->InterfaceFlags(route->device);
  return flags != 0 && (flags & IFF_UP) == 0;
}

bool KernelState::Same(const Piece& piece) {
  if (const auto* setting = std::get_if<SysctlSpec>(&piece)) {
    const absl::StatusOr<std::string> value = ReadSysctl(setting->path);
    if (!value.ok()) return setting->optional && absl::IsNotFound(value.status());
    return *value == setting->value;
  }
  if (Waits(piece)) return true;
  if (const auto* port = std::get_if<PromiscuousSpec>(&piece)) {
    return (kernel_->InterfaceFlags(port->device) & IFF_PROMISC) != 0;
  }
  const auto held = held_.find(KeyOf(piece));
  if (held == held_.end()) return false;
  if (const auto* table = std::get_if<SteeringTableSpec>(&held->second)) {
    return table->rules == steering_->expected_rules();
  }
  return held->second == piece;
}

bool KernelState::Holds(const std::vector<Piece>& pieces) {
  return std::all_of(pieces.begin(), pieces.end(), [this](const Piece& p) { return Same(p); });
}

absl::Status KernelState::Apply(const std::string& owner, const std::vector<Piece>& pieces) {
  struct Done {
    std::string key;
    std::unique_ptr<Piece> before;
  };
  std::vector<Done> done;
  for (const Piece& piece : pieces) {
    if (Same(piece)) {
      // No dump shows it; from now on it is ours to take back.
      if (std::holds_alternative<PromiscuousSpec>(piece)) Add(piece);
      continue;
    }
    const std::string key = KeyOf(piece);
    const auto held = held_.find(key);
    absl::Status status = Install(piece);
    if (!status.ok()) {
      for (auto it = done.rbegin(); it != done.rend(); ++it) {
        const Piece made = held_.at(it->key);
        if (it->before == nullptr) {
          (void)Uninstall(made);
          held_.erase(it->key);
        } else if (Install(*it->before).ok()) {
          held_.insert_or_assign(it->key, *it->before);
        }
      }
      return status;
    }
    done.push_back({key, held == held_.end() ? nullptr : std::make_unique<Piece>(held->second)});
    // What was on a device that had to be made anew went with it.
    if (std::holds_alternative<DeviceSpec>(piece) && held != held_.end()) {
      DeviceGone(DeviceOf(piece));
    }
    Piece stored = piece;
    if (auto* table = std::get_if<SteeringTableSpec>(&stored)) {
      table->rules = steering_->expected_rules();
    }
    Add(std::move(stored));
  }
  std::vector<std::string> keys;
  for (const Piece& piece : pieces) {
    keys.push_back(KeyOf(piece));
    owners_[keys.back()].insert(owner);
  }
  std::vector<std::string> old = std::exchange(pieces_of_[owner], keys);
  if (keys.empty()) pieces_of_.erase(owner);
  absl::Status status = absl::OkStatus();
  for (auto it = old.rbegin(); it != old.rend(); ++it) {
    if (std::find(keys.begin(), keys.end(), *it) != keys.end()) continue;
    std::set<std::string>& owners = owners_[*it];
    owners.erase(owner);
    if (!owners.empty()) continue;
    owners_.erase(*it);
    const absl::Status removed = Remove(*it);
    if (status.ok()) status = removed;
  }
  return status;
}

absl::Status KernelState::Remove(const std::string& key) {
  const auto held = held_.find(key);
  if (held == held_.end()) return absl::OkStatus();
  absl::Status status = Uninstall(held->second);
  if (status.ok()) held_.erase(key);
  return status;
}

std::vector<std::string> KernelState::Unwanted() const {
  // In the order of removal: what refers to others first.
  std::vector<std::pair<size_t, std::string>> found;
  for (const auto& [key, piece] : held_) {
    if (!owners_.contains(key) && !std::holds_alternative<SysctlSpec>(piece)) {
      found.emplace_back(piece.index(), key);
    }
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::string> keys;
  for (auto& [index, key] : found) keys.push_back(std::move(key));
  return keys;
}

std::string KernelState::OwnerOf(const std::string& key) const {
  const auto held = held_.find(key);
  if (held == held_.end()) return key;
  const Piece& piece = held->second;
  if (const auto* steering = std::get_if<SteeringSpec>(&piece)) {
    return PolicyKey(steering->color, steering->endpoint_sid);
  }
  if (const auto* entry = std::get_if<EntrySpec>(&piece)) {
    return absl::StrCat("attachment:", entry->device, ":", entry->vlan);
  }
  if (const auto* entry = std::get_if<ClassSpec>(&piece)) {
    return absl::StrCat("attachment:", entry->device, ":", entry->vlan);
  }
  if (const auto* device = std::get_if<DeviceSpec>(&piece)) {
    if (device->kind == DeviceSpec::Kind::kVxlan) return absl::StrCat("instance:", device->vni);
  }
  if (const auto* route = std::get_if<RouteSpec>(&piece)) {
    const Ipv6& a = route->prefix;
    const uint32_t sid = static_cast<uint32_t>(a[4]) << 8 | a[5];
    if (const auto policy = PolicyOf(*route)) return PolicyKey(policy->first, policy->second);
    const bool routed = route->gateway && route->table == kMainTable;
    if (routed && a == UsidPrefix(sid)) return absl::StrCat("route:", sid);
  }
  return key;
}

void KernelState::DeviceGone(const std::string& device) {
  std::erase_if(held_, [&](const auto& entry) { return DeviceOf(entry.second) == device; });
}

std::map<PolicyId, uint32_t> KernelState::GroupOfPolicies() const {
  std::map<PolicyId, uint32_t> groups;
  for (const auto& [key, piece] : held_) {
    const auto* route = std::get_if<RouteSpec>(&piece);
    if (route == nullptr || route->nexthop < kFirstGroupNexthop) continue;
    if (const auto policy = PolicyOf(*route)) groups[*policy] = route->nexthop;
  }
  return groups;
}

}  // namespace waymark

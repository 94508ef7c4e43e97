#include "southbound/dataplane/sim_switch.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

using southbound::v1::AttachmentObject;
using southbound::v1::ClassEntry;
using southbound::v1::InstanceObject;
using southbound::v1::LinkObject;
using southbound::v1::NodeObject;
using southbound::v1::Object;
using southbound::v1::PolicyObject;
using southbound::v1::SegmentList;

constexpr size_t kIpv6Header = 40;
constexpr size_t kSegmentHeader = 8;
constexpr size_t kUdpAndVxlan = 16;

absl::Status Invalid(const std::string& field, const std::string& rule) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", rule));
}

bool IsUsid(const Ipv6& a) { return a[0] == 0xfc && a[1] == 0xbb && a[2] == 0xbb && a[3] == 0xbb; }

uint32_t SidOf(const Ipv6& a) { return static_cast<uint32_t>(a[4]) << 8 | a[5]; }

bool IsBindingSidOf(const Ipv6& a, uint32_t node_sid) {
  const Ipv6 prefix = BindingSidPrefix(node_sid);
  return std::equal(prefix.begin(), prefix.begin() + 8, a.begin());
}

// NEXT-C-SID (RFC 9800 section 4.1): the next uSID becomes active; behind a carrier's last one, the
// next segment.
bool Shift(SimPacket& packet) {
  Ipv6& a = packet.destination;
  std::copy(a.begin() + 6, a.end(), a.begin() + 4);
  a[14] = a[15] = 0;
  if (SidOf(a) != 0) return true;
  if (packet.next_segment >= packet.segments.size()) return false;
  a = packet.segments[packet.next_segment++];
  return true;
}

absl::Status CheckNode(const NodeObject& node) {
  if (node.node_sid() < kMinNodeSid || node.node_sid() > kMaxNodeSid) {
    return Invalid("node.node_sid", "must be 1 to 32767");
  }
  for (const auto& queue : node.queues()) {
    if (queue.queue() >= kSimQueues) return Invalid("node.queues.queue", "must be 0 to 7");
    for (uint32_t dscp : queue.dscp()) {
      if (dscp > 63) return Invalid("node.queues.dscp", "must be 0 to 63");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSids(const std::string& field,
                       const google::protobuf::RepeatedField<uint32_t>& sids) {
  if (sids.size() > kMaxUsids) return Invalid(field, "at most 64");
  for (uint32_t sid : sids) {
    if (sid == 0 || sid > kMaxAdjacencySid) return Invalid(field, "must be 1 to 65535");
  }
  return absl::OkStatus();
}

absl::Status CheckList(const std::string& field, const SegmentList& list) {
  if (list.sids().empty()) return Invalid(field + ".sids", "must not be empty");
  if (list.weight() > 255) return Invalid(field + ".weight", "must be 1 to 255");
  absl::Status status = CheckSids(field + ".sids", list.sids());
  if (status.ok()) status = CheckSids(field + ".probe_return_sids", list.probe_return_sids());
  return status;
}

absl::Status CheckPolicy(const PolicyObject& policy) {
  if (policy.endpoint_sid() < kMinNodeSid || policy.endpoint_sid() > kMaxNodeSid) {
    return Invalid("policy.endpoint_sid", "must be 1 to 32767");
  }
  if (policy.dscp() > 63) return Invalid("policy.dscp", "must be 0 to 63");
  if (policy.working_size() > 255) return Invalid("policy.working", "at most 255 lists");
  for (const SegmentList& list : policy.working()) {
    if (absl::Status status = CheckList("policy.working", list); !status.ok()) return status;
  }
  return policy.has_protect() ? CheckList("policy.protect", policy.protect()) : absl::OkStatus();
}

absl::Status CheckInstance(const InstanceObject& instance) {
  if (instance.vni() == 0 || instance.vni() >= 1u << 24) {
    return Invalid("instance.vni", "must be 1 to 16777215");
  }
  if (instance.type() < southbound::v1::INSTANCE_E_LINE ||
      instance.type() > southbound::v1::INSTANCE_E_TREE) {
    return Invalid("instance.type", "must be E-Line, E-LAN or E-Tree");
  }
  if (instance.type() == southbound::v1::INSTANCE_E_LINE && instance.remote_sids_size() > 1) {
    return Invalid("instance.remote_sids", "an E-Line has at most one");
  }
  return absl::OkStatus();
}

absl::Status CheckClasses(const AttachmentObject& attachment) {
  std::set<std::pair<int, uint32_t>> marks;
  for (const ClassEntry& entry : attachment.classes()) {
    const bool pcp = entry.mark_case() == ClassEntry::kPcp;
    if (entry.mark_case() == ClassEntry::MARK_NOT_SET) {
      return Invalid("attachment.classes.mark", "must be set");
    }
    const uint32_t mark = pcp ? entry.pcp() : entry.dscp();
    if (mark > (pcp ? 7u : 63u)) return Invalid("attachment.classes.mark", "out of range");
    if (!marks.emplace(entry.mark_case(), mark).second) {
      return Invalid("attachment.classes.mark", "no mark twice");
    }
  }
  return absl::OkStatus();
}

SimList MakeList(const SegmentList& list, uint32_t probe_interval_us) {
  SimList made;
  made.sids.assign(list.sids().begin(), list.sids().end());
  made.carriers = PackCarriers(made.sids);
  made.probe_return_sids.assign(list.probe_return_sids().begin(), list.probe_return_sids().end());
  made.weight = std::max<uint32_t>(1, list.weight());
  made.probed = probe_interval_us > 0 && list.probe_return_sids_size() > 0;
  return made;
}

// What is known of a list's liveness stays known when its policy is replaced.
void Inherit(SimList& list, const SimPolicy& old) {
  const auto take = [&list](const std::vector<SimList>& lists) {
    for (const SimList& known : lists) {
      if (known.sids != list.sids || known.probe_return_sids != list.probe_return_sids) continue;
      if (!known.probed || !list.probed) continue;
      list.reachable = known.reachable;
      list.alive = known.alive;
      list.in_use = known.in_use;
      list.detect_due = known.detect_due;
      list.restore_due = known.restore_due;
      list.touched = known.touched;
      return true;
    }
    return false;
  };
  if (!take(old.working)) take(old.protect);
}

}  // namespace

size_t SimPacket::wire_bytes() const {
  // The last segment stands in the header too: inline mode keeps it there.
  const size_t header =
      segments.empty() ? 0 : kSegmentHeader + sizeof(Ipv6) * (segments.size() + 1);
  return kEthernetHeader + kIpv6Header + header + kUdpAndVxlan + frame.size();
}

bool SimPolicy::on_protect() const {
  const bool carried =
      std::any_of(working.begin(), working.end(), [](const SimList& list) { return list.in_use; });
  return !carried && !protect.empty() && protect.front().alive;
}

const SimList* SimPolicy::Choose(uint64_t flow_hash) const {
  if (on_protect()) return &protect.front();
  const auto choose = [&](bool SimList::*usable) -> const SimList* {
    uint64_t total = 0;
    for (const SimList& list : working) total += list.*usable ? list.weight : 0;
    if (total == 0) return nullptr;
    uint64_t point = flow_hash % total;
    for (const SimList& list : working) {
      if (!(list.*usable)) continue;
      if (point < list.weight) return &list;
      point -= list.weight;
    }
    return nullptr;
  };
  if (const SimList* list = choose(&SimList::in_use)) return list;
  // Back, though not for long yet: better than nothing.
  return choose(&SimList::alive);
}

southbound::v1::PolicyEvent SimPolicy::Event() const {
  southbound::v1::PolicyEvent event;
  event.set_color(object.color());
  event.set_endpoint_sid(object.endpoint_sid());
  for (const SimList& list : working) event.add_working_up(list.alive);
  event.set_protect_up(!protect.empty() && protect.front().alive);
  event.set_on_protect(on_protect());
  return event;
}

absl::Status SimSwitch::CheckPort(const std::string& field, const std::string& interface,
                                  bool wire) const {
  const auto port = ports_.find(interface);
  if (port == ports_.end()) {
    return absl::UnavailableError(
        absl::StrCat(field, ": ", name_, " has no interface \"", interface, "\" yet"));
  }
  if ((port->second.peer != nullptr) != wire) {
    return absl::FailedPreconditionError(absl::StrCat(
        field, ": ", interface, wire ? " is a host's port, not a wire" : " is a wire, not a port"));
  }
  return absl::OkStatus();
}

absl::Status SimSwitch::CheckLink(const LinkObject& link) const {
  if (link.link().empty()) return Invalid("link.link", "must not be empty");
  if (link.adjacency_sid() < kMinAdjacencySid || link.adjacency_sid() > kMaxAdjacencySid) {
    return Invalid("link.adjacency_sid", "must be 32768 to 65535");
  }
  if (link.reverse_sid() != 0 &&
      (link.reverse_sid() < kMinAdjacencySid || link.reverse_sid() > kMaxAdjacencySid)) {
    return Invalid("link.reverse_sid", "must be 0 or 32768 to 65535");
  }
  return CheckPort("link.interface", link.interface(), true);
}

absl::Status SimSwitch::CheckAttachment(const AttachmentObject& attachment) const {
  if (attachment.vlan() > 4094) return Invalid("attachment.vlan", "must be 0 to 4094");
  if (absl::Status status = CheckClasses(attachment); !status.ok()) return status;
  if (!instances_.contains(attachment.vni())) {
    return absl::FailedPreconditionError(
        absl::StrCat("attachment.vni: no instance ", attachment.vni(), " here"));
  }
  return CheckPort("attachment.interface", attachment.interface(), false);
}

absl::Status SimSwitch::Check(const Object& object) const {
  const bool needs_node =
      object.kind_case() != Object::kNode && object.kind_case() != Object::KIND_NOT_SET;
  if (needs_node && node_sid_ == 0) {
    return absl::FailedPreconditionError("node: must be put before anything else");
  }
  switch (object.kind_case()) {
    case Object::kNode:
      return CheckNode(object.node());
    case Object::kLink:
      return CheckLink(object.link());
    case Object::kRoute:
      if (object.route().node_sid() < kMinNodeSid || object.route().node_sid() > kMaxNodeSid) {
        return Invalid("route.node_sid", "must be 1 to 32767");
      }
      return absl::OkStatus();
    case Object::kPolicy:
      return CheckPolicy(object.policy());
    case Object::kInstance:
      return CheckInstance(object.instance());
    case Object::kAttachment:
      return CheckAttachment(object.attachment());
    case Object::KIND_NOT_SET:
      break;
  }
  return Invalid("object", "no kind is set");
}

void SimSwitch::Put(const Object& object) {
  objects_.Put(object);
  switch (object.kind_case()) {
    case Object::kNode:
      return CompileNode();
    case Object::kLink:
      return CompileLinks();
    case Object::kRoute:
      routes_[object.route().node_sid()] = {object.route().links().begin(),
                                            object.route().links().end()};
      return;
    case Object::kPolicy: {
      const PolicyObject& policy = object.policy();
      SimPolicy& held = policies_[{policy.color(), policy.endpoint_sid()}];
      SimPolicy made{.object = policy, .last_event = held.last_event};
      for (const SegmentList& list : policy.working()) {
        Inherit(made.working.emplace_back(MakeList(list, policy.probe_interval_us())), held);
      }
      if (policy.has_protect()) {
        Inherit(made.protect.emplace_back(MakeList(policy.protect(), policy.probe_interval_us())),
                held);
      }
      held = std::move(made);
      return;
    }
    case Object::kInstance:
      return PutInstance(object.instance());
    case Object::kAttachment: {
      const SimAttachmentKey key{object.attachment().interface(), object.attachment().vlan()};
      const auto held = attachments_.find(key);
      if (held != attachments_.end() && held->second.vni() != object.attachment().vni()) {
        ForgetMacs(key);
      }
      attachments_[key] = object.attachment();
      return;
    }
    case Object::KIND_NOT_SET:
      return;
  }
}

void SimSwitch::Remove(const std::string& key) {
  const Object* held = objects_.Find(key);
  if (held == nullptr) return;
  const Object object = *held;
  objects_.Erase(key);
  Forget(object);
}

void SimSwitch::Forget(const Object& object) {
  switch (object.kind_case()) {
    case Object::kNode:
      return CompileNode();
    case Object::kLink:
      return CompileLinks();
    case Object::kRoute:
      routes_.erase(object.route().node_sid());
      return;
    case Object::kPolicy:
      policies_.erase({object.policy().color(), object.policy().endpoint_sid()});
      return;
    case Object::kInstance:
      instances_.erase(object.instance().vni());
      return;
    case Object::kAttachment: {
      const SimAttachmentKey key{object.attachment().interface(), object.attachment().vlan()};
      ForgetMacs(key);
      attachments_.erase(key);
      return;
    }
    case Object::KIND_NOT_SET:
      return;
  }
}

void SimSwitch::CompileNode() {
  node_sid_ = 0;
  queue_of_dscp_.fill(0);
  const Object* held = objects_.Find("node:");
  if (held == nullptr) return;
  node_sid_ = held->node().node_sid();
  for (const auto& queue : held->node().queues()) {
    for (uint32_t dscp : queue.dscp()) queue_of_dscp_[dscp] = static_cast<uint8_t>(queue.queue());
  }
}

// From the objects anew: two links may name one SID while a change is under way, and the one that
// stays must keep it.
void SimSwitch::CompileLinks() {
  port_of_link_.clear();
  link_of_interface_.clear();
  port_of_adjacency_.clear();
  reverse_sids_.clear();
  const auto& entries = objects_.entries();
  for (auto it = entries.lower_bound("link:"); it != entries.end(); ++it) {
    if (!it->second.object->has_link()) break;
    const LinkObject& link = it->second.object->link();
    SimPort* port = &ports_.at(link.interface());
    port_of_link_[link.link()] = port;
    link_of_interface_[link.interface()] = link.link();
    port_of_adjacency_[link.adjacency_sid()] = port;
    if (link.reverse_sid() != 0) reverse_sids_.insert(link.reverse_sid());
  }
}

void SimSwitch::PutInstance(const InstanceObject& object) {
  SimInstance& held = instances_[object.vni()];
  const std::set<uint32_t> remotes(object.remote_sids().begin(), object.remote_sids().end());
  const bool same_type = held.object.type() == object.type();
  std::erase_if(held.macs, [&](const auto& entry) {
    const uint32_t* remote = std::get_if<uint32_t>(&entry.second);
    return !same_type || (remote != nullptr && !remotes.contains(*remote));
  });
  held.object = object;
}

void SimSwitch::ForgetMacs(const SimAttachmentKey& attachment) {
  const auto held = attachments_.find(attachment);
  if (held == attachments_.end()) return;
  const auto instance = instances_.find(held->second.vni());
  if (instance == instances_.end()) return;
  std::erase_if(instance->second.macs, [&](const auto& entry) {
    const auto* at = std::get_if<SimAttachmentKey>(&entry.second);
    return at != nullptr && *at == attachment;
  });
}

std::string SimSwitch::LinkOf(const std::string& interface) const {
  const auto link = link_of_interface_.find(interface);
  return link == link_of_interface_.end() ? "" : link->second;
}

SimSwitch::Verdict SimSwitch::TowardNode(uint32_t sid) {
  const auto route = routes_.find(sid);
  if (route == routes_.end()) return {.reason = "no_route"};
  for (const std::string& link : route->second) {
    const auto port = port_of_link_.find(link);
    if (port != port_of_link_.end() && port->second->up()) {
      return {.kind = Verdict::kTransmit, .port = port->second};
    }
  }
  return {.reason = "link_down"};
}

SimSwitch::Verdict SimSwitch::Forward(SimPacket& packet) {
  if (node_sid_ == 0) return {.reason = "no_node"};
  // Ends: every round consumes a uSID.
  while (IsUsid(packet.destination)) {
    const uint32_t sid = SidOf(packet.destination);
    const auto adjacency = port_of_adjacency_.find(sid);
    const bool own = adjacency != port_of_adjacency_.end();
    if (!own && sid != node_sid_ && !reverse_sids_.contains(sid)) {
      return sid <= kMaxNodeSid ? TowardNode(sid) : Verdict{.reason = "no_such_adjacency"};
    }
    if (!Shift(packet)) return {.reason = "segments_exhausted"};
    if (own) {
      if (!adjacency->second->up()) return {.reason = "link_down"};
      return {.kind = Verdict::kTransmit, .port = adjacency->second};
    }
  }
  if (packet.destination == Vtep(node_sid_) || IsBindingSidOf(packet.destination, node_sid_)) {
    return {.kind = Verdict::kLocal};
  }
  const uint32_t sid = SidOf(packet.destination);
  if (packet.destination == Vtep(sid)) return TowardNode(sid);
  // A path that ends at another switch than its endpoint: no underlay route may mend it, it might
  // cross anything.
  return {.reason = "not_the_endpoint"};
}

}  // namespace waymark

#include "southbound/dataplane/sim_walk.h"

#include <algorithm>
#include <utility>

namespace waymark {
namespace {

using sim::v1::Hop;
using southbound::v1::AttachmentObject;
using southbound::v1::ClassEntry;

constexpr int kHopLimit = 64;
// There and back again.
constexpr int kProbeHopLimit = 255;

// The attachment of the tag's VLAN, else that of the whole port.
const AttachmentObject* FindAttachment(const SimSwitch& at, const std::string& interface,
                                       const FrameInfo& info, SimAttachmentKey* key) {
  if (info.tag && info.tag->ethertype == kEtherTypeVlan && info.tag->vid != 0) {
    *key = {interface, info.tag->vid};
    const auto found = at.attachments().find(*key);
    if (found != at.attachments().end()) return &found->second;
  }
  *key = {interface, 0};
  const auto found = at.attachments().find(*key);
  return found == at.attachments().end() ? nullptr : &found->second;
}

uint32_t Classify(const AttachmentObject& attachment, const FrameInfo& info) {
  uint32_t color = attachment.default_color();
  for (const ClassEntry& entry : attachment.classes()) {
    if (entry.mark_case() == ClassEntry::kPcp) {
      if (info.tag && info.tag->pcp == entry.pcp()) return entry.color();
    } else if (info.dscp && *info.dscp == entry.dscp()) {
      color = entry.color();  // A later PCP entry still wins.
    }
  }
  return color;
}

std::string ToInternal(const std::string& frame, const FrameInfo& info, uint32_t vlan) {
  if (vlan != 0) {
    return PushTag(PopTag(frame), {.ethertype = kEtherTypeServiceTag,
                                   .pcp = info.tag->pcp,
                                   .vid = static_cast<uint16_t>(vlan)});
  }
  // A customer's own service tag must not be taken for ours.
  if (info.tag && info.tag->ethertype == kEtherTypeServiceTag) {
    return PushTag(frame, {.ethertype = kEtherTypeServiceTag, .pcp = info.tag->pcp, .vid = 0});
  }
  return frame;
}

std::string ToCustomer(const std::string& internal, uint32_t vlan) {
  const std::optional<FrameInfo> info = ParseFrame(internal);
  const bool tagged = info && info->tag.has_value();
  const bool service = tagged && info->tag->ethertype == kEtherTypeServiceTag;
  const bool priority = tagged && !service && info->tag->vid == 0;
  if (vlan == 0) return service ? PopTag(internal) : internal;
  const VlanTag tag{.ethertype = kEtherTypeVlan,
                    .pcp = tagged ? info->tag->pcp : uint8_t{0},
                    .vid = static_cast<uint16_t>(vlan)};
  return PushTag(service || priority ? PopTag(internal) : internal, tag);
}

// A full table learns nothing new, but still follows a move.
void Learn(SimInstance& instance, const FrameInfo& info,
           const std::variant<SimAttachmentKey, uint32_t>& where) {
  if (info.group_source()) return;
  const auto held = instance.macs.find(info.source);
  if (held != instance.macs.end()) {
    held->second = where;
  } else if (instance.macs.size() < kSimMacsPerInstance) {
    instance.macs.emplace(info.source, where);
  }
}

}  // namespace

Hop& SimWalk::AddHop(Hop::Kind kind, const SimSwitch& at) {
  Hop& hop = hops_.emplace_back();
  hop.set_kind(kind);
  hop.set_node(at.name());
  return hop;
}

void SimWalk::Drop(const SimSwitch& at, const std::string& reason, uint32_t vni, uint32_t color) {
  ++drops_[{at.name(), reason}];
  Hop& hop = AddHop(Hop::DROP, at);
  hop.set_detail(reason);
  hop.set_vni(vni);
  hop.set_color(color);
}

void SimWalk::Ingress(SimPort& port, const std::string& frame) {
  SimSwitch& at = *port.owner;
  AddHop(Hop::INGRESS, at).set_interface(port.name);
  if (port.state != SimWireState::kUp) return Drop(at, "port_down", 0, 0);
  const std::optional<FrameInfo> info = ParseFrame(frame);
  if (!info) return Drop(at, "frame_malformed", 0, 0);
  if (frame.size() > info->payload_offset + kCustomerMtu) return Drop(at, "frame_too_big", 0, 0);
  Relayed relayed{.info = *info};
  const AttachmentObject* attachment = FindAttachment(at, port.name, *info, &relayed.from);
  if (attachment == nullptr) return Drop(at, "no_attachment", 0, 0);
  relayed.frame = ToInternal(frame, *info, attachment->vlan());
  relayed.vni = attachment->vni();
  relayed.color = Classify(*attachment, *info);
  relayed.leaf = attachment->leaf();
  FromAttachment(at, relayed);
}

void SimWalk::FromAttachment(SimSwitch& at, const Relayed& relayed) {
  const auto held = at.instances().find(relayed.vni);
  if (held == at.instances().end()) return Drop(at, "no_instance", relayed.vni, relayed.color);
  SimInstance& instance = held->second;
  if (instance.object.type() == southbound::v1::INSTANCE_E_LINE) {
    return CrossLine(at, instance, relayed);
  }
  if (relayed.info.link_local()) return Drop(at, "link_local", relayed.vni, relayed.color);
  Learn(instance, relayed.info, relayed.from);
  const auto mac = relayed.info.group_destination() ? instance.macs.end()
                                                    : instance.macs.find(relayed.info.destination);
  if (mac == instance.macs.end()) return FloodFromAttachment(at, instance, relayed);
  if (const uint32_t* remote = std::get_if<uint32_t>(&mac->second)) {
    return Encapsulate(at, *remote, relayed);
  }
  const SimAttachmentKey to = std::get<SimAttachmentKey>(mac->second);
  if (to == relayed.from) return Drop(at, "same_attachment", relayed.vni, relayed.color);
  if (relayed.leaf && at.attachments().at(to).leaf()) {
    return Drop(at, "leaf_to_leaf", relayed.vni, relayed.color);
  }
  Egress(at, to, relayed.vni, relayed.frame);
}

void SimWalk::CrossLine(SimSwitch& at, const SimInstance& instance, const Relayed& relayed) {
  if (instance.object.remote_sids_size() > 0) {
    return Encapsulate(at, instance.object.remote_sids(0), relayed);
  }
  for (const auto& [key, attachment] : at.attachments()) {
    if (attachment.vni() != relayed.vni || key == relayed.from) continue;
    return Egress(at, key, relayed.vni, relayed.frame);
  }
  Drop(at, "no_other_end", relayed.vni, relayed.color);
}

void SimWalk::FloodFromAttachment(SimSwitch& at, const SimInstance& instance,
                                  const Relayed& relayed) {
  for (const auto& [key, attachment] : at.attachments()) {
    if (attachment.vni() != relayed.vni || key == relayed.from) continue;
    if (relayed.leaf && attachment.leaf()) continue;
    Egress(at, key, relayed.vni, relayed.frame);
  }
  for (uint32_t remote : instance.object.remote_sids()) Encapsulate(at, remote, relayed);
}

void SimWalk::FromRemote(SimSwitch& at, const SimPacket& packet) {
  const auto held = at.instances().find(packet.vni);
  if (held == at.instances().end()) return Drop(at, "no_instance", packet.vni, packet.color);
  SimInstance& instance = held->second;
  const std::optional<FrameInfo> info = ParseFrame(packet.frame);
  if (!info) return Drop(at, "frame_malformed", packet.vni, packet.color);
  const bool line = instance.object.type() == southbound::v1::INSTANCE_E_LINE;
  if (!line) {
    Learn(instance, *info, packet.source_sid);
    const auto mac =
        info->group_destination() ? instance.macs.end() : instance.macs.find(info->destination);
    if (mac != instance.macs.end()) {
      // Split horizon: what came from a switch goes to no other.
      if (std::holds_alternative<uint32_t>(mac->second)) {
        return Drop(at, "split_horizon", packet.vni, packet.color);
      }
      return Egress(at, std::get<SimAttachmentKey>(mac->second), packet.vni, packet.frame);
    }
  }
  bool delivered = false;
  for (const auto& [key, attachment] : at.attachments()) {
    if (attachment.vni() != packet.vni) continue;
    Egress(at, key, packet.vni, packet.frame);
    delivered = true;
    if (line) break;
  }
  if (!delivered) Drop(at, "no_attachment", packet.vni, packet.color);
}

void SimWalk::Encapsulate(SimSwitch& at, uint32_t remote, const Relayed& relayed) {
  const auto held = at.policies().find({relayed.color, remote});
  if (held == at.policies().end()) return Drop(at, "no_policy", relayed.vni, relayed.color);
  const SimPolicy& policy = held->second;
  if (policy.working.empty()) return Drop(at, "policy_empty", relayed.vni, relayed.color);
  const SimList* list = policy.Choose(FlowHash(relayed.frame));
  if (list == nullptr) return Drop(at, "policy_down", relayed.vni, relayed.color);
  SimPacket packet{.frame_id = frame_id_,
                   .frame = relayed.frame,
                   .vni = relayed.vni,
                   .color = relayed.color,
                   .source_sid = at.node_sid(),
                   .endpoint_sid = remote,
                   .dscp = static_cast<uint8_t>(policy.object.dscp()),
                   .destination = list->carriers.front(),
                   .segments = {list->carriers.begin() + 1, list->carriers.end()},
                   .hop_limit = kHopLimit};
  packet.segments.push_back(BindingSid(remote, relayed.color));
  Carry(at, std::move(packet));
}

void SimWalk::Carry(SimSwitch& start, SimPacket packet) {
  SimSwitch* at = &start;
  while (true) {
    const SimSwitch::Verdict verdict = at->Forward(packet);
    switch (verdict.kind) {
      case SimSwitch::Verdict::kDrop:
        return Drop(*at, verdict.reason, packet.vni, packet.color);
      case SimSwitch::Verdict::kLocal:
        return FromRemote(*at, packet);
      case SimSwitch::Verdict::kTransmit:
        if (packet.hop_limit-- == 0) return Drop(*at, "hop_limit", packet.vni, packet.color);
        if (!Transmit(*verdict.port, packet)) return;
        at = verdict.port->peer->owner;
        break;
    }
  }
}

bool SimWalk::Transmit(SimPort& port, const SimPacket& packet) {
  const SimSwitch& at = *port.owner;
  if (packet.ip_bytes() > kSimWireMtu) {
    Drop(at, "wire_mtu", packet.vni, packet.color);
    return false;
  }
  const uint32_t queue = at.QueueOf(packet.dscp);
  ++port.packets;
  port.bytes += packet.wire_bytes();
  ++port.queue_packets[queue];

  if (port.recent.size() == kSimRecentPackets) port.recent.pop_front();
  sim::v1::Packet& seen = port.recent.emplace_back();
  seen.set_frame_id(packet.frame_id);
  seen.set_vni(packet.vni);
  seen.set_color(packet.color);
  seen.set_dscp(packet.dscp);
  seen.set_queue(queue);
  seen.set_source_sid(packet.source_sid);
  seen.set_endpoint_sid(packet.endpoint_sid);
  seen.set_bytes(static_cast<uint32_t>(packet.wire_bytes()));

  Hop& hop = AddHop(Hop::TRANSMIT, at);
  hop.set_interface(port.name);
  hop.set_peer(port.peer->owner->name());
  hop.set_link(at.LinkOf(port.name));
  hop.set_vni(packet.vni);
  hop.set_color(packet.color);
  hop.set_dscp(packet.dscp);
  hop.set_queue(queue);
  if (port.state == SimWireState::kUp) return true;
  Drop(at, "wire_silent", packet.vni, packet.color);
  return false;
}

void SimWalk::Egress(SimSwitch& at, const SimAttachmentKey& to, uint32_t vni,
                     const std::string& frame) {
  SimPort& port = at.ports().at(to.first);
  if (port.state != SimWireState::kUp) return Drop(at, "port_down", vni, 0);
  std::string sent = ToCustomer(frame, to.second);
  ++port.packets;
  port.bytes += sent.size();
  Hop& hop = AddHop(Hop::DELIVER, at);
  hop.set_interface(port.name);
  hop.set_detail(port.host);
  hop.set_vni(vni);
  deliveries_.push_back({port.host, std::move(sent)});
}

bool SimProbe(SimSwitch& head, SimList& list) {
  SimPacket probe{.destination = list.carriers.front(),
                  .segments = {list.carriers.begin() + 1, list.carriers.end()}};
  for (const Ipv6& carrier : PackCarriers(list.probe_return_sids)) {
    probe.segments.push_back(carrier);
  }
  probe.segments.push_back(Vtep(head.node_sid()));
  list.touched.clear();
  SimSwitch* at = &head;
  for (int hops = 0; hops <= kProbeHopLimit; ++hops) {
    list.touched.insert(at->name());
    const SimSwitch::Verdict verdict = at->Forward(probe);
    if (verdict.kind == SimSwitch::Verdict::kLocal) return at == &head;
    if (verdict.kind == SimSwitch::Verdict::kDrop) return false;
    if (verdict.port->state != SimWireState::kUp) return false;
    at = verdict.port->peer->owner;
  }
  return false;
}

}  // namespace waymark

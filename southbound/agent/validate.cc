#include "southbound/agent/validate.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/base/srv6.h"

namespace waymark {
namespace {

using southbound::v1::AttachmentObject;
using southbound::v1::ClassEntry;
using southbound::v1::InstanceObject;
using southbound::v1::InstanceType;
using southbound::v1::LinkObject;
using southbound::v1::NodeObject;
using southbound::v1::Object;
using southbound::v1::PolicyObject;
using southbound::v1::RouteObject;
using southbound::v1::SegmentList;

constexpr uint32_t kMaxDscp = 63;
constexpr uint32_t kMaxPcp = 7;
constexpr int64_t kMaxCapacityBps = 10'000'000'000'000'000;

constexpr std::array<std::string_view, 6> kKindsInOrder = {
    "node:", "link:", "instance:", "route:", "policy:", "attachment:"};

absl::Status Bad(const std::string& field, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(field, " ", why));
}

absl::Status CheckRange(const std::string& field, uint64_t value, uint64_t least, uint64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return Bad(field, absl::StrCat("is ", value, ": must be ", least, "..", most));
}

absl::Status CheckCount(const std::string& field, int count, int least, int most) {
  if (count >= least && count <= most) return absl::OkStatus();
  return Bad(field, absl::StrCat("has ", count, " elements: must have ", least, "..", most));
}

absl::Status CheckId(const std::string& field, const std::string& id) {
  if (IsValidId(id)) return absl::OkStatus();
  return Bad(field, absl::StrCat("must be 1..", kMaxIdLength,
                                 " printable ASCII characters without spaces"));
}

absl::Status CheckInterface(const std::string& field, const std::string& name) {
  if (IsValidInterface(name)) return absl::OkStatus();
  return Bad(field, absl::StrCat("is no interface name: must be 1..", kMaxInterfaceLength,
                                 " printable characters without '/', ':' or space"));
}

absl::Status CheckNodeSid(const std::string& field, uint32_t sid) {
  return CheckRange(field, sid, kMinNodeSid, kMaxNodeSid);
}

absl::Status CheckAdjacencySid(const std::string& field, uint32_t sid) {
  return CheckRange(field, sid, kMinAdjacencySid, kMaxAdjacencySid);
}

// What a newer controller meant by it, nobody here knows; to do the rest would be to do something
// else.
absl::Status CheckKnown(const std::string& field, const google::protobuf::Message& message) {
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  if (unknown.empty()) return absl::OkStatus();
  return Bad(field,
             absl::StrCat("has field ", unknown.field(0).number(),
                          ", which this agent does not know: upgrade the agent, or do without it"));
}

template <typename Messages>
absl::Status CheckAllKnown(const std::string& field, const Messages& messages) {
  for (int i = 0; i < messages.size(); ++i) {
    if (messages[i].GetReflection()->GetUnknownFields(messages[i]).empty()) continue;
    return CheckKnown(absl::StrCat(field, "[", i, "]"), messages[i]);
  }
  return absl::OkStatus();
}

absl::Status ValidateNode(const NodeObject& node, std::string_view own_node) {
  if (auto s = CheckKnown("node", node); !s.ok()) return s;
  if (auto s = CheckAllKnown("node.queues", node.queues()); !s.ok()) return s;
  if (node.node() != own_node) {
    return Bad("node.node", absl::StrCat("is \"", node.node().substr(0, kMaxIdLength),
                                         "\", but this switch is \"", std::string(own_node), "\""));
  }
  if (auto s = CheckNodeSid("node.node_sid", node.node_sid()); !s.ok()) return s;
  if (auto s = CheckCount("node.queues", node.queues_size(), 0, kMaxQueues); !s.ok()) return s;
  std::bitset<kMaxQueues> queues;
  std::bitset<kMaxDscp + 1> dscps;
  uint64_t permille = 0;
  for (int i = 0; i < node.queues_size(); ++i) {
    const auto& queue = node.queues(i);
    const std::string field = absl::StrCat("node.queues[", i, "]");
    if (auto s = CheckRange(field + ".queue", queue.queue(), 0, kMaxQueues - 1); !s.ok()) return s;
    if (queues.test(queue.queue())) return Bad(field + ".queue", "occurs twice");
    queues.set(queue.queue());
    for (const uint32_t dscp : queue.dscp()) {
      if (auto s = CheckRange(field + ".dscp", dscp, 0, kMaxDscp); !s.ok()) return s;
      if (dscps.test(dscp)) return Bad(field + ".dscp", absl::StrCat("has ", dscp, " twice"));
      dscps.set(dscp);
    }
    if (auto s = CheckRange(field + ".permille", queue.permille(), 0, 1'000); !s.ok()) return s;
    permille += queue.permille();
  }
  return CheckRange("node.queues permille in all", permille, 0, 1'000);
}

absl::Status ValidateLink(const LinkObject& link) {
  if (auto s = CheckKnown("link", link); !s.ok()) return s;
  if (auto s = CheckId("link.link", link.link()); !s.ok()) return s;
  if (auto s = CheckInterface("link.interface", link.interface()); !s.ok()) return s;
  if (auto s = CheckAdjacencySid("link.adjacency_sid", link.adjacency_sid()); !s.ok()) return s;
  if (link.reverse_sid() != 0) {
    if (auto s = CheckAdjacencySid("link.reverse_sid", link.reverse_sid()); !s.ok()) return s;
    if (link.reverse_sid() == link.adjacency_sid()) {
      return Bad("link.reverse_sid", "equals adjacency_sid");
    }
  }
  if (auto s = CheckNodeSid("link.neighbor_sid", link.neighbor_sid()); !s.ok()) return s;
  if (link.capacity_bps() < 1 || link.capacity_bps() > kMaxCapacityBps) {
    return Bad("link.capacity_bps",
               absl::StrCat("is ", link.capacity_bps(), ": must be 1..", kMaxCapacityBps));
  }
  return absl::OkStatus();
}

absl::Status ValidateRoute(const RouteObject& route) {
  if (auto s = CheckKnown("route", route); !s.ok()) return s;
  if (auto s = CheckNodeSid("route.node_sid", route.node_sid()); !s.ok()) return s;
  if (auto s = CheckCount("route.links", route.links_size(), 1, kMaxRouteLinks); !s.ok()) return s;
  std::set<std::string> seen;
  for (const std::string& link : route.links()) {
    if (auto s = CheckId("route.links", link); !s.ok()) return s;
    if (!seen.insert(link).second) return Bad("route.links", absl::StrCat("has ", link, " twice"));
  }
  return absl::OkStatus();
}

absl::Status ValidateSids(const std::string& field,
                          const google::protobuf::RepeatedField<uint32_t>& sids, int least) {
  if (auto s = CheckCount(field, sids.size(), least, kMaxUsids); !s.ok()) return s;
  for (int i = 0; i < sids.size(); ++i) {
    const std::string element = absl::StrCat(field, "[", i, "]");
    if (auto s = CheckRange(element, sids[i], kMinNodeSid, kMaxAdjacencySid); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status ValidateSegmentList(const std::string& field, const SegmentList& list,
                                 uint32_t least_weight) {
  if (auto s = ValidateSids(field + ".sids", list.sids(), 1); !s.ok()) return s;
  if (auto s = CheckAdjacencySid(field + ".sids[0]", list.sids(0)); !s.ok()) return s;
  if (auto s = CheckRange(field + ".weight", list.weight(), least_weight, 255); !s.ok()) return s;
  return ValidateSids(field + ".probe_return_sids", list.probe_return_sids(), 0);
}

absl::Status ValidatePolicy(const PolicyObject& policy) {
  if (auto s = CheckKnown("policy", policy); !s.ok()) return s;
  if (auto s = CheckAllKnown("policy.working", policy.working()); !s.ok()) return s;
  if (auto s = CheckKnown("policy.protect", policy.protect()); !s.ok()) return s;
  if (auto s = CheckNodeSid("policy.endpoint_sid", policy.endpoint_sid()); !s.ok()) return s;
  if (auto s = CheckRange("policy.dscp", policy.dscp(), 0, kMaxDscp); !s.ok()) return s;
  if (auto s = CheckCount("policy.working", policy.working_size(), 0, kMaxSegmentLists); !s.ok()) {
    return s;
  }
  for (int i = 0; i < policy.working_size(); ++i) {
    const std::string field = absl::StrCat("policy.working[", i, "]");
    if (auto s = ValidateSegmentList(field, policy.working(i), 1); !s.ok()) return s;
  }
  if (policy.has_protect()) {
    // The protect list stands alone, so its weight says nothing: 0 is as good as any.
    if (auto s = ValidateSegmentList("policy.protect", policy.protect(), 0); !s.ok()) return s;
  }
  if (policy.probe_interval_us() != 0) {
    if (auto s = CheckRange("policy.probe_interval_us", policy.probe_interval_us(),
                            kMinProbeIntervalUs, kMaxProbeIntervalUs);
        !s.ok()) {
      return s;
    }
  }
  return CheckRange("policy.wait_to_restore_ms", policy.wait_to_restore_ms(), 0,
                    kMaxWaitToRestoreMs);
}

absl::Status ValidateInstance(const InstanceObject& instance) {
  if (auto s = CheckKnown("instance", instance); !s.ok()) return s;
  if (auto s = CheckRange("instance.vni", instance.vni(), 1, kMaxVni); !s.ok()) return s;
  if (!southbound::v1::InstanceType_IsValid(instance.type()) ||
      instance.type() == InstanceType::INSTANCE_TYPE_UNSPECIFIED) {
    return Bad("instance.type", absl::StrCat("is ", static_cast<int>(instance.type()),
                                             ": must be E_LINE, E_LAN or E_TREE"));
  }
  const int most = instance.type() == InstanceType::INSTANCE_E_LINE ? 1 : kMaxRemotes;
  if (auto s = CheckCount("instance.remote_sids", instance.remote_sids_size(), 0, most); !s.ok()) {
    return s;
  }
  std::set<uint32_t> seen;
  for (const uint32_t sid : instance.remote_sids()) {
    if (auto s = CheckNodeSid("instance.remote_sids", sid); !s.ok()) return s;
    if (!seen.insert(sid).second) {
      return Bad("instance.remote_sids", absl::StrCat("has ", sid, " twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status ValidateAttachment(const AttachmentObject& attachment) {
  if (auto s = CheckKnown("attachment", attachment); !s.ok()) return s;
  if (auto s = CheckAllKnown("attachment.classes", attachment.classes()); !s.ok()) return s;
  if (auto s = CheckInterface("attachment.interface", attachment.interface()); !s.ok()) return s;
  if (auto s = CheckRange("attachment.vlan", attachment.vlan(), 0, kMaxVlan); !s.ok()) return s;
  if (auto s = CheckRange("attachment.vni", attachment.vni(), 1, kMaxVni); !s.ok()) return s;
  // The marks that exist bound the list.
  constexpr int kMarks = kMaxDscp + 1 + kMaxPcp + 1;
  if (auto s = CheckCount("attachment.classes", attachment.classes_size(), 0, kMarks); !s.ok()) {
    return s;
  }
  std::bitset<kMaxDscp + 1> dscps;
  std::bitset<kMaxPcp + 1> pcps;
  for (int i = 0; i < attachment.classes_size(); ++i) {
    const ClassEntry& entry = attachment.classes(i);
    const std::string field = absl::StrCat("attachment.classes[", i, "]");
    switch (entry.mark_case()) {
      case ClassEntry::kDscp:
        if (auto s = CheckRange(field + ".dscp", entry.dscp(), 0, kMaxDscp); !s.ok()) return s;
        if (dscps.test(entry.dscp())) return Bad(field + ".dscp", "is a mark given twice");
        dscps.set(entry.dscp());
        break;
      case ClassEntry::kPcp:
        if (auto s = CheckRange(field + ".pcp", entry.pcp(), 0, kMaxPcp); !s.ok()) return s;
        if (pcps.test(entry.pcp())) return Bad(field + ".pcp", "is a mark given twice");
        pcps.set(entry.pcp());
        break;
      case ClassEntry::MARK_NOT_SET:
        return Bad(field, "has no mark: give dscp or pcp");
    }
  }
  return absl::OkStatus();
}

bool IsPlain(char c) { return c > 0x20 && c < 0x7f; }

}  // namespace

bool IsValidId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdLength && std::all_of(id.begin(), id.end(), IsPlain);
}

bool IsValidInterface(std::string_view name) {
  if (name.empty() || name.size() > kMaxInterfaceLength || name == "." || name == "..") {
    return false;
  }
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return IsPlain(c) && c != '/' && c != ':'; });
}

absl::Status ValidateForm(const Object& object, std::string_view own_node) {
  if (object.kind_case() != Object::KIND_NOT_SET) {
    if (auto s = CheckKnown("object", object); !s.ok()) return s;
  }
  switch (object.kind_case()) {
    case Object::kNode:
      return ValidateNode(object.node(), own_node);
    case Object::kLink:
      return ValidateLink(object.link());
    case Object::kRoute:
      return ValidateRoute(object.route());
    case Object::kPolicy:
      return ValidatePolicy(object.policy());
    case Object::kInstance:
      return ValidateInstance(object.instance());
    case Object::kAttachment:
      return ValidateAttachment(object.attachment());
    case Object::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "object.kind is not set, or of a kind that this agent does not know: upgrade the agent");
}

absl::Status ValidateKey(std::string_view key) {
  if (key.size() > kMaxKeyLength) {
    return Bad("delete",
               absl::StrCat("is a key of ", key.size(), " bytes: at most ", kMaxKeyLength));
  }
  const int rank = DependencyRank(key);
  if (rank >= static_cast<int>(kKindsInOrder.size()) ||
      !std::all_of(key.begin(), key.end(), IsPlain)) {
    return Bad("delete", "is no object key: must be KIND:ID, e.g. \"route:17\"");
  }
  return absl::OkStatus();
}

int DependencyRank(std::string_view key) {
  for (size_t rank = 0; rank < kKindsInOrder.size(); ++rank) {
    if (key.substr(0, kKindsInOrder[rank].size()) == kKindsInOrder[rank]) {
      return static_cast<int>(rank);
    }
  }
  return static_cast<int>(kKindsInOrder.size());
}

}  // namespace waymark

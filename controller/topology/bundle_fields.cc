#include "controller/topology/bundle_fields.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/limits.h"
#include "controller/topology/snapshot.h"
#include "controller/topology/text.h"

namespace waymark {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

struct NameField {
  std::string_view message;  // empty: any
  std::string_view field;
  NameKind kind;
};

constexpr NameField kNameFields[] = {
    {"Node", "name", {"nodes", false}},
    {"Link", "name", {"links", false}},
    {"Srlg", "name", {"srlgs", false}},
    {"Customer", "name", {"customers", false}},
    {"Site", "name", {"sites", true}},
    {"TrafficClass", "name", {"trafficClasses", false}},
    {"ClassMap", "name", {"classMaps", true}},
    {"Service", "name", {"services", true}},
    {"Link", "source", {"nodes", false}},
    {"Link", "target", {"nodes", false}},
    {"Link", "reverse", {"links", false}},
    {"", "srlgs", {"srlgs", false}},
    {"Site", "node", {"nodes", false}},
    {"", "traffic_class", {"trafficClasses", false}},
    {"ClassMap", "default_class", {"trafficClasses", false}},
    {"Service", "class_map", {"classMaps", true}},
    {"ServiceEndpoint", "site", {"sites", true}},
};

struct FieldRange {
  std::string_view field;
  Range range;
  std::string_view message = {};  // empty: any
};

constexpr FieldRange kRanges[] = {
    {"latitude", {-90, 90}},
    {"longitude", {-180, 180}},
    {"igp_metric", {0, (1 << 24) - 1}},
    {"te_metric", {0, (1 << 24) - 1}},
    {"cost", {0, 1e9}},
    {"mtbf_hours", {0, kMaxReliabilityHours}},
    {"mttr_hours", {0, kMaxReliabilityHours}},
    {"queue", {0, 7}},
    {"dscp", {0, 63}},
    {"pcp", {0, 7}},
    {"vlan", {0, 4094}},
    {"max_paths", {0, 8}},
    {"max_hops", {0, 64}},
    {"max_stretch", {0, 1000}},
    {"availability_target", {0, kMaxAvailabilityTarget}},
    {"setup_priority", {0, 7}},
    {"hold_priority", {0, 7}},
    {"oversubscription", {0, 100}, "Link"},
    {"oversubscription", {0, 1000}, "TrafficClass"},
    {"burst_bytes", {0, 1e9}},
};

constexpr auto kOutputOnly = std::to_array<std::string_view>(
    {"node_sid", "loopback", "adjacency_sid", "class_index", "vni", "revision", "status"});

std::string_view View(const std::string& s) { return s; }

bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

absl::Status BadId(std::string_view text, NameKind kind) {
  return absl::InvalidArgumentError(absl::StrCat(
      Quote(text), " is no valid name: write ", kind.owned ? "CUSTOMER/ID" : "ID", " or ",
      kind.owned ? "customers/CUSTOMER/" : "", kind.collection,
      "/ID, where ID is 1 to 63 of a-z 0-9 . - and begins and ends with a letter or digit"));
}

}  // namespace

std::optional<NameKind> NameKindOf(const FieldDescriptor& field) {
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return std::nullopt;
  for (const NameField& entry : kNameFields) {
    if (entry.field == View(field.name()) &&
        (entry.message.empty() || entry.message == View(field.containing_type()->name()))) {
      return entry.kind;
    }
  }
  return std::nullopt;
}

absl::StatusOr<std::string> ExpandName(NameKind kind, std::string_view text,
                                       std::string_view owner) {
  std::string_view id = text;
  std::string infix = std::string(kind.collection) + "/";
  if (!kind.owned) {
    ConsumePrefix(id, infix);
    if (!IsResourceId(id)) return BadId(text, kind);
    return infix.append(id);
  }
  const bool full = ConsumePrefix(id, "customers/");
  const size_t slash = id.find('/');
  if (slash != std::string_view::npos) {
    owner = id.substr(0, slash);
    id.remove_prefix(slash + 1);
    if (full && !ConsumePrefix(id, infix)) return BadId(text, kind);
  } else if (full) {
    return BadId(text, kind);
  }
  if (!IsResourceId(owner) || !IsResourceId(id)) return BadId(text, kind);
  return std::string("customers/").append(owner).append("/").append(infix).append(id);
}

bool IsOutputOnly(const FieldDescriptor& field) {
  return std::ranges::find(kOutputOnly, View(field.name())) != kOutputOnly.end();
}

void ClearOutputOnly(Message& message) {
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    if (IsOutputOnly(*field) || field->name() == "etag") {
      reflection.ClearField(&message, field);
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && field->is_repeated()) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        ClearOutputOnly(*reflection.MutableRepeatedMessage(&message, field, i));
      }
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      ClearOutputOnly(*reflection.MutableMessage(&message, field));
    }
  }
}

bool IsBitRate(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 && View(field.name()).ends_with("_bps");
}

bool IsDuration(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 && View(field.name()).ends_with("_ns");
}

std::optional<Range> RangeOf(const FieldDescriptor& field) {
  if (IsBitRate(field)) {
    // A link without capacity is no link; elsewhere zero means "not stated".
    const bool link = View(field.containing_type()->name()) == "Link";
    return Range{link ? 1.0 : 0.0, static_cast<double>(kMaxRateBps)};
  }
  if (IsDuration(field)) {
    const bool link = View(field.containing_type()->name()) == "Link";
    return Range{0, static_cast<double>(link ? kMaxLinkDelayNs : kMaxDelayBoundNs)};
  }
  for (const FieldRange& entry : kRanges) {
    if (entry.field == View(field.name()) &&
        (entry.message.empty() || entry.message == View(field.containing_type()->name()))) {
      return entry.range;
    }
  }
  return std::nullopt;
}

}  // namespace waymark

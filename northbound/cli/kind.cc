#include "northbound/cli/kind.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "northbound/cli/exit_code.h"

namespace waymark::cli {
namespace {

std::vector<std::string> Segments(std::string_view name) {
  return absl::StrSplit(absl::string_view(name.data(), name.size()), '/');
}

const std::vector<KindInfo>& Table() {
  static const auto* const kTable = new std::vector<KindInfo>{
      {Kind::kNode, "node", "nodes", {"no", "pop", "pops"}, "nodes", "nodes", false},
      {Kind::kLink, "link", "links", {"li"}, "links", "links", false},
      {Kind::kSrlg, "srlg", "srlgs", {"risk", "risks"}, "srlgs", "srlgs", false},
      {Kind::kCustomer, "customer", "customers", {"cu"}, "customers", "customers", false},
      {Kind::kSite, "site", "sites", {"si"}, "sites", "sites", true},
      {Kind::kTrafficClass,
       "class",
       "classes",
       {"cl", "trafficclass", "trafficclasses", "traffic_class", "traffic_classes"},
       "trafficClasses",
       "traffic_classes",
       false},
      {Kind::kClassMap,
       "classmap",
       "classmaps",
       {"cm", "class_map", "class_maps"},
       "classMaps",
       "class_maps",
       true},
      {Kind::kService, "service", "services", {"sv", "svc"}, "services", "services", true},
      {Kind::kPolicy, "policy", "policies", {"po"}, "policies", "policies", false},
      {Kind::kAgent, "agent", "agents", {"ag"}, "agents", "agents", false},
  };
  return *kTable;
}

}  // namespace

std::span<const KindInfo> AllKinds() { return Table(); }

const KindInfo& InfoOf(Kind kind) { return Table()[static_cast<size_t>(kind)]; }

absl::StatusOr<Kind> FindKind(std::string_view word) {
  const std::string lower = absl::AsciiStrToLower(absl::string_view(word.data(), word.size()));
  std::vector<std::string> plurals;
  for (const KindInfo& info : AllKinds()) {
    if (lower == info.singular || lower == info.plural ||
        std::find(info.aliases.begin(), info.aliases.end(), lower) != info.aliases.end()) {
      return info.kind;
    }
    plurals.emplace_back(info.plural);
  }
  return UsageError(absl::StrCat("unknown kind \"", std::string(word), "\": use one of ",
                                 absl::StrJoin(plurals, ", ")));
}

absl::StatusOr<std::string> ResourceName(Kind kind, std::string_view text,
                                         std::string_view customer) {
  const KindInfo& info = InfoOf(kind);
  const std::string name(text);
  Kind found;
  if (KindOfName(text, &found)) {
    if (found == kind) return name;
    return UsageError(absl::StrCat("\"", name, "\" is the name of a ",
                                   std::string(InfoOf(found).singular), ", not of a ",
                                   std::string(info.singular)));
  }
  const std::vector<std::string> parts = Segments(text);
  if (std::any_of(parts.begin(), parts.end(), [](const auto& p) { return p.empty(); })) {
    return UsageError(absl::StrCat("\"", name, "\" is no name of a ", std::string(info.singular)));
  }
  if (!info.of_customer) {
    if (parts.size() == 1) return absl::StrCat(std::string(info.collection), "/", name);
    return UsageError(absl::StrCat("\"", name, "\" is no name of a ", std::string(info.singular),
                                   ": write it without \"/\""));
  }
  if (parts.size() == 2) {
    return absl::StrCat("customers/", parts[0], "/", std::string(info.collection), "/", parts[1]);
  }
  if (parts.size() == 1 && !customer.empty()) {
    return absl::StrCat("customers/", std::string(customer), "/", std::string(info.collection), "/",
                        name);
  }
  return UsageError(absl::StrCat("\"", name, "\" does not say whose ", std::string(info.singular),
                                 " it is: write CUSTOMER/NAME, e.g. bank/", parts.back(),
                                 ", or add --customer CUSTOMER"));
}

bool KindOfName(std::string_view name, Kind* kind) {
  const std::vector<std::string> parts = Segments(name);
  for (const KindInfo& info : AllKinds()) {
    const bool match =
        info.of_customer
            ? parts.size() == 4 && parts[0] == "customers" && parts[2] == info.collection
            : parts.size() == 2 && parts[0] == info.collection && !parts[1].empty();
    if (match) {
      *kind = info.kind;
      return true;
    }
  }
  return false;
}

std::string ShortName(std::string_view name) {
  Kind kind;
  if (!KindOfName(name, &kind)) return std::string(name);
  const std::vector<std::string> parts = Segments(name);
  return parts.size() == 4 ? absl::StrCat(parts[1], "/", parts[3]) : parts[1];
}

std::string CustomerOf(std::string_view name) {
  const std::vector<std::string> parts = Segments(name);
  return parts.size() >= 2 && parts[0] == "customers" ? parts[1] : "";
}

const std::string& NameOf(const v1::Resource& resource) {
  static const std::string* const kNone = new std::string;
  switch (resource.kind_case()) {
    case v1::Resource::kNode:
      return resource.node().name();
    case v1::Resource::kLink:
      return resource.link().name();
    case v1::Resource::kSrlg:
      return resource.srlg().name();
    case v1::Resource::kCustomer:
      return resource.customer().name();
    case v1::Resource::kSite:
      return resource.site().name();
    case v1::Resource::kTrafficClass:
      return resource.traffic_class().name();
    case v1::Resource::kClassMap:
      return resource.class_map().name();
    case v1::Resource::kService:
      return resource.service().name();
    case v1::Resource::kPolicy:
      return resource.policy().name();
    case v1::Resource::kAgent:
      return resource.agent().name();
    case v1::Resource::KIND_NOT_SET:
      break;
  }
  return *kNone;
}

}  // namespace waymark::cli

// The kinds of resource that the command line knows, and the short names it accepts for them.
#ifndef WAYMARK_NORTHBOUND_CLI_KIND_H_
#define WAYMARK_NORTHBOUND_CLI_KIND_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "waymark/v1/resources.pb.h"

namespace waymark::cli {

enum class Kind {
  kNode,
  kLink,
  kSrlg,
  kCustomer,
  kSite,
  kTrafficClass,
  kClassMap,
  kService,
  kPolicy,
  kAgent,
};

struct KindInfo {
  Kind kind;
  // What help and messages call it, and what it is called in the plural.
  std::string_view singular;
  std::string_view plural;
  // Further words that FindKind takes.
  std::vector<std::string_view> aliases;
  // The segment in resource names: "trafficClasses".
  std::string_view collection;
  // The field of waymark.v1.Bundle, and the key in JSON and YAML: "traffic_classes".
  std::string_view field;
  // Names are "customers/{customer}/COLLECTION/{id}".
  bool of_customer;
};

// In the order in which help lists them.
std::span<const KindInfo> AllKinds();
const KindInfo& InfoOf(Kind kind);

// By singular, plural or alias, upper or lower case. A usage error lists the kinds.
absl::StatusOr<Kind> FindKind(std::string_view word);

// "zrh" -> "nodes/zrh", "bank/core" -> "customers/bank/services/core"; a full name of that kind is
// kept. `customer`: the owner of a name that does not say it; may be empty. A usage error when the
// owner is unknown or the name is of another kind. Whether the id is well-formed is the server's to
// say.
absl::StatusOr<std::string> ResourceName(Kind kind, std::string_view text,
                                         std::string_view customer);

// The reverse: "nodes/zrh" -> "zrh", "customers/bank/services/core" -> "bank/core". Anything else
// is kept.
std::string ShortName(std::string_view name);
// "customers/bank/services/core" -> "bank"; empty for names that no customer owns.
std::string CustomerOf(std::string_view name);
// The kind that a full resource name is of. NOT a usage error: false when it is none.
bool KindOfName(std::string_view name, Kind* kind);

const std::string& NameOf(const v1::Resource& resource);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_KIND_H_

// Where each kind of resource is kept in the store.
#ifndef WAYMARK_CONTROLLER_STORE_RESOURCE_KEY_H_
#define WAYMARK_CONTROLLER_STORE_RESOURCE_KEY_H_

#include <string>
#include <string_view>

namespace waymark {

inline constexpr std::string_view kNodePrefix = "node:";
inline constexpr std::string_view kLinkPrefix = "link:";
inline constexpr std::string_view kSrlgPrefix = "srlg:";
inline constexpr std::string_view kCustomerPrefix = "customer:";
inline constexpr std::string_view kSitePrefix = "site:";
inline constexpr std::string_view kTrafficClassPrefix = "trafficclass:";
inline constexpr std::string_view kClassMapPrefix = "classmap:";
inline constexpr std::string_view kServicePrefix = "service:";
inline constexpr std::string_view kPlacementPrefix = "placement:";
inline constexpr std::string_view kMeshRoutesPrefix = "mesh:";
inline constexpr std::string_view kGuaranteePrefix = "guarantee:";
inline constexpr std::string_view kMeasuredPrefix = "measured:";
inline constexpr std::string_view kRequestPrefix = "request:";
inline constexpr std::string_view kMetaPrefix = "meta:";
inline constexpr std::string_view kAllocatorKey = "meta:allocator";
inline constexpr std::string_view kFreezeKey = "meta:freeze";
inline constexpr std::string_view kRolloutKey = "meta:rollout";

// prefix + resource name.
inline std::string StoreKey(std::string_view prefix, std::string_view name) {
  return std::string(prefix).append(name);
}

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_RESOURCE_KEY_H_

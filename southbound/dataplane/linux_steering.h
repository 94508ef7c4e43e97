// Steering: nftables turns (mark, VTEP) of an encapsulated frame into the policy's binding SID and
// outer DSCP.
//
// One map lookup each, however many policies there are. What has no entry is dropped and counted,
// never sent along the underlay's route.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_STEERING_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_STEERING_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "southbound/dataplane/linux_netlink.h"

struct nft_ctx;

namespace waymark {

struct SteeringSpec {
  uint32_t color = 0;
  uint32_t endpoint_sid = 0;
  uint8_t dscp = 0;
  bool operator==(const SteeringSpec&) const = default;
};

// The table itself with its chains and empty maps. `rules` is a digest of them as the kernel lists
// them.
struct SteeringTableSpec {
  uint64_t rules = 0;
  bool operator==(const SteeringTableSpec&) const = default;
};

std::string KeyOf(const SteeringSpec& spec);
std::string KeyOf(const SteeringTableSpec& spec);

// Messages that add or delete an element of one of the two maps, and what a dump of one says; for
// Steering and its tests.
enum class SteeringMap { kBinding, kDscp };
NetlinkMessage SteeringMessage(uint16_t type, SteeringMap map, const SteeringSpec& spec);
// By (color, endpoint_sid): the DSCP; from the map of binding SIDs 0, or kHalfAnEntry if it is not
// the policy's. Elements of another form are left out.
inline constexpr uint8_t kHalfAnEntry = 255;
std::map<std::pair<uint32_t, uint32_t>, uint8_t> ParseSteering(const nlmsghdr* message,
                                                               SteeringMap map);

// One thread at a time. Rules go through libnftables; elements through netlink itself, which takes
// a hundredth of the time.
class Steering {
 public:
  Steering();
  ~Steering();
  Steering(const Steering&) = delete;
  Steering& operator=(const Steering&) = delete;

  // Opens sockets in the calling thread's namespace.
  absl::Status Open();

  // One transaction each.
  absl::Status Install(const SteeringTableSpec& spec);
  absl::Status Uninstall(const SteeringTableSpec& spec);
  absl::Status Install(const SteeringSpec& spec, const SteeringSpec* before);
  absl::Status Uninstall(const SteeringSpec& spec);

  // Null table: there is none. An entry of which only half stands is reported with a DSCP of 255.
  absl::Status Dump(const std::function<void(const SteeringTableSpec&)>& table,
                    const std::function<void(const SteeringSpec&)>& entry);
  // What Install(SteeringTableSpec) leaves behind, as Debian 12's nft lists it; after the first
  // Install, as this one does.
  uint64_t expected_rules() const { return expected_rules_; }

 private:
  absl::StatusOr<std::string> Run(const std::string& commands, const std::string& what);
  absl::StatusOr<uint64_t> RulesDigest();

  nft_ctx* context_ = nullptr;
  std::unique_ptr<NetlinkSocket> kernel_;
  uint64_t expected_rules_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_STEERING_H_

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
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

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

// What `nft -j list map` printed for the map of binding SIDs or of DSCPs. Elements of another form
// are left out.
std::map<std::pair<uint32_t, uint32_t>, uint8_t> ParseDscpMap(std::string_view json);
std::map<std::pair<uint32_t, uint32_t>, std::string> ParseBindingMap(std::string_view json);

// One thread at a time. Works in the network namespace of the thread that made it.
class Steering {
 public:
  Steering();
  ~Steering();
  Steering(const Steering&) = delete;
  Steering& operator=(const Steering&) = delete;

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

  nft_ctx* context_;
  uint64_t expected_rules_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_STEERING_H_

// Which pieces of kernel state an object implies.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_COMPILE_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_COMPILE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "southbound/dataplane/linux_policies.h"
#include "southbound/dataplane/linux_state.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// By key (controller/base/object.h).
using LinuxObjects = std::map<std::string, southbound::v1::Object>;

// Addresses of a link's ends are derived from its SIDs, so that both ends derive the same and
// nothing is configured: with S the lower of the two directions' SIDs, the end that sends with S
// has fd01:0:S::1, the other fd01:0:S::2 (/64).
Ipv6 OwnLinkAddress(const southbound::v1::LinkObject& link);
Ipv6 FarLinkAddress(const southbound::v1::LinkObject& link);

std::string BridgeName(uint32_t vni);
std::string TunnelName(uint32_t vni);

// Pure but for one question to the kernel.
class LinuxCompiler {
 public:
  // The number of an interface, 0 if there is none.
  using IndexOf = std::function<int(const std::string&)>;

  LinuxCompiler(const LinuxObjects& objects, IndexOf index_of)
      : objects_(objects), index_of_(std::move(index_of)) {}

  // In the order of installation. `group`: of a policy. FAILED_PRECONDITION: what it refers to is
  // missing; UNAVAILABLE: its interface is.
  absl::StatusOr<std::vector<Piece>> Compile(const southbound::v1::Object& object,
                                             uint32_t group) const;
  // Keys of objects whose pieces depend on this one.
  std::vector<std::string> Dependents(const southbound::v1::Object& object) const;
  Policies::FirstHops FirstHops() const;

 private:
  using Pieces = absl::StatusOr<std::vector<Piece>>;
  Pieces CompileNode(const southbound::v1::NodeObject& node) const;
  Pieces CompileLink(const southbound::v1::LinkObject& link) const;
  Pieces CompileRoute(const southbound::v1::RouteObject& route) const;
  Pieces CompilePolicy(const southbound::v1::PolicyObject& policy, uint32_t group) const;
  Pieces CompileInstance(const southbound::v1::InstanceObject& instance) const;
  Pieces CompileAttachment(const southbound::v1::AttachmentObject& attachment) const;
  const southbound::v1::NodeObject* node() const;
  // The other attachment of an E-Line that ends twice here; null if there is none.
  const southbound::v1::AttachmentObject* OtherEnd(
      const southbound::v1::AttachmentObject& attachment) const;

  const LinuxObjects& objects_;
  IndexOf index_of_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_COMPILE_H_

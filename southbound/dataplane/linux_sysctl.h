// Kernel settings under /proc/sys/net, of the calling thread's network namespace.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_SYSCTL_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_SYSCTL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace waymark {

// The calling thread works in a network namespace for as long as this lives, and then where it did
// before. No effect with a descriptor below 0.
class NamespaceScope {
 public:
  explicit NamespaceScope(int namespace_fd);
  ~NamespaceScope();
  NamespaceScope(const NamespaceScope&) = delete;
  NamespaceScope& operator=(const NamespaceScope&) = delete;

 private:
  int home_ = -1;
};

// A descriptor of namespace `name` as `ip netns` knows it. NOT_FOUND. The caller closes it.
absl::StatusOr<int> OpenNamespace(const std::string& name);

// `path` is "net/ipv6/conf/all/forwarding". NOT_FOUND: the kernel has no such setting (or no such
// interface).
absl::StatusOr<std::string> ReadSysctl(const std::string& path);
// No write when the value is already there.
absl::Status WriteSysctl(const std::string& path, const std::string& value);
// On a device that must not speak IPv6 for itself.
absl::Status DisableIpv6(const std::string& device);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_SYSCTL_H_

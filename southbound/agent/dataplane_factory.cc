#include "southbound/agent/dataplane_factory.h"

#include "absl/strings/str_cat.h"
#include "southbound/dataplane/linux_dataplane.h"
#include "southbound/dataplane/remote_sim_dataplane.h"

namespace waymark {
namespace {

constexpr char kSimPrefix[] = "sim:";

}  // namespace

absl::StatusOr<std::unique_ptr<DataPlane>> MakeDataPlane(const std::string& kind,
                                                         const std::string& node,
                                                         Metrics* metrics) {
  if (kind == "linux") {
    LinuxDataPlaneOptions options;
    options.metrics = metrics;
    return MakeLinuxDataPlane(options);
  }
  if (kind.rfind(kSimPrefix, 0) == 0 && kind.size() > sizeof(kSimPrefix) - 1) {
    return std::make_unique<RemoteSimDataPlane>(kind.substr(sizeof(kSimPrefix) - 1), node);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--dataplane is \"", kind, "\": must be linux or sim:SOCKET"));
}

}  // namespace waymark

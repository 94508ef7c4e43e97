// The class behind MakeLinuxDataPlane. For this folder alone.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_SWITCH_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_SWITCH_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "southbound/dataplane/dataplane.h"
#include "southbound/dataplane/linux_compile.h"
#include "southbound/dataplane/linux_dataplane.h"
#include "southbound/dataplane/linux_policies.h"
#include "southbound/dataplane/linux_prober.h"
#include "southbound/dataplane/linux_state.h"

namespace waymark {

// Three threads: the agent's calls the public methods, the watcher's hears of interfaces, the
// prober's (linux_prober.h) moves policies. The first two share what mutex_ guards; the third waits
// for neither.
class LinuxDataPlane final : public DataPlane {
 public:
  LinuxDataPlane(const LinuxDataPlaneOptions& options, int namespace_fd)
      : clock_(*options.clock), metrics_(options.metrics), namespace_fd_(namespace_fd) {}
  ~LinuxDataPlane() override;

  std::string name() const override { return "linux"; }
  absl::Status Start(EventSink sink) override;
  absl::Status Put(const southbound::v1::Object& object) override;
  absl::Status Remove(const southbound::v1::Object& object) override;
  absl::StatusOr<Report> Reconcile(const std::vector<southbound::v1::Object>& expected,
                                   bool repair) override;
  std::vector<southbound::v1::Event> Observe() override;

 private:
  LinuxCompiler Compiler(const LinuxObjects& objects) {
    return {objects, [this](const std::string& n) { return state_.kernel().InterfaceIndex(n); }};
  }
  absl::Status PutLocked(const southbound::v1::Object& object);
  absl::Status Make(const std::string& key, const southbound::v1::Object& object);
  absl::Status CheckNode(const southbound::v1::Object& object) const;
  absl::Status StartProber(const southbound::v1::Object& node);
  absl::Status Refresh();
  absl::Status Take(const std::string& key, const southbound::v1::Object& object);
  absl::StatusOr<std::vector<Piece>> Wanted(const LinuxObjects& objects,
                                            const southbound::v1::Object& object);
  void Inspect(const LinuxObjects& wanted, const std::vector<southbound::v1::Object>& expected,
               Report& report);
  void Repair(LinuxObjects wanted, const std::vector<southbound::v1::Object>& expected,
              Report& report);
  void RememberLink(const southbound::v1::Object& object);

  // The watcher's thread.
  void Watch();
  void InterfaceChanged(int index, const std::string& name, bool present, bool running);
  void Heal(const std::string& interface);
  void ListInterfaces();
  void ExportCounters();

  const Clock& clock_;
  Metrics* const metrics_;
  const int namespace_fd_;
  EventSink sink_;

  std::mutex mutex_;
  KernelState state_;
  LinuxObjects objects_;
  // As of the last Refresh.
  std::map<PolicyId, uint32_t> groups_;
  // Puts that were UNAVAILABLE: tried again when an interface comes.
  LinuxObjects waiting_;

  std::mutex links_mutex_;
  std::map<std::string, std::string> link_of_interface_;
  std::map<std::string, bool> link_up_;
  std::map<std::string, std::pair<int, bool>> interfaces_;  // number, running

  Policies policies_;
  std::unique_ptr<Prober> prober_;
  std::unique_ptr<NetlinkSocket> watched_;
  int stop_fd_ = -1;
  Policies::Counters exported_;
  std::thread watcher_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_SWITCH_H_

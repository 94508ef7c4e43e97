// The proof's ground in the Linux kernel: a network namespace a switch and a host, virtual Ethernet
// for fibre, captures in every switch's namespace.
#ifndef WAYMARK_TESTS_LAB_LINUX_WORLD_H_
#define WAYMARK_TESTS_LAB_LINUX_WORLD_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/lab/capture.h"
#include "tests/lab/netns.h"
#include "tests/lab/world.h"

namespace waymark::lab {

class LinuxWorld final : public World {
 public:
  // Namespaces are called `prefix` + node, and `prefix` + "h-" + customer + "-" + place for hosts.
  explicit LinuxWorld(const std::string& prefix) : set_(prefix) {}
  ~LinuxWorld() override;

  std::string name() const override { return "linux"; }
  absl::Status Build(const Carrier& carrier) override;
  std::vector<std::string> AgentFlags(const std::string& node) const override;
  absl::Status SendFrame(const std::string& site, const std::string& frame) override;
  void Forget() override;
  absl::StatusOr<std::string> WaitForFrame(const std::string& site, const std::string& token,
                                           absl::Duration timeout) override;
  std::vector<std::string> Arrived(const std::string& site, const std::string& token) override;
  std::vector<Sighting> Seen(const std::string& frame) override;
  absl::Status CutLink(const LabLink& link) override;
  absl::Status RestoreLink(const LabLink& link) override;
  absl::StatusOr<StreamResult> Stream(const LabHost& from, const LabHost& to, const Mark& mark,
                                      absl::Duration duration,
                                      const std::function<absl::Status()>& meanwhile) override;
  absl::StatusOr<std::string> NeighbourDiscovery(const LabHost& from, const LabHost& to) override;
  absl::StatusOr<std::string> TcpTransfer(const LabHost& from, const LabHost& to) override;
  std::string TryCommand(const LabHost& from, const LabHost& to) const override;

 private:
  struct Host {
    LabHost host;
    std::string netns;
    std::unique_ptr<PacketSocket> socket;
    std::vector<std::string> arrived;  // bounded
  };

  static std::string HostNamespace(const LabHost& host);
  absl::Status ConfigureHost(const Host& host);
  void Receive();
  void StartCapture();

  NetnsSet set_;
  Carrier carrier_;
  // Link id by (namespace, interface).
  std::map<std::pair<std::string, std::string>, std::string> link_of_;
  std::map<std::string, Host> hosts_;  // by site
  std::mutex mutex_;                   // guards Host::arrived
  std::unique_ptr<Capture> capture_;
  int stop_ = -1;  // eventfd
  std::thread receiver_;
};

}  // namespace waymark::lab

#endif  // WAYMARK_TESTS_LAB_LINUX_WORLD_H_

// The proof's ground in the simulated fabric: one process that plays every switch's kernel, the
// wires and the hosts.
#ifndef WAYMARK_TESTS_LAB_SIM_WORLD_H_
#define WAYMARK_TESTS_LAB_SIM_WORLD_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/lab/process.h"
#include "tests/lab/world.h"
#include "waymark/sim/v1/sim.grpc.pb.h"

namespace waymark::lab {

class SimWorld final : public World {
 public:
  // Starts `program` (waymark-sim-fabric) with its socket and log in `folder`.
  SimWorld(std::string program, std::string folder);

  std::string name() const override { return "sim"; }
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
  // Takes what waits at a host into `arrived_`.
  void Collect(const std::string& site, absl::Duration wait);
  absl::Status Exchange(const LabHost& from, const LabHost& to, const std::string& question);

  const std::string program_;
  const std::string folder_;
  Process process_;
  std::unique_ptr<sim::v1::SimFabricService::Stub> stub_;
  Carrier carrier_;
  std::map<std::string, std::vector<std::string>> arrived_;  // by site
  std::vector<std::pair<std::string, uint64_t>> sent_;       // frame, its id in the fabric
};

}  // namespace waymark::lab

#endif  // WAYMARK_TESTS_LAB_SIM_WORLD_H_

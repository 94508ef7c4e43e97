// Judges what the simulated switches do with frames, knowing only what was asked for, which fibres
// are cut and what the kernels hold; nothing of how the controller came to it.
//
// At every moment, whatever has failed: no frame goes in a loop, reaches a stranger, crosses a
// place that its class forbids, or takes another way than one that its pinned policy was given. And
// once frames of a flow have arrived, they go on arriving as long as one of the segment lists that
// the headend holds for them is whole, but for the time that probes need to find a failure.
#ifndef WAYMARK_TESTS_SIM_ORACLE_H_
#define WAYMARK_TESTS_SIM_ORACLE_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/object.h"
#include "tests/sim/small_world.h"
#include "tests/system/simulated_carrier.h"

namespace waymark {

class Oracle {
 public:
  // Both must outlive it.
  Oracle(SimulatedCarrier& carrier, const SmallWorld& world);

  // After the carrier's resources are stored, and after each commit.
  void ReadStore();
  // As stored.
  void ServiceWanted(const v1::Service& service);
  void ServiceGone(const std::string& name);
  void WireChanged(const std::string& fibre, bool whole);
  // The switch's kernel has lost something; it counts as broken until it holds all again.
  void Wiped(const std::string& node);

  // Sends frames: of all flows, or of those that enter at a node, or of some at a time in turn.
  void CheckAll();
  void CheckFrom(const std::string& node);
  void CheckSome(size_t flows);
  // A kernel holds what its agent keeps, but for what the agent knows to be missing.
  void CheckKernel(const std::string& node);
  // Everything has settled: what was before is over. Every flow must arrive, but for those of
  // policies that the view calls BLOCKED.
  void CheckSettled();

  const std::vector<std::string>& violations() const { return violations_; }
  int64_t frames() const { return frames_; }

 private:
  struct Flow {
    std::string service, from, to;   // sites
    std::string from_node, to_node;  // ids
    uint8_t mark = 0;
    uint32_t vlan = 0, vni = 0;
    bool wanted = true;
    bool established = false;  // frames have arrived
    absl::Duration empty_since = absl::InfiniteDuration();
  };
  // One way that a frame, or a copy of it, went.
  struct Copy {
    std::string start, end;  // nodes
    uint32_t color = 0;
    std::vector<std::string> links;
    std::string drop;  // the reason; empty: it was delivered
  };
  using Paths = std::set<std::vector<std::string>>;

  void Check(Flow* flow);
  std::vector<Copy> Travel(const Flow& flow, bool* arrived);
  void CheckCopy(const Flow& flow, const Copy& copy);
  void CheckPinned(const Flow& flow, const Copy& copy);
  void CheckLoss(Flow* flow, const std::vector<Copy>& copies);
  void CheckEmpty(Flow* flow, const Copy& copy);
  // Why a frame that was dropped here should have passed; empty: it need not have.
  std::string WhyWrong(const Flow& flow, const Copy& copy);
  // Of a segment list: whether frames can pass, and when that last changed.
  std::pair<bool, absl::Duration> Whole(const southbound::v1::SegmentList& list) const;
  bool IsWiped(const std::string& node);
  std::string HostOf(const std::string& site) const;
  std::string MacOf(const std::string& site) const;
  const v1::TrafficClass* ClassOf(uint32_t color) const;
  std::string PolicyOf(const Copy& copy, const std::string& end) const;
  void Violation(const Flow& flow, const std::string& text);

  SimulatedCarrier& carrier_;
  const SmallWorld& world_;
  std::map<std::string, std::string> node_of_site_;                  // ids
  std::map<std::string, std::string> jurisdiction_;                  // by node id
  std::map<std::string, std::pair<std::string, std::string>> ends_;  // by link id: nodes
  std::map<uint32_t, std::string> link_of_sid_;
  std::map<std::string, uint32_t> sid_of_node_;
  std::map<uint32_t, v1::TrafficClass> classes_;  // by index
  Revision read_ = -1;
  // By policy name: every working and protect path since the last time that all was settled.
  std::map<std::string, Paths> paths_;
  // By link id, both directions: whole, since when.
  std::map<std::string, std::pair<bool, absl::Duration>> wires_;
  std::set<std::string> wiped_;
  std::map<std::string, absl::Duration> restored_;  // when they held all again
  std::vector<Flow> flows_;
  // By service: hosts that may get its frames.
  std::map<std::string, std::set<std::string>> hosts_;
  size_t next_ = 0;
  uint16_t port_ = 1000;
  int64_t frames_ = 0;
  std::vector<std::string> violations_;
};

}  // namespace waymark

#endif  // WAYMARK_TESTS_SIM_ORACLE_H_

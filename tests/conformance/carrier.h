// A carrier as the suite thinks of it: switches, links and services by name, turned into southbound
// objects as a controller would, and put into the data planes of a world.
#ifndef WAYMARK_TESTS_CONFORMANCE_CARRIER_H_
#define WAYMARK_TESTS_CONFORMANCE_CARRIER_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/conformance/frames.h"
#include "tests/conformance/world.h"

namespace waymark {

struct PolicySpec {
  uint32_t color = 0;
  uint32_t dscp = 0;
  // Links in travel order, "a-b".
  std::vector<std::vector<std::string>> working;
  std::vector<uint32_t> weights;  // empty: all 1
  std::vector<std::string> protect;
  uint32_t probe_interval_us = 0;
  uint32_t wait_to_restore_ms = 0;
};

struct AttachmentSpec {
  uint32_t vlan = 0;
  uint32_t default_color = 0;
  std::map<uint32_t, uint32_t> color_of_dscp;
  std::map<uint32_t, uint32_t> color_of_pcp;
  bool leaf = false;
};

// Failures of the world are test failures. One thread.
class TestCarrier {
 public:
  static constexpr absl::Duration kDeadline = absl::Seconds(10);

  explicit TestCarrier(DataPlaneWorld& world) : world_(world) {}

  // Puts the NodeObject too. SIDs count from 1.
  void AddSwitch(const std::string& node);
  // Links "a-b" and "b-a"; a parallel one has a suffix: "a-b2", "b-a2". The interface is named as
  // the link.
  void AddLink(const std::string& a, const std::string& b, const std::string& suffix = "");
  // Switches and links of a line, e.g. {"a", "b", "c"}.
  void AddLine(const std::vector<std::string>& nodes);
  // Puts shortest-path RouteObjects everywhere. After the last link.
  void PutRoutes();
  // At port "p-HOST". MAC addresses count from 02:00:00:00:00:01.
  void AddHost(const std::string& host, const std::string& node);

  southbound::v1::Object NodeObjectOf(const std::string& node) const;
  southbound::v1::Object LinkObjectOf(const std::string& link) const;
  southbound::v1::Object PolicyObjectOf(const std::string& head, const std::string& endpoint,
                                        const PolicySpec& spec) const;
  southbound::v1::Object InstanceObjectOf(uint32_t vni, southbound::v1::InstanceType type,
                                          const std::vector<std::string>& remotes) const;
  southbound::v1::Object AttachmentObjectOf(const std::string& host, uint32_t vni,
                                            const AttachmentSpec& spec) const;

  // Puts and expects OK. Remembered in `expected`.
  void Put(const std::string& node, const southbound::v1::Object& object);
  void Remove(const std::string& node, const southbound::v1::Object& object);
  void PutPolicy(const std::string& head, const std::string& endpoint, const PolicySpec& spec);
  // Policies along shortest paths between all pairs.
  void PutMesh(uint32_t color, uint32_t dscp, const std::vector<std::string>& nodes);
  // An instance at each host's switch, remotes the switches of the others, and attachments with one
  // spec.
  void PutService(uint32_t vni, southbound::v1::InstanceType type,
                  const std::vector<std::string>& hosts, const AttachmentSpec& spec);
  // Every object put and not removed, in dependency order.
  std::vector<southbound::v1::Object> Expected(const std::string& node) const;

  std::vector<std::string> ShortestPath(const std::string& from, const std::string& to) const;
  uint32_t Sid(const std::string& node) const { return node_sids_.at(node); }
  uint32_t Adjacency(const std::string& link) const { return links_.at(link).adjacency; }
  std::string Mac(const std::string& host) const { return hosts_.at(host).mac; }
  WorldPort Wire(const std::string& link) const { return {links_.at(link).from, link}; }

  // Sends to one host's MAC address, with a new text; returns the text.
  std::string Send(const std::string& from, const std::string& to, FrameSpec spec = {});
  // Broadcast, or to `spec.to`.
  std::string SendTo(const std::string& from, FrameSpec spec);
  void SendRaw(const std::string& from, const std::string& frame);
  // Frames with the text that the host has received since the start.
  std::vector<std::string> Seen(const std::string& host, const std::string& text);
  // True once the host has a frame with the text.
  bool Arrives(const std::string& host, const std::string& text);
  // Drains first.
  bool Absent(const std::string& host, const std::string& text);
  // The links by which customers' packets left while `action` ran and what it sent arrived; ->
  // packets.
  std::map<std::string, uint64_t> Crossed(const std::function<void()>& action);
  // Links that a frame from one host to the other takes; empty if it does not arrive.
  std::set<std::string> PathTaken(const std::string& from, const std::string& to,
                                  const FrameSpec& spec = {});
  // Teaches every bridge both hosts' addresses.
  void Acquaint(const std::string& one, const std::string& other, const FrameSpec& spec = {});

 private:
  struct Link {
    std::string from, to, reverse;
    uint32_t adjacency = 0;
  };
  struct Host {
    std::string node, mac;
    std::vector<std::string> frames;
  };

  southbound::v1::SegmentList ListOf(const std::vector<std::string>& links, uint32_t weight,
                                     const PolicySpec& spec) const;
  std::map<std::string, uint64_t> Counters();

  DataPlaneWorld& world_;
  std::map<std::string, uint32_t> node_sids_;
  std::map<std::string, Link> links_;
  std::map<std::string, Host> hosts_;
  std::map<std::string, std::map<std::string, southbound::v1::Object>> objects_;
  uint32_t next_adjacency_ = 0x8000;
  int next_text_ = 1;
};

}  // namespace waymark

#endif  // WAYMARK_TESTS_CONFORMANCE_CARRIER_H_

// What the proof needs of the ground that it stands on: switches with wires and customers' hosts,
// real or simulated.
#ifndef WAYMARK_TESTS_LAB_WORLD_H_
#define WAYMARK_TESTS_LAB_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "tests/lab/frame.h"

namespace waymark::lab {

// One direction of a fibre.
struct LabLink {
  std::string id;  // "zrh--fra"
  std::string source, target;
  std::string interface;  // on source
  std::string reverse;    // link id
};

struct LabHost {
  std::string site;  // "storage/fra"
  std::string customer;
  std::string node, port;
  HostAddress address;
};

struct Carrier {
  std::vector<std::string> nodes;
  std::map<std::string, std::string> jurisdictions;  // by node
  std::map<std::string, LabLink> links;              // by id
  std::map<std::string, LabHost> hosts;              // by site
  // (node, port) of ports that are wired to nobody in particular, for trying services on.
  std::vector<std::pair<std::string, std::string>> spare_ports;
};

// A customer's frame seen on its way over a link.
struct Sighting {
  std::string link;
  uint8_t outer_dscp = 0;
  bool fragmented = false;
};

struct StreamResult {
  int sent = 0;
  int received = 0;
  int duplicated = 0;
  // Longest time between two arrivals.
  absl::Duration longest_gap;
  int lost() const { return sent - received; }
};

class World {
 public:
  virtual ~World() = default;

  virtual std::string name() const = 0;
  // Switches, wires and hosts. Undone by the destructor.
  virtual absl::Status Build(const Carrier& carrier) = 0;
  // What to add to waymark-agent's command line.
  virtual std::vector<std::string> AgentFlags(const std::string& node) const = 0;

  virtual absl::Status SendFrame(const std::string& site, const std::string& frame) = 0;
  // Forgets what has arrived at hosts and been seen on links.
  virtual void Forget() = 0;
  // Waits until a frame that contains `token` has arrived at `site`; the frame, or
  // DEADLINE_EXCEEDED.
  virtual absl::StatusOr<std::string> WaitForFrame(const std::string& site,
                                                   const std::string& token,
                                                   absl::Duration timeout) = 0;
  // All frames that arrived at a site since Forget and contain `token`.
  virtual std::vector<std::string> Arrived(const std::string& site, const std::string& token) = 0;
  // Every link that a packet with this whole frame in it was sent over since Forget, in order of
  // time. (A part is not enough: hosts answer with ICMP errors that quote what they got.)
  virtual std::vector<Sighting> Seen(const std::string& frame) = 0;

  // Both directions of a fibre.
  virtual absl::Status CutLink(const LabLink& link) = 0;
  virtual absl::Status RestoreLink(const LabLink& link) = 0;

  // 1,000 frames a second of `from` to `to` for `duration`; `meanwhile` runs after a fifth of it,
  // on the caller's thread.
  virtual absl::StatusOr<StreamResult> Stream(const LabHost& from, const LabHost& to,
                                              const Mark& mark, absl::Duration duration,
                                              const std::function<absl::Status()>& meanwhile) = 0;

  // What hosts' own stacks make of the LAN: a line of what was measured, or what went wrong.
  // UNIMPLEMENTED where hosts have no stack of their own.
  virtual absl::StatusOr<std::string> NeighbourDiscovery(const LabHost& from,
                                                         const LabHost& to) = 0;
  virtual absl::StatusOr<std::string> TcpTransfer(const LabHost& from, const LabHost& to) = 0;
  // How a person can send something in this world, for the hints.
  virtual std::string TryCommand(const LabHost& from, const LabHost& to) const = 0;
};

}  // namespace waymark::lab

#endif  // WAYMARK_TESTS_LAB_WORLD_H_

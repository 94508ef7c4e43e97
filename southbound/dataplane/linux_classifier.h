// The classifier (linux_classifier.bpf.c): its programs and maps in the kernel, and the filters
// that run them.
//
// Nothing is pinned to a file system: the filter on the anchor device refers to every map, so an
// agent that starts finds the maps of its predecessor through it.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_CLASSIFIER_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_CLASSIFIER_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "southbound/dataplane/linux_specs.h"

struct bpf_object;

namespace waymark {

enum class Program : uint8_t { kEnter, kExit, kQueue, kKeeper, kBlock };
enum class Direction : uint8_t { kIngress, kEgress };

// A program at a device.
struct FilterSpec {
  std::string device;
  Direction direction = Direction::kIngress;
  Program program = Program::kEnter;
  // False for one that stands in the kernel but is of other make: never what is wanted.
  bool current = true;
  bool operator==(const FilterSpec&) const = default;
};

// How an attachment's frames enter.
struct EntrySpec {
  enum class Deliver : uint8_t { kBridge, kRelay, kTunnel, kPort };
  std::string device;
  uint16_t vlan = 0;  // 0: whole port
  uint32_t default_color = 0;
  Deliver deliver = Deliver::kBridge;
  std::string target;  // empty for kBridge
  uint16_t out_vlan = 0;
  bool operator==(const EntrySpec&) const = default;
};

struct ClassSpec {
  std::string device;
  uint16_t vlan = 0;
  bool pcp = false;
  uint8_t value = 0;
  uint32_t color = 0;
  bool operator==(const ClassSpec&) const = default;
};

// What becomes of frames that leave through `device`.
struct ExitSpec {
  std::string device;
  std::string target;  // empty: the port itself
  uint16_t vlan = 0;
  bool operator==(const ExitSpec&) const = default;
};

// Packets with this outer DSCP have this priority (an HTB class id, 0: the default class).
struct DscpSpec {
  uint8_t dscp = 0;
  uint32_t priority = 0;
  bool operator==(const DscpSpec&) const = default;
};

std::string KeyOf(const FilterSpec& spec);
std::string KeyOf(const EntrySpec& spec);
std::string KeyOf(const ClassSpec& spec);
std::string KeyOf(const ExitSpec& spec);
std::string KeyOf(const DscpSpec& spec);

// One thread at a time. Methods return as linux_specs.h's Install and Uninstall.
class Classifier {
 public:
  Classifier();
  ~Classifier();
  Classifier(const Classifier&) = delete;
  Classifier& operator=(const Classifier&) = delete;

  // Loads the programs, on the maps that the anchor device's filter refers to if there are any.
  // FAILED_PRECONDITION says which right or kernel feature is missing.
  absl::Status Open(NetlinkSocket& kernel);

  absl::Status Install(NetlinkSocket& kernel, const FilterSpec& spec);
  absl::Status Install(NetlinkSocket& kernel, const EntrySpec& spec);
  absl::Status Install(NetlinkSocket& kernel, const ClassSpec& spec);
  absl::Status Install(NetlinkSocket& kernel, const ExitSpec& spec);
  absl::Status Install(NetlinkSocket& kernel, const DscpSpec& spec);
  absl::Status Uninstall(NetlinkSocket& kernel, const FilterSpec& spec);
  absl::Status Uninstall(NetlinkSocket& kernel, const EntrySpec& spec);
  absl::Status Uninstall(NetlinkSocket& kernel, const ClassSpec& spec);
  absl::Status Uninstall(NetlinkSocket& kernel, const ExitSpec& spec);
  absl::Status Uninstall(NetlinkSocket& kernel, const DscpSpec& spec);

  // Everything held. O(entries).
  using FilterVisitor = std::function<void(const FilterSpec&)>;
  absl::Status DumpFilters(NetlinkSocket& kernel, const InterfaceNames& names,
                           const FilterVisitor& visit);
  void DumpEntries(const InterfaceNames& names, const std::function<void(const EntrySpec&)>& visit);
  void DumpClasses(const InterfaceNames& names, const std::function<void(const ClassSpec&)>& visit);
  void DumpExits(const InterfaceNames& names, const std::function<void(const ExitSpec&)>& visit);
  void DumpQueues(const std::function<void(const DscpSpec&)>& visit);

 private:
  enum Map { kAttachments, kClasses, kExits, kQueues, kMaps };

  absl::Status AdoptMaps(NetlinkSocket& kernel);
  // What the filter of this device and direction runs.
  std::optional<FilterSpec> DescribeFilter(uint32_t program_id, const std::string& device,
                                           Direction direction);
  absl::Status Update(Map map, const void* key, const void* value, const std::string& what);
  absl::Status Delete(Map map, const void* key, const std::string& what);

  bpf_object* object_ = nullptr;
  std::array<int, kMaps> maps_{};
  std::array<uint32_t, kMaps> map_ids_{};
  std::array<int, 5> programs_{};
  std::array<uint64_t, 5> tags_{};
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_CLASSIFIER_H_

#include "southbound/dataplane/linux_queues.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

// Ours is told from an operator's by its number.
constexpr uint32_t kMajor = 0x5700u << 16;
constexpr uint32_t kRootClass = kMajor | 1;
constexpr uint32_t kFirstQueueClass = 0x10;
constexpr uint32_t kQueues = 8;
constexpr char kHtb[] = "htb";
// Bursts of at least one 64 kB segmentation-offload packet, or two milliseconds of the rate.
constexpr uint64_t kLeastBurst = 128 << 10;
constexpr uint64_t kBurstMicroseconds = 2'000;
constexpr uint64_t kTicksPerMicrosecond = 1'000 >> 6;  // PSCHED_SHIFT
constexpr uint64_t kMicrosecondsPerSecond = 1'000'000;
constexpr uint32_t kQuantum = 9'000;
// A queue holds at most 20 ms of the link.
constexpr uint64_t kQueueMicroseconds = 20'000;
constexpr uint32_t kLeastQueueBytes = 256 << 10;

uint32_t BurstTicks(uint64_t rate) {
  const uint64_t bytes = std::max(kLeastBurst, rate * kBurstMicroseconds / kMicrosecondsPerSecond);
  const uint64_t ticks =
      bytes * kMicrosecondsPerSecond / std::max<uint64_t>(rate, 1) * kTicksPerMicrosecond;
  return static_cast<uint32_t>(std::clamp<uint64_t>(ticks, 1, UINT32_MAX));
}

uint32_t Rate32(uint64_t rate) {
  return static_cast<uint32_t>(std::min<uint64_t>(rate, UINT32_MAX));
}

tcmsg& PutHeader(NetlinkMessage& message, int device, uint32_t parent, uint32_t handle) {
  auto& header = message.Header<tcmsg>();
  header.tcm_ifindex = device;
  header.tcm_parent = parent;
  header.tcm_handle = handle;
  return header;
}

absl::Status AddRoot(NetlinkSocket& kernel, int device, const std::string& what) {
  NetlinkMessage message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
  PutHeader(message, device, TC_H_ROOT, kMajor);
  message.Text(TCA_KIND, kHtb);
  nlattr* options = message.BeginNest(TCA_OPTIONS | NLA_F_NESTED);
  tc_htb_glob global{};
  global.version = TC_HTB_PROTOVER;
  global.rate2quantum = 10;
  global.defcls = kFirstQueueClass;
  message.Struct(TCA_HTB_INIT, global);
  message.EndNest(options);
  return kernel.Request(message, what);
}

struct ClassRates {
  uint64_t rate = 0;
  uint64_t ceil = 0;
  uint32_t priority = 0;
};

absl::Status SetClass(NetlinkSocket& kernel, int device, uint32_t parent, uint32_t id,
                      const ClassRates& rates, const std::string& what) {
  NetlinkMessage message(RTM_NEWTCLASS, NLM_F_CREATE | NLM_F_REPLACE);
  PutHeader(message, device, parent, id);
  message.Text(TCA_KIND, kHtb);
  nlattr* options = message.BeginNest(TCA_OPTIONS | NLA_F_NESTED);
  tc_htb_opt opt{};
  opt.rate.rate = Rate32(rates.rate);
  opt.ceil.rate = Rate32(rates.ceil);
  opt.rate.linklayer = opt.ceil.linklayer = TC_LINKLAYER_ETHERNET;
  opt.buffer = BurstTicks(rates.rate);
  opt.cbuffer = BurstTicks(rates.ceil);
  opt.quantum = kQuantum;
  opt.prio = rates.priority;
  message.Struct(TCA_HTB_PARMS, opt);
  message.U64(TCA_HTB_RATE64, rates.rate);
  message.U64(TCA_HTB_CEIL64, rates.ceil);
  message.EndNest(options);
  return kernel.Request(message, what);
}

absl::Status SetLimit(NetlinkSocket& kernel, int device, uint32_t id, uint64_t capacity,
                      const std::string& what) {
  NetlinkMessage message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
  PutHeader(message, device, id, (0x5710u + (id & 0xf)) << 16);
  message.Text(TCA_KIND, "bfifo");
  tc_fifo_qopt limit{};
  limit.limit = static_cast<uint32_t>(std::clamp<uint64_t>(
      capacity * kQueueMicroseconds / kMicrosecondsPerSecond, kLeastQueueBytes, UINT32_MAX));
  message.Struct(TCA_OPTIONS, limit);
  return kernel.Request(message, what);
}

uint32_t ClassOf(uint32_t queue) { return kMajor | (kFirstQueueClass + queue); }

absl::Status SetQueue(NetlinkSocket& kernel, int device, const QueuesSpec& spec, uint32_t queue,
                      uint64_t guaranteed) {
  const ClassRates rates{guaranteed, spec.capacity, kQueues - 1 - queue};
  absl::Status status = SetClass(kernel, device, kRootClass, ClassOf(queue), rates, KeyOf(spec));
  return status.ok() ? SetLimit(kernel, device, ClassOf(queue), spec.capacity, KeyOf(spec))
                     : status;
}

}  // namespace

uint32_t QueueClassId(uint32_t queue) { return ClassOf(queue); }

std::string KeyOf(const QueuesSpec& spec) { return "queues:" + spec.device; }

absl::Status Install(NetlinkSocket& kernel, const QueuesSpec& spec, const QueuesSpec* before) {
  const int device = kernel.InterfaceIndex(spec.device);
  if (device == 0) {
    return absl::UnavailableError(
        absl::StrCat(KeyOf(spec), ": no interface \"", spec.device, "\" yet"));
  }
  absl::Status status = absl::OkStatus();
  if (before == nullptr) status = AddRoot(kernel, device, KeyOf(spec));
  if (status.ok()) {
    status = SetClass(kernel, device, kMajor, kRootClass, {spec.capacity, spec.capacity, 0},
                      KeyOf(spec));
  }
  for (const auto& [queue, guaranteed] : spec.guaranteed) {
    if (status.ok()) status = SetQueue(kernel, device, spec, queue, guaranteed);
  }
  if (before == nullptr || !status.ok()) return status;
  for (const auto& [queue, guaranteed] : before->guaranteed) {
    if (spec.guaranteed.contains(queue)) continue;
    NetlinkMessage message(RTM_DELTCLASS, 0);
    PutHeader(message, device, kRootClass, ClassOf(queue));
    const absl::Status removed = kernel.Request(message, "remove a class of " + KeyOf(spec));
    if (!removed.ok() && !absl::IsNotFound(removed)) status = removed;
  }
  return status;
}

absl::Status Uninstall(NetlinkSocket& kernel, const QueuesSpec& spec) {
  const int device = kernel.InterfaceIndex(spec.device);
  if (device == 0) return absl::OkStatus();
  NetlinkMessage message(RTM_DELQDISC, 0);
  PutHeader(message, device, TC_H_ROOT, kMajor);
  const absl::Status status = kernel.Request(message, "remove " + KeyOf(spec));
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::Status DumpQueues(NetlinkSocket& kernel, const InterfaceNames& names,
                        const std::function<void(const QueuesSpec&)>& visit) {
  std::vector<int> devices;
  NetlinkMessage dump(RTM_GETQDISC, NLM_F_DUMP);
  dump.Header<tcmsg>();
  absl::Status status = kernel.Query(dump, "list queueing disciplines", [&](const nlmsghdr* m) {
    const auto* qdisc = NetlinkHeader<tcmsg>(m);
    if (qdisc != nullptr && qdisc->tcm_handle == kMajor) devices.push_back(qdisc->tcm_ifindex);
  });
  for (int device : devices) {
    const auto name = names.find(device);
    if (name == names.end()) continue;
    QueuesSpec spec{.device = name->second};
    NetlinkMessage classes(RTM_GETTCLASS, NLM_F_DUMP);
    PutHeader(classes, device, 0, 0);
    const absl::Status listed = kernel.Query(classes, "list classes", [&](const nlmsghdr* m) {
      const auto* entry = NetlinkHeader<tcmsg>(m);
      if (entry == nullptr) return;
      const NetlinkAttributes options = NetlinkAttributes(m, sizeof(tcmsg)).Nest(TCA_OPTIONS);
      const auto opt = options.Get<tc_htb_opt>(TCA_HTB_PARMS);
      const uint64_t rate =
          options.Has(TCA_HTB_RATE64) ? options.Get<uint64_t>(TCA_HTB_RATE64) : opt.rate.rate;
      if (entry->tcm_handle == kRootClass) spec.capacity = rate;
      const uint32_t minor = entry->tcm_handle & 0xffff;
      if (minor >= kFirstQueueClass && minor < kFirstQueueClass + kQueues) {
        spec.guaranteed[minor - kFirstQueueClass] = rate;
      }
    });
    if (!listed.ok()) status = listed;
    visit(spec);
  }
  return status;
}

}  // namespace waymark

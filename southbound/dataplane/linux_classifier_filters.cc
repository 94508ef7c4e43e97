#include "southbound/dataplane/linux_classifier_filters.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

namespace waymark {
namespace {

// Fixed, so that a later agent finds and replaces the filter of an earlier one.
constexpr uint32_t kHandle = 1;
constexpr uint32_t kPriority = 1;
constexpr char kClsact[] = "clsact";
constexpr char kBpf[] = "bpf";

uint32_t ParentOf(Direction direction) {
  return TC_H_MAKE(TC_H_CLSACT,
                   direction == Direction::kIngress ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
}

NetlinkMessage FilterMessage(uint16_t type, uint16_t flags, int device, Direction direction) {
  NetlinkMessage message(type, flags);
  auto& header = message.Header<tcmsg>();
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = device;
  header.tcm_parent = ParentOf(direction);
  header.tcm_handle = kHandle;
  header.tcm_info = TC_H_MAKE(kPriority << 16, htons(ETH_P_ALL));
  message.Text(TCA_KIND, kBpf);
  return message;
}

absl::Status AddHook(NetlinkSocket& kernel, int device, const std::string& what) {
  NetlinkMessage message(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL);
  auto& header = message.Header<tcmsg>();
  header.tcm_ifindex = device;
  header.tcm_parent = TC_H_CLSACT;
  header.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
  message.Text(TCA_KIND, kClsact);
  const absl::Status status = kernel.Request(message, what);
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

}  // namespace

absl::Status AttachFilter(NetlinkSocket& kernel, int device, Direction direction, int program_fd,
                          const std::string& name, const std::string& what) {
  if (absl::Status status = AddHook(kernel, device, what); !status.ok()) return status;
  NetlinkMessage message = FilterMessage(RTM_NEWTFILTER, NLM_F_CREATE, device, direction);
  nlattr* options = message.BeginNest(TCA_OPTIONS | NLA_F_NESTED);
  message.U32(TCA_BPF_FD, program_fd);
  message.Text(TCA_BPF_NAME, name);
  message.U32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
  message.EndNest(options);
  return kernel.Request(message, what);
}

absl::Status DetachFilter(NetlinkSocket& kernel, int device, Direction direction,
                          const std::string& what) {
  if (FilterProgramId(kernel, device, direction) == 0) return absl::OkStatus();
  NetlinkMessage message = FilterMessage(RTM_DELTFILTER, 0, device, direction);
  const absl::Status status = kernel.Request(message, what);
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

uint32_t FilterProgramId(NetlinkSocket& kernel, int device, Direction direction) {
  NetlinkMessage dump(RTM_GETTFILTER, NLM_F_DUMP);
  auto& header = dump.Header<tcmsg>();
  header.tcm_ifindex = device;
  header.tcm_parent = ParentOf(direction);
  uint32_t id = 0;
  const absl::Status status = kernel.Query(dump, "list filters", [&id](const nlmsghdr* m) {
    const auto* filter = NetlinkHeader<tcmsg>(m);
    if (filter == nullptr || filter->tcm_handle != kHandle ||
        TC_H_MAJ(filter->tcm_info) >> 16 != kPriority) {
      return;
    }
    const NetlinkAttributes attributes(m, sizeof(tcmsg));
    if (attributes.Text(TCA_KIND) != kBpf) return;
    id = attributes.Nest(TCA_OPTIONS).Get<uint32_t>(TCA_BPF_ID);
  });
  return status.ok() ? id : 0;
}

absl::Status ListHookedDevices(NetlinkSocket& kernel, std::vector<int>* devices) {
  NetlinkMessage dump(RTM_GETQDISC, NLM_F_DUMP);
  dump.Header<tcmsg>();
  return kernel.Query(dump, "list queueing disciplines", [devices](const nlmsghdr* m) {
    const auto* qdisc = NetlinkHeader<tcmsg>(m);
    if (qdisc == nullptr) return;
    if (NetlinkAttributes(m, sizeof(tcmsg)).Text(TCA_KIND) == kClsact) {
      devices->push_back(qdisc->tcm_ifindex);
    }
  });
}

}  // namespace waymark

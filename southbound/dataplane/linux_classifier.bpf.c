// The edge's and the queues' programs (tc, direct action).
//
// Inside the carrier, a frame that came by a VLAN attachment carries an 802.1ad service tag in place of its own: so it
// can't be mistaken for a whole-port frame with a tag of the customer's (IEEE 802.1Q clause 15). The tag keeps the PCP.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "southbound/dataplane/linux_classifier_maps.h"

#define MAX_ATTACHMENTS 16384
#define MAX_CLASSES 262144
#define PCP_MASK 0xe000
#define VLAN_MASK 0x0fff

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, MAX_ATTACHMENTS);
  __type(key, struct waymark_port);
  __type(value, struct waymark_attachment);
} wm_attachments SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, MAX_CLASSES);
  __type(key, struct waymark_class);
  __type(value, __u32);
} wm_classes SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, MAX_ATTACHMENTS);
  __type(key, __u32);
  __type(value, struct waymark_exit);
} wm_exits SEC(".maps");

// Outer DSCP -> skb->priority, which HTB takes for a class id.
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 64);
  __type(key, __u32);
  __type(value, __u32);
} wm_queues SEC(".maps");

static __always_inline int is_service_tag(const struct __sk_buff *skb) {
  return skb->vlan_present && skb->vlan_proto == bpf_htons(ETH_P_8021AD);
}

static __always_inline int dscp_of(__u16 protocol, const __u8 *bytes) {
  if (protocol == bpf_htons(ETH_P_IP)) return bytes[0] == 0 ? -1 : bytes[1] >> 2;
  if (protocol == bpf_htons(ETH_P_IPV6)) return (bytes[0] & 15) << 2 | bytes[1] >> 6;
  return -1;
}

static __always_inline __u32 color_of(struct __sk_buff *skb, const struct waymark_port *port,
                                      const struct waymark_attachment *attachment) {
  struct waymark_class key = {.ifindex = port->ifindex, .vlan = port->vlan};
  __u32 *color;
  if (skb->vlan_present) {
    key.kind = WAYMARK_PCP;
    key.value = skb->vlan_tci >> 13 & 7;
    color = bpf_map_lookup_elem(&wm_classes, &key);
    if (color) return *color;
  }
  // The tag, if any, is outside the frame's bytes; what stands at 12 is the inner type.
  __u16 protocol;
  __u8 bytes[2];
  if (bpf_skb_load_bytes(skb, 12, &protocol, 2) == 0 && bpf_skb_load_bytes(skb, 14, bytes, 2) == 0) {
    int dscp = dscp_of(protocol, bytes);
    if (dscp >= 0) {
      key.kind = WAYMARK_DSCP;
      key.value = dscp;
      color = bpf_map_lookup_elem(&wm_classes, &key);
      if (color) return *color;
    }
  }
  return attachment->default_color;
}

// Customer's form -> carrier's form. 0 or an error.
static __always_inline int to_carrier(struct __sk_buff *skb, __u16 vlan) {
  __u16 pcp = skb->vlan_present ? skb->vlan_tci & PCP_MASK : 0;
  if (vlan != WAYMARK_WHOLE_PORT) {
    int error = bpf_skb_vlan_pop(skb);
    return error ? error : bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), pcp | vlan);
  }
  // A customer's own service tag must not be taken for ours.
  if (is_service_tag(skb)) return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021AD), pcp);
  return 0;
}

// Carrier's form -> customer's form.
static __always_inline int to_customer(struct __sk_buff *skb, __u16 vlan) {
  __u16 pcp = skb->vlan_present ? skb->vlan_tci & PCP_MASK : 0;
  int priority_tag = skb->vlan_present && !is_service_tag(skb) && !(skb->vlan_tci & VLAN_MASK);
  if (is_service_tag(skb) || (vlan && priority_tag)) {
    int error = bpf_skb_vlan_pop(skb);
    if (error) return error;
  }
  return vlan ? bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), pcp | vlan) : 0;
}

// IEEE 802.1Q table 8-1: no bridge forwards these; Linux's would hand them to the switch's own stack.
static __always_inline int is_for_bridges(const struct __sk_buff *skb) {
  __u8 to[ETH_ALEN];
  if (bpf_skb_load_bytes(skb, 0, to, ETH_ALEN)) return 1;
  return to[0] == 0x01 && to[1] == 0x80 && to[2] == 0xc2 && !to[3] && !to[4] && to[5] && to[5] < 16;
}

SEC("tc")
int wm_enter(struct __sk_buff *skb) {
  struct waymark_port port = {.ifindex = skb->ifindex, .vlan = WAYMARK_WHOLE_PORT};
  struct waymark_attachment *attachment = 0;
  if (skb->vlan_present && !is_service_tag(skb) && (skb->vlan_tci & VLAN_MASK)) {
    port.vlan = skb->vlan_tci & VLAN_MASK;
    attachment = bpf_map_lookup_elem(&wm_attachments, &port);
  }
  if (!attachment) {
    port.vlan = WAYMARK_WHOLE_PORT;
    attachment = bpf_map_lookup_elem(&wm_attachments, &port);
    if (!attachment) return TC_ACT_SHOT;
  }
  struct waymark_attachment to = *attachment;
  if ((to.deliver == WAYMARK_TO_BRIDGE || to.deliver == WAYMARK_TO_RELAY) && is_for_bridges(skb)) return TC_ACT_SHOT;
  __u32 color = color_of(skb, &port, &to);
  if (to_carrier(skb, port.vlan)) return TC_ACT_SHOT;
  skb->mark = color;
  switch (to.deliver) {
    case WAYMARK_TO_BRIDGE:
      return TC_ACT_OK;
    case WAYMARK_TO_RELAY:
      return bpf_redirect(to.target, BPF_F_INGRESS);
    case WAYMARK_TO_PORT:
      if (to_customer(skb, to.out_vlan)) return TC_ACT_SHOT;
      return bpf_redirect(to.target, 0);
    default:
      return bpf_redirect(to.target, 0);
  }
}

SEC("tc")
int wm_exit(struct __sk_buff *skb) {
  __u32 ifindex = skb->ifindex;
  struct waymark_exit *found = bpf_map_lookup_elem(&wm_exits, &ifindex);
  if (!found) return TC_ACT_SHOT;
  struct waymark_exit to = *found;
  if (to_customer(skb, to.vlan)) return TC_ACT_SHOT;
  return to.target ? bpf_redirect(to.target, 0) : TC_ACT_OK;
}

SEC("tc")
int wm_queue(struct __sk_buff *skb) {
  __u8 bytes[2];
  __u32 dscp = 0;
  if (skb->protocol == bpf_htons(ETH_P_IPV6) && bpf_skb_load_bytes(skb, ETH_HLEN, bytes, 2) == 0) {
    dscp = (bytes[0] & 15) << 2 | bytes[1] >> 6;
  }
  __u32 *priority = bpf_map_lookup_elem(&wm_queues, &dscp);
  if (priority) skb->priority = *priority;
  return TC_ACT_OK;
}

// At a bridge itself: what comes here is not forwarded but meant for the switch's own stack.
SEC("tc")
int wm_block(struct __sk_buff *skb) { return TC_ACT_SHOT; }

// Never sees a packet: attached to a device of ours, it keeps every map findable when nothing else is attached, and after
// a restart of the agent.
SEC("tc")
int wm_keeper(struct __sk_buff *skb) {
  struct waymark_port port = {};
  struct waymark_class class = {};
  __u32 zero = 0;
  if (bpf_map_lookup_elem(&wm_attachments, &port)) return TC_ACT_OK;
  if (bpf_map_lookup_elem(&wm_classes, &class)) return TC_ACT_OK;
  if (bpf_map_lookup_elem(&wm_exits, &zero)) return TC_ACT_OK;
  if (bpf_map_lookup_elem(&wm_queues, &zero)) return TC_ACT_OK;
  return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "GPL";

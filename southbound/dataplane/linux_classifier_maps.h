// What the classifier's programs and the agent both know. C, so that clang's BPF target can read
// it.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_CLASSIFIER_MAPS_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_CLASSIFIER_MAPS_H_

#include <linux/types.h>

// waymark_port.vlan of a whole port. No 802.1Q VLAN has this number.
#define WAYMARK_WHOLE_PORT 0xffff

enum waymark_mark_kind { WAYMARK_DSCP = 0, WAYMARK_PCP = 1 };

enum waymark_deliver {
  WAYMARK_TO_BRIDGE = 0,  // the port is in the bridge itself
  WAYMARK_TO_RELAY = 1,   // into the bridge through `target`, an IFB
  WAYMARK_TO_TUNNEL = 2,  // out of `target`, a VXLAN device
  WAYMARK_TO_PORT = 3,    // out of `target`, another customer port, as `out_vlan`
};

struct waymark_port {
  __u32 ifindex;
  __u16 vlan;
  __u16 zero;
};

struct waymark_attachment {
  __u32 default_color;
  __u32 target;
  __u16 deliver;
  __u16 out_vlan;  // 0: whole port
};

struct waymark_class {
  __u32 ifindex;
  __u16 vlan;
  __u8 kind;
  __u8 value;
};

// How frames that leave through a device reach the customer.
struct waymark_exit {
  __u32 target;  // 0: they go on as they were going
  __u16 vlan;    // 0: whole port
  __u16 zero;
};

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_CLASSIFIER_MAPS_H_

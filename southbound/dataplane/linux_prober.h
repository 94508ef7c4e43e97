// Sends the probes of every policy's segment lists and hears them come back; hears of carriers that
// go and come.
//
// A probe is an IPv6 packet to this switch's own VTEP with a segment routing header (RFC 8754) that
// leads it out along the list and back along the list's return: the other switches forward it in
// their kernels, no process of theirs takes part.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_PROBER_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_PROBER_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "controller/base/clock.h"
#include "southbound/dataplane/linux_netlink.h"
#include "southbound/dataplane/linux_policies.h"

namespace waymark {

// The packet, whole. `payload` bytes follow the UDP header.
std::vector<uint8_t> ProbePacket(const Ipv6& vtep, const Probe& probe, uint16_t port,
                                 std::span<const uint8_t> payload);

// One thread of its own, with real-time priority if that is permitted: on a busy machine probes
// that go out late would look like losses.
class Prober {
 public:
  // Both must outlive this.
  Prober(Policies& policies, const Clock& clock) : policies_(policies), clock_(clock) {}
  ~Prober();

  // Opens sockets in the calling thread's namespace and starts the thread. Carriers are reported to
  // `policies` first.
  absl::Status Start(const Ipv6& vtep);
  void Stop();
  // Wakes the thread: there may be something due earlier than it knows.
  void Wake();
  bool running() const { return thread_.joinable(); }

 private:
  void Run();
  void Send(const std::vector<Probe>& due);
  void Receive();
  void HearCarriers();
  void ListCarriers();

  Policies& policies_;
  const Clock& clock_;
  Ipv6 vtep_{};
  // Tells our probes from those of an agent before us.
  uint64_t instance_ = 0;
  int send_fd_ = -1;
  int receive_fd_ = -1;
  int wake_fd_ = -1;
  std::unique_ptr<NetlinkSocket> carriers_;
  std::unique_ptr<NetlinkSocket> lister_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_PROBER_H_

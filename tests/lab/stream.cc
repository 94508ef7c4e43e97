#include "tests/lab/stream.h"

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "absl/strings/str_format.h"
#include "controller/base/clock.h"
#include "tests/lab/netns.h"

namespace waymark::lab {
namespace {

constexpr int kPerSecond = 1000;
// After the last frame was sent: longer than any path of the example is slow.
constexpr absl::Duration kTail = absl::Milliseconds(300);
constexpr char kToken[] = "waymark-stream-";

// The measurement must not be what is late. Without the right to it, it runs at normal priority.
void RaisePriority() {
  prctl(PR_SET_TIMERSLACK, 1000);
  sched_param parameter{};
  parameter.sched_priority = 50;
  sched_setscheduler(0, SCHED_FIFO, &parameter);
}

void Send(PacketSocket& socket, const LabHost& from, const LabHost& to, const Mark& mark,
          int frames) {
  RaisePriority();
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  itimerspec every{};
  every.it_interval.tv_nsec = every.it_value.tv_nsec = 1'000'000'000 / kPerSecond;
  timerfd_settime(timer, 0, &every, nullptr);
  for (int sent = 0; sent < frames;) {
    uint64_t due = 0;
    if (read(timer, &due, sizeof due) != sizeof due) break;
    for (; due > 0 && sent < frames; --due, ++sent) {
      (void)socket.Send(UdpFrame(from.address, to.address.Mac(), to.address, mark,
                                 absl::StrFormat("%s%08d", kToken, sent)));
    }
  }
  close(timer);
}

// Counts until `done` and then for kTail.
StreamResult Count(PacketSocket& socket, int frames, const std::atomic<bool>& done) {
  RaisePriority();
  StreamResult result;
  result.sent = frames;
  std::vector<bool> got(frames);
  absl::Duration last = -absl::InfiniteDuration(), end = absl::InfiniteDuration();
  for (;;) {
    const absl::Duration now = RealClock().Monotonic();
    if (done && end == absl::InfiniteDuration()) end = now + kTail;
    if (now >= end) return result;
    const std::string frame = socket.Receive(20);
    const size_t at = frame.find(kToken);
    if (at == std::string::npos) continue;
    const int number = std::atoi(frame.c_str() + at + std::strlen(kToken));
    if (number < 0 || number >= frames) continue;
    const absl::Duration arrival = RealClock().Monotonic();
    if (last != -absl::InfiniteDuration()) {
      result.longest_gap = std::max(result.longest_gap, arrival - last);
    }
    last = arrival;
    if (got[number]) {
      ++result.duplicated;
    } else {
      got[number] = true;
      ++result.received;
    }
  }
}

}  // namespace

absl::StatusOr<StreamResult> RunStream(const std::string& from_netns, const std::string& to_netns,
                                       const LabHost& from, const LabHost& to, const Mark& mark,
                                       absl::Duration duration,
                                       const std::function<absl::Status()>& meanwhile) {
  absl::StatusOr<PacketSocket> out = PacketSocket::Open(from_netns, "eth0");
  if (!out.ok()) return out.status();
  absl::StatusOr<PacketSocket> in = PacketSocket::Open(to_netns, "eth0");
  if (!in.ok()) return in.status();
  const int frames = static_cast<int>(absl::ToInt64Milliseconds(duration)) * kPerSecond / 1000;
  std::atomic<bool> done = false;
  StreamResult result;
  std::thread receiver([&] { result = Count(*in, frames, done); });
  std::thread sender([&] {
    Send(*out, from, to, mark, frames);
    done = true;
  });
  poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(duration) / 5));
  absl::Status status = meanwhile ? meanwhile() : absl::OkStatus();
  sender.join();
  receiver.join();
  if (!status.ok()) return status;
  return result;
}

}  // namespace waymark::lab

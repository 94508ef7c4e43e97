// Captures VXLAN packets as they leave any interface of many namespaces, in order of time.
#ifndef WAYMARK_TESTS_LAB_CAPTURE_H_
#define WAYMARK_TESTS_LAB_CAPTURE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace waymark::lab {

struct CapturedPacket {
  int64_t time_ns = 0;
  std::string netns, interface;
  std::string bytes;  // from the outer Ethernet header on, at most 2,048
};

// A packet socket a namespace with a kernel filter, read by one thread. Keeps the last 20,000
// packets.
class Capture {
 public:
  static absl::StatusOr<std::unique_ptr<Capture>> Start(const std::vector<std::string>& netns);
  ~Capture();

  // Those that contain `token`, oldest first. What was sent before the call is included.
  std::vector<CapturedPacket> Find(const std::string& token);

 private:
  struct Source {
    int fd = -1;
    std::string netns;
    std::map<int, std::string> interfaces;
  };

  Capture() = default;
  void Run();
  void Drain(const Source& source);

  std::vector<Source> sources_;
  int wake_ = -1;  // eventfd: stop
  std::thread thread_;
  std::mutex mutex_;
  std::vector<CapturedPacket> packets_;
};

}  // namespace waymark::lab

#endif  // WAYMARK_TESTS_LAB_CAPTURE_H_

// Netlink requests to the kernel's routing subsystem (RFC 3549), each confirmed by an
// acknowledgement.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_NETLINK_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_NETLINK_H_

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/base/srv6.h"

namespace waymark {

// One request under construction. Attributes are appended in order. At most kCapacity bytes:
// callers bound what they put in (the largest, a segment list of eleven carriers, takes 300).
class NetlinkMessage {
 public:
  static constexpr size_t kCapacity = 8192;

  NetlinkMessage(uint16_t type, uint16_t flags);

  // The fixed header of the message type: ifinfomsg, rtmsg, ...
  template <typename T>
  T& Header() {
    return *static_cast<T*>(mnl_nlmsg_put_extra_header(header(), sizeof(T)));
  }
  void Bytes(uint16_t type, std::span<const uint8_t> value);
  void Address(uint16_t type, const Ipv6& value) { Bytes(type, value); }
  template <typename T>
  void Struct(uint16_t type, const T& value) {
    mnl_attr_put(header(), type, sizeof(T), &value);
  }
  void U8(uint16_t type, uint8_t value) { Struct(type, value); }
  void U16(uint16_t type, uint16_t value) { Struct(type, value); }
  void U32(uint16_t type, uint32_t value) { Struct(type, value); }
  void U64(uint16_t type, uint64_t value) { Struct(type, value); }
  void Flag(uint16_t type) { mnl_attr_put(header(), type, 0, nullptr); }
  void Text(uint16_t type, const std::string& value) {
    mnl_attr_put_strz(header(), type, value.c_str());
  }
  // Attributes until EndNest go inside this one.
  nlattr* BeginNest(uint16_t type) { return mnl_attr_nest_start(header(), type); }
  void EndNest(nlattr* nest) { mnl_attr_nest_end(header(), nest); }

  nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }

 private:
  std::vector<uint8_t> buffer_;
};

// The attributes of a message or of a nest, by type; the last of a type wins. Built from bytes of
// any origin: what does not fit is left out. Views into the message.
class NetlinkAttributes {
 public:
  NetlinkAttributes() { attributes_.fill(nullptr); }
  // Behind a fixed header of `offset` bytes.
  NetlinkAttributes(const nlmsghdr* message, size_t offset);
  NetlinkAttributes(const void* bytes, size_t size);

  bool Has(uint16_t type) const { return Find(type) != nullptr; }
  std::span<const uint8_t> Bytes(uint16_t type) const;
  // Zero, empty when absent or of another size.
  template <typename T>
  T Get(uint16_t type) const {
    T value{};
    const std::span<const uint8_t> bytes = Bytes(type);
    if (bytes.size() >= sizeof(T)) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  std::string Text(uint16_t type) const;
  NetlinkAttributes Nest(uint16_t type) const;
  // The elements of a list, whose types don't tell them apart, in order: each as a nest. Of a nest
  // only.
  void ForEach(const std::function<void(const NetlinkAttributes&)>& visit) const;

 private:
  static constexpr size_t kMax = 96;
  const nlattr* Find(uint16_t type) const { return type < kMax ? attributes_[type] : nullptr; }
  void Parse(const void* bytes, size_t size);
  std::array<const nlattr*, kMax> attributes_;
  std::span<const uint8_t> all_;
};

// The fixed header of a message, or null if the message is too short for one.
template <typename T>
const T* NetlinkHeader(const nlmsghdr* message) {
  if (message->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(T)) return nullptr;
  return static_cast<const T*>(mnl_nlmsg_get_payload(message));
}

// A socket in the network namespace of the thread that opens it; from then on any one thread at a
// time.
class NetlinkSocket {
 public:
  using Visitor = std::function<void(const nlmsghdr*)>;

  // `groups`: RTMGRP_* bits to hear notifications of. PERMISSION_DENIED, INTERNAL.
  static absl::StatusOr<std::unique_ptr<NetlinkSocket>> Open(uint32_t groups = 0,
                                                             int protocol = NETLINK_ROUTE);
  ~NetlinkSocket();
  NetlinkSocket(const NetlinkSocket&) = delete;
  NetlinkSocket& operator=(const NetlinkSocket&) = delete;

  // Sends and waits for the acknowledgement. A kernel that is briefly out of per-CPU memory, as it
  // is in bursts of seg6 objects, is asked again for up to 100 ms. Errors carry `what` and the
  // kernel's own words: NOT_FOUND (no such object), ALREADY_EXISTS, UNAVAILABLE (no such
  // interface), PERMISSION_DENIED, UNIMPLEMENTED, INTERNAL.
  absl::Status Request(NetlinkMessage& message, const std::string& what);
  // `message` asks for a dump or for one object (NLM_F_DUMP or not); `visit` sees each answer. A
  // dump that the kernel says was torn by a change is repeated before `visit` sees any of it.
  absl::Status Query(NetlinkMessage& message, const std::string& what, const Visitor& visit);
  // An nfnetlink transaction: all of the messages take effect, at one instant, or none.
  absl::Status Transaction(std::vector<NetlinkMessage>& messages, const std::string& what);
  // Reads notifications that wait, without blocking. False if some were lost.
  bool Drain(const Visitor& visit);

  // The index of an interface; 0 if there is none of that name.
  int InterfaceIndex(const std::string& name);
  // Its IFF_* flags; 0 if there is none of that name.
  unsigned InterfaceFlags(const std::string& name);

  int fd() const { return mnl_socket_get_fd(socket_); }

 private:
  explicit NetlinkSocket(mnl_socket* socket) : socket_(socket), buffer_(1 << 17) {}
  ifinfomsg Interface(const std::string& name);
  // Reads until the answer to `sequence` is complete. Returns the error number.
  int Receive(uint32_t sequence, const Visitor* visit, std::string* reason, bool* torn);

  mnl_socket* socket_;
  std::vector<char> buffer_;
  uint32_t sequence_ = 0;
};

// "No such device" and so on as a Status whose message names `what`.
absl::Status NetlinkError(int error, const std::string& what, const std::string& reason);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_NETLINK_H_

#include "southbound/dataplane/linux_netlink.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

constexpr int kMemoryRetries = 50;
constexpr int kMemoryRetryMilliseconds = 2;
constexpr int kTornDumpRetries = 5;
// A kernel that says nothing for so long has lost our request.
constexpr int kAnswerTimeoutMilliseconds = 5'000;
constexpr int kSocketBuffer = 8 << 20;

}  // namespace

absl::Status NetlinkError(int error, const std::string& what, const std::string& reason) {
  std::string text = absl::StrCat(what, ": ", strerror(error));
  if (!reason.empty()) absl::StrAppend(&text, " (", reason, ")");
  switch (error) {
    case ENODEV:
    case ENETDOWN:
    case ENXIO:
      return absl::UnavailableError(text);
    case ENOENT:
    case ESRCH:
    case EADDRNOTAVAIL:
      return absl::NotFoundError(text);
    case EEXIST:
      return absl::AlreadyExistsError(text);
    case EPERM:
    case EACCES:
      return absl::PermissionDeniedError(text);
    case EOPNOTSUPP:
      return absl::UnimplementedError(text);
    default:
      return absl::InternalError(text);
  }
}

NetlinkMessage::NetlinkMessage(uint16_t type, uint16_t flags) : buffer_(kCapacity) {
  mnl_nlmsg_put_header(buffer_.data());
  header()->nlmsg_type = type;
  header()->nlmsg_flags = flags | NLM_F_REQUEST;
}

void NetlinkMessage::Bytes(uint16_t type, std::span<const uint8_t> value) {
  mnl_attr_put(header(), type, value.size(), value.data());
}

NetlinkAttributes::NetlinkAttributes(const nlmsghdr* message, size_t offset) {
  attributes_.fill(nullptr);
  const size_t skip = MNL_NLMSG_HDRLEN + MNL_ALIGN(offset);
  if (message->nlmsg_len < skip) return;
  Parse(reinterpret_cast<const char*>(message) + skip, message->nlmsg_len - skip);
}

NetlinkAttributes::NetlinkAttributes(const void* bytes, size_t size) {
  attributes_.fill(nullptr);
  Parse(bytes, size);
}

void NetlinkAttributes::Parse(const void* bytes, size_t size) {
  all_ = {static_cast<const uint8_t*>(bytes), size};
  const char* at = static_cast<const char*>(bytes);
  while (size >= sizeof(nlattr)) {
    const auto* attribute = reinterpret_cast<const nlattr*>(at);
    if (attribute->nla_len < sizeof(nlattr) || attribute->nla_len > size) return;
    const uint16_t type = attribute->nla_type & NLA_TYPE_MASK;
    if (type < kMax) attributes_[type] = attribute;
    const size_t step = std::min<size_t>(size, MNL_ALIGN(attribute->nla_len));
    at += step;
    size -= step;
  }
}

std::span<const uint8_t> NetlinkAttributes::Bytes(uint16_t type) const {
  const nlattr* found = Find(type);
  if (found == nullptr) return {};
  return {reinterpret_cast<const uint8_t*>(found) + sizeof(nlattr),
          found->nla_len - sizeof(nlattr)};
}

void NetlinkAttributes::ForEach(const std::function<void(const NetlinkAttributes&)>& visit) const {
  std::span<const uint8_t> left = all_;
  while (left.size() >= sizeof(nlattr)) {
    nlattr header;
    std::memcpy(&header, left.data(), sizeof header);
    if (header.nla_len < sizeof header || header.nla_len > left.size()) return;
    visit(NetlinkAttributes(left.data() + sizeof header, header.nla_len - sizeof header));
    left = left.subspan(std::min<size_t>(left.size(), MNL_ALIGN(header.nla_len)));
  }
}

std::string NetlinkAttributes::Text(uint16_t type) const {
  const std::span<const uint8_t> bytes = Bytes(type);
  const char* text = reinterpret_cast<const char*>(bytes.data());
  return bytes.empty() ? "" : std::string(text, strnlen(text, bytes.size()));
}

NetlinkAttributes NetlinkAttributes::Nest(uint16_t type) const {
  const std::span<const uint8_t> bytes = Bytes(type);
  return {bytes.data(), bytes.size()};
}

absl::StatusOr<std::unique_ptr<NetlinkSocket>> NetlinkSocket::Open(uint32_t groups, int protocol) {
  mnl_socket* socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
  if (socket == nullptr) return NetlinkError(errno, "open a netlink socket", "");
  auto result = std::unique_ptr<NetlinkSocket>(new NetlinkSocket(socket));
  const int fd = result->fd();
  int value = kSocketBuffer;
  // The limit for the unprivileged is too low for a full dump; without the right the smaller buffer
  // has to do.
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &value, sizeof value);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &value, sizeof value);
  value = 1;
  mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &value, sizeof value);
  mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &value, sizeof value);
  mnl_socket_setsockopt(socket, NETLINK_GET_STRICT_CHK, &value, sizeof value);
  if (mnl_socket_bind(socket, groups, MNL_SOCKET_AUTOPID) < 0) {
    return NetlinkError(errno, "bind a netlink socket", "");
  }
  return result;
}

NetlinkSocket::~NetlinkSocket() { mnl_socket_close(socket_); }

int NetlinkSocket::Receive(uint32_t sequence, const Visitor* visit, std::string* reason,
                           bool* torn) {
  for (;;) {
    pollfd wait{fd(), POLLIN, 0};
    if (poll(&wait, 1, kAnswerTimeoutMilliseconds) == 0) return ETIMEDOUT;
    const ssize_t size = recv(fd(), buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    int left = static_cast<int>(size);
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      if (message->nlmsg_seq != sequence) continue;
      if (message->nlmsg_flags & NLM_F_DUMP_INTR) *torn = true;
      if (message->nlmsg_type == NLMSG_DONE) return 0;
      if (message->nlmsg_type == NLMSG_ERROR) {
        const auto* error = NetlinkHeader<nlmsgerr>(message);
        if (error == nullptr) return EBADMSG;
        if (message->nlmsg_flags & NLM_F_ACK_TLVS) {
          const NetlinkAttributes extra(message, sizeof(nlmsgerr));
          *reason = extra.Text(NLMSGERR_ATTR_MSG);
        }
        return -error->error;
      }
      if (visit != nullptr) (*visit)(message);
    }
  }
}

absl::Status NetlinkSocket::Request(NetlinkMessage& message, const std::string& what) {
  message.header()->nlmsg_flags |= NLM_F_ACK;
  for (int i = 0;; ++i) {
    message.header()->nlmsg_seq = ++sequence_;
    if (mnl_socket_sendto(socket_, message.header(), message.header()->nlmsg_len) < 0) {
      return NetlinkError(errno, what, "send");
    }
    std::string reason;
    bool torn = false;
    const int error = Receive(sequence_, nullptr, &reason, &torn);
    if (error == 0) return absl::OkStatus();
    if (error != ENOMEM || i >= kMemoryRetries) return NetlinkError(error, what, reason);
    poll(nullptr, 0, kMemoryRetryMilliseconds);
  }
}

absl::Status NetlinkSocket::Query(NetlinkMessage& message, const std::string& what,
                                  const Visitor& visit) {
  const bool dump = (message.header()->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
  if (!dump) message.header()->nlmsg_flags |= NLM_F_ACK;
  for (int i = 0;; ++i) {
    // Collected first, so that a torn dump leaves no trace.
    std::vector<std::string> answers;
    const Visitor collect = [&answers](const nlmsghdr* m) {
      answers.emplace_back(reinterpret_cast<const char*>(m), m->nlmsg_len);
    };
    message.header()->nlmsg_seq = ++sequence_;
    if (mnl_socket_sendto(socket_, message.header(), message.header()->nlmsg_len) < 0) {
      return NetlinkError(errno, what, "send");
    }
    std::string reason;
    bool torn = false;
    const int error = Receive(sequence_, &collect, &reason, &torn);
    if (error != 0) return NetlinkError(error, what, reason);
    if (torn && i < kTornDumpRetries) continue;
    for (const std::string& answer : answers) {
      visit(reinterpret_cast<const nlmsghdr*>(answer.data()));
    }
    return absl::OkStatus();
  }
}

absl::Status NetlinkSocket::Transaction(std::vector<NetlinkMessage>& messages,
                                        const std::string& what) {
  std::vector<uint8_t> bytes;
  const auto append = [&bytes](const nlmsghdr* message) {
    const auto* from = reinterpret_cast<const uint8_t*>(message);
    bytes.insert(bytes.end(), from, from + MNL_ALIGN(message->nlmsg_len));
  };
  const auto mark = [&](uint16_t type) {
    NetlinkMessage message(type, 0);
    message.Header<nfgenmsg>().res_id = htons(NFNL_SUBSYS_NFTABLES);
    message.header()->nlmsg_seq = ++sequence_;
    append(message.header());
    return sequence_;
  };
  const uint32_t begin = mark(NFNL_MSG_BATCH_BEGIN);
  for (NetlinkMessage& message : messages) {
    message.header()->nlmsg_flags |= NLM_F_ACK;
    message.header()->nlmsg_seq = ++sequence_;
    append(message.header());
  }
  mark(NFNL_MSG_BATCH_END);
  if (mnl_socket_sendto(socket_, bytes.data(), bytes.size()) < 0) {
    return NetlinkError(errno, what, "send");
  }
  // One answer a message, but a single one for all if even the beginning is refused.
  size_t answers = 0;
  int error = 0;
  while (answers < messages.size()) {
    pollfd wait{fd(), POLLIN, 0};
    if (poll(&wait, 1, kAnswerTimeoutMilliseconds) == 0) return NetlinkError(ETIMEDOUT, what, "");
    const ssize_t size = recv(fd(), buffer_.data(), buffer_.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return NetlinkError(errno, what, "receive");
    int left = static_cast<int>(size);
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
      const auto* answer = NetlinkHeader<nlmsgerr>(message);
      if (message->nlmsg_type != NLMSG_ERROR || answer == nullptr) continue;
      if (message->nlmsg_seq < begin || message->nlmsg_seq > sequence_) continue;
      if (message->nlmsg_seq == begin) return NetlinkError(-answer->error, what, "");
      ++answers;
      if (error == 0) error = -answer->error;
    }
  }
  return error == 0 ? absl::OkStatus() : NetlinkError(error, what, "");
}

bool NetlinkSocket::Drain(const Visitor& visit) {
  bool complete = true;
  for (;;) {
    const ssize_t size = recv(fd(), buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (size < 0 && errno == ENOBUFS) {
      complete = false;
      continue;
    }
    if (size < 0) return complete;
    int left = static_cast<int>(size);
    const auto* message = reinterpret_cast<const nlmsghdr*>(buffer_.data());
    for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) visit(message);
  }
}

int NetlinkSocket::InterfaceIndex(const std::string& name) {
  const ifinfomsg found = Interface(name);
  return found.ifi_index;
}

unsigned NetlinkSocket::InterfaceFlags(const std::string& name) {
  return Interface(name).ifi_flags;
}

ifinfomsg NetlinkSocket::Interface(const std::string& name) {
  NetlinkMessage message(RTM_GETLINK, 0);
  message.Header<ifinfomsg>();
  message.Text(IFLA_IFNAME, name);
  ifinfomsg found{};
  const absl::Status status = Query(message, "look up " + name, [&found](const nlmsghdr* m) {
    if (const auto* link = NetlinkHeader<ifinfomsg>(m)) found = *link;
  });
  return status.ok() ? found : ifinfomsg{};
}

}  // namespace waymark

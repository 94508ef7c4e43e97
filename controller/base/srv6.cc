#include "controller/base/srv6.h"

#include <arpa/inet.h>

namespace waymark {
namespace {

void Put16(Ipv6& a, int group, uint32_t value) {
  a[group * 2] = static_cast<uint8_t>(value >> 8);
  a[group * 2 + 1] = static_cast<uint8_t>(value);
}

}  // namespace

Ipv6 Vtep(uint32_t node_sid) {
  Ipv6 a{};
  Put16(a, 0, 0xfd00);
  Put16(a, 2, node_sid);
  Put16(a, 7, 1);
  return a;
}

Ipv6 BindingSidPrefix(uint32_t node_sid) {
  Ipv6 a{};
  Put16(a, 0, 0xfd00);
  Put16(a, 2, node_sid);
  Put16(a, 3, 0xb);
  return a;
}

Ipv6 BindingSid(uint32_t endpoint_sid, uint32_t color) {
  Ipv6 a = BindingSidPrefix(endpoint_sid);
  Put16(a, 6, color >> 16);
  Put16(a, 7, color & 0xffff);
  return a;
}

Ipv6 UsidPrefix(uint32_t sid) {
  Ipv6 a{};
  Put16(a, 0, 0xfcbb);
  Put16(a, 1, 0xbbbb);
  Put16(a, 2, sid);
  return a;
}

std::vector<Ipv6> PackCarriers(std::span<const uint32_t> sids) {
  std::vector<Ipv6> carriers;
  for (size_t i = 0; i < sids.size(); ++i) {
    const int slot = static_cast<int>(i % kUsidsPerCarrier);
    if (slot == 0) carriers.push_back(UsidPrefix(0));
    Put16(carriers.back(), 2 + slot, sids[i]);
  }
  return carriers;
}

std::string ToString(const Ipv6& address) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(AF_INET6, address.data(), text, sizeof text);
}

}  // namespace waymark

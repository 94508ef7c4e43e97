// A hash that is the same on every machine and in every version, which std::hash is not.
#ifndef WAYMARK_CONTROLLER_PLAN_FINGERPRINT_H_
#define WAYMARK_CONTROLLER_PLAN_FINGERPRINT_H_

#include <bit>
#include <cstdint>
#include <cstdio>
#include <string>

namespace waymark {

// FNV-1a, 64 bits.
class Fingerprint {
 public:
  void AddByte(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001b3u; }
  void Add(uint64_t value) {
    for (int i = 0; i < 8; ++i, value >>= 8) AddByte(static_cast<uint8_t>(value));
  }
  void Add(double value) { Add(std::bit_cast<uint64_t>(value)); }
  void Add(const std::string& text) {
    for (const char c : text) AddByte(static_cast<uint8_t>(c));
    AddByte(0);
  }
  uint64_t value() const { return value_; }
  // 16 hex digits.
  std::string Text() const {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value_));
    return text;
  }

 private:
  uint64_t value_ = 0xcbf29ce484222325u;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_FINGERPRINT_H_

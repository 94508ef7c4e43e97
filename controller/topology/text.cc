#include "controller/topology/text.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace waymark {
namespace {

// Length of the well-formed UTF-8 sequence at the front of `text`; 0 if there is none.
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and code points past U+10FFFF differ in the second byte only.
  const uint8_t second = byte(1);
  if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f)) return 0;
  if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) return 0;
  return length;
}

bool IsControl(char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool HasControlCharacter(std::string_view text) { return std::ranges::any_of(text, IsControl); }

std::string Quote(std::string_view text, size_t max) {
  std::string out = "\"";
  size_t used = 0;
  while (used < text.size() && used < max) {
    const size_t length = SequenceLength(text.substr(used));
    const char c = text[used];
    if (length == 0 || IsControl(c)) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x",
                    static_cast<unsigned>(static_cast<uint8_t>(c)));
      out += escaped;
      ++used;
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += text.substr(used, length);
    used += length;
  }
  if (used < text.size()) out += "...";
  return out += '"';
}

}  // namespace waymark

#include "controller/topology/link_speed.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>

#include "absl/strings/ascii.h"

namespace waymark {
namespace {

// ITU-T G.707: STM-1; ANSI T1.105: OC-1.
constexpr double kStm1 = 155.52e6;
constexpr double kOc1 = 51.84e6;

double Multiple(char c) {
  switch (c) {
    case 'k':
      return 1e3;
    case 'm':
      return 1e6;
    case 'g':
      return 1e9;
    case 't':
      return 1e12;
    default:
      return 0;
  }
}

// What follows a number: "gbps", "mb/s", "gbit", "ge", " Gbps"; 0 if it is no rate.
double UnitAt(std::string_view rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" -"), rest.size()));
  if (rest.starts_with("bps") || rest.starts_with("bit")) return 1;
  if (rest.size() < 2) return 0;
  const double multiple = Multiple(rest[0]);
  rest.remove_prefix(1);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const bool rate = rest.starts_with('b') || rest.starts_with("ig") || rest.starts_with("eg") ||
                    rest.starts_with('e');
  return rate ? multiple : 0;
}

// "OC-48" and "STM16": the number's family stands before it.
double FamilyBefore(std::string_view text) {
  while (text.ends_with('-') || text.ends_with(' ')) text.remove_suffix(1);
  if (text.ends_with("stm")) return kStm1;
  if (text.ends_with("oc")) return kOc1;
  return 0;
}

}  // namespace

double LinkSpeed(std::string_view label) {
  // Rates stand at the front; an endless label is no label.
  std::string text(label.substr(0, 200));
  std::ranges::transform(text, text.begin(), [](char c) { return absl::ascii_tolower(c); });
  for (size_t i = 0; i < text.size();) {
    if (!absl::ascii_isdigit(text[i])) {
      ++i;
      continue;
    }
    double number = 0;
    const char* begin = text.data() + i;
    const auto [end, error] =
        std::from_chars(begin, text.data() + text.size(), number, std::chars_format::fixed);
    const auto length = static_cast<size_t>(end - begin);
    if (error == std::errc()) {
      const double unit = std::max(UnitAt(std::string_view(text).substr(i + length)),
                                   FamilyBefore(std::string_view(text).substr(0, i)));
      if (number * unit >= 1) return number * unit;
    }
    i += std::max<size_t>(length, 1);
  }
  return 0;
}

}  // namespace waymark

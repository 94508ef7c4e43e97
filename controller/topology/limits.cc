#include "controller/topology/limits.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace waymark {

std::string PlainNumber(double number) {
  if (!std::isfinite(number)) return std::isnan(number) ? "not a number" : "infinite";
  // DBL_MAX has 309 digits before the point, the least denormal 1,074 behind it, of which shortest
  // notation writes 324 at most.
  char digits[512];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, std::chars_format::fixed);
  const std::string plain(digits, end.ptr);
  const size_t point = std::min(plain.find('.'), plain.size());
  const size_t first = plain[0] == '-' ? 1 : 0;
  std::string text;
  for (size_t i = 0; i < plain.size(); ++i) {
    if (i > first && i < point && (point - i) % 3 == 0) text += ',';
    text += plain[i];
  }
  return text;
}

}  // namespace waymark

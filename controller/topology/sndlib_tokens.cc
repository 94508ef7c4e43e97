#include "controller/topology/sndlib_tokens.h"

#include <algorithm>

namespace waymark {
namespace {

struct UnitName {
  std::string_view name;
  double bps;
};
constexpr UnitName kUnits[] = {
    {"BITPERSEC", 1},     {"KBITPERSEC", 1e3},  {"MBITPERSEC", 1e6}, {"GBITPERSEC", 1e9},
    {"TBITPERSEC", 1e12}, {"MBYTEPERSEC", 8e6}, {"STM1", 155.52e6},  {"STM-1", 155.52e6},
};

}  // namespace

void SndlibTokens::Advance() {
  while (!rest_.empty()) {
    const char c = rest_.front();
    if (c == '#') {
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      continue;
    }
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') break;
    if (c == '\n') ++line_;
    rest_.remove_prefix(1);
  }
  size_t length = std::min(rest_.find_first_of("() \t\r\n#"), rest_.size());
  if (length == 0 && !rest_.empty()) length = 1;
  next_ = {rest_.substr(0, length), line_};
  rest_.remove_prefix(length);
}

std::optional<double> SndlibUnitBps(std::string_view name) {
  for (const UnitName& unit : kUnits) {
    if (unit.name == name) return unit.bps;
  }
  return std::nullopt;
}

}  // namespace waymark

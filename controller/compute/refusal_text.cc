#include <array>
#include <cstdint>
#include <string>

#include "controller/compute/refusal.h"

namespace waymark {
namespace {

struct Unit {
  int64_t size;
  const char* name;
};

enum class Rounding { kUp, kDown };

// At most three decimals, no trailing zeros beyond `least_decimals`. In integers: a limit must not
// be rounded to a value that would not do.
std::string Scaled(int64_t value, const Unit& unit, size_t least_decimals, Rounding rounding) {
  int64_t whole = value / unit.size;
  const int64_t rest = value % unit.size;
  int64_t thousandths = rest / (unit.size / 1000);
  if (rounding == Rounding::kUp && rest % (unit.size / 1000) != 0) ++thousandths;
  if (thousandths == 1000) {
    ++whole;
    thousandths = 0;
  }
  std::string decimals = std::to_string(1000 + thousandths).substr(1);
  while (decimals.size() > least_decimals && decimals.back() == '0') decimals.pop_back();
  return std::to_string(whole) + (decimals.empty() ? "" : "." + decimals) + " " + unit.name;
}

}  // namespace

std::string WeightText(int64_t weight, int decimals) {
  std::string digits = std::to_string(weight);
  if (decimals == 0) return digits;
  const size_t behind = static_cast<size_t>(decimals);
  if (digits.size() <= behind) digits.insert(0, behind + 1 - digits.size(), '0');
  digits.insert(digits.size() - behind, ".");
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

std::string MoneyText(int64_t objective, int64_t unit) {
  // Whole units are exact enough for what thousandths do not fit.
  if (unit > 1) return std::to_string(objective / 1000 * unit + objective % 1000 * unit / 1000);
  return WeightText(objective, 3);
}

std::string DelayText(int64_t delay_ns) {
  if (delay_ns >= 1'000'000) return Scaled(delay_ns, {1'000'000, "ms"}, 1, Rounding::kUp);
  if (delay_ns >= 1'000) return Scaled(delay_ns, {1'000, "us"}, 0, Rounding::kUp);
  return std::to_string(delay_ns) + " ns";
}

std::string BandwidthText(int64_t bps) {
  constexpr std::array<Unit, 4> kUnits = {Unit{1'000'000'000'000, "Tbit/s"},
                                          {1'000'000'000, "Gbit/s"},
                                          {1'000'000, "Mbit/s"},
                                          {1'000, "kbit/s"}};
  for (const Unit& unit : kUnits) {
    if (bps >= unit.size) return Scaled(bps, unit, 0, Rounding::kDown);
  }
  return std::to_string(bps) + " bit/s";
}

}  // namespace waymark

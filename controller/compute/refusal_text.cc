#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "controller/compute/refusal.h"

namespace waymark {
namespace {

struct Unit {
  int64_t size;
  const char* name;
};

enum class Rounding { kUp, kDown };

// To thousandths of the unit: a limit must not be rounded to a value that would not do.
int64_t Rounded(int64_t value, const Unit& unit, Rounding rounding) {
  const int64_t step = unit.size / 1000, rest = value % step;
  return value - rest + (rounding == Rounding::kUp && rest > 0 ? step : 0);
}

// At most three decimals, no trailing zeros beyond `least_decimals`.
std::string Scaled(int64_t value, const Unit& unit, size_t least_decimals, Rounding rounding) {
  const int64_t rounded = Rounded(value, unit, rounding);
  const int64_t whole = rounded / unit.size, thousandths = rounded % unit.size / (unit.size / 1000);
  std::string decimals = std::to_string(1000 + thousandths).substr(1);
  while (decimals.size() > least_decimals && decimals.back() == '0') decimals.pop_back();
  return std::to_string(whole) + (decimals.empty() ? "" : "." + decimals) + " " + unit.name;
}

constexpr std::array<Unit, 2> kDelays = {Unit{1'000'000, "ms"}, {1'000, "us"}};
constexpr std::array<Unit, 4> kBandwidths = {Unit{1'000'000'000'000, "Tbit/s"},
                                             {1'000'000'000, "Gbit/s"},
                                             {1'000'000, "Mbit/s"},
                                             {1'000, "kbit/s"}};

// The greatest that the value holds; null: it is less than any.
const Unit* UnitOf(int64_t value, std::span<const Unit> units) {
  const auto unit = std::ranges::find_if(units, [&](const Unit& u) { return value >= u.size; });
  return unit == units.end() ? nullptr : &*unit;
}

int64_t AsTold(int64_t value, std::span<const Unit> units, Rounding rounding) {
  const Unit* unit = UnitOf(value, units);
  return unit == nullptr ? value : Rounded(value, *unit, rounding);
}

}  // namespace

int64_t DelayAsTold(int64_t delay_ns) { return AsTold(delay_ns, kDelays, Rounding::kUp); }

int64_t BandwidthAsTold(int64_t bps) { return AsTold(bps, kBandwidths, Rounding::kDown); }

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
  const auto billionths = static_cast<__int128>(objective) * unit;
  const auto whole = static_cast<int64_t>(billionths / kCostUnit);
  const auto rest = static_cast<int64_t>(billionths % kCostUnit);
  return std::to_string(whole) + (rest == 0 ? "" : WeightText(kCostUnit + rest, 9).substr(1));
}

std::string DelayText(int64_t delay_ns) {
  const Unit* unit = UnitOf(delay_ns, kDelays);
  if (unit == nullptr) return std::to_string(delay_ns) + " ns";
  return Scaled(delay_ns, *unit, unit == &kDelays[0] ? 1 : 0, Rounding::kUp);
}

std::string BandwidthText(int64_t bps) {
  const Unit* unit = UnitOf(bps, kBandwidths);
  return unit == nullptr ? std::to_string(bps) + " bit/s" : Scaled(bps, *unit, 0, Rounding::kDown);
}

}  // namespace waymark

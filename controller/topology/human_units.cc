#include "controller/topology/human_units.h"

#include <limits>
#include <optional>
#include <span>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/text.h"

namespace waymark {
namespace {

struct Unit {
  std::string_view name;
  int exponent;  // of ten
};

// Ascending, so that Format finds the largest last.
constexpr Unit kRates[] = {{"", 0}, {"k", 3}, {"M", 6}, {"G", 9}, {"T", 12}, {"P", 15}};
constexpr Unit kDurations[] = {{"ns", 0}, {"us", 3}, {"ms", 6}, {"s", 9}};

// So many digits times 10^15 fit in 128 bits.
constexpr size_t kMaxDigits = 22;

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (absl::ascii_tolower(a[i]) != absl::ascii_tolower(b[i])) return false;
  }
  return true;
}

bool ConsumeSuffixIgnoringCase(std::string_view& text, std::string_view suffix) {
  if (text.size() < suffix.size()) return false;
  if (!EqualsIgnoringCase(text.substr(text.size() - suffix.size()), suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

struct Decimal {
  absl::int128 digits = 0;
  int fraction_digits = 0;
  std::string_view rest;  // what follows the number, without blanks around it
};

std::optional<Decimal> ParseDecimal(std::string_view text) {
  Decimal decimal;
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  size_t count = 0, i = 0;
  bool in_fraction = false;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !in_fraction && count > 0) {
      in_fraction = true;
    } else if (absl::ascii_isdigit(text[i])) {
      if (++count > kMaxDigits) return std::nullopt;
      decimal.digits = decimal.digits * 10 + (text[i] - '0');
      if (in_fraction) ++decimal.fraction_digits;
    } else {
      break;
    }
  }
  if (count == 0 || text[i - 1] == '.') return std::nullopt;
  if (negative) decimal.digits = -decimal.digits;
  while (i < text.size() && text[i] == ' ') ++i;
  decimal.rest = text.substr(i);
  return decimal;
}

absl::int128 PowerOfTen(int exponent) {
  absl::int128 power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

absl::StatusOr<int64_t> Scale(const Decimal& decimal, int exponent, std::string_view text,
                              const char* smallest) {
  exponent -= decimal.fraction_digits;
  absl::int128 value = decimal.digits;
  if (exponent >= 0) {
    value *= PowerOfTen(exponent);
  } else {
    const absl::int128 divisor = PowerOfTen(-exponent);
    if (value % divisor != 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(Quote(text), " is not a whole number of ", smallest, ": round it"));
    }
    value /= divisor;
  }
  if (value > std::numeric_limits<int64_t>::max() || value < std::numeric_limits<int64_t>::min()) {
    return absl::OutOfRangeError(
        absl::StrCat(Quote(text), " is too large: at most 9223372036854775807 ", smallest));
  }
  return static_cast<int64_t>(value);
}

std::string Format(int64_t value, std::span<const Unit> units, std::string_view zero) {
  if (value == 0) return std::string(zero);
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (absl::int128(value) % PowerOfTen(unit.exponent) == 0) best = &unit;
  }
  const absl::int128 scaled = absl::int128(value) / PowerOfTen(best->exponent);
  return absl::StrCat(static_cast<int64_t>(scaled)).append(best->name);
}

}  // namespace

absl::StatusOr<int64_t> ParseBitRate(std::string_view text) {
  const std::optional<Decimal> decimal = ParseDecimal(text);
  if (decimal.has_value()) {
    std::string_view unit = decimal->rest;
    if (!ConsumeSuffixIgnoringCase(unit, "bps")) ConsumeSuffixIgnoringCase(unit, "bit/s");
    for (const Unit& candidate : kRates) {
      if (EqualsIgnoringCase(unit, candidate.name)) {
        return Scale(*decimal, candidate.exponent, text, "bit/s");
      }
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      Quote(text), " is no rate: write bit/s as a whole number, or with k, M, G, T, such as 2.5G"));
}

absl::StatusOr<int64_t> ParseDurationNs(std::string_view text) {
  const std::optional<Decimal> decimal = ParseDecimal(text);
  if (decimal.has_value()) {
    std::string_view unit = decimal->rest;
    // U+00B5 micro sign and U+03BC Greek mu.
    if (unit == "\u00b5s" || unit == "\u03bcs") unit = "us";
    if (unit.empty()) unit = "ns";
    for (const Unit& candidate : kDurations) {
      if (unit == candidate.name) return Scale(*decimal, candidate.exponent, text, "ns");
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat(Quote(text),
                   " is no duration: write it with ns, us, ms or s, such as 3.2ms, or nanoseconds "
                   "as a whole number"));
}

std::string FormatBitRate(int64_t bps) { return Format(bps, kRates, "0"); }

std::string FormatDurationNs(int64_t ns) { return Format(ns, kDurations, "0"); }

}  // namespace waymark

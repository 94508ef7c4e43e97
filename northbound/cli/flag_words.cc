#include "northbound/cli/flag_words.h"

#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "controller/topology/human_units.h"
#include "controller/topology/limits.h"
#include "northbound/cli/exit_code.h"

namespace waymark::cli {

absl::Status ReadDelay(std::string_view flag, const std::string& text, int64_t* ns) {
  if (text.empty()) return absl::OkStatus();
  const std::string shown = absl::StrCat(std::string(flag), " \"", text, "\": ");
  // Nobody who writes 10 here means nanoseconds. What no unit would make a bound is told below.
  if (double number = 0; absl::SimpleAtod(text, &number) && number > 0 && std::isfinite(number)) {
    return UsageError(
        absl::StrCat(shown, "has no unit: give one, e.g. ", text, "ms or ", text, "us"));
  }
  const auto delay = ParseDurationNs(text);
  if (delay.ok() && *delay > 0 && *delay <= kMaxDelayBoundNs) {
    *ns = *delay;
    return absl::OkStatus();
  }
  return UsageError(absl::StrCat(shown, "give more than 0 and at most ",
                                 FormatDurationNs(kMaxDelayBoundNs), ", e.g. 12ms or 850us"));
}

absl::Status ReadProbability(const char* flag, const std::string& text, double* value) {
  if (text.empty()) return absl::OkStatus();
  if (absl::SimpleAtod(text, value) && *value > 0 && *value <= kMostFailureProbability) {
    return absl::OkStatus();
  }
  return UsageError(absl::StrCat(flag, " \"", text, "\": give a probability above 0, up to ",
                                 kMostFailureProbability));
}

std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  double seconds = 0;
  const bool plain = absl::SimpleAtod(text, &seconds);
  if (plain) duration = absl::Seconds(seconds);
  if ((plain || absl::ParseDuration(text, &duration)) && duration > absl::ZeroDuration() &&
      duration <= absl::Hours(24)) {
    return "";
  }
  return absl::StrCat("\"", text,
                      "\" is no time limit: give more than 0 and at most 24 h, e.g. 30s or 500ms");
}

absl::Duration ToDuration(const std::string& text) {
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) return absl::Seconds(seconds);
  absl::Duration duration;
  absl::ParseDuration(text, &duration);
  return duration;
}

bool ParseAsOf(const std::string& text, AsOf* as_of) {
  if (absl::SimpleAtoi(text, &as_of->revision)) return as_of->revision > 0;
  as_of->revision = 0;
  std::string error;
  return absl::ParseTime(absl::RFC3339_full, text, &as_of->time, &error);
}

std::string CheckAsOf(const std::string& text) {
  AsOf ignored;
  if (ParseAsOf(text, &ignored)) return "";
  return absl::StrCat(
      "\"", text,
      "\" is no past: give a revision of 1 or more, or a time such as 2026-01-31T12:00:00Z");
}

std::string CheckFrom(const std::string& text) {
  int64_t revision = 0;
  if (absl::SimpleAtoi(text, &revision) && revision > 0) return "";
  return absl::StrCat("\"", text,
                      "\" is no revision: give 1 or more, or leave --from out to begin with "
                      "everything that exists");
}

std::string ToOutput(std::string& text) {
  static constexpr std::pair<const char*, Output> kOutputs[] = {{"table", Output::kTable},
                                                                {"json", Output::kJson},
                                                                {"yaml", Output::kYaml},
                                                                {"name", Output::kName}};
  for (const auto& [word, output] : kOutputs) {
    if (absl::AsciiStrToLower(text) != word) continue;
    text = absl::StrCat(static_cast<int>(output));
    return "";
  }
  return absl::StrCat("\"", text, "\" is no output format: use table, json, yaml or name");
}

}  // namespace waymark::cli

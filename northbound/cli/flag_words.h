// What the words behind flags mean. The checks return an empty string, or what is wrong and what to
// give instead, as CLI11 wants it.
#ifndef WAYMARK_NORTHBOUND_CLI_FLAG_WORDS_H_
#define WAYMARK_NORTHBOUND_CLI_FLAG_WORDS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "northbound/cli/context.h"

namespace waymark::cli {

// "30s", "500ms", "2.5" in seconds: more than 0 and at most 24 h.
std::string CheckDuration(const std::string& text);
// Of a text that CheckDuration accepts.
absl::Duration ToDuration(const std::string& text);

// A delay bound with its unit, "12ms": more than 0 and at most 1,000 s. Empty: *ns stays. A usage
// error names the flag.
absl::Status ReadDelay(std::string_view flag, const std::string& text, int64_t* ns);

// A probability that something is down: above 0, at most this (more is taken for a mistake).
// Empty: *value stays. A usage error names the flag.
inline constexpr double kMostFailureProbability = 0.5;
absl::Status ReadProbability(const char* flag, const std::string& text, double* value);

// A revision, or a time of RFC 3339. False: neither.
bool ParseAsOf(const std::string& text, AsOf* as_of);
std::string CheckAsOf(const std::string& text);
std::string CheckFrom(const std::string& text);

// CLI11 reads an enum as its number. Replaces the word by it.
std::string ToOutput(std::string& text);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_FLAG_WORDS_H_

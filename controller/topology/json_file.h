// A JSON file that was written by others: bounded parsing, and line numbers for what is found wrong
// in it later.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_JSON_FILE_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_JSON_FILE_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace waymark {

// INVALID_ARGUMENT "FILE:LINE: ..." for what is no JSON, nested deeper than 64, or over 8,000,000
// values.
absl::StatusOr<nlohmann::json> ParseJson(std::string_view file, std::string_view contents);

// The lines on which the items of the array at `path` (object keys and array indices from the root)
// begin. Shorter than the array, or empty, where it can't tell. `contents` must be valid JSON.
// O(n).
std::vector<int> JsonItemLines(std::string_view contents, const std::vector<std::string>& path);

// The member `key` of an object; null when `value` is no object or has none.
const nlohmann::json* Member(const nlohmann::json& value, const char* key);
// The member as text: a string, or a number's digits. nullopt otherwise.
std::optional<std::string> TextMember(const nlohmann::json& value, const char* key);
// The member as a finite number: a number, or a string that is one. nullopt otherwise.
std::optional<double> NumberMember(const nlohmann::json& value, const char* key);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_JSON_FILE_H_

#include "northbound/cli/format.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "northbound/cli/kind.h"

namespace waymark::cli {
namespace {

// Length of the well-formed UTF-8 sequence at the start of `text`; 0 when it is none.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  const size_t length = lead < 0x80   ? 1
                        : lead < 0xc2 ? 0
                        : lead < 0xe0 ? 2
                        : lead < 0xf0 ? 3
                        : lead < 0xf5 ? 4
                                      : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (length == 3 && ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f)))
    return 0;
  if (length == 4 && ((lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f)))
    return 0;
  return length;
}

struct DscpName {
  const char* name;
  uint32_t dscp;
};

// RFC 2474, RFC 2597, RFC 3246, RFC 5865, RFC 8622. The first name of a value is the one shown.
constexpr std::array<DscpName, 25> kDscpNames = {{
    {"EF", 46},   {"AF11", 10}, {"AF12", 12}, {"AF13", 14}, {"AF21", 18},
    {"AF22", 20}, {"AF23", 22}, {"AF31", 26}, {"AF32", 28}, {"AF33", 30},
    {"AF41", 34}, {"AF42", 36}, {"AF43", 38}, {"CS1", 8},   {"CS2", 16},
    {"CS3", 24},  {"CS4", 32},  {"CS5", 40},  {"CS6", 48},  {"CS7", 56},
    {"VA", 44},   {"LE", 1},    {"BE", 0},    {"DF", 0},    {"CS0", 0},
}};

struct Paint {
  const char* state;
  const char* code;
};

constexpr std::array<Paint, 5> kPaints = {{{"UP", "\033[32m"},
                                           {"PENDING", "\033[36m"},
                                           {"DEGRADED", "\033[33m"},
                                           {"DOWN", "\033[31m"},
                                           {"BLOCKED", "\033[31m"}}};

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const auto first = static_cast<uint8_t>(text[0]);
    const bool c1 = length == 2 && first == 0xc2 && static_cast<uint8_t>(text[1]) < 0xa0;
    if (length == 0 || c1 || first == 0x7f || (first < 0x20 && first != '\t')) {
      out.push_back('?');
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

size_t DisplayWidth(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

std::string FormatNumber(double value) {
  std::string text = absl::StrFormat("%.2f", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string FormatRate(int64_t bps) {
  if (bps == 0) return "-";
  constexpr std::array<std::pair<int64_t, const char*>, 4> kUnits = {
      {{1'000'000'000'000, "T"}, {1'000'000'000, "G"}, {1'000'000, "M"}, {1'000, "k"}}};
  for (const auto& [unit, letter] : kUnits) {
    // Only what two decimals show exactly: 1.2345G would hide bits that the ledger counts.
    if (bps >= unit && bps % (unit / 100) == 0) {
      return absl::StrCat(FormatNumber(static_cast<double>(bps) / static_cast<double>(unit)),
                          letter);
    }
  }
  return absl::StrCat(bps);
}

std::string FormatDelay(int64_t ns) {
  return absl::StrFormat("%.3f ms", static_cast<double>(ns) / 1e6);
}

std::string FormatTime(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "-";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixSeconds(time.seconds()),
                          absl::UTCTimeZone());
}

std::string FormatDscp(uint32_t dscp) {
  for (const DscpName& known : kDscpNames) {
    if (known.dscp == dscp) return absl::StrCat(dscp, " (", known.name, ")");
  }
  return absl::StrCat(dscp);
}

bool ParseDscp(std::string_view text, uint32_t* dscp) {
  const absl::string_view view(text.data(), text.size());
  for (const DscpName& known : kDscpNames) {
    if (absl::EqualsIgnoreCase(view, known.name)) {
      *dscp = known.dscp;
      return true;
    }
  }
  return absl::SimpleAtoi(view, dscp) && *dscp <= 63;
}

std::string StateName(v1::State state) {
  return state == v1::STATE_UNSPECIFIED ? "-" : v1::State_Name(state);
}

bool Tells(const std::string& reason, const std::string& constraint) {
  return reason.find(constraint) != std::string::npos;
}

std::string FormatStatus(const v1::Status& status) {
  std::string text = StateName(status.state());
  if (!status.reason().empty()) absl::StrAppend(&text, ": ", status.reason());
  std::vector<std::string> hints;
  if (!Tells(status.reason(), status.blocking_constraint())) {
    hints.push_back(absl::StrCat("blocked by ", status.blocking_constraint()));
  }
  if (!status.relaxation().empty()) {
    hints.push_back(absl::StrCat("would work with ", status.relaxation()));
  }
  if (!hints.empty()) absl::StrAppend(&text, " [", absl::StrJoin(hints, "; "), "]");
  return text;
}

std::string FormatNodes(const v1::Path& path) {
  if (path.nodes().empty()) return "-";
  return absl::StrJoin(path.nodes(), " - ", [](std::string* out, const std::string& name) {
    out->append(ShortName(name));
  });
}

std::string Painted(const std::string& text, Color color) {
  if (color == Color::kNever) return text;
  for (const Paint& paint : kPaints) {
    const std::string_view state = paint.state;
    if (text.starts_with(state) && (text.size() == state.size() || text[state.size()] == ':')) {
      return absl::StrCat(paint.code, paint.state, "\033[0m", text.substr(state.size()));
    }
  }
  return text;
}

void Table::Print(std::ostream& out, Color color, std::string_view indent) const {
  std::vector<std::vector<std::string>> lines = {header_};
  for (const auto& row : rows_) {
    auto& line = lines.emplace_back();
    for (const std::string& cell : row) line.push_back(cell.empty() ? "-" : Printable(cell));
  }
  std::vector<size_t> widths(header_.size(), 0);
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(line[i]));
  }
  for (size_t l = 0; l < lines.size(); ++l) {
    out << indent;
    for (size_t i = 0; i < lines[l].size(); ++i) {
      const std::string& cell = lines[l][i];
      out << (l == 0 ? cell : Painted(cell, color));
      if (i + 1 < lines[l].size()) out << std::string(widths[i] - DisplayWidth(cell) + 2, ' ');
    }
    out << '\n';
  }
}

}  // namespace waymark::cli

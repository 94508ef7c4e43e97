// How values look to people: units, states, tables. Every text that comes from a server or a file
// passes Printable before it reaches a terminal, so that a customer's display name cannot send
// escape sequences to a NOC's screen.
#ifndef WAYMARK_NORTHBOUND_CLI_FORMAT_H_
#define WAYMARK_NORTHBOUND_CLI_FORMAT_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/timestamp.pb.h"
#include "waymark/v1/services.pb.h"

namespace waymark::cli {

// Control characters (C0 but tab, DEL, C1) and line breaks become "?". Broken UTF-8 bytes too.
std::string Printable(std::string_view text);
// Columns on a terminal, counting one a code point.
size_t DisplayWidth(std::string_view text);

// "100G", "2.5G", "750M", "1500" (bits per second); "-" for 0.
std::string FormatRate(int64_t bps);
// "34.802 ms".
std::string FormatDelay(int64_t ns);
// The shortest text of at most two decimals: "19.2", "4".
std::string FormatNumber(double value);
// "2026-01-02 03:04:05 UTC"; "-" when unset.
std::string FormatTime(const google::protobuf::Timestamp& time);
// "46 (EF)", "12 (AF12)", "3".
std::string FormatDscp(uint32_t dscp);
// 0 to 63 or a name: EF, AF11..AF43, CS0..CS7, VA, LE, BE, DF; any case. False for anything else.
bool ParseDscp(std::string_view text, uint32_t* dscp);

// Whether a reason says by itself what is in the way.
bool Tells(const std::string& reason, const std::string& constraint);

// "UP", or "BLOCKED: reason [constraint; would work with ...]". "-" when no state is given.
std::string FormatStatus(const v1::Status& status);
std::string StateName(v1::State state);

// "zrh - brn - gva" of resource names.
std::string FormatNodes(const v1::Path& path);

enum class Color { kNever, kStates };

// Columns as wide as their widest cell, two spaces apart, no trailing blanks. Cells are made
// Printable.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}
  // As many cells as the header has.
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  // `color`: kStates paints cells that begin with the name of a state.
  void Print(std::ostream& out, Color color, std::string_view indent = "") const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

// `text` painted if it begins with the name of a state.
std::string Painted(const std::string& text, Color color);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_FORMAT_H_

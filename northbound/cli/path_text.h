// Paths and traces as readable hop tables; shared by describe and trace.
#ifndef WAYMARK_NORTHBOUND_CLI_PATH_TEXT_H_
#define WAYMARK_NORTHBOUND_CLI_PATH_TEXT_H_

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "northbound/cli/format.h"
#include "waymark/v1/services.pb.h"

namespace waymark::cli {

// "Label:   value" lines, values in one column; empty values are left out.
class Fields {
 public:
  Fields& Add(const std::string& label, const std::string& value) {
    if (!value.empty()) rows_.emplace_back(label, value);
    return *this;
  }
  void Print(std::ostream& out, Color color, std::string_view indent = "") const;
  const std::vector<std::pair<std::string, std::string>>& rows() const { return rows_; }

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

// Working paths and the protect path of a policy, one line of nodes and one of uSIDs each.
void PrintPolicyPaths(std::ostream& out, Color color, const v1::Policy& policy,
                      std::string_view indent);

// One row a hop: node, place, provider, interface, link, uSID, delay so far.
void PrintTracePath(std::ostream& out, const v1::TracePath& path);

// "0x8001".
std::string FormatSid(uint32_t sid);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_PATH_TEXT_H_

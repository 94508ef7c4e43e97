#include "northbound/cli/path_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "northbound/cli/kind.h"

namespace waymark::cli {
namespace {

void PrintPath(std::ostream& out, Color color, const std::string& label, const v1::Path& path,
               std::string_view indent) {
  std::vector<std::string> sids;
  for (const uint32_t sid : path.sids()) sids.push_back(FormatSid(sid));
  Fields()
      .Add(label,
           absl::StrCat(FormatNodes(path), ", ", FormatDelay(path.delay_ns()), ", TE metric ",
                        path.te_metric(), ", cost ", FormatNumber(path.cost())))
      .Add("  links", absl::StrJoin(path.links(), " ",
                                    [](std::string* text, const std::string& link) {
                                      text->append(ShortName(link));
                                    }))
      .Add("  uSIDs", absl::StrJoin(sids, " "))
      .Add("  state", path.state() == v1::STATE_UNSPECIFIED ? "" : StateName(path.state()))
      .Print(out, color, indent);
}

}  // namespace

void Fields::Print(std::ostream& out, Color color, std::string_view indent) const {
  size_t width = 0;
  for (const auto& [label, value] : rows_) width = std::max(width, DisplayWidth(label));
  for (const auto& [label, value] : rows_) {
    out << indent << label << ':' << std::string(width - DisplayWidth(label) + 2, ' ')
        << Painted(Printable(value), color) << '\n';
  }
}

std::string FormatSid(uint32_t sid) { return absl::StrFormat("0x%04x", sid); }

void PrintPolicyPaths(std::ostream& out, Color color, const v1::Policy& policy,
                      std::string_view indent) {
  uint64_t total = 0;
  for (const v1::Path& path : policy.working()) total += path.weight();
  for (int i = 0; i < policy.working_size(); ++i) {
    const v1::Path& path = policy.working(i);
    std::string label = "Working";
    if (policy.working_size() > 1 && total > 0) {
      absl::StrAppendFormat(&label, " %d of %d (%.0f %%)", i + 1, policy.working_size(),
                            100.0 * path.weight() / static_cast<double>(total));
    }
    PrintPath(out, color, label, path, indent);
  }
  if (policy.has_protect()) {
    PrintPath(out, color, policy.on_protect() ? "Protect (in use)" : "Protect", policy.protect(),
              indent);
  }
}

void PrintTracePath(std::ostream& out, const v1::TracePath& path) {
  Table table({"#", "NODE", "PLACE", "PROVIDER", "INTERFACE", "LINK", "USID", "DELAY SO FAR"});
  for (int i = 0; i < path.hops_size(); ++i) {
    const v1::TraceHop& hop = path.hops(i);
    table.Add({absl::StrCat(i), ShortName(hop.node()),
               hop.jurisdiction().empty() ? "unknown" : hop.jurisdiction(), hop.provider(),
               hop.interface(), hop.link().empty() ? "" : ShortName(hop.link()),
               hop.sid() == 0 ? "" : FormatSid(hop.sid()), FormatDelay(hop.delay_ns())});
  }
  table.Print(out, Color::kNever, "  ");
}

}  // namespace waymark::cli

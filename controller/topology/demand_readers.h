// One function a format; ReadDemands chooses. And what they build with.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_DEMAND_READERS_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_DEMAND_READERS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/topology/demand_file.h"

namespace waymark {

class DemandBuilder {
 public:
  // Keeps references to both.
  DemandBuilder(std::string_view file, const DemandGraph& graph);

  absl::Status Error(int line, std::string_view message) const;
  // Of the same text, the first line is kept.
  void Warn(int line, const std::string& message) { warnings_.emplace(message, line); }
  int32_t node_count() const { return static_cast<int32_t>(graph_.nodes.size()); }
  double graph_unit_bps() const { return graph_.rate_unit_bps; }
  bool has_places() const { return graph_.has_places; }

  // A node of the graph; `field` says for an error which one is meant.
  absl::StatusOr<int32_t> AtPlace(int line, std::string_view field, std::string_view text);
  // By label, else by id.
  absl::StatusOr<int32_t> Labelled(int line, std::string_view field, std::string_view text) const;
  // By id, else by label, else by place.
  absl::StatusOr<int32_t> Named(int line, std::string_view field, std::string_view text);
  // The only node of that label, else the one of that id; none if there is no such node.
  std::optional<int32_t> Known(std::string_view name) const;
  // The node at that place has this label or id.
  bool IsAt(int32_t place, std::string_view name) const;

  struct Rate {
    double value = 0, unit = 1;  // times each other: bit/s
  };
  // A number in the graph's unit (says so), or with its own. `field` as above.
  absl::StatusOr<Rate> ReadRate(int line, std::string_view field, std::string_view text);
  // Its bit/s: 0 to kMaxDemandBps.
  absl::StatusOr<double> InRange(int line, std::string_view field, Rate rate) const;

  // `value` times `unit` bit/s, range-checked.
  absl::Status Add(int line, int32_t source, int32_t target, double value, double unit);
  // Some pair stands in both directions.
  bool HasReverses() const;

  // By line.
  std::vector<std::string> Warnings() const;
  absl::StatusOr<DemandMatrix> Finish(DemandFormat format) &&;

 private:
  static constexpr int32_t kSeveral = -2;
  absl::Status Unknown(int line, std::string_view field, std::string_view text) const;
  absl::StatusOr<int32_t> Found(int line, std::string_view field, std::string_view text,
                                int32_t place) const;

  std::string_view file_;
  const DemandGraph& graph_;
  absl::flat_hash_map<std::string, int32_t> ids_, labels_;
  std::vector<FileDemand> demands_;
  // Of nodes that were named by place: how often, and the last place.
  int64_t placed_ = 0;
  int32_t last_place_ = 0;
  int64_t selves_ = 0;
  int first_self_ = 0;
  std::map<std::string, int> warnings_;
};

// A line of a CSV file without quotes: its fields without the blanks around them.
std::vector<std::string_view> CsvFields(std::string_view line);

// Calls `read(line, fields, first)` for each line that is not blank and no "#" comment; `first`
// for the first of them alone. Ends at the first error.
absl::Status ForCsvLines(
    std::string_view contents,
    const std::function<absl::Status(int line, const std::vector<std::string_view>& fields,
                                     std::string_view text, bool first)>& read);

absl::StatusOr<DemandMatrix> ReadRepetitaDemands(std::string_view file, std::string_view contents,
                                                 const DemandGraph& graph);
absl::StatusOr<DemandMatrix> ReadSndlibDemands(std::string_view file, std::string_view contents,
                                               const DemandGraph& graph);
absl::StatusOr<DemandMatrix> ReadTeavarDemands(std::string_view file, std::string_view contents,
                                               const DemandGraph& graph, int64_t matrix);
absl::StatusOr<DemandMatrix> ReadNodeLinkDemands(std::string_view file, std::string_view contents,
                                                 const DemandGraph& graph);
absl::StatusOr<DemandMatrix> ReadCsvDemands(std::string_view file, std::string_view contents,
                                            const DemandGraph& graph);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_DEMAND_READERS_H_

// What every importer builds with: ids from labels, defaults with warnings, reverse links, lines
// for errors.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_TOPOLOGY_BUILDER_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_TOPOLOGY_BUILDER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/topology/import.h"

namespace waymark {

inline constexpr int64_t kDefaultCapacityBps = 10'000'000'000;
inline constexpr int64_t kDefaultDelayNs = 1'000'000;
inline constexpr double kMaxCapacity = 1e16;
inline constexpr double kMaxDelay = 1e10;

// One-way delay along `km` of fibre, at 2/3 of the speed of light.
double FibreDelayNs(double km);

class TopologyBuilder {
 public:
  struct LinkDraft {
    v1::Link link;  // name, source and target are set
    int source = 0;
    int target = 0;
    int line = 0;
    // Among the file's links.
    int32_t entry = 0;
    bool delay_known = false;
    std::optional<FileWeight> weight;
    // Bit/s as the file has it, before link.capacity_bps is rounded; 0: not stated.
    double capacity_bps = 0;
    // Nothing is to be filled in: no defaults, no reverse.
    bool complete = false;
  };

  explicit TopologyBuilder(std::string_view file) : file_(file) {}

  absl::Status Error(int line, std::string_view message) const;
  // Warnings with the same text are one, with the first line and a count.
  void Warn(int line, const std::string& message);

  // Returns the node's number. An empty label is named after that.
  int AddNode(std::string_view label, int line);
  v1::Node& node(int number) { return *bundle_.mutable_nodes(number); }
  int node_count() const { return bundle_.nodes_size(); }
  // Longitude and latitude, if that's what they are: decided for all nodes together in Finish.
  void SetCoordinates(int node, double x, double y);

  // The reference lives as long as the builder. An empty label: SOURCE--DEST.
  LinkDraft& AddLink(std::string_view label, int source, int target, int line);
  // An undirected link; `draft` is copied to both directions.
  void AddPair(std::string_view label, int source, int target, int line, const LinkDraft& draft);

  // The file has a link from a node to itself; some published networks do. Warns.
  void LeaveOutSelfLink(int line);

  // ImportResult::rate_unit_bps; 1 if not called.
  void SetRateUnit(double bps) { rate_unit_bps_ = bps; }

  v1::Srlg& AddSrlg() { return *bundle_.add_srlgs(); }

  // Range checks, with an error that names the line and the field.
  // `value` times `unit` bit/s; at least 1 once rounded, at most 10^16.
  absl::Status SetCapacity(LinkDraft& draft, double value, double unit,
                           std::string_view field) const;
  // `value` times `unit` ns; 0 to 10 s.
  absl::Status SetDelay(LinkDraft& draft, double value, double unit, std::string_view field) const;
  // Negative: error. Rounded, less than 1 the default, cut to 2^24-1; each with a warning.
  absl::Status SetMetric(LinkDraft& draft, double value, std::string_view field);

  absl::StatusOr<ImportResult> Finish(TopologyFormat format) &&;

 private:
  struct Place {
    double x;
    double y;
  };

  std::string UniqueId(std::string_view label, const std::string& fallback,
                       absl::flat_hash_map<std::string, int>& used);
  void PlaceNodes();
  void PairReverses();
  void FillDefaults(LinkDraft& draft);
  absl::Status Check() const;

  std::string file_;
  v1::Bundle bundle_;
  std::vector<int> node_lines_;
  std::deque<LinkDraft> links_;
  double rate_unit_bps_ = 1;
  int32_t entries_ = 0;  // links of the file so far
  absl::flat_hash_map<std::string, int> node_ids_, link_ids_;
  std::map<int, Place> places_;
  // Text -> (first line, count).
  using Warnings = std::map<std::string, std::pair<int, int>>;
  static void Note(Warnings& warnings, int line, const std::string& message);
  std::vector<std::string> Sorted(const Warnings& warnings) const;
  Warnings warnings_, weight_warnings_;
};

// A number: decimal, finite, nothing after it.
bool ParseNumber(std::string_view text, double* value);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_TOPOLOGY_BUILDER_H_

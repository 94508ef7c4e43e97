// Our own YAML: a waymark.v1.Bundle as people write it. Read by `waymark apply` and by topology
// import.
//
//   nodes:
//     - {name: zrh, jurisdiction: CH, latitude: 47.4, longitude: 8.5, ports: [{id: c1}]}
//   links:
//     - {source: zrh, target: fra, both_ways: true, capacity_bps: 100G, delay_ns: 3.2ms, srlgs:
//     [rhine]}
//
// Top-level keys are Bundle's fields, entries have the fields of the resource's message
// (resources.proto). Values:
//   ..._bps    "100G", "2.5G", "10M" or whole bit/s
//   ..._ns     "3.2ms", "250us", "1s" or whole nanoseconds
//   enums      by name, in any case, with - or _: "pinned", "E-LAN"
//   names      full ("nodes/zrh") or short ("zrh"); of things below a customer "bank/zrh-dc", or
//   within a resource of
//              that customer just "zrh-dc"
//   latitude and longitude  together; they set has_coordinates
// A link entry may also have
//   both_ways: true    makes two links, each the other's reverse; everything else is the same in
//   both directions target_interface   with both_ways: the interface of the second
// A link without name is called SOURCE--DEST; the second of a pair DEST--SOURCE, or NAME-rev when a
// name is given. Several documents ("---") are one bundle. Anchors and aliases work; tags and merge
// keys don't.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_YAML_BUNDLE_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_YAML_BUNDLE_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

// Where in a file each resource and each of its fields was written.
class SourceLines {
 public:
  void Add(std::string_view resource, std::string_view field, int line);
  // The field's line, else the resource's, else 0. `field` may go deeper than what is recorded: for
  // "ports[1].id" the line of "ports" is given.
  int Find(std::string_view resource, std::string_view field = "") const;

 private:
  std::map<std::string, int, std::less<>> lines_;
};

struct YamlBundle {
  v1::Bundle bundle;
  // Of each link, which entry of the file's links it is from; both_ways makes two of one.
  std::vector<int32_t> link_entries;
  SourceLines lines;
};

// `file`: for messages only. INVALID_ARGUMENT with one line "FILE:LINE: what and how to mend" for
// each error, at most 20: no YAML (bounds: yaml_tree.h), unknown key, wrong type, number that
// overflows or is not finite or out of the range that resources.proto gives, malformed or duplicate
// name, output-only field. References to resources are not looked up: they may exist already. Pure;
// O(n log n).
absl::StatusOr<YamlBundle> ReadYamlBundle(std::string_view file, std::string_view contents);

// The same bundle as YAML, in the order of the bundle, ending in a newline. Reads back equal when
// the bundle is valid; output-only fields are left out.
std::string WriteYamlBundle(const v1::Bundle& bundle);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_YAML_BUNDLE_H_

// A YAML file as a tree with line numbers, bounded against hostile input.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_YAML_TREE_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_YAML_TREE_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace waymark {

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };

  Kind kind = Kind::kNull;
  int line = 0;  // from 1
  std::string scalar;
  // Sequence: the items. Map: key, value, key, value...
  std::vector<std::shared_ptr<const YamlNode>> items;
  // Nodes in this subtree, with aliases counted as often as they are used.
  int64_t weight = 1;
};

// One tree a document. INVALID_ARGUMENT "FILE:LINE: ..." for what is no YAML, no UTF-8, over 64
// MiB, a line over 1 MiB, deeper than 32, over 4,000,000 nodes after expanding aliases, or has a
// custom tag. Pure.
absl::StatusOr<std::vector<std::shared_ptr<const YamlNode>>> ParseYaml(std::string_view file,
                                                                       std::string_view contents);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_YAML_TREE_H_

#include "controller/plan/mesh.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "controller/compute/mesh_paths.h"
#include "controller/plan/mesh_book.h"
#include "controller/plan/mesh_codec.h"

namespace waymark {
namespace {

constexpr uint32_t kDefaultMeshPaths = 4;

}  // namespace

std::vector<MeshClassPairs> MeshPairsOf(const ResolvedServices& resolved) {
  // By class name and headend: whether some service needs the pair, by endpoint.
  std::map<std::string, std::pair<const v1::TrafficClass*, std::map<NodeId, std::vector<bool>>>>
      needed;
  for (const auto& [name, service] : resolved.services) {
    for (const auto& [class_name, traffic_class] : service.classes) {
      if (traffic_class->treatment() == v1::PINNED) continue;
      auto& [its, from] = needed[class_name];
      its = traffic_class;
      std::pair<NodeId, std::vector<bool>*> row = {NodeId::kNone, nullptr};
      for (const auto& [pair, count] : service.node_pairs) {
        if (row.second == nullptr || row.first != pair.first) row = {pair.first, &from[pair.first]};
        const auto to = static_cast<size_t>(Index(pair.second));
        if (row.second->size() <= to) row.second->resize(to + 1);
        (*row.second)[to] = true;
      }
    }
  }
  std::vector<MeshClassPairs> all;
  for (const auto& [name, made] : needed) {
    MeshClassPairs& its = all.emplace_back();
    its.traffic_class = made.first;
    for (const auto& [from, ends] : made.second) {
      for (size_t to = 0; to < ends.size(); ++to) {
        if (ends[to]) its.pairs.emplace_back(from, static_cast<NodeId>(to));
      }
    }
  }
  return all;
}

int MeshPathLimit(const v1::TrafficClass& traffic_class) {
  const uint32_t asked =
      traffic_class.max_paths() == 0 ? kDefaultMeshPaths : traffic_class.max_paths();
  return static_cast<int>(std::min<uint32_t>(asked, kMaxMeshPaths));
}

PathConstraints MeshConstraintsOf(const v1::TrafficClass& traffic_class) {
  PathConstraints constraints = ConstraintsOf(traffic_class, 0);
  constraints.protection = {};
  return constraints;
}

PlannedMesh PlanMesh(const PlanInput& input, const ResolvedServices& resolved,
                     const LinkState& link_state) {
  MeshBook book;
  std::set<std::string> all;
  for (const auto& [name, service] : resolved.services) all.insert(name);
  PlannedMesh mesh;
  book.Update(input, resolved, link_state, all, PlanChanges::All(), &mesh.changes);
  mesh.classes = book.Classes();
  return mesh;
}

}  // namespace waymark

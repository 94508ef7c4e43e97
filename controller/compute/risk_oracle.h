// For tests: shared risks by the words of path_risks.h, not by its code, and the best set of paths
// by exhaustion.
#ifndef WAYMARK_CONTROLLER_COMPUTE_RISK_ORACLE_H_
#define WAYMARK_CONTROLLER_COMPUTE_RISK_ORACLE_H_

#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "controller/compute/search_graph.h"

namespace waymark {

inline std::set<std::string> RisksInWords(const Snapshot& s, const Protection& protection,
                                          NodeId from, NodeId to, const ComputedPath& path) {
  std::set<std::string> risks;
  const auto add_group = [&](SrlgId id) {
    for (const NodeId end : {from, to}) {
      for (const SrlgId own : s.node(end).srlgs) {
        if (own == id) return;
      }
    }
    const std::string& name = s.srlg_names()[Index(id)];
    for (const v1::Srlg& group : s.srlg_resources()) {
      if (group.name() != name) continue;
      const bool house = group.type() == v1::BUILDING || group.type() == v1::LANDING_STATION;
      if (protection.srlg || (protection.building && house)) risks.insert(name);
    }
  };
  const auto add_provider = [&](ProviderId id) {
    if (protection.provider && id != ProviderId::kNone) {
      risks.insert("provider " + s.provider_names()[Index(id)]);
    }
  };
  for (const LinkId id : path.links) {
    const LinkInfo& link = s.link(id);
    const bool first = link.reverse == LinkId::kNone || link.name < s.link(link.reverse).name;
    risks.insert(first ? link.name : s.link(link.reverse).name);
    for (const SrlgId srlg : link.srlgs) add_group(srlg);
    add_provider(link.provider);
    if (link.target == from || link.target == to) continue;
    const NodeInfo& target = s.node(link.target);
    if (protection.node) risks.insert(target.name);
    for (const SrlgId srlg : target.srlgs) add_group(srlg);
    add_provider(target.provider);
  }
  return risks;
}

inline std::vector<std::string> SharedInWords(const Snapshot& s, const Protection& protection,
                                              NodeId from, NodeId to, const ComputedPath& a,
                                              const ComputedPath& b) {
  const auto of_a = RisksInWords(s, protection, from, to, a);
  const auto of_b = RisksInWords(s, protection, from, to, b);
  std::vector<std::string> shared;
  std::set_intersection(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                        std::back_inserter(shared));
  return shared;
}

// Shared risks, dearest path (zero with kMinSum), total.
using RankInWords = std::tuple<size_t, Metric, Metric>;

inline RankInWords RankInWordsOf(const std::vector<ComputedPath>& paths, PairOrder order,
                                 size_t shared) {
  Metric dearest, total;
  for (const ComputedPath& path : paths) {
    total = total + path.metric;
    if (order == PairOrder::kMinMax) dearest = std::max(dearest, path.metric);
  }
  return {shared, dearest, total};
}

inline Protection RandomProtection(std::mt19937& random) {
  Protection protection;
  protection.link = true;
  protection.node = random() % 2 == 0;
  protection.srlg = random() % 3 == 0;
  protection.provider = random() % 4 == 0;
  protection.building = random() % 3 == 0;
  return protection;
}

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_RISK_ORACLE_H_

#include <algorithm>

#include "controller/compute/disjoint_pair.h"

namespace waymark {
namespace {

bool Contains(const std::vector<SrlgId>& sorted, SrlgId id) {
  return std::binary_search(sorted.begin(), sorted.end(), id);
}

}  // namespace

RiskTable::RiskTable(const Snapshot& snapshot, const Protection& protection, NodeId from,
                     NodeId to) {
  node_base_ = static_cast<int32_t>(snapshot.links().size());
  srlg_base_ = node_base_ + static_cast<int32_t>(snapshot.nodes().size());
  provider_base_ = srlg_base_ + static_cast<int32_t>(snapshot.srlg_names().size());
  links_of_.resize(provider_base_ + snapshot.provider_names().size());
  risks_of_.resize(snapshot.links().size());
  const auto exempt = [&](SrlgId srlg) {
    return Contains(snapshot.node(from).srlgs, srlg) || Contains(snapshot.node(to).srlgs, srlg);
  };
  for (size_t i = 0; i < risks_of_.size(); ++i) {
    const LinkId link = static_cast<LinkId>(i);
    const LinkInfo& info = snapshot.link(link);
    const NodeInfo& entered = snapshot.node(info.target);
    const bool between = info.target != from && info.target != to;
    std::vector<int32_t>& risks = risks_of_[i];
    const auto add_srlgs = [&](const std::vector<SrlgId>& srlgs) {
      for (const SrlgId srlg : srlgs) {
        if (!exempt(srlg)) risks.push_back(srlg_base_ + Index(srlg));
      }
    };
    const auto add_provider = [&](ProviderId provider) {
      if (provider != ProviderId::kNone) risks.push_back(provider_base_ + Index(provider));
    };
    // The fibre is named by the smaller of its two directions.
    risks.push_back(info.reverse == LinkId::kNone ? Index(link)
                                                  : std::min(Index(link), Index(info.reverse)));
    if (protection.node && between) risks.push_back(node_base_ + Index(info.target));
    if (protection.srlg) add_srlgs(info.srlgs);
    if (protection.srlg && between) add_srlgs(entered.srlgs);
    if (protection.provider) add_provider(info.provider);
    if (protection.provider && between) add_provider(entered.provider);
    std::sort(risks.begin(), risks.end());
    risks.erase(std::unique(risks.begin(), risks.end()), risks.end());
    for (const int32_t risk : risks) links_of_[risk].push_back(link);
  }
}

std::vector<int32_t> RiskTable::RisksOfPath(std::span<const LinkId> links) const {
  std::vector<int32_t> risks;
  for (const LinkId link : links) {
    risks.insert(risks.end(), RisksOf(link).begin(), RisksOf(link).end());
  }
  std::sort(risks.begin(), risks.end());
  risks.erase(std::unique(risks.begin(), risks.end()), risks.end());
  return risks;
}

bool RiskTable::Disjoint(std::span<const LinkId> a, std::span<const LinkId> b) const {
  const std::vector<int32_t> of_a = RisksOfPath(a);
  const std::vector<int32_t> of_b = RisksOfPath(b);
  return std::none_of(of_a.begin(), of_a.end(), [&](int32_t risk) {
    return std::binary_search(of_b.begin(), of_b.end(), risk);
  });
}

std::string RiskTable::Name(const Snapshot& snapshot, int32_t risk) const {
  if (risk < node_base_) return snapshot.links()[risk].name;
  if (risk < srlg_base_) return snapshot.nodes()[risk - node_base_].name;
  if (risk < provider_base_) return snapshot.srlg_names()[risk - srlg_base_];
  return "provider " + snapshot.provider_names()[risk - provider_base_];
}

}  // namespace waymark

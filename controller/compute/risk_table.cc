#include "controller/compute/risk_table.h"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace waymark {
namespace {

// Which risk groups count at all.
std::vector<bool> CountedGroups(const Snapshot& snapshot, const Protection& protection, NodeId from,
                                NodeId to) {
  std::vector<bool> counted(snapshot.srlg_names().size(), protection.srlg);
  for (size_t i = 0; protection.building && i < counted.size(); ++i) {
    const v1::SrlgType type = snapshot.srlg_resources()[i].type();
    if (type == v1::BUILDING || type == v1::LANDING_STATION) counted[i] = true;
  }
  for (const NodeId end : {from, to}) {
    for (const SrlgId own : snapshot.node(end).srlgs) counted[Index(own)] = false;
  }
  return counted;
}

}  // namespace

RiskTable::RiskTable(const Snapshot& snapshot, const Protection& protection, NodeId from,
                     NodeId to) {
  node_base_ = static_cast<int32_t>(snapshot.links().size());
  srlg_base_ = node_base_ + static_cast<int32_t>(snapshot.nodes().size());
  provider_base_ = srlg_base_ + static_cast<int32_t>(snapshot.srlg_names().size());
  const std::vector<bool> counted = CountedGroups(snapshot, protection, from, to);
  const auto add_srlgs = [&](const std::vector<SrlgId>& srlgs) {
    for (const SrlgId srlg : srlgs) {
      if (counted[Index(srlg)]) risks_.push_back(srlg_base_ + Index(srlg));
    }
  };
  const auto add_provider = [&](ProviderId provider) {
    if (protection.provider && provider != ProviderId::kNone) {
      risks_.push_back(provider_base_ + Index(provider));
    }
  };
  links_begin_.assign(provider_base_ + snapshot.provider_names().size() + 1, 0);
  risks_begin_.push_back(0);
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    const LinkInfo& info = snapshot.links()[i];
    const NodeInfo& entered = snapshot.node(info.target);
    const bool between = info.target != from && info.target != to;
    // The fibre is named by the smaller of its two directions.
    const int32_t self = static_cast<int32_t>(i);
    risks_.push_back(info.reverse == LinkId::kNone ? self : std::min(self, Index(info.reverse)));
    if (protection.node && between) risks_.push_back(node_base_ + Index(info.target));
    add_srlgs(info.srlgs);
    if (between) add_srlgs(entered.srlgs);
    add_provider(info.provider);
    if (between) add_provider(entered.provider);
    const auto own = risks_.begin() + risks_begin_.back();
    std::sort(own, risks_.end());
    risks_.erase(std::unique(own, risks_.end()), risks_.end());
    risks_begin_.push_back(static_cast<int32_t>(risks_.size()));
  }
  for (const int32_t risk : risks_) ++links_begin_[risk + 1];
  std::partial_sum(links_begin_.begin(), links_begin_.end(), links_begin_.begin());
  links_.resize(risks_.size());
  std::vector<int32_t> next(links_begin_.begin(), links_begin_.end() - 1);
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    const LinkId link = static_cast<LinkId>(i);
    for (const int32_t risk : RisksOf(link)) links_[next[risk]++] = link;
  }
}

std::vector<int32_t> RiskTable::RisksOfPath(std::span<const LinkId> links) const {
  std::vector<int32_t> risks;
  for (const LinkId link : links) {
    const std::span<const int32_t> own = RisksOf(link);
    risks.insert(risks.end(), own.begin(), own.end());
  }
  std::sort(risks.begin(), risks.end());
  risks.erase(std::unique(risks.begin(), risks.end()), risks.end());
  return risks;
}

std::vector<int32_t> RiskTable::Shared(std::span<const LinkId> a, std::span<const LinkId> b) const {
  const std::vector<int32_t> of_a = RisksOfPath(a);
  const std::vector<int32_t> of_b = RisksOfPath(b);
  std::vector<int32_t> shared;
  std::set_intersection(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                        std::back_inserter(shared));
  return shared;
}

std::string RiskTable::Name(const Snapshot& snapshot, int32_t risk) const {
  if (risk < node_base_) return snapshot.links()[risk].name;
  if (risk < srlg_base_) return snapshot.nodes()[risk - node_base_].name;
  if (risk < provider_base_) return snapshot.srlg_names()[risk - srlg_base_];
  return "provider " + snapshot.provider_names()[risk - provider_base_];
}

std::vector<std::string> RiskTable::Names(const Snapshot& snapshot,
                                          std::span<const int32_t> risks) const {
  std::vector<std::string> names;
  for (const int32_t risk : risks) names.push_back(Name(snapshot, risk));
  return names;
}

}  // namespace waymark

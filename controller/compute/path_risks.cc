#include "controller/compute/path_risks.h"

#include <algorithm>
#include <iterator>

namespace waymark {
namespace {

int32_t Count(const auto& items) { return static_cast<int32_t>(items.size()); }

// A fibre is named by the smaller of its two directions.
int32_t Fibre(const Snapshot& snapshot, LinkId link) {
  const LinkId reverse = snapshot.link(link).reverse;
  return reverse == LinkId::kNone ? Index(link) : std::min(Index(link), Index(reverse));
}

}  // namespace

PathRisks::PathRisks(const Snapshot& snapshot, const Protection& protection, NodeId from, NodeId to)
    : snapshot_(snapshot),
      protection_(protection),
      from_(from),
      to_(to),
      nodes_(Count(snapshot.links())),
      srlgs_(nodes_ + Count(snapshot.nodes())),
      providers_(srlgs_ + Count(snapshot.srlg_names())),
      size_(providers_ + Count(snapshot.provider_names())) {}

bool PathRisks::Counts(SrlgId srlg) const {
  if (!protection_.srlg) {
    if (!protection_.building) return false;
    const v1::SrlgType type = snapshot_.srlg_resources()[Index(srlg)].type();
    if (type != v1::BUILDING && type != v1::LANDING_STATION) return false;
  }
  const auto has = [&](NodeId end) {
    return std::ranges::binary_search(snapshot_.node(end).srlgs, srlg);
  };
  return !has(from_) && !has(to_);
}

void PathRisks::AddGroups(std::span<const SrlgId> srlgs, std::vector<int32_t>* risks) const {
  for (const SrlgId srlg : srlgs) {
    if (Counts(srlg)) risks->push_back(srlgs_ + Index(srlg));
  }
}

void PathRisks::AddProvider(ProviderId provider, std::vector<int32_t>* risks) const {
  if (protection_.provider && provider != ProviderId::kNone) {
    risks->push_back(providers_ + Index(provider));
  }
}

std::vector<int32_t> PathRisks::Of(std::span<const LinkId> links) const {
  std::vector<int32_t> risks;
  risks.reserve(2 * links.size());
  for (const LinkId link : links) {
    const LinkInfo& info = snapshot_.link(link);
    risks.push_back(Fibre(snapshot_, link));
    AddGroups(info.srlgs, &risks);
    AddProvider(info.provider, &risks);
    if (!Between(info.target)) continue;
    const NodeInfo& entered = snapshot_.node(info.target);
    if (protection_.node) risks.push_back(nodes_ + Index(info.target));
    AddGroups(entered.srlgs, &risks);
    AddProvider(entered.provider, &risks);
  }
  std::sort(risks.begin(), risks.end());
  risks.erase(std::unique(risks.begin(), risks.end()), risks.end());
  return risks;
}

std::vector<int32_t> PathRisks::Shared(std::span<const LinkId> a, std::span<const LinkId> b) const {
  const std::vector<int32_t> of_a = Of(a);
  const std::vector<int32_t> of_b = Of(b);
  std::vector<int32_t> shared;
  std::set_intersection(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                        std::back_inserter(shared));
  return shared;
}

std::vector<LinkId> PathRisks::LinksOf(int32_t risk) const {
  const auto copy = [](std::span<const LinkId> links) {
    return std::vector<LinkId>(links.begin(), links.end());
  };
  if (risk < nodes_) {
    const LinkId link{risk};
    const LinkId reverse = snapshot_.link(link).reverse;
    if (Fibre(snapshot_, link) != risk) return {};
    return reverse == LinkId::kNone ? std::vector{link} : std::vector{link, reverse};
  }
  if (risk < srlgs_) {
    const NodeId node{risk - nodes_};
    return protection_.node && Between(node) ? copy(snapshot_.in_links(node))
                                             : std::vector<LinkId>();
  }
  if (risk < providers_) {
    const SrlgId srlg{risk - srlgs_};
    return Counts(srlg) ? copy(snapshot_.links_by(srlg)) : std::vector<LinkId>();
  }
  if (!protection_.provider) return {};
  const ProviderId provider{risk - providers_};
  std::vector<LinkId> links = copy(snapshot_.links_by(provider));
  std::erase_if(links, [&](LinkId link) {
    const LinkInfo& info = snapshot_.link(link);
    return info.provider != provider && !Between(info.target);
  });
  return links;
}

std::string PathRisks::Name(int32_t risk) const {
  if (risk < nodes_) return snapshot_.links()[risk].name;
  if (risk < srlgs_) return snapshot_.nodes()[risk - nodes_].name;
  if (risk < providers_) return snapshot_.srlg_names()[risk - srlgs_];
  return "provider " + snapshot_.provider_names()[risk - providers_];
}

std::vector<std::string> PathRisks::Names(std::span<const int32_t> risks) const {
  std::vector<std::string> names;
  names.reserve(risks.size());
  for (const int32_t risk : risks) names.push_back(Name(risk));
  return names;
}

}  // namespace waymark

#include "controller/compute/failure_list.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/availability.h"

namespace waymark {
namespace {

template <typename T>
void SortUnique(std::vector<T>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

class List {
 public:
  explicit List(const Snapshot& snapshot) : snapshot_(snapshot), known_(snapshot) {}

  void Fibres() {
    for (size_t i = 0; i < snapshot_.links().size(); ++i) {
      const LinkId link = static_cast<LinkId>(i);
      const LinkId reverse = snapshot_.link(link).reverse;
      if (reverse != LinkId::kNone && reverse < link) continue;
      Failure failure = {snapshot_.link(link).name, {}, {}, known_.OfFibre(link)};
      AddFibre(link, &failure);
      Take(std::move(failure));
    }
  }

  void Nodes() {
    for (size_t i = 0; i < snapshot_.nodes().size(); ++i) {
      const NodeId node = static_cast<NodeId>(i);
      Failure failure = {snapshot_.node(node).name, {}, {}, known_.OfNode(node)};
      AddNode(node, &failure);
      Take(std::move(failure));
    }
  }

  void Groups(bool buildings_alone) {
    for (size_t i = 0; i < snapshot_.srlg_names().size(); ++i) {
      const SrlgId srlg = static_cast<SrlgId>(i);
      const v1::SrlgType type = snapshot_.srlg_resources()[i].type();
      if (buildings_alone && type != v1::BUILDING && type != v1::LANDING_STATION) continue;
      Failure failure = {snapshot_.srlg_names()[i], {}, {}, known_.OfSrlg(srlg)};
      AddWhere([&](const auto& part) { return std::ranges::binary_search(part.srlgs, srlg); },
               &failure);
      Take(std::move(failure));
    }
  }

  void Providers() {
    for (size_t i = 0; i < snapshot_.provider_names().size(); ++i) {
      const ProviderId provider = static_cast<ProviderId>(i);
      Failure failure = {absl::StrCat("provider ", snapshot_.provider_names()[i]), {}, {}, 0};
      AddWhere([&](const auto& part) { return part.provider == provider; }, &failure);
      Take(std::move(failure));
    }
  }

  std::vector<Failure> Finish() { return std::move(failures_); }

 private:
  void AddFibre(LinkId link, Failure* failure) const {
    failure->links.push_back(Index(link));
    const LinkId reverse = snapshot_.link(link).reverse;
    if (reverse != LinkId::kNone) failure->links.push_back(Index(reverse));
  }

  void AddNode(NodeId node, Failure* failure) const {
    failure->nodes.push_back(node);
    for (const LinkId link : snapshot_.out_links(node)) failure->links.push_back(Index(link));
    for (const LinkId link : snapshot_.in_links(node)) failure->links.push_back(Index(link));
  }

  template <typename In>
  void AddWhere(const In& in, Failure* failure) const {
    for (size_t i = 0; i < snapshot_.links().size(); ++i) {
      if (in(snapshot_.links()[i])) AddFibre(static_cast<LinkId>(i), failure);
    }
    for (size_t i = 0; i < snapshot_.nodes().size(); ++i) {
      if (in(snapshot_.nodes()[i])) AddNode(static_cast<NodeId>(i), failure);
    }
  }

  void Take(Failure failure) {
    SortUnique(&failure.links);
    SortUnique(&failure.nodes);
    if (!failure.links.empty()) failures_.push_back(std::move(failure));
  }

  const Snapshot& snapshot_;
  const AvailabilityModel known_;
  std::vector<Failure> failures_;
};

}  // namespace

std::vector<Failure> SingleFailures(const Snapshot& snapshot, const Protection& kinds) {
  List list(snapshot);
  list.Fibres();
  if (kinds.node) list.Nodes();
  if (kinds.srlg || kinds.building) list.Groups(!kinds.srlg);
  if (kinds.provider) list.Providers();
  return list.Finish();
}

Failure Together(const Failure& a, const Failure& b) {
  Failure both = {absl::StrCat(a.name, ", ", b.name), {}, {}, 0};
  std::ranges::set_union(a.links, b.links, std::back_inserter(both.links));
  std::ranges::set_union(a.nodes, b.nodes, std::back_inserter(both.nodes));
  return both;
}

}  // namespace waymark

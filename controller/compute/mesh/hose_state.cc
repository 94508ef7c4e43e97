#include "controller/compute/mesh/hose_state.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace waymark {
namespace {

// Beyond, sums of costs would leave the range of numbers.
constexpr double kMostExponent = 300;

}  // namespace

HoseState::HoseState(const MeshProblem& problem, std::span<const Hose> hoses,
                     std::span<const double> background, int weight_total)
    : weight_total_(weight_total), background_(background) {
  for (const MeshDemand& demand : problem.demands) {
    if (demand.rate > 0) pairs_.push_back({.nodes = {demand.from, demand.to}});
  }
  for (const Hose& hose : hoses) {
    groups_.push_back(GroupHoseSites(hose));
    for (const HosePair& nodes : HosePairs(hose)) pairs_.push_back({.nodes = nodes});
  }
  std::ranges::sort(pairs_, {}, &Pair::nodes);
  const auto same = [](const Pair& a, const Pair& b) { return a.nodes == b.nodes; };
  pairs_.erase(std::unique(pairs_.begin(), pairs_.end(), same), pairs_.end());
  for (const MeshDemand& demand : problem.demands) {
    if (demand.rate > 0) pairs_[PairOf({demand.from, demand.to})].rate = demand.rate;
  }
  for (size_t h = 0; h < groups_.size(); ++h) {
    const HoseGroups& groups = groups_[h];
    for (int32_t from = 0; from < groups.size(); ++from) {
      for (int32_t to = 0; to < groups.size(); ++to) {
        if (!groups.Talk(from, to)) continue;
        pairs_[PairOf(groups.Nodes(from, to))].uses.push_back({static_cast<int32_t>(h), from, to});
      }
    }
  }
  const size_t links = problem.links.size();
  cells_.resize(links);
  pipes_.resize(links);
  pipe_trial_.resize(links);
  weight_.resize(links);
  for (size_t e = 0; e < links; ++e) {
    const double capacity = problem.links[e].capacity;
    inverse_.push_back(capacity > 0 ? 1 / capacity : 0);
    load_.push_back(background.empty() ? 0 : background[e]);
  }
}

int32_t HoseState::PairOf(HosePair nodes) const {
  return static_cast<int32_t>(std::ranges::lower_bound(pairs_, nodes, {}, &Pair::nodes) -
                              pairs_.begin());
}

const HoseState::Cell* HoseState::FindCell(int32_t link, int32_t hose) const {
  const auto at = std::ranges::lower_bound(cells_[link], hose, {}, &Cell::hose);
  return at != cells_[link].end() && at->hose == hose ? &*at : nullptr;
}

int32_t HoseState::Hottest() const {
  int32_t hottest = -1;
  for (size_t e = 0; e < load_.size(); ++e) {
    const int32_t link = static_cast<int32_t>(e);
    if (hottest < 0 || Utilisation(link) > Utilisation(hottest)) hottest = link;
  }
  return hottest;
}

void HoseState::SetSoftness(double top, double sharpness) {
  top_ = top;
  sharpness_ = sharpness;
}

double HoseState::Cost(int32_t link, double load) const {
  const double over = load * inverse_[link] / top_ - 1;
  return std::exp(std::min(sharpness_ * over, kMostExponent));
}

HoseState::Cell& HoseState::CellOf(int32_t link, int32_t hose) {
  std::vector<Cell>& cells = cells_[link];
  auto at = std::ranges::lower_bound(cells, hose, {}, &Cell::hose);
  if (at == cells.end() || at->hose != hose) at = cells.insert(at, {.hose = hose});
  if (at->trial != trial_) {
    at->trial = trial_;
    dirty_.emplace_back(link, hose);
    old_cells_.push_back({link, *at});
  }
  return *at;
}

void HoseState::SetShare(int32_t pair, int32_t link, int32_t weight) {
  for (const Use& use : pairs_[pair].uses) {
    std::vector<HoseShare>& shares = CellOf(link, use.hose).shares;
    const auto ends = [](const HoseShare& share) { return std::tuple(share.from, share.to); };
    auto at = std::ranges::lower_bound(shares, std::tuple(use.from, use.to), {}, ends);
    const bool there = at != shares.end() && ends(*at) == std::tuple(use.from, use.to);
    if (weight == 0) {
      if (there) shares.erase(at);
      continue;
    }
    if (!there) at = shares.insert(at, {use.from, use.to, 0});
    at->gain = ShareOfWeight(weight, weight_total_);
  }
}

void HoseState::SetPipe(int32_t pair, int32_t link, int32_t weight) {
  if (pipe_trial_[link] != trial_) {
    pipe_trial_[link] = trial_;
    dirty_.emplace_back(link, -1);
    old_pipes_.emplace_back(link, pipes_[link]);
  }
  std::vector<Pipe>& pipes = pipes_[link];
  const auto at = std::ranges::lower_bound(pipes, pair, {}, &Pipe::pair);
  const bool there = at != pipes.end() && at->pair == pair;
  if (weight == 0) {
    if (there) pipes.erase(at);
  } else if (there) {
    at->weight = weight;
  } else {
    pipes.insert(at, {pair, weight});
  }
}

void HoseState::SetPaths(int32_t pair, HosePaths paths) {
  Pair& changed = pairs_[pair];
  std::vector<int32_t> touched;
  const auto add = [&](const HosePaths& of, int32_t sign) {
    for (const HosePath& path : of) {
      for (const int32_t link : path.links) {
        touched.push_back(link);
        weight_[link] += sign * path.weight;
      }
    }
  };
  add(changed.paths, -1);
  add(paths, 1);
  std::vector<int32_t> differ;
  for (const int32_t link : touched) {
    if (weight_[link] != 0) differ.push_back(link);
    weight_[link] = 0;
  }
  add(paths, 1);
  for (const int32_t link : differ) {
    SetShare(pair, link, weight_[link]);
    if (changed.rate > 0) SetPipe(pair, link, weight_[link]);
  }
  for (const int32_t link : touched) weight_[link] = 0;
  std::swap(changed.paths, paths);
  old_paths_.emplace_back(pair, std::move(paths));
}

void HoseState::Measure(Cell& cell) {
  const HoseGroups& groups = groups_[cell.hose];
  transport_.SetRates(groups.ingress, groups.egress);
  cell.load = transport_.Worst(cell.shares);
  cell.from_price.assign(groups.groups.size(), 0);
  cell.to_price.assign(groups.groups.size(), 0);
  for (size_t s = 0; s < cell.shares.size(); ++s) {
    cell.from_price[cell.shares[s].from] = transport_.from_price(s);
    cell.to_price[cell.shares[s].to] = transport_.to_price(s);
  }
}

double HoseState::Sum(int32_t link) const {
  double sum = background_.empty() ? 0 : background_[link];
  for (const Pipe& pipe : pipes_[link]) sum += pairs_[pipe.pair].rate * pipe.weight / weight_total_;
  for (const Cell& cell : cells_[link]) sum += cell.load;
  return sum;
}

double HoseState::Settle() {
  double change = 0;
  std::ranges::sort(dirty_);
  for (size_t i = 0; i < dirty_.size(); ++i) {
    const auto& [link, hose] = dirty_[i];
    if (hose >= 0) {
      Measure(*std::ranges::lower_bound(cells_[link], hose, {}, &Cell::hose));
    }
    if (i + 1 < dirty_.size() && dirty_[i + 1].first == link) continue;
    old_loads_.emplace_back(link, load_[link]);
    change -= Cost(link, load_[link]);
    load_[link] = Sum(link);
    change += Cost(link, load_[link]);
  }
  return change;
}

void HoseState::Keep() {
  for (const auto& [link, hose] : dirty_) {
    std::erase_if(cells_[link], [](const Cell& cell) { return cell.shares.empty(); });
  }
  old_paths_.clear();
  old_loads_.clear();
  old_pipes_.clear();
  old_cells_.clear();
  dirty_.clear();
  ++trial_;
}

void HoseState::Undo() {
  for (; !old_paths_.empty(); old_paths_.pop_back()) {
    pairs_[old_paths_.back().first].paths = std::move(old_paths_.back().second);
  }
  for (Saved& saved : old_cells_) {
    const int32_t hose = saved.cell.hose;
    *std::ranges::lower_bound(cells_[saved.link], hose, {}, &Cell::hose) = std::move(saved.cell);
  }
  for (auto& [link, pipes] : old_pipes_) pipes_[link] = std::move(pipes);
  for (; !old_loads_.empty(); old_loads_.pop_back()) {
    load_[old_loads_.back().first] = old_loads_.back().second;
  }
  Keep();
}

}  // namespace waymark

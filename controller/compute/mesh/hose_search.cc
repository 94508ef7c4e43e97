#include "controller/compute/mesh/hose_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace waymark {
namespace {

constexpr double kLastSharpness = 640;
// Of the worst link's share of the soft maximum: less is not worth a move.
constexpr double kLeastGain = 1e-5;
// Links that are looked at beside the worst.
constexpr double kNearlyHot = 0.9;
constexpr size_t kMostHot = 8;
constexpr double kNoPrice = 1e-9;
constexpr size_t kMostBlocks = 32;
constexpr double kParts[] = {1, 0.5, 0.2, 0.05};
// What a link costs however little it is loaded: short ways before long ones.
constexpr double kLinkCost = 1e-9;

MeshProblem Reversed(const MeshProblem& problem) {
  MeshProblem reversed = {.node_count = problem.node_count, .links = problem.links};
  for (MeshLink& link : reversed.links) std::swap(link.from, link.to);
  return reversed;
}

bool Uses(const HosePath& path, int32_t link) {
  return std::ranges::find(path.links, link) != path.links.end();
}

// The paths with `part` of the weight on `hot` moved to `way`; `paths` itself if there is no place
// for one more.
HosePaths Moved(HosePaths paths, int32_t hot, const std::vector<int32_t>& way, double part,
                int max_paths) {
  int32_t over = 0;
  for (const HosePath& path : paths) over += Uses(path, hot) ? path.weight : 0;
  int32_t amount = std::max(1, static_cast<int32_t>(std::round(over * part)));
  HosePath added = {.links = way};
  HosePaths moved;
  std::ranges::stable_sort(paths, std::ranges::greater(), &HosePath::weight);
  for (const HosePath& path : paths) {
    HosePath left = path;
    if (path.links == way) {
      added.weight += path.weight;
      continue;
    }
    if (Uses(path, hot)) {
      const int32_t taken = std::min(amount, left.weight);
      left.weight -= taken;
      amount -= taken;
      added.weight += taken;
    }
    if (left.weight > 0) moved.push_back(std::move(left));
  }
  moved.push_back(std::move(added));
  return moved.size() <= static_cast<size_t>(max_paths) ? moved : paths;
}

}  // namespace

std::vector<int32_t> WayInTree(const MeshProblem& problem, const TreeSearch& tree, int32_t node) {
  std::vector<int32_t> way;
  for (int32_t link = tree.last_link(node); link >= 0; link = tree.last_link(node)) {
    way.push_back(link);
    node = problem.links[link].from;
  }
  return way;
}

HoseSearch::HoseSearch(const MeshProblem& problem, HoseState& state, HoseWays& allowed, Until until)
    : problem_(problem),
      state_(state),
      allowed_(allowed),
      until_(std::move(until)),
      reversed_(Reversed(problem)),
      graph_(problem),
      reversed_graph_(reversed_),
      forward_(graph_),
      backward_(reversed_graph_),
      length_(problem.links.size()) {}

int HoseSearch::Run() {
  int rounds = 0;
  for (double sharpness = until_.sharpness; rounds < until_.max_rounds;) {
    const int32_t hot = state_.Hottest();
    if (hot < 0) break;
    const double top = state_.Utilisation(hot);
    if (top <= until_.limit || !(top > 0)) break;
    state_.SetSoftness(top, sharpness);
    if (ImproveAny(hot)) {
      ++rounds;
      if (until_.progress) until_.progress(rounds, top);
    } else {
      sharpness *= 2;
      if (stopped_ || sharpness > kLastSharpness) break;
    }
  }
  return rounds;
}

std::vector<HoseSearch::Block> HoseSearch::Blocks(int32_t hot) const {
  std::vector<Block> ends, pairs;
  for (const HoseState::Cell& cell : state_.cells(hot)) {
    const HoseGroups& groups = state_.groups(cell.hose);
    for (int32_t group = 0; group < groups.size(); ++group) {
      for (const bool sends : {true, false}) {
        const double price = sends ? cell.from_price[group] : cell.to_price[group];
        const double rate = sends ? groups.ingress[group] : groups.egress[group];
        if (price > kNoPrice) ends.push_back({cell.hose, group, sends, price * rate});
      }
    }
    for (const HoseShare& share : cell.shares) {
      const double rate = std::min(groups.ingress[share.from], groups.egress[share.to]);
      pairs.push_back({-1, state_.PairOf(groups.Nodes(share.from, share.to)), true, rate});
    }
  }
  for (const HoseState::Pipe& pipe : state_.pipes(hot)) {
    ends.push_back({-1, pipe.pair, true,
                    state_.pairs()[pipe.pair].rate * pipe.weight / state_.weight_total()});
  }
  for (std::vector<Block>* blocks : {&ends, &pairs}) {
    std::ranges::stable_sort(*blocks, std::ranges::greater(), &Block::value);
    if (blocks->size() > kMostBlocks) blocks->resize(kMostBlocks);
  }
  ends.insert(ends.end(), pairs.begin(), pairs.end());
  return ends;
}

std::vector<int32_t> HoseSearch::PairsOf(const Block& block, int32_t hot) const {
  if (block.hose < 0) return {block.end};
  std::vector<int32_t> pairs;
  for (const HoseShare& share : state_.FindCell(hot, block.hose)->shares) {
    if ((block.sends ? share.from : share.to) != block.end) continue;
    pairs.push_back(state_.PairOf(state_.groups(block.hose).Nodes(share.from, share.to)));
  }
  std::ranges::sort(pairs);
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  return pairs;
}

double HoseSearch::PairGrowth(int32_t pair, int32_t link) const {
  double growth = state_.pairs()[pair].rate;
  for (const HoseState::Use& use : state_.pairs()[pair].uses) {
    const HoseGroups& groups = state_.groups(use.hose);
    const HoseState::Cell* cell = state_.FindCell(link, use.hose);
    const double paid = cell ? cell->from_price[use.from] + cell->to_price[use.to] : 0;
    growth += std::max(0.0, 1 - paid) * std::min(groups.ingress[use.from], groups.egress[use.to]);
  }
  return growth;
}

// By how much the link's load would grow at most if it carried the whole block.
double HoseSearch::Growth(const Block& block, int32_t link) const {
  if (block.hose < 0) return PairGrowth(block.end, link);
  const HoseGroups& groups = state_.groups(block.hose);
  const double rate = block.sends ? groups.ingress[block.end] : groups.egress[block.end];
  const HoseState::Cell* cell = state_.FindCell(link, block.hose);
  if (cell == nullptr) return rate;
  return rate * (1 - (block.sends ? cell->from_price[block.end] : cell->to_price[block.end]));
}

void HoseSearch::SetLengths(const Block& block, int32_t hot, double part) {
  for (size_t e = 0; e < length_.size(); ++e) {
    const int32_t link = static_cast<int32_t>(e);
    const double growth = part * Growth(block, link), load = state_.load(link);
    length_[e] = kLinkCost;
    if (growth > 0) length_[e] += state_.Cost(link, load + growth) - state_.Cost(link, load);
  }
  length_[hot] = TreeSearch::kFar;
}

void HoseSearch::FindWays(const Block& block, int32_t hot, double part) {
  ways_.clear();
  const std::vector<int32_t> pairs = PairsOf(block, hot);
  SetLengths(block, hot, part);
  const HosePair first = state_.pairs()[pairs.front()].nodes;
  TreeSearch& tree = block.sends ? forward_ : backward_;
  tree.Run(block.sends ? first.from : first.to, length_);
  for (const int32_t pair : pairs) {
    const HosePair nodes = state_.pairs()[pair].nodes;
    const int32_t end = block.sends ? nodes.to : nodes.from;
    if (tree.distance(end) == TreeSearch::kFar) continue;
    std::vector<int32_t> way = WayInTree(block.sends ? problem_ : reversed_, tree, end);
    if (block.sends) std::ranges::reverse(way);
    if (!allowed_.Mend(pair, length_, &way)) continue;
    ways_.emplace_back(pair, std::move(way));
  }
}

void HoseSearch::Move(int32_t hot, double part) {
  for (const auto& [pair, way] : ways_) {
    state_.SetPaths(pair, Moved(state_.pairs()[pair].paths, hot, way, part, until_.max_paths));
  }
}

bool HoseSearch::TryBlock(const Block& block, int32_t hot) {
  double best = -kLeastGain, best_part = 0;
  for (const double part : kParts) {
    FindWays(block, hot, part);
    if (ways_.empty()) return false;
    Move(hot, part);
    const double change = state_.Settle();
    state_.Undo();
    if (change >= best) continue;
    best = change;
    best_part = part;
  }
  if (best_part == 0) return false;
  FindWays(block, hot, best_part);
  Move(hot, best_part);
  state_.Settle();
  state_.Keep();
  return true;
}

// Of the worst links, the first that gives way: where the worst cannot, room beside it may help.
bool HoseSearch::ImproveAny(int32_t hottest) {
  std::vector<int32_t> hot;
  for (size_t e = 0; e < length_.size(); ++e) {
    const int32_t link = static_cast<int32_t>(e);
    if (state_.Utilisation(link) >= kNearlyHot * state_.Utilisation(hottest)) hot.push_back(link);
  }
  std::ranges::stable_sort(hot, std::ranges::greater(),
                           [&](int32_t link) { return state_.Utilisation(link); });
  if (hot.size() > kMostHot) hot.resize(kMostHot);
  return std::ranges::any_of(hot, [&](int32_t link) { return !stopped_ && Improve(link); });
}

bool HoseSearch::Improve(int32_t hot) {
  for (const Block& block : Blocks(hot)) {
    if (until_.stop && until_.stop()) {
      stopped_ = true;
      return false;
    }
    if (TryBlock(block, hot)) return true;
  }
  return false;
}

}  // namespace waymark

#include "controller/compute/mesh/joint_routes.h"

#include <algorithm>
#include <deque>
#include <limits>

namespace waymark {
namespace {

// Of the dearest link: what each costs at the least, so that routes stay short and have no loops.
constexpr double kFloor = 1e-6;
// Of the penalty: differences that are rounding, which a cycle would otherwise gather for ever.
constexpr double kRounding = 1e-12;

}  // namespace

JointRoutes::JointRoutes(const MeshProblem& problem, const FailureLoads& loads)
    : problem_(problem),
      link_fails_(problem.links.size(), false),
      node_fails_(problem.node_count, false) {
  std::vector<int32_t> degree(problem.node_count, 0), failed(problem.node_count, 0);
  for (const MeshLink& link : problem.links) {
    ++degree[link.from];
    ++degree[link.to];
  }
  for (int32_t f = 0; f < loads.failure_count(); ++f) {
    for (const int32_t link : loads.links_of(f)) {
      link_fails_[link] = true;
      ++failed[problem.links[link].from];
      ++failed[problem.links[link].to];
    }
    for (const int32_t link : loads.links_of(f)) {
      for (const int32_t node : {problem.links[link].from, problem.links[link].to}) {
        if (failed[node] == degree[node]) node_fails_[node] = true;
      }
    }
    for (const int32_t link : loads.links_of(f)) {
      failed[problem.links[link].from] = failed[problem.links[link].to] = 0;
    }
  }
}

void JointRoutes::AddEdge(int32_t from, int32_t to, double cost, int32_t link) {
  out_[from].push_back(static_cast<int32_t>(edges_.size()));
  edges_.push_back({to, cost, 1, link});
  out_[to].push_back(static_cast<int32_t>(edges_.size()));
  edges_.push_back({from, -cost, 0, link});
}

// Bellman 1958 with a queue: the way back over the first route has negative costs.
bool JointRoutes::Augment(int32_t from, int32_t to, double tolerance) {
  std::vector<double> distance(out_.size(), std::numeric_limits<double>::infinity());
  std::vector<int32_t> by(out_.size(), -1);
  std::vector<bool> queued(out_.size(), false);
  std::deque<int32_t> queue = {from};
  distance[from] = 0;
  while (!queue.empty()) {
    const int32_t state = queue.front();
    queue.pop_front();
    queued[state] = false;
    for (const int32_t e : out_[state]) {
      const Edge& edge = edges_[e];
      if (edge.room == 0 || edge.to == from) continue;
      const double cost = distance[state] + edge.cost;
      if (!(cost < distance[edge.to] - tolerance)) continue;
      distance[edge.to] = cost;
      by[edge.to] = e;
      if (!queued[edge.to]) {
        queued[edge.to] = true;
        queue.push_back(edge.to);
      }
    }
  }
  if (by[to] < 0) return false;
  for (int32_t state = to; state != from; state = edges_[by[state] ^ 1].to) {
    --edges_[by[state]].room;
    ++edges_[by[state] ^ 1].room;
  }
  return true;
}

// Takes one unit of the flow away.
std::vector<int32_t> JointRoutes::Walk(int32_t from, int32_t to) {
  std::vector<int32_t> links;
  for (int32_t state = from; state != to;) {
    const auto used = std::ranges::find_if(
        out_[state], [&](int32_t e) { return (e & 1) == 0 && edges_[e].room == 0; });
    Edge& edge = edges_[*used];
    edge.room = 1;
    if (edge.link >= 0) links.push_back(edge.link);
    state = edge.to;
  }
  return links;
}

bool JointRoutes::Find(int32_t from, int32_t to, std::span<const double> length,
                       std::array<std::vector<int32_t>, 2>* routes) {
  edges_.clear();
  out_.assign(2 * static_cast<size_t>(problem_.node_count), {});
  double penalty = 0, dearest = 0;
  for (const double l : length) dearest = std::max(dearest, l);
  std::vector<double> scaled(length.size());
  for (size_t e = 0; e < length.size(); ++e) {
    scaled[e] = std::max(kFloor, length[e] / dearest);
    penalty += scaled[e];
  }
  penalty = 2 * penalty + 1;
  for (int32_t node = 0; node < problem_.node_count; ++node) {
    AddEdge(2 * node, 2 * node + 1, 0, -1);
    const bool free = !node_fails_[node] || node == from || node == to;
    AddEdge(2 * node, 2 * node + 1, free ? 0 : penalty, -1);
  }
  for (size_t e = 0; e < length.size(); ++e) {
    const MeshLink& link = problem_.links[e];
    if (link.capacity <= 0 || link.to == from || link.from == to) continue;
    const auto number = static_cast<int32_t>(e);
    AddEdge(2 * link.from + 1, 2 * link.to, scaled[e], number);
    AddEdge(2 * link.from + 1, 2 * link.to, scaled[e] + (link_fails_[e] ? penalty : 0), number);
  }
  const int32_t start = 2 * from + 1, end = 2 * to;
  for (int unit = 0; unit < 2; ++unit) {
    if (!Augment(start, end, penalty * kRounding)) return false;
  }
  for (std::vector<int32_t>& links : *routes) links = Walk(start, end);
  return true;
}

}  // namespace waymark

#include "tests/bench/peers.h"

#include <lemon/dijkstra.h>
#include <lemon/smart_graph.h>
#include <lemon/static_graph.h>
#include <lemon/suurballe.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/dijkstra_shortest_paths_no_color_map.hpp>
#include <numeric>

namespace waymark::bench {
namespace {

std::vector<size_t> BySource(const std::vector<PlainLink>& links) {
  std::vector<size_t> order(links.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return links[a].source < links[b].source; });
  return order;
}

// Dijkstra and nothing else: flat arrays, a 4-ary heap of (distance, node) words, stale entries
// skipped; distances and predecessors, no care for ties, overflow or what else a product must see
// to.
class Bare final : public Peer {
 public:
  Bare(int32_t nodes, const std::vector<PlainLink>& links)
      : begin_(static_cast<size_t>(nodes) + 1, 0),
        distance_(static_cast<size_t>(nodes)),
        predecessor_(static_cast<size_t>(nodes)) {
    for (const size_t i : BySource(links)) {
      arcs_.push_back({links[i].metric, links[i].target});
      ++begin_[static_cast<size_t>(links[i].source) + 1];
    }
    std::partial_sum(begin_.begin(), begin_.end(), begin_.begin());
  }

  uint64_t AllShortestPaths() override {
    uint64_t sum = 0;
    for (size_t source = 0; source < distance_.size(); ++source) {
      From(static_cast<uint32_t>(source));
      for (const uint32_t d : distance_) sum += d == UINT32_MAX ? 0 : d;
    }
    return sum;
  }

 private:
  struct Arc {
    uint32_t metric;
    int32_t target;
  };

  void From(uint32_t source) {
    std::fill(distance_.begin(), distance_.end(), UINT32_MAX);
    distance_[source] = 0;
    heap_.clear();
    Push(source);
    while (!heap_.empty()) {
      const uint64_t top = Pop();
      const uint32_t node = static_cast<uint32_t>(top);
      const uint32_t so_far = static_cast<uint32_t>(top >> 32);
      if (so_far != distance_[node]) continue;
      for (int32_t i = begin_[node]; i < begin_[node + 1]; ++i) {
        const uint32_t through = so_far + arcs_[i].metric;
        const int32_t target = arcs_[i].target;
        if (through >= distance_[target]) continue;
        distance_[target] = through;
        predecessor_[target] = i;
        Push(uint64_t{through} << 32 | static_cast<uint32_t>(target));
      }
    }
  }

  void Push(uint64_t entry) {
    size_t hole = heap_.size();
    heap_.push_back(entry);
    while (hole > 0 && entry < heap_[(hole - 1) / 4]) {
      heap_[hole] = heap_[(hole - 1) / 4];
      hole = (hole - 1) / 4;
    }
    heap_[hole] = entry;
  }

  uint64_t Pop() {
    const uint64_t least = heap_.front(), last = heap_.back();
    heap_.pop_back();
    const size_t size = heap_.size();
    if (size == 0) return least;
    size_t hole = 0;
    while (hole * 4 + 1 < size) {
      size_t child = hole * 4 + 1;
      const size_t end = std::min(child + 4, size);
      for (size_t i = child + 1; i < end; ++i) {
        if (heap_[i] < heap_[child]) child = i;
      }
      if (last <= heap_[child]) break;
      heap_[hole] = heap_[child];
      hole = child;
    }
    heap_[hole] = last;
    return least;
  }

  std::vector<int32_t> begin_;
  std::vector<Arc> arcs_;
  std::vector<uint32_t> distance_;
  std::vector<int32_t> predecessor_;
  std::vector<uint64_t> heap_;
};

// Compressed sparse rows too: LEMON's fastest graph for this.
struct LemonGraph {
  LemonGraph(int32_t nodes, const std::vector<PlainLink>& links) : metric(graph) {
    std::vector<std::pair<int, int>> arcs;
    std::vector<uint32_t> metrics;
    for (const size_t i : BySource(links)) {
      arcs.emplace_back(links[i].source, links[i].target);
      metrics.push_back(links[i].metric);
    }
    graph.build(nodes, arcs.begin(), arcs.end());
    for (size_t i = 0; i < metrics.size(); ++i) {
      metric[graph.arc(static_cast<int>(i))] = static_cast<int>(metrics[i]);
    }
  }
  lemon::StaticDigraph graph;
  lemon::StaticDigraph::ArcMap<int> metric;
};

// What LEMON's own examples use where a graph is only ever built up.
struct LemonSmartGraph {
  LemonSmartGraph(int32_t nodes, const std::vector<PlainLink>& links) : metric(graph) {
    for (int32_t i = 0; i < nodes; ++i) graph.addNode();
    for (const PlainLink& link : links) {
      metric[graph.addArc(graph.nodeFromId(link.source), graph.nodeFromId(link.target))] =
          static_cast<int>(link.metric);
    }
  }
  lemon::SmartDigraph graph;
  lemon::SmartDigraph::ArcMap<int> metric;
};

class LemonSmart final : public Peer {
 public:
  LemonSmart(int32_t nodes, const std::vector<PlainLink>& links)
      : graph_(nodes, links), dijkstra_(graph_.graph, graph_.metric) {}

  uint64_t AllShortestPaths() override {
    uint64_t sum = 0;
    for (int source = 0; source < graph_.graph.nodeNum(); ++source) {
      dijkstra_.run(graph_.graph.nodeFromId(source));
      for (int target = 0; target < graph_.graph.nodeNum(); ++target) {
        const auto node = graph_.graph.nodeFromId(target);
        if (dijkstra_.reached(node)) sum += static_cast<uint64_t>(dijkstra_.dist(node));
      }
    }
    return sum;
  }

 private:
  LemonSmartGraph graph_;
  lemon::Dijkstra<lemon::SmartDigraph, lemon::SmartDigraph::ArcMap<int>> dijkstra_;
};

class Lemon final : public Peer {
 public:
  Lemon(int32_t nodes, const std::vector<PlainLink>& links)
      : graph_(nodes, links), dijkstra_(graph_.graph, graph_.metric) {}

  uint64_t AllShortestPaths() override {
    uint64_t sum = 0;
    for (int source = 0; source < graph_.graph.nodeNum(); ++source) {
      dijkstra_.run(graph_.graph.node(source));
      for (int target = 0; target < graph_.graph.nodeNum(); ++target) {
        const auto node = graph_.graph.node(target);
        if (dijkstra_.reached(node)) sum += static_cast<uint64_t>(dijkstra_.dist(node));
      }
    }
    return sum;
  }

 private:
  LemonGraph graph_;
  lemon::Dijkstra<lemon::StaticDigraph, lemon::StaticDigraph::ArcMap<int>> dijkstra_;
};

struct BoostLink {
  uint32_t metric;
};

template <typename Graph>
uint64_t BoostAllShortestPaths(const Graph& graph, std::vector<uint32_t>& distance,
                               std::vector<size_t>& predecessor) {
  uint64_t sum = 0;
  const auto index = get(boost::vertex_index, graph);
  for (size_t source = 0; source < distance.size(); ++source) {
    // Without colours: the faster of Boost's two.
    boost::dijkstra_shortest_paths_no_color_map(
        graph, source,
        boost::weight_map(get(&BoostLink::metric, graph))
            .distance_map(boost::make_iterator_property_map(distance.begin(), index))
            .predecessor_map(boost::make_iterator_property_map(predecessor.begin(), index)));
    for (const uint32_t d : distance) sum += d == UINT32_MAX ? 0 : d;
  }
  return sum;
}

class BoostLists final : public Peer {
 public:
  BoostLists(int32_t nodes, const std::vector<PlainLink>& links)
      : graph_(static_cast<size_t>(nodes)),
        distance_(static_cast<size_t>(nodes)),
        predecessor_(static_cast<size_t>(nodes)) {
    for (const PlainLink& link : links) {
      add_edge(static_cast<size_t>(link.source), static_cast<size_t>(link.target),
               BoostLink{link.metric}, graph_);
    }
  }
  uint64_t AllShortestPaths() override {
    return BoostAllShortestPaths(graph_, distance_, predecessor_);
  }

 private:
  boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property, BoostLink>
      graph_;
  std::vector<uint32_t> distance_;
  std::vector<size_t> predecessor_;
};

class Boost final : public Peer {
 public:
  Boost(int32_t nodes, const std::vector<PlainLink>& links)
      : distance_(static_cast<size_t>(nodes)), predecessor_(static_cast<size_t>(nodes)) {
    std::vector<std::pair<size_t, size_t>> arcs;
    std::vector<BoostLink> metrics;
    for (const size_t i : BySource(links)) {
      arcs.emplace_back(links[i].source, links[i].target);
      metrics.push_back({links[i].metric});
    }
    graph_ = Graph(boost::edges_are_sorted, arcs.begin(), arcs.end(), metrics.begin(),
                   static_cast<size_t>(nodes));
  }

  uint64_t AllShortestPaths() override {
    return BoostAllShortestPaths(graph_, distance_, predecessor_);
  }

 private:
  using Graph = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, BoostLink>;
  Graph graph_;
  std::vector<uint32_t> distance_;
  std::vector<size_t> predecessor_;
};

}  // namespace

std::unique_ptr<Peer> BareLoop(int32_t nodes, const std::vector<PlainLink>& links) {
  return std::make_unique<Bare>(nodes, links);
}
std::unique_ptr<Peer> LemonDijkstra(int32_t nodes, const std::vector<PlainLink>& links) {
  return std::make_unique<Lemon>(nodes, links);
}
std::unique_ptr<Peer> LemonSmartDijkstra(int32_t nodes, const std::vector<PlainLink>& links) {
  return std::make_unique<LemonSmart>(nodes, links);
}
std::unique_ptr<Peer> BoostDijkstra(int32_t nodes, const std::vector<PlainLink>& links) {
  return std::make_unique<Boost>(nodes, links);
}
std::unique_ptr<Peer> BoostListsDijkstra(int32_t nodes, const std::vector<PlainLink>& links) {
  return std::make_unique<BoostLists>(nodes, links);
}

struct LemonSuurballe::Impl {
  Impl(int32_t nodes, const std::vector<PlainLink>& links)
      : graph(nodes, links), suurballe(graph.graph, graph.metric) {}
  LemonGraph graph;
  lemon::Suurballe<lemon::StaticDigraph, lemon::StaticDigraph::ArcMap<int>> suurballe;
};

LemonSuurballe::LemonSuurballe(int32_t nodes, const std::vector<PlainLink>& links)
    : impl_(std::make_unique<Impl>(nodes, links)) {}
LemonSuurballe::~LemonSuurballe() = default;

uint64_t LemonSuurballe::Run(const std::vector<std::pair<int32_t, int32_t>>& pairs) {
  uint64_t sum = 0;
  for (const auto& [from, to] : pairs) {
    const auto& graph = impl_->graph.graph;
    if (impl_->suurballe.run(graph.node(from), graph.node(to), 2) == 2) {
      sum += static_cast<uint64_t>(impl_->suurballe.totalLength());
    }
  }
  return sum;
}

}  // namespace waymark::bench

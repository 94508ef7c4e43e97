// Other libraries, and the bare loop that no library can be faster than, on the same networks. In
// one file of their own: their headers are warned about, and not ours to mend.
#ifndef WAYMARK_TESTS_BENCH_PEERS_H_
#define WAYMARK_TESTS_BENCH_PEERS_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace waymark::bench {

struct PlainLink {
  int32_t source, target;
  uint32_t metric;
};

// Every method returns a sum over its answers: to compare, and so that nothing is optimised away.
class Peer {
 public:
  virtual ~Peer() = default;
  // Distances and first links or predecessors from or to every node.
  virtual uint64_t AllShortestPaths() = 0;
};

std::unique_ptr<Peer> BareLoop(int32_t nodes, const std::vector<PlainLink>& links);
std::unique_ptr<Peer> LemonDijkstra(int32_t nodes, const std::vector<PlainLink>& links);
std::unique_ptr<Peer> LemonSmartDijkstra(int32_t nodes, const std::vector<PlainLink>& links);
std::unique_ptr<Peer> BoostListsDijkstra(int32_t nodes, const std::vector<PlainLink>& links);
// Over compressed sparse rows: the fastest graph of each.
std::unique_ptr<Peer> BoostDijkstra(int32_t nodes, const std::vector<PlainLink>& links);

// LEMON's Suurballe: sum of the two lengths over the pairs that have two link-disjoint paths.
class LemonSuurballe {
 public:
  LemonSuurballe(int32_t nodes, const std::vector<PlainLink>& links);
  ~LemonSuurballe();
  uint64_t Run(const std::vector<std::pair<int32_t, int32_t>>& pairs);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace waymark::bench

#endif  // WAYMARK_TESTS_BENCH_PEERS_H_

// Private to this folder. The worst that a hose can do to one link, exactly: a transportation
// problem, maximise sum of gain(i, j) * D(i, j), where D's rows add up to at most what the senders
// may send and its columns to at most what the receivers may get.
//
// Solved by the Hungarian method for transportation (Kuhn 1955; Munkres 1957): prices of rows and
// columns fall from the greatest gain until those who still have something to give would gain
// nothing; between two price steps, flow is pushed along shortest augmenting paths of tight pairs
// (Edmonds and Karp 1972). Gains are whole numbers, so that prices are exact; what is reported is
// the prices' side (the dual), which no matrix of the hose can exceed, however its rates round.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_TRANSPORT_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace waymark {

// What of the traffic between two groups of sites one link carries.
struct HoseShare {
  int32_t from = 0, to = 0;  // groups of sites
  int64_t gain = 0;          // 1 to kWholeShare
};

inline constexpr int64_t kWholeShare = int64_t{1} << 50;

// Keeps its memory between links. Not thread-safe.
class HoseTransport {
 public:
  // What each group sends and receives at most, >= 0. They outlive what is asked after.
  void SetRates(std::span<const double> ingress, std::span<const double> egress);

  // The greatest load. Each pair (from, to) stands once. Usual shapes (one end; everybody to
  // everybody) cost O(shares); else O(phases * (groups^2 + shares)).
  double Worst(std::span<const HoseShare> shares);
  // As well the traffic of each share that causes it. The load of it is less than what is returned
  // by rounding only.
  double Worst(std::span<const HoseShare> shares, std::vector<double>* traffic);

  // Of the last question: what one more unit of the rate of these ends of a share adds to the load,
  // 0 to 1 each. A pair whose prices add up to its share or more adds nothing.
  double from_price(size_t share) const { return Price(rows_.price[row_[share]]); }
  double to_price(size_t share) const { return Price(columns_.price[column_[share]]); }

 private:
  // One side of the problem: the groups that have shares.
  struct Side {
    std::vector<int32_t> slot;      // by group, -1: none; as long as there are groups
    std::vector<double> left;       // by slot: what is not given away yet
    std::vector<double> rate;       // by slot
    std::vector<int64_t> price;     // by slot
    std::vector<int32_t> first;     // by slot: where its shares begin in `shares`
    std::vector<int32_t> shares;    // indices
    std::vector<int32_t> reached;   // by slot: the share it was reached by, kRoot or kNot
    std::vector<int64_t> distance;  // by slot
    size_t size() const { return left.size(); }
    std::span<const int32_t> of(int32_t at) const {
      return std::span(shares).subspan(first[at], first[at + 1] - first[at]);
    }
  };

  static double Price(int64_t price) { return static_cast<double>(price) / kWholeShare; }
  void Load(std::span<const HoseShare> shares);
  void Index(Side& side, const std::vector<int32_t>& at);
  double AllAlike(int64_t gain);
  double OneEnd(Side& one, Side& many);
  double General();
  bool Augment();
  void Push(int32_t column);
  bool LowerPrices();
  int64_t Slack(int32_t share) const {
    return rows_.price[row_[share]] + columns_.price[column_[share]] - gain_[share];
  }

  std::span<const double> ingress_, egress_;
  Side rows_, columns_;
  std::vector<int32_t> row_, column_;  // by share
  std::vector<int64_t> gain_;
  std::vector<double> flow_;
  std::vector<int32_t> queue_;
  std::vector<int32_t> order_;
  int64_t level_ = 0;  // the price of every row that has something left
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_TRANSPORT_H_

#include "controller/compute/mesh/hose_transport.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace waymark {
namespace {

constexpr int32_t kNot = -1, kRoot = -2;
constexpr int64_t kFar = std::numeric_limits<int64_t>::max();

}  // namespace

void HoseTransport::SetRates(std::span<const double> ingress, std::span<const double> egress) {
  ingress_ = ingress;
  egress_ = egress;
  rows_.slot.assign(ingress.size(), kNot);
  columns_.slot.assign(egress.size(), kNot);
}

void HoseTransport::Load(std::span<const HoseShare> shares) {
  row_.clear();
  column_.clear();
  gain_.clear();
  const auto slot = [](Side& side, std::span<const double> rates, int32_t group) {
    int32_t& at = side.slot[group];
    if (at == kNot) {
      at = static_cast<int32_t>(side.rate.size());
      side.rate.push_back(rates[group]);
    }
    return at;
  };
  rows_.rate.clear();
  columns_.rate.clear();
  for (const HoseShare& share : shares) {
    row_.push_back(slot(rows_, ingress_, share.from));
    column_.push_back(slot(columns_, egress_, share.to));
    gain_.push_back(share.gain);
  }
  for (const HoseShare& share : shares) {
    rows_.slot[share.from] = kNot;
    columns_.slot[share.to] = kNot;
  }
}

void HoseTransport::Index(Side& side, const std::vector<int32_t>& at) {
  const size_t count = side.rate.size();
  side.left = side.rate;
  side.reached.resize(count);
  side.distance.resize(count);
  side.first.assign(count + 1, 0);
  for (const int32_t slot : at) ++side.first[slot + 1];
  std::partial_sum(side.first.begin(), side.first.end(), side.first.begin());
  side.shares.resize(at.size());
  // `distance` counts what each slot has so far.
  std::ranges::fill(side.distance, 0);
  for (size_t s = 0; s < at.size(); ++s) {
    side.shares[side.first[at[s]] + side.distance[at[s]]++] = static_cast<int32_t>(s);
  }
}

// Everybody to everybody: the side with less decides.
double HoseTransport::AllAlike(int64_t gain) {
  const double sent = std::accumulate(rows_.rate.begin(), rows_.rate.end(), 0.0);
  const double received = std::accumulate(columns_.rate.begin(), columns_.rate.end(), 0.0);
  rows_.price.assign(rows_.rate.size(), sent <= received ? gain : 0);
  columns_.price.assign(columns_.rate.size(), sent <= received ? 0 : gain);
  return std::min(sent, received) * Price(gain);
}

// One group on one side: it gives to whom the link carries most of.
double HoseTransport::OneEnd(Side& one, Side& many) {
  order_.resize(gain_.size());
  std::iota(order_.begin(), order_.end(), 0);
  std::ranges::stable_sort(order_, [&](int32_t a, int32_t b) { return gain_[a] > gain_[b]; });
  double load = 0, left = one.rate[0];
  int64_t price = 0;  // of what it gives last
  // Shares have slots in order of appearance, and each its own.
  for (const int32_t share : order_) {
    const double part = std::min(many.rate[share], left);
    load += part * Price(gain_[share]);
    left -= part;
    if (left > 0) continue;
    price = gain_[share];
    break;
  }
  one.price.assign(1, price);
  many.price.resize(gain_.size());
  for (size_t s = 0; s < gain_.size(); ++s) {
    many.price[s] = std::max<int64_t>(0, gain_[s] - price);
  }
  return load;
}

double HoseTransport::Worst(std::span<const HoseShare> shares) {
  if (shares.empty()) return 0;
  Load(shares);
  const size_t rows = rows_.rate.size(), columns = columns_.rate.size();
  if (rows * columns == gain_.size() &&
      std::ranges::all_of(gain_, [&](int64_t gain) { return gain == gain_[0]; })) {
    return AllAlike(gain_[0]);
  }
  if (rows == 1) return OneEnd(rows_, columns_);
  if (columns == 1) return OneEnd(columns_, rows_);
  return General();
}

double HoseTransport::Worst(std::span<const HoseShare> shares, std::vector<double>* traffic) {
  traffic->clear();
  if (shares.empty()) return 0;
  Load(shares);
  const double load = General();
  *traffic = flow_;
  return load;
}

double HoseTransport::General() {
  Index(rows_, row_);
  Index(columns_, column_);
  flow_.assign(gain_.size(), 0);
  level_ = *std::ranges::max_element(gain_);
  rows_.price.assign(rows_.size(), level_);
  columns_.price.assign(columns_.size(), 0);
  do {
    while (Augment()) {
    }
  } while (LowerPrices());
  double load = 0;
  for (size_t r = 0; r < rows_.size(); ++r) load += rows_.rate[r] * Price(rows_.price[r]);
  for (size_t c = 0; c < columns_.size(); ++c) load += columns_.rate[c] * Price(columns_.price[c]);
  return load;
}

// Pushes along shortest paths from rows to columns that both have something left; false: there are
// none. Amounts are compared with 0 alone: the smallest on a path becomes 0 exactly.
bool HoseTransport::Augment() {
  queue_.clear();
  std::ranges::fill(columns_.reached, kNot);
  for (size_t r = 0; r < rows_.size(); ++r) {
    rows_.reached[r] = rows_.left[r] > 0 ? kRoot : kNot;
    if (rows_.left[r] > 0) queue_.push_back(static_cast<int32_t>(r));
  }
  bool pushed = false;
  for (size_t head = 0; head < queue_.size(); ++head) {
    for (const int32_t share : rows_.of(queue_[head])) {
      const int32_t column = column_[share];
      if (columns_.reached[column] != kNot || Slack(share) != 0) continue;
      columns_.reached[column] = share;
      if (columns_.left[column] > 0) {
        Push(column);
        pushed = true;
        continue;
      }
      for (const int32_t back : columns_.of(column)) {
        if (flow_[back] <= 0 || rows_.reached[row_[back]] != kNot) continue;
        rows_.reached[row_[back]] = back;
        queue_.push_back(row_[back]);
      }
    }
  }
  return pushed;
}

// Along the path by which the column was reached; nothing, if a path before has used it up.
void HoseTransport::Push(int32_t column) {
  double amount = columns_.left[column];
  int32_t row = row_[columns_.reached[column]];
  for (; rows_.reached[row] != kRoot; row = row_[columns_.reached[column_[rows_.reached[row]]]]) {
    amount = std::min(amount, flow_[rows_.reached[row]]);
  }
  amount = std::min(amount, rows_.left[row]);
  if (!(amount > 0)) return;
  rows_.left[row] -= amount;
  columns_.left[column] -= amount;
  for (int32_t at = column;;) {
    const int32_t forth = columns_.reached[at];
    flow_[forth] += amount;
    const int32_t back = rows_.reached[row_[forth]];
    if (back == kRoot) return;
    flow_[back] -= amount;
    at = column_[back];
  }
}

// Lowers the prices of what rows with something left reach, until a column that has something left
// comes within reach (Dijkstra over the slacks). False: their price has come to 0, or none is left.
bool HoseTransport::LowerPrices() {
  queue_.clear();
  std::ranges::fill(columns_.distance, kFar);
  const auto settle = [&](int32_t row, int64_t distance) {
    rows_.distance[row] = distance;
    for (const int32_t share : rows_.of(row)) {
      int64_t& at = columns_.distance[column_[share]];
      at = std::min(at, distance + Slack(share));
    }
  };
  for (size_t r = 0; r < rows_.size(); ++r) rows_.distance[r] = kFar;
  for (size_t r = 0; r < rows_.size(); ++r) {
    if (rows_.left[r] > 0) settle(static_cast<int32_t>(r), 0);
  }
  // `reached`: the columns that are done.
  std::ranges::fill(columns_.reached, kNot);
  int64_t step = level_;
  for (;;) {
    int32_t nearest = kNot;
    int64_t least = step;
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (columns_.reached[c] == kNot && columns_.distance[c] < least) {
        least = columns_.distance[c];
        nearest = static_cast<int32_t>(c);
      }
    }
    if (nearest == kNot) break;
    if (columns_.left[nearest] > 0) {
      step = least;
      break;
    }
    columns_.reached[nearest] = kRoot;
    for (const int32_t back : columns_.of(nearest)) {
      if (flow_[back] > 0 && rows_.distance[row_[back]] == kFar) settle(row_[back], least);
    }
  }
  for (size_t r = 0; r < rows_.size(); ++r) {
    if (rows_.distance[r] < step) rows_.price[r] -= step - rows_.distance[r];
  }
  for (size_t c = 0; c < columns_.size(); ++c) {
    if (columns_.reached[c] != kNot) columns_.price[c] += step - columns_.distance[c];
  }
  level_ -= step;
  return level_ > 0;
}

}  // namespace waymark

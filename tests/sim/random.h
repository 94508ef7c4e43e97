// Random numbers that are the same everywhere for the same seed (SplitMix64; Steele et al. 2014).
#ifndef WAYMARK_TESTS_SIM_RANDOM_H_
#define WAYMARK_TESTS_SIM_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace waymark {

class Random {
 public:
  explicit Random(uint64_t seed, uint64_t stream = 0)
      : state_(seed * 0x9e3779b97f4a7c15 ^ (stream + 1) * 0xd1342543de82ef95) {
    Next();
  }

  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 to below; below > 0.
  size_t Below(size_t below) { return static_cast<size_t>(Next() % below); }
  int64_t Between(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(Next() % static_cast<uint64_t>(most - least + 1));
  }
  bool OneIn(size_t n) { return Below(n) == 0; }
  template <typename T>
  const T& Of(const std::vector<T>& items) {
    return items[Below(items.size())];
  }

 private:
  uint64_t state_;
};

}  // namespace waymark

#endif  // WAYMARK_TESTS_SIM_RANDOM_H_

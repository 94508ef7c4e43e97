// How much work a search may cost, and how it is called off.
#ifndef WAYMARK_CONTROLLER_COMPUTE_WORK_LIMIT_H_
#define WAYMARK_CONTROLLER_COMPUTE_WORK_LIMIT_H_

#include <cstdint>
#include <functional>
#include <utility>

namespace waymark {

// Path searches that one pair or set may cost.
inline constexpr int64_t kDefaultPairBudget = 20'000;

// There is no clock in this room: whoever has a deadline or may be cancelled passes `stop`. Both
// ends of patience look the same to the caller of a search: kBudgetSpent, with the best so far.
struct WorkLimit {
  int64_t budget = kDefaultPairBudget;  // in the unit that the search names
  // Asked now and then; once true, the search ends soon. Empty: never. Called on the thread that
  // searches.
  std::function<bool()> stop;
};

// Counts work against a limit. Not thread-safe.
class WorkMeter {
 public:
  // `stop` is asked at the first unit and then every `stride` units.
  WorkMeter(WorkLimit limit, int64_t stride) : limit_(std::move(limit)), stride_(stride) {}

  // One unit more; false when there is none left. Then it stays false.
  bool Spend() {
    if (ended_) return false;
    if (spent_ >= limit_.budget || (spent_ % stride_ == 0 && limit_.stop && limit_.stop())) {
      ended_ = true;
      return false;
    }
    ++spent_;
    return true;
  }
  void End() { ended_ = true; }
  bool ended() const { return ended_; }
  int64_t spent() const { return spent_; }

 private:
  WorkLimit limit_;
  int64_t stride_;
  int64_t spent_ = 0;
  bool ended_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_WORK_LIMIT_H_

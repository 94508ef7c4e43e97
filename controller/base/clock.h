#ifndef WAYMARK_CONTROLLER_BASE_CLOCK_H_
#define WAYMARK_CONTROLLER_BASE_CLOCK_H_

#include "absl/time/time.h"

namespace waymark {

// Where time comes from. The only way to ask for it outside this folder, so that a test can own it.
// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time: for records and people.
  virtual absl::Time Now() const = 0;
  // Time since an arbitrary start that never goes back: for durations and deadlines.
  virtual absl::Duration Monotonic() const = 0;
};

// The machine's clocks. Lives for ever.
const Clock& RealClock();

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_BASE_CLOCK_H_

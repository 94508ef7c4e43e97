// Whether a segment list is alive, from its probes (RFC 7880's model: sent by the headend, turned
// round by the path itself). Pure: no time, no sockets of its own, so that a test can play any
// history.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_LIVENESS_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_LIVENESS_H_

#include <cstdint>

#include "absl/time/time.h"

namespace waymark {

// Dead when three probes in a row have had time enough to come back and have not. "Enough" is the
// round trip as measured so far with its variation (RFC 6298), and half an interval: a path of 250
// ms probed each 10 ms has 25 under way.
//
// Time in which this host did not run proves nothing: the caller reports such stalls, and the wait
// starts again behind them.
class Liveness {
 public:
  explicit Liveness(absl::Duration interval) : interval_(interval) {}

  // Alive until proven dead, or the other way round.
  void Assume(bool alive) { alive_ = alive; }
  bool alive() const { return alive_; }

  // A probe goes out. Its sequence number, from 1.
  uint64_t Sent(absl::Duration now);
  // The answer to the probe that was sent then. True if the list came alive by it. Late or repeated
  // answers are no harm.
  bool Answered(uint64_t sequence, absl::Duration sent, absl::Duration now);
  // When Judge may next find it dead; infinite if nothing is missing.
  absl::Duration Deadline(absl::Duration stall_end) const;
  // True if it died by now.
  bool Judge(absl::Duration now, absl::Duration stall_end);

  absl::Duration round_trip() const { return round_trip_; }
  uint64_t sent() const { return sequence_; }
  uint64_t answered() const { return answers_; }

 private:
  absl::Duration Allowance() const;

  absl::Duration interval_;
  bool alive_ = true;
  uint64_t sequence_ = 0;
  uint64_t last_answered_ = 0;
  uint64_t answers_ = 0;
  // Answers to probes sent up to here don't revive it: they left before it died.
  uint64_t died_at_ = 0;
  // When the third probe behind the last answered one was sent.
  absl::Duration third_sent_ = absl::InfiniteDuration();
  absl::Duration round_trip_ = absl::ZeroDuration();
  absl::Duration variation_ = absl::ZeroDuration();
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_LIVENESS_H_

#include "southbound/dataplane/linux_liveness.h"

#include <algorithm>

namespace waymark {
namespace {

constexpr int kMisses = 3;
// The longest terrestrial round trip; a satellite's is learned from its first answer.
constexpr absl::Duration kFirstAllowance = absl::Milliseconds(300);
constexpr absl::Duration kLeastAllowance = absl::Milliseconds(2);

}  // namespace

absl::Duration Liveness::Allowance() const {
  if (answers_ == 0) return std::max(kFirstAllowance, interval_);
  return round_trip_ + 4 * variation_ + std::max(interval_ / 2, kLeastAllowance);
}

uint64_t Liveness::Sent(absl::Duration now) {
  ++sequence_;
  if (sequence_ == last_answered_ + kMisses) third_sent_ = now;
  return sequence_;
}

bool Liveness::Answered(uint64_t sequence, absl::Duration sent, absl::Duration now) {
  if (sequence <= last_answered_ || sequence > sequence_ || sent > now) return false;
  const absl::Duration sample = now - sent;
  if (answers_++ == 0) {
    round_trip_ = sample;
    variation_ = sample / 2;
  } else {
    const absl::Duration error = sample > round_trip_ ? sample - round_trip_ : round_trip_ - sample;
    variation_ += (error - variation_) / 4;
    round_trip_ += (sample - round_trip_) / 8;
  }
  last_answered_ = sequence;
  third_sent_ =
      sequence_ >= sequence + kMisses ? sent + kMisses * interval_ : absl::InfiniteDuration();
  if (alive_ || sequence <= died_at_) return false;
  alive_ = true;
  return true;
}

absl::Duration Liveness::Deadline(absl::Duration stall_end) const {
  if (!alive_ || third_sent_ == absl::InfiniteDuration()) return absl::InfiniteDuration();
  return std::max(third_sent_, stall_end) + Allowance();
}

bool Liveness::Judge(absl::Duration now, absl::Duration stall_end) {
  if (now < Deadline(stall_end)) return false;
  alive_ = false;
  died_at_ = sequence_;
  return true;
}

}  // namespace waymark

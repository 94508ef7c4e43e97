// A change that touches many switches goes out in waves: a few switches first, then more and more,
// each wave only when the one before it has shown that it does well. That is a rollout.
//
// The gate stands behind the sequencer: it lets batches of a phase through, or keeps them back.
// What is kept back is in the next difference again, and the next phase cannot begin before. As
// batches of different switches in one phase are independent, any part of a phase is as safe as
// all of it. It must never stand before the sequencer: who succeeds whom is told by the whole of
// the difference.
//
// What shows success: the wave's switches are connected and have answered, and nowhere are more
// probed policies down, or objects refused or missing in the data plane, than when the rollout
// began (or was resumed). No traffic counters reach the controller, so none are looked at; and a
// switch whose policies are not probed shows no more than its answers.
//
// Repairs do not wait for waves: switch_table_waves.cc.
//
// No lock, no clock: times are monotonic and given.
#ifndef WAYMARK_CONTROLLER_ENGINE_WAVES_H_
#define WAYMARK_CONTROLLER_ENGINE_WAVES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "controller/plan/phases.h"

namespace waymark {

class Waves {
 public:
  struct Options {
    // A change that touches more than this part of the switches, and at least so many of them, goes
    // in waves. 1: none does.
    double share = 1;
    size_t least_switches = 10;
    // The first wave of a phase is this part of all switches, at least one; each next one is
    // `growth` times as large.
    double canary = 0.01;
    size_t growth = 4;
    // For how long a wave must do well, in phases that move frames.
    absl::Duration soak = absl::Seconds(2);
    // A wave that has not done well within this pauses the rollout.
    absl::Duration limit = absl::Seconds(60);
    // A network whose first frames could enter less than this ago is still being brought up.
    absl::Duration young = absl::Seconds(60);
  };
  // What is seen of the switches.
  struct Evidence {
    // By node: probed policies of which no path is up, and objects that it refused or could not
    // bring into its data plane. Only nodes that have some.
    std::map<std::string, int64_t> faults;
    // Empty when the switches of out() are connected and have answered.
    std::string missing;
  };
  // Of out(). Asked a few times a second at most, but for once a wave.
  using Look = std::function<Evidence()>;

  explicit Waves(Options options) : options_(options) {}

  const Options& options() const { return options_; }
  bool enabled() const { return options_.share < 1; }
  bool running() const { return running_; }
  // Empty unless paused: why.
  const std::string& paused() const { return paused_; }
  // How many have gone out.
  int64_t wave() const { return wave_; }
  // The switches of the last wave.
  const std::set<std::string>& out() const { return out_; }

  bool IsLarge(size_t touched, size_t wanted) const {
    return enabled() && touched >= options_.least_switches &&
           static_cast<double>(touched) > options_.share * static_cast<double>(wanted);
  }
  // `seed` makes the order of the switches, so that not the same ones are first each time.
  void Begin(uint64_t seed, size_t wanted, Evidence before);
  void End();
  // More is wanted of these, also where a wave has been already: they wait for another one, and a
  // large change begins with a small one again.
  void Joins(const std::set<std::string>& touched, size_t wanted);
  // No more waves. The first reason stands.
  void Pause(std::string reason);
  // What fails now is no reason to pause any more.
  void Resume(Evidence now_seen);

  // Whether the last wave has done well: nothing, or when to look again. May pause the rollout.
  std::optional<absl::Duration> Judge(const Look& look, absl::Duration now);
  // Leaves in `phase` what may be sent now; batches for `free` switches always may. Returns when to
  // look again, or nothing when an answer of a switch, or a person, is what comes next.
  // O(batches, with a logarithm).
  std::optional<absl::Duration> Admit(const Look& look, absl::Duration now,
                                      const std::set<std::string>& free, Phase* phase);

 private:
  // Why the wave has not done well; empty: it has.
  std::string Fault(const Evidence& evidence) const;

  const Options options_;
  bool running_ = false;
  std::string paused_;
  uint64_t seed_ = 0;
  size_t canary_ = 1;
  std::map<std::string, int64_t> faults_before_;
  std::optional<PhaseKind> kind_;
  int64_t wave_ = 0;
  size_t next_size_ = 1;
  std::set<std::string> admitted_;  // in this phase
  std::set<std::string> out_;
  bool well_ = true;      // the last wave
  absl::Duration begun_;  // when it went out
  absl::Duration next_look_;
  absl::Duration well_since_ = absl::InfiniteDuration();
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_WAVES_H_

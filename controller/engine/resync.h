// How a switch that is out of step says what it holds, at the cost of what differs: its keys fall
// into buckets (Merkle's tree with two levels). First it gives a digest of each of a few, then of
// the finer ones in those that differ from what it should hold, then the hashes in what differs
// still: three round trips, and about half a byte an object beside the difference.
#ifndef WAYMARK_CONTROLLER_ENGINE_RESYNC_H_
#define WAYMARK_CONTROLLER_ENGINE_RESYNC_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/base/object.h"
#include "controller/engine/held_objects.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// One switch's, one question and its chunks after another. One thread.
class Resync {
 public:
  // The first question. `digest` and `count`: of what the switch holds, by its own account. O(1).
  southbound::v1::Get Begin(const ObjectTable& desired, uint64_t digest, int64_t count);

  // Takes the next chunk of the answer. The next question, if it asks one; done() tells the end.
  // INVALID_ARGUMENT: an answer to something else; RESOURCE_EXHAUSTED: over a million objects. O(n)
  // in `desired` at the end of digests, in the chunk otherwise.
  absl::StatusOr<std::optional<southbound::v1::Get>> Take(
      const southbound::v1::GetResponse& response, const ObjectTable& desired);

  bool done() const { return stage_ == Stage::kDone; }
  // Once done: all that the switch holds. Forgets it.
  HeldObjects TakeHeld();
  // How many hashes the switch had to send.
  size_t told() const { return told_; }

 private:
  enum class Stage { kCoarse, kFine, kHashes, kDone };

  southbound::v1::Get AskForAll();
  absl::Status TakeHashes(const southbound::v1::GetResponse& response);
  // At the end of an answer.
  std::optional<southbound::v1::Get> Next(const ObjectTable& desired);
  void CompareCoarse(const ObjectTable& desired);
  void CompareFine(const ObjectTable& desired);

  Stage stage_ = Stage::kDone;
  uint64_t digest_ = 0;
  uint32_t coarse_ = 0, fine_ = 0;  // how many buckets
  std::vector<uint32_t> digests_;   // of the answer that is coming
  size_t awaited_ = 0;              // as many of them
  std::vector<uint32_t> within_;    // coarse buckets that differ
  std::vector<bool> differs_;       // by fine bucket; empty: everything is asked for
  HeldObjects held_;
  size_t told_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_RESYNC_H_

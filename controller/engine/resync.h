// How a switch that is out of step says what it holds, at the cost of what differs: its keys fall
// into buckets, first it gives a digest of each, then the hashes in those that differ from what it
// should hold (the idea of Merkle's tree with one level, which is enough for a table of 10^5: two
// round trips, and about 2 bytes an object beside the difference).
#ifndef WAYMARK_CONTROLLER_ENGINE_RESYNC_H_
#define WAYMARK_CONTROLLER_ENGINE_RESYNC_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/base/object.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// One switch's, one question and its chunks after another. One thread.
class Resync {
 public:
  // The first question. `count`: how many objects the switch says that it holds. O(1).
  southbound::v1::Get Begin(const ObjectTable& desired, int64_t count);

  // Takes the next chunk of the answer. The next question, if it asks one; done() tells the end.
  // INVALID_ARGUMENT: an answer to something else; RESOURCE_EXHAUSTED: over a million objects. O(n)
  // in `desired` at the end of the digests, in the chunk otherwise.
  absl::StatusOr<std::optional<southbound::v1::Get>> Take(
      const southbound::v1::GetResponse& response, const ObjectTable& desired);

  bool done() const { return stage_ == Stage::kDone; }
  // Once done: hashes by key of all that the switch holds. Forgets them.
  std::map<std::string, uint64_t> TakeHeld();
  // How many hashes the switch had to send.
  size_t told() const { return told_; }

 private:
  enum class Stage { kDigests, kHashes, kDone };

  absl::Status TakeHashes(const southbound::v1::GetResponse& response);
  // What is equal is known; the question for the rest, if there is any.
  std::optional<southbound::v1::Get> Compare(const ObjectTable& desired);

  Stage stage_ = Stage::kDone;
  uint32_t buckets_ = 0;
  std::vector<uint64_t> digests_;
  std::vector<bool> asked_;  // by bucket; empty: all
  std::map<std::string, uint64_t> held_;
  size_t told_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_RESYNC_H_

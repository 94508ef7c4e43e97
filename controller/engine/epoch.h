// The controller's election id. Every start of a controller on a store takes a higher one, durably,
// before it speaks to any switch: a switch that has heard it no longer listens to the controller
// before.
//
// It is kept beside the store, not in it, because a restart must not look like a change: the
// revision stays.
#ifndef WAYMARK_CONTROLLER_ENGINE_EPOCH_H_
#define WAYMARK_CONTROLLER_ENGINE_EPOCH_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "controller/base/clock.h"

namespace waymark {

// Reads FOLDER/epoch, writes the next number in its place (new file, fsync, rename, fsync) and
// returns it: the seconds since 1970, or one more than the last if that is not less. So a store
// that was made anew or restored from a backup, which knows no last one, is heard too. DATA_LOSS
// when the file holds no number; UNAVAILABLE on an I/O error. One process at a time: the store's
// lock is held.
absl::StatusOr<uint64_t> TakeNextEpoch(const std::string& folder, const Clock& clock);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_EPOCH_H_

// From a request to the resources as they would be: field masks, output-only fields, allocation,
// reverse links.
#ifndef WAYMARK_NORTHBOUND_API_STAGE_H_
#define WAYMARK_NORTHBOUND_API_STAGE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "northbound/api/model.h"
#include "waymark/stored/v1/stored.pb.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

// One thing that a client asks for.
struct Intent {
  enum class Action {
    kCreate,  // must not exist
    kUpdate,  // must exist, unless allow_missing
    kPut,     // create, or replace whole
    kDelete,  // must exist, unless allow_missing
  };
  Action action = Action::kPut;
  Kind kind = Kind::kNode;
  std::string name;
  // Not for kDelete.
  Resource resource;
  // kUpdate: fields to change; empty: all that are set; "*": the whole.
  std::vector<std::string> mask;
  bool allow_missing = false;
  // When not empty, what exists must have it.
  std::string etag;
};

struct IntentResult {
  Kind kind;
  std::string name;
  v1::ChangeType change = v1::UNCHANGED;
};

// Applies the intents, in order, to `staged`; moves `allocator` on for what is created. `results`
// gets one entry an intent, then one for every other resource that had to change with them (the
// reverse of a link). Checks everything: after OK the change is valid. Errors: INVALID_ARGUMENT,
// NOT_FOUND, ALREADY_EXISTS, ABORTED (etag), FAILED_PRECONDITION (still referred to),
// RESOURCE_EXHAUSTED (no identifier left).
absl::Status Stage(const std::vector<Intent>& intents, Staged& staged,
                   stored::v1::Allocator& allocator, std::vector<IntentResult>& results);

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_STAGE_H_

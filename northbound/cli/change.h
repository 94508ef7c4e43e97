// What apply, delete and topology import share: sending one atomic change and showing what came of
// it.
#ifndef WAYMARK_NORTHBOUND_CLI_CHANGE_H_
#define WAYMARK_NORTHBOUND_CLI_CHANGE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "northbound/cli/bundle_files.h"
#include "northbound/cli/context.h"

namespace waymark::cli {

// Sends `request` and prints one line a resource and one with the revision (or the reply, as the
// output flag asks). An error that names a resource of `files` gets its file and line.
absl::Status SendChange(Context& context, const v1::ApplyRequest& request, const FileBundle& files);

// Shows on err what `request` would delete or take out of service, and asks. OK to go on; CANCELLED
// when the person says no; a usage error where nobody is at a terminal to say anything and `yes` is
// not given. Compares with what the server has, so that only real drains are shown.
absl::Status ConfirmChange(Context& context, const v1::ApplyRequest& request, bool yes);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_CHANGE_H_

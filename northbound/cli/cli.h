// The whole `waymark` program as one function, so that tests drive what users drive.
#ifndef WAYMARK_NORTHBOUND_CLI_CLI_H_
#define WAYMARK_NORTHBOUND_CLI_CLI_H_

#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "northbound/cli/context.h"

namespace waymark::cli {

// `args`: without the program's name. Results go to io.out, messages and questions to io.err.
// Returns the exit code (exit_code.h). Never throws. Reads WAYMARK_SERVER, WAYMARK_CA,
// WAYMARK_CERT, WAYMARK_KEY and NO_COLOR from the environment.
int RunCli(const std::vector<std::string>& args, Io& io, const Clock& clock);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_CLI_H_

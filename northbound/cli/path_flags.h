// The flags of `waymark path compute`.
#ifndef WAYMARK_NORTHBOUND_CLI_PATH_FLAGS_H_
#define WAYMARK_NORTHBOUND_CLI_PATH_FLAGS_H_

#include "northbound/cli/commands.h"

namespace CLI {
class App;
}

namespace waymark::cli {

extern const char kPathComputeFooter[];

// `args` must outlive `command`.
void AddPathComputeFlags(CLI::App* command, PathComputeArgs* args);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_PATH_FLAGS_H_

// Shell completion, generated from the command tree itself, so that it cannot fall behind.
#ifndef WAYMARK_NORTHBOUND_CLI_COMPLETION_H_
#define WAYMARK_NORTHBOUND_CLI_COMPLETION_H_

#include <string>

namespace CLI {
class App;
}

namespace waymark::cli {

// Completes commands, flags, kinds, and the names of existing resources, which it asks the
// controller for (`waymark get KIND -o name`, one second at most; silent without a controller).
std::string BashCompletion(const CLI::App& app);
// The same through zsh's bashcompinit.
std::string ZshCompletion(const CLI::App& app);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_COMPLETION_H_

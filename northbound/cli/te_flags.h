// The flags of `waymark te`.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_FLAGS_H_
#define WAYMARK_NORTHBOUND_CLI_TE_FLAGS_H_

#include "northbound/cli/te.h"

namespace CLI {
class App;
}

namespace waymark::cli {

extern const char kTeSolveFooter[], kTeEvaluateFooter[], kTeWhatifFooter[], kTeHoseFooter[];

// `args` must outlive `command`.
void AddTeSolveFlags(CLI::App* command, TeSolveArgs* args);
void AddTeEvaluateFlags(CLI::App* command, TeEvaluateArgs* args);
void AddTeWhatifFlags(CLI::App* command, TeWhatifArgs* args);
void AddTeHoseFlags(CLI::App* command, TeHoseArgs* args);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_FLAGS_H_

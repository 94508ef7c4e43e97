#include "northbound/cli/te_flags.h"

namespace waymark::cli {

const char kTeEvaluateFooter[] =
    R"(What the paths of a file, whoever made it, do to the links. Its lines: src,dst,weight,links.

Example: waymark te evaluate --graph core.graph --demands core.demands --routes routes.csv)";

const char kTeWhatifFooter[] =
    R"(Each --fail is one failure; what commas join fails together. A link fails with its reverse, as a cut
fibre does; node:N and srlg:NAME fail with all their links. all-links: every fibre by itself.
Headends share a demand among its paths that are left, by their weights; nothing is routed anew.

Examples:
  waymark te whatif --graph core.graph --demands core.demands --routes routes.csv --fail all-links
  waymark te whatif --graph net.yaml --demands d.csv --routes r.csv --fail lon--nyc,node:par --fail srlg:duct)";

namespace {

void AddFiles(CLI::App* command, TeFiles* files) {
  command->add_option("--graph", files->graph, "The topology file; - for standard input")
      ->required();
  command->add_option("--demands", files->demands, "The demand matrix; - for standard input")
      ->required();
  command->add_option("--format", files->format, "Of the graph, as in topology import")
      ->capture_default_str();
  command
      ->add_option("--demands-format", files->demands_format,
                   "auto, repetita, sndlib, teavar, topohub or csv")
      ->capture_default_str();
  command->add_option("--matrix", files->matrix,
                      "Which matrix of a file with several, from 0 (default 0)");
}

}  // namespace

void AddTeEvaluateFlags(CLI::App* command, TeEvaluateArgs* args) {
  AddFiles(command, &args->files);
  command->add_option("--routes", args->routes, "The paths as CSV; - for standard input")
      ->required();
}

void AddTeWhatifFlags(CLI::App* command, TeWhatifArgs* args) {
  AddFiles(command, &args->files);
  command->add_option("--routes", args->routes, "The paths as CSV; - for standard input")
      ->required();
  command
      ->add_option("--fail", args->fail,
                   "LINK, node:N or srlg:NAME, joined by commas; or all-links")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--threads", args->threads, "How many, 1 to 64 (default 2)");
}

}  // namespace waymark::cli

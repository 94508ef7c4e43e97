#include "northbound/cli/te_flags.h"

#include <CLI/CLI.hpp>

namespace waymark::cli {

const char kTeSolveFooter[] =
    R"(Finds weighted paths for all demands at once that keep the most loaded link (MLU: load / capacity)
as little loaded as can be, and a bound that no routing at all can beat. Every figure is of the
paths and whole weights as they are written.

--routes writes src,dst,weight,links, a line a path: src and dst are places in the graph's node list,
links places in its link list, from 0, joined by ";" in travel order (of links that a file gives
without a direction, link i is 2i as written and 2i+1 back). A path carries its share of the weights
of its pair.

--protected gives pairs backup paths of weight 1, which carry next to nothing until a failure kills
the others: headends then share a pair's traffic among the paths that are left, as te whatif does.
They are chosen so that no failure takes all paths of a pair that the network can still join, and
then so that none overloads a link, or, where that cannot be, overloads it least; a link fails with
its reverse. --fail and --fail-file name the failures instead, or more of them, as te whatif does.

--availability SHARE: every demand is to be served that much of the time, whatever fails. Fibres,
nodes and risk groups fail independently, by their MTBF and MTTR; fibres that state none with
--failure-probability. The most probable states of the network that come to that share are outlived
as --protected has it, and what the paths come to in all states above --cut-off is told, as is the
time that is in none of them. Of several of --class also CLASS=SHARE.

--exact TIME goes on to the optimum, by a linear programme, for at most that long: the bound is then
what a routing without rounding reaches, and the paths are rounded as closely to that as can be. A
second or two for 350 nodes and all their pairs. What is found when that is over is kept,
with a warning. Without --time-limit the limit grows by that much, of each class.

--max-segments: no path needs more of them; a packet holds 64. What cannot be had so is refused.

--max-delay, --max-hops and --max-stretch hold on every path, backups included, and the bound is of
routings within them. So do --allow-jurisdiction and the like, which mean what they mean to path
compute: where jurisdictions are restricted, a node of an unknown one is forbidden. Of several of
--class each of these may be CLASS=VALUE, which counts for that class instead of what is given for
all: --max-delay 50ms --max-delay voice=20ms --forbid-jurisdiction voice=CH,DE.

--objective=max-min and throughput are for demands that need not all fit: each is granted what the
paths, as they are written, carry with no link above its capacity. max-min: nobody can have more
without somebody having less who has no more anyway; throughput: the most in all, whoever gets it.
--granted writes the rates as a demand file, which te evaluate and te whatif read.

--class, several times, gives demands in strict order: each class is solved on what the stronger
before it leave of the links, and its MLU is of that. What failures lead to is told of the links as
they are, loaded by the class and by all stronger ones, which then move, too. The files of --routes
and --granted get the class's name before their ending: routes.csv becomes routes.gold.csv.

When time is over, or after Ctrl-C, the best so far is written and shown as partial; exit code 5, or
1 after Ctrl-C.

Demands: REPETITA .demands (also .xz), SNDlib's own file, TeaVaR's demand.txt, TopoHub JSON, or CSV
"source,target,rate"; rates are in the unit of the graph's capacities.

Examples:
  waymark te solve --graph core.graph --demands core.demands --routes routes.csv
  waymark te solve --graph topology.txt --demands demand.txt --matrix 12 -o json
  waymark te solve --graph net.yaml --demands d.csv --protected=link,srlg --routes r.csv
  waymark te solve --graph core.graph --demands core.demands --exact 30s --routes routes.csv
  waymark te solve --graph net.yaml --demands d.csv --fail lon--nyc,lon--par --fail node:fra
  waymark te solve --graph net.yaml --class voice=v.csv --class bulk=b.csv --objective=max-min \
      --max-delay voice=30ms --allow-jurisdiction voice=CH,DE --routes r.csv --granted g.csv)";

const char kTeEvaluateFooter[] =
    R"(What the paths of a file, whoever made it, do to the links. The form is that of te solve --routes
(also .xz). Paths of pairs without a demand are left out, demands without a path are listed.

--availability SHARE: also how much of the time each demand is served whole, and which are not
certain to be that often; --failure-probability and --cut-off as in te solve.

--forbid-jurisdiction and the like, as in te solve: the pairs that have a path where none may be.

Example: waymark te evaluate --graph core.graph --demands core.demands --routes routes.csv)";

const char kTeWhatifFooter[] =
    R"(Each --fail is one failure; what commas join fails together. A link fails with its reverse, as a cut
fibre does; node:N and srlg:NAME fail with all their links. all-links: every fibre by itself;
all-nodes and all-srlgs: likewise.
Headends share a demand among its paths that are left, by their weights; nothing is routed anew.
--react: then also what a controller answers within milliseconds: ways around the failure for what
it cuts, and moves off the most loaded links; how many pairs change, and what no routing can beat.

Examples:
  waymark te whatif --graph core.graph --demands core.demands --routes routes.csv --fail all-links
  waymark te whatif --graph net.yaml --demands d.csv --routes r.csv --fail lon--nyc,node:par --fail srlg:duct)";

const char kTeHoseFooter[] =
    R"(Finds weighted paths for services whose sites state what they send and receive at most, not to whom:
whatever matrix within these rates they send must fit. The load of a link is the exact worst over
all such matrices, of every service; demands of --demands are carried beside them.

Admitted: no link's worst load is above its capacity. If not: the link that lacks most, how much,
the pairs that fill it, and how much of all rates would fit on these paths; exit code 1. That no
other paths would do is proven only where the bound, too, is above 1; where it is not that is said.

Hoses: CSV "hose,node,ingress,egress[,role]", a line a site; node: a name or a place in the graph's
node list, from 0; ingress is what the site sends, egress what it receives, in the unit of the
graph's capacities or with their own (10G); role: root (the default) or leaf, as leaves of an E-Tree
talk to roots only. Paths are by pair of nodes, shared by all services; --routes as in te solve.
--max-delay, --max-hops, --max-stretch and the places hold on every path; the bound is of any paths.

Example: waymark te hose --graph core.graph --hoses elans.csv --demands core.demands -o json)";

namespace {

constexpr char kMaxDelayHelp[] = "Most propagation delay of every path, e.g. 30ms";
constexpr char kMaxHopsHelp[] = "Most links of every path";
constexpr char kMaxStretchHelp[] =
    "Most delay of every path, as a multiple of the pair's least, e.g. 1.5";

CLI::Option* AddFiles(CLI::App* command, TeFiles* files) {
  command->add_option("--graph", files->graph, "The topology file; - for standard input")
      ->required();
  CLI::Option* demands =
      command->add_option("--demands", files->demands, "The demand matrix; - for standard input");
  command->add_option("--format", files->format, "Of the graph, as in topology import")
      ->capture_default_str();
  command
      ->add_option("--demands-format", files->demands_format,
                   "auto, repetita, sndlib, teavar, topohub or csv")
      ->capture_default_str();
  command->add_option("--matrix", files->matrix,
                      "Which matrix of a file with several, from 0 (default 0)");
  return demands;
}

void AddPathFlags(CLI::App* command, std::string* max_paths, std::string* weights,
                  std::string* time_limit, std::string* threads, std::string* routes) {
  const auto text = [&](const char* flag, std::string* value, const char* help) {
    command->add_option(flag, *value, help);
  };
  text("--max-paths", max_paths, "Most paths of a pair, 1 to 64 (default 8)");
  text("--weights", weights, "What the weights of a pair add up to, at most 65536 (default 64)");
  text("--time-limit", time_limit, "Stop after this long with the best so far (default 10s)");
  text("--threads", threads,
       "How many, 1 to 64; more than 2 are not used, and none changes a result (default 2)");
  text("--routes", routes,
       "Where the paths go as CSV; replaced when it is complete. - for standard output: the "
       "figures then go to standard error");
}

void AddAvailabilityFlags(CLI::App* command, TeAvailabilityArgs* args, const char* help) {
  command->add_option("--availability", args->targets, help)->allow_extra_args(false);
  command->add_option("--failure-probability", args->probability,
                      "Of each fibre that states no MTBF and MTTR, e.g. 0.001");
  command->add_option("--cut-off", args->cut_off,
                      "States of the network less probable are not looked at (default 1e-9)");
}

// As path compute has them.
void AddPlaceFlags(CLI::App* command, TePlaceArgs* args) {
  const auto list = [&](const char* flag, std::vector<std::string>& values, const char* help) {
    command->add_option(flag, values, help)->allow_extra_args(false);
  };
  list("--allow-jurisdiction", args->allowed_jurisdictions, "Only these countries, e.g. CH,DE");
  list("--forbid-jurisdiction", args->forbidden_jurisdictions, "None of these countries");
  list("--allow-provider", args->allowed_providers, "Only these providers' nodes and links");
  list("--forbid-provider", args->forbidden_providers, "None of these providers' nodes and links");
  list("--include-any", args->include_any, "Links that have one of these affinities");
  list("--include-all", args->include_all, "Links that have all of these affinities");
  list("--exclude", args->exclude, "Links that have none of these affinities");
  list("--avoid", args->avoid, "Never use these: a node, links/NAME, srlgs/NAME");
}

// An empty value, as of a script's variable that is not set, would ask for less than was meant.
void RefuseEmpty(CLI::App* command) {
  const CLI::Validator given(
      [](const std::string& value) {
        return value.empty() ? std::string("is empty: give a value, or leave the flag out") : "";
      },
      "");
  for (CLI::Option* option : command->get_options()) {
    if (option->get_type_size() > 0) option->check(given);
  }
}

}  // namespace

void AddTeSolveFlags(CLI::App* command, TeSolveArgs* args) {
  CLI::Option* demands = AddFiles(command, &args->files);
  command
      ->add_option("--class", args->classes,
                   "NAME=FILE: the demands of a class, for --demands; again for the next weaker")
      ->allow_extra_args(false)
      ->excludes(demands);
  const auto text = [&](const char* flag, std::string& value, const char* help) {
    command->add_option(flag, value, help);
  };
  AddPathFlags(command, &args->max_paths, &args->weights, &args->time_limit, &args->threads,
               &args->routes);
  text("--gap", args->gap, "Stop this close to the bound, 0.000001 to 1 (default 0.01: 1 %)");
  text("--protected", args->protect,
       "Also outlive every single failure of these: link, node, srlg, joined by commas");
  command
      ->add_option("--fail", args->fail,
                   "Also outlive this failure: LINK, node:N or srlg:NAME, joined by commas, or "
                   "all-links, all-nodes, all-srlgs; again for others")
      ->allow_extra_args(false);
  text("--fail-file", args->fail_file, "Such failures, one a line; - for standard input");
  AddAvailabilityFlags(
      command, &args->availability,
      "Outlive the failures that this share of the time needs, e.g. 0.9999; of several "
      "classes also CLASS=0.9999");
  text("--exact", args->exact, "Then go on to the exact optimum, for at most this long, e.g. 30s");
  text("--max-segments", args->max_segments, "Most segments of every path, 1 to 64 (default 64)");
  const auto list = [&](const char* flag, std::vector<std::string>& values, const char* help) {
    command->add_option(flag, values, help)->allow_extra_args(false);
  };
  list("--max-delay", args->max_delay, kMaxDelayHelp);
  list("--max-hops", args->max_hops, kMaxHopsHelp);
  list("--max-stretch", args->max_stretch, kMaxStretchHelp);
  AddPlaceFlags(command, &args->places);
  command
      ->add_option("--objective", args->objective,
                   "mlu: all is carried; max-min or throughput: what fits is granted")
      ->capture_default_str();
  command->add_flag("--balance", args->balance,
                    "Then lower the second most loaded link, the third, and so on");
  command->add_flag("--shorten", args->shorten,
                    "Then move paths to ways of less delay where no link goes above the MLU");
  text("--granted", args->granted,
       "Where the rates that fit go, as a demand file; - for standard output: the figures then go "
       "to standard error");
  command->add_flag("--allow-unreachable", args->allow_unreachable,
                    "Solve the rest when demands have no way to go, and list them");
  RefuseEmpty(command);
}

void AddTeEvaluateFlags(CLI::App* command, TeEvaluateArgs* args) {
  AddFiles(command, &args->files)->required();
  command->add_option("--routes", args->routes, "The paths as CSV; - for standard input")
      ->required();
  AddPlaceFlags(command, &args->places);
  AddAvailabilityFlags(command, &args->availability,
                       "Also how much of the time demands are served, beside this share");
  RefuseEmpty(command);
}

void AddTeHoseFlags(CLI::App* command, TeHoseArgs* args) {
  AddFiles(command, &args->files);
  AddPlaceFlags(command, &args->places);
  command->add_option("--hoses", args->hoses, "The sites' rates; - for standard input")->required();
  command->add_option("--max-delay", args->max_delay, kMaxDelayHelp);
  command->add_option("--max-hops", args->max_hops, kMaxHopsHelp);
  command->add_option("--max-stretch", args->max_stretch, kMaxStretchHelp);
  AddPathFlags(command, &args->max_paths, &args->weights, &args->time_limit, &args->threads,
               &args->routes);
  RefuseEmpty(command);
}

void AddTeWhatifFlags(CLI::App* command, TeWhatifArgs* args) {
  AddFiles(command, &args->files)->required();
  command->add_option("--routes", args->routes, "The paths as CSV; - for standard input")
      ->required();
  command
      ->add_option(
          "--fail", args->fail,
          "LINK, node:N or srlg:NAME, joined by commas; or all-links, all-nodes, all-srlgs")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--threads", args->threads, "How many, 1 to 64 (default 2)");
  command->add_flag("--react", args->react, "Also show what a controller answers at once");
  RefuseEmpty(command);
}

}  // namespace waymark::cli

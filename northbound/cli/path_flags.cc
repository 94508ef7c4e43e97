#include "northbound/cli/path_flags.h"

#include <CLI/CLI.hpp>

namespace waymark::cli {

const char kPathComputeFooter[] =
    R"(Lists take commas or the flag again. Without --graph, on the controller's network.

With --graph FILE nothing is asked of a controller. Nodes and links go by their name, by the file's
label, or by their zero-based index in the file. Of a link that a file gives without a direction
there are two: link i of such a file is 2i from source to target, and 2i+1 back. A link from a node
to itself has an index but is on no path.

--availability goes by the MTBF and MTTR that the file states (a bundle's nodes, links and srlgs),
and by --failure-probability for fibres that state none. What has no figure counts as never failing;
a route on which nothing has any meets no target. The bound of --max-latency is as if nothing but
--bandwidth were sent: a file has no other flows.

--all-pairs writes src,dst,role,cost,links and, where there is no path, the reason; one "working"
row for each ordered pair of nodes and, with --disjoint, one "protect" row; src, dst and links are
indices, links are joined by ";" in travel order. Rows go by dst, then by src. Working and protect together are the least that
is possible. cost is in the file's weight, zero and fractions included, with --metric=delay in
microseconds.

Examples:
  waymark path compute --from lon --to sin --disjoint=node,srlg --max-delay 90ms --explain
  waymark path compute --graph germany50.txt --from Berlin --to Bonn --k 4 --metric=delay
  waymark path compute --graph core.graph --all-pairs --disjoint=node --routes routes.csv)";

void AddPathComputeFlags(CLI::App* command, PathComputeArgs* args) {
  PathComputeArgs& a = *args;
  // An empty value, as of a script's variable that is not set, would ask for less than was meant.
  const CLI::Validator given(
      [](const std::string& value) {
        return value.empty() ? std::string("is empty: give a value, or leave the flag out") : "";
      },
      "");
  const auto text = [&](const char* flag, std::string& value, const char* help) {
    return command->add_option(flag, value, help)->check(given);
  };
  const auto list = [&](const char* flag, std::vector<std::string>& values, const char* help) {
    command->add_option(flag, values, help)->allow_extra_args(false);
  };
  text("--from", a.from, "The first node");
  text("--to", a.to, "The last node");
  text("--metric", a.metric, "What is least: weight (TE metric; the default), delay or cost");
  text("--k", a.paths,
       "How many of the best paths (default 1, most 1000); with --disjoint, how many disjoint ones "
       "(default 2, most 8)");
  list("--disjoint", a.disjoint,
       "No two paths share a link, node, srlg, provider, building (one or more of these words)");
  command->add_flag("--min-max", a.min_max,
                    "Of disjoint paths, make the worst as good as can be, not the sum");
  command->add_flag("--allow-shared-risks", a.allow_shared_risks,
                    "Where no disjoint paths exist, those that share fewest risks");
  text("--max-delay", a.max_delay, "Most propagation delay of each path, e.g. 12ms");
  text("--bandwidth", a.bandwidth, "What each link must have left, e.g. 10G");
  text("--max-hops", a.max_hops, "Most links of each path (controller: 64; file: 28000)");
  list("--allow-jurisdiction", a.allowed_jurisdictions, "Only these countries, e.g. CH,DE");
  list("--forbid-jurisdiction", a.forbidden_jurisdictions, "None of these countries");
  list("--allow-provider", a.allowed_providers, "Only these providers' nodes and links");
  list("--forbid-provider", a.forbidden_providers, "None of these providers' nodes and links");
  list("--include-any", a.include_any, "Links that have one of these affinities");
  list("--include-all", a.include_all, "Links that have all of these affinities");
  list("--exclude", a.exclude, "Links that have none of these affinities");
  list("--via", a.via,
       "Pass these in order: a node or links/NAME; strict:NAME: with nothing between it and the "
       "one before");
  list("--avoid", a.avoid, "Never use these: a node, links/NAME, srlgs/NAME");
  command->add_flag("--explain", a.explain, "Say why: the alternatives and what ruled them out");

  text("--class", a.traffic_class, "Start from this traffic class's constraints");
  text("--max-latency", a.max_latency, "Most delay with worst-case queueing, e.g. 15ms");
  text("--queue", a.queue, "The queue that --max-latency is for, 0 to 7");
  text("--setup-priority", a.setup_priority, "Take from reservations weaker than this, 0 to 7");
  text("--availability", a.availability,
       "Least share of time that a path is up, e.g. 0.99999 or 99.999%");
  command->add_flag("--ignore-link-state", a.ignore_link_state, "As if every link were up");
  command->add_flag("--ignore-reservations", a.ignore_reservations, "As if nothing were reserved");

  text("--graph", a.graph, "On this topology file, without a controller");
  text("--format", a.format, "Of the file, as in topology import")->capture_default_str();
  command->add_flag("--all-pairs", a.all_pairs, "Between every two nodes of the file");
  text("--routes", a.routes, "Where --all-pairs writes its CSV; replaced when it is complete");
  text("--threads", a.threads, "How many for --all-pairs, 1 to 64 (default 1)");
  text("--time-limit", a.time_limit,
       "Stop after this long, e.g. 30s. One question (10s if not given): with the best that is "
       "known, else exit code 5; --all-pairs (no limit if not given): nothing is written");
  text("--failure-probability", a.failure_probability,
       "Of each fibre of the file that states no MTBF and MTTR, e.g. 0.001, for --availability");
  command->add_flag("--progress", a.progress,
                    "Show how far --all-pairs is, also without a terminal");
}

}  // namespace waymark::cli

#include "northbound/cli/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/completion.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/flag_words.h"
#include "northbound/cli/path_flags.h"
#include "northbound/cli/te_flags.h"

namespace waymark::cli {
namespace {

constexpr char kFooter[] =
    R"(Kinds: nodes, links, srlgs, customers, sites, classes, classmaps, services, policies, agents
(singular and short forms too: no, li, risk, cu, si, cl, cm, sv, po, ag).
Names may be short: zrh for nodes/zrh, bank/core for customers/bank/services/core.

Examples:
  waymark apply -f deploy/example
  waymark get services
  waymark describe service bank/core
  waymark trace storage/replica --from lon --to sin --dscp EF
  waymark topology import germany50.txt --validate-only
  waymark path compute --from lon --to sin --disjoint=node --max-delay 90ms
  waymark path explain storage/replica
  waymark te solve --graph core.graph --demands core.demands --routes routes.csv
  waymark wait --for=up bank/core --timeout 30s

Exit codes: 0 ok, 1 request refused or failed, 2 wrong usage, 3 controller unreachable, 4 not found, 5 timed out.)";

// What CLI11 fills in. One object a run; the callbacks refer to it.
struct Arguments {
  Globals globals;
  std::string timeout;
  std::string as_of;
  bool no_color = false;
  GetArgs get;
  GetArgs describe;
  ApplyArgs apply;
  DeleteArgs remove;
  WatchArgs watch;
  WaitArgs wait;
  TraceArgs trace;
  int64_t revision = 0;
  FreezeArgs freeze;
  RolloutArgs rollout;
  ImportArgs import;
  ExportArgs export_;
  PathComputeArgs path_compute;
  PathListArgs path_list;
  PathExplainArgs path_explain;
  ReoptimizeArgs reoptimize;
  MeshOptimizeArgs mesh_optimize;
  int64_t mesh_cancel = 0;
  MeshGuaranteesArgs mesh_guarantees;
  MeshMeasureArgs mesh_measure;
  std::string mesh_forget;
  TeSolveArgs te_solve;
  TeEvaluateArgs te_evaluate;
  TeWhatifArgs te_whatif;
  TeHoseArgs te_hose;
  GetArgs agent;
  std::string backup_folder;
  std::string shell;
};

class Program {
 public:
  Program(Io& io, const Clock& clock) : io_(io), context_(io, arguments_.globals, clock) {
    Build();
  }

  int Run(const std::vector<std::string>& args) {
    try {
      // CLI11 takes them from the back.
      std::vector<std::string> reversed(args.rbegin(), args.rend());
      app_.parse(reversed);
    } catch (const CLI::Success& e) {
      app_.exit(e, io_.out, io_.err);
      return static_cast<int>(ExitCode::kOk);
    } catch (const CLI::ParseError& e) {
      io_.err << "waymark: " << Printable(Message(e, args)) << "\nTry: waymark" << Command()
              << " --help\n";
      return static_cast<int>(ExitCode::kUsage);
    }
    if (absl::IsCancelled(status_)) {
      io_.err << status_.message() << '\n';
    } else if (!status_.ok()) {
      io_.err << "waymark: " << status_.message() << '\n';
    }
    return static_cast<int>(ExitCodeOf(status_));
  }

 private:
  using Action = std::function<absl::Status()>;

  std::string Message(const CLI::ParseError& e, const std::vector<std::string>& args) const {
    if (args.empty()) return "what shall I do? A command is missing";
    const CLI::App* at = &app_;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
    if (at->get_require_subcommand_min() == 0) return e.what();
    // The word that is no command is among what was left over, flags of commands too.
    for (const std::string& word : app_.remaining(true)) {
      if (word.starts_with('-')) continue;
      std::vector<std::string> known;
      for (const CLI::App* command : at->get_subcommands(nullptr)) {
        known.push_back(command->get_name());
      }
      return absl::StrCat("unknown command \"", word, "\": use one of ",
                          absl::StrJoin(known, ", "));
    }
    return e.what();
  }

  // The subcommands that were understood before the error, for the hint.
  std::string Command() const {
    std::string path;
    for (const CLI::App* at = &app_;;) {
      const auto next = at->get_subcommands();
      if (next.empty()) return path;
      at = next.front();
      absl::StrAppend(&path, " ", at->get_name());
    }
  }

  CLI::App* Add(CLI::App* parent, const std::string& name, const std::string& help,
                const std::string& footer, Action action) {
    CLI::App* command = parent->add_subcommand(name, help);
    command->footer(footer);
    if (action) {
      command->callback([this, action = std::move(action)] {
        Finish();
        if (status_.ok()) status_ = action();
      });
    }
    return command;
  }

  // Global flags may follow the subcommand, so they are only known when it runs.
  void Finish() {
    Globals& globals = arguments_.globals;
    if (!arguments_.timeout.empty()) {
      globals.connect.timeout = ToDuration(arguments_.timeout);
      globals.timeout_given = true;
    }
    if (!arguments_.as_of.empty()) ParseAsOf(arguments_.as_of, &globals.as_of);
    const char* no_color = std::getenv("NO_COLOR");
    if (arguments_.no_color || (no_color != nullptr && *no_color != '\0')) io_.color = false;
  }

  void Build() {
    app_.footer(kFooter);
    app_.fallthrough();
    app_.require_subcommand(1);
    app_.set_help_all_flag("--help-all", "Help of every command");
    Global();
    Reading();
    Changing();
    Watching();
    TopologyFiles();
    Paths();
    Plans();
    Mesh();
    Te();
    Care();
  }

  void Global() {
    Arguments& a = arguments_;
    ConnectOptions& c = a.globals.connect;
    app_.add_option("--server", c.server, "The controller: HOST:PORT or unix:PATH")
        ->envname("WAYMARK_SERVER")
        ->capture_default_str();
    app_.add_flag("--tls", c.tls, "Use TLS; implied by the next four");
    app_.add_option("--ca", c.ca_file, "PEM file of the authorities to trust")
        ->envname("WAYMARK_CA");
    app_.add_option("--cert", c.cert_file, "PEM file of your certificate")->envname("WAYMARK_CERT");
    app_.add_option("--key", c.key_file, "PEM file of your private key")->envname("WAYMARK_KEY");
    app_.add_option("--tls-name", c.tls_name, "Name that the controller's certificate must carry");
    app_.add_option("-o,--output-format", a.globals.output,
                    "table; json: all fields; yaml: what apply -f reads; name: names alone")
        ->transform(CLI::Validator(ToOutput, "table|json|yaml|name"));
    app_.add_option("--timeout", a.timeout,
                    "Limit of a call, or of watch and wait (default 10s; wait 60s; watch none)")
        ->check(CLI::Validator(CheckDuration, ""));
    app_.add_option("--as-of", a.as_of,
                    "Read the past: a revision, or a time such as 2026-01-31T12:00:00Z")
        ->check(CLI::Validator(CheckAsOf, ""));
    app_.add_flag("--no-color", a.no_color, "No colors; also NO_COLOR=1");
  }

  void Reading() {
    Arguments& a = arguments_;
    CLI::App* get = Add(&app_, "get", "List resources, or show some by name",
                        "Example: waymark get services --customer bank",
                        [&] { return RunGet(context_, a.get); });
    get->add_option("kind", a.get.kind, "What: nodes, links, services ...")->required();
    get->add_option("name", a.get.names, "Names; none: all");
    get->add_option("--customer", a.get.customer, "Only this customer's");

    CLI::App* describe =
        Add(&app_, "describe", "Everything about one resource and what refers to it",
            "Example: waymark describe link lon--nyc",
            [&] { return RunDescribe(context_, a.describe); });
    describe->add_option("kind", a.describe.kind, "What: node, link, service ...")->required();
    describe->add_option("name", a.describe.names, "Its name")->required()->expected(1);
    describe->add_option("--customer", a.describe.customer, "The owner, when NAME does not say it");

    // Also `trace revision N`: CLI11 would ask a subcommand's parent for the frame's options too.
    CLI::App* trace =
        Add(&app_, "trace", "The exact queue and route of a marked frame, before it is sent",
            "Example: waymark trace callcentre/voice --from mum --to lon --pcp 5\n"
            "How far a change has come: waymark trace revision 1207",
            nullptr);
    CLI::App* revision =
        Add(trace, "revision", "How far a change has come, and how long each part of the way took",
            "Example: waymark trace revision 1207", nullptr);
    revision->add_option("revision", a.revision, "Its revision; without it: the latest")
        ->check(CLI::Range(int64_t{1}, INT64_MAX));
    trace->callback([this, &a, revision] {
      Finish();
      if (!status_.ok()) return;
      status_ =
          revision->parsed() ? RunTraceRevision(context_, a.revision) : RunTrace(context_, a.trace);
    });
    trace->add_option("service", a.trace.service, "The service, e.g. bank/core");
    trace->add_option("--from", a.trace.from, "Site where the frame enters");
    trace->add_option("--to", a.trace.to, "Site where it leaves");
    trace->add_option("--dscp", a.trace.dscp,
                      "Mark in the IP header: 0 to 63, or EF, AF31, CS5 ...");
    trace->add_option("--pcp", a.trace.pcp, "Mark in the VLAN tag: 0 to 7")
        ->check(CLI::Range(0, 7));
    trace->add_option("--customer", a.trace.customer, "The owner, when SERVICE does not say it");
  }

  void Changing() {
    Arguments& a = arguments_;
    CLI::App* apply = Add(
        &app_, "apply", "Create or replace resources from YAML files, all or nothing",
        "Several -f are one change: either all of it is committed, in one revision, or nothing.\n"
        "Example: waymark apply -f topology.yaml -f customers.yaml --validate-only",
        [&] { return RunApply(context_, a.apply); });
    apply
        ->add_option("-f,--file", a.apply.files,
                     "File, folder (its *.yaml), or - for standard input")
        ->required()
        ->allow_extra_args(false);
    apply->add_flag("--validate-only", a.apply.validate_only, "Check everything, change nothing");
    apply->add_option("--request-id", a.apply.request_id, "Makes a repeated request harmless");
    apply->add_flag("--yes,-y", a.apply.yes,
                    "Don't ask before a drain; needed for one without a terminal");

    CLI::App* remove = Add(&app_, "delete", "Delete resources, all or nothing",
                           "Example: waymark delete service bank/core",
                           [&] { return RunDelete(context_, a.remove); });
    remove->add_option("kind", a.remove.kind, "What: node, link, service ...");
    remove->add_option("name", a.remove.names, "Names");
    remove->add_option("-f,--file", a.remove.files, "Everything that these files define")
        ->allow_extra_args(false);
    remove->add_option("--customer", a.remove.customer, "The owner, when a NAME does not say it");
    remove->add_flag("--validate-only", a.remove.validate_only, "Check everything, change nothing");
    remove->add_flag("--yes,-y", a.remove.yes, "Don't ask; needed without a terminal");
  }

  void Watching() {
    Arguments& a = arguments_;
    CLI::App* watch = Add(
        &app_, "watch", "Follow changes as they happen",
        "Without --from: first everything that exists, then changes. -o json: one event a line.\n"
        "Example: waymark watch services --from 120",
        [&] { return RunWatch(context_, a.watch); });
    watch->add_option("kind", a.watch.kind, "Only this kind");
    watch->add_option("--customer", a.watch.customer, "Only this customer's");
    watch->add_option("--from", a.watch.from, "Changes after this revision")
        ->check(CLI::Validator(CheckFrom, ""));
    watch->add_flag("--once", a.watch.once, "Stop when everything up to now has been shown");
    watch->add_flag("--no-status", a.watch.no_status, "Leave out changes of state");

    CLI::App* wait = Add(&app_, "wait", "Wait until services are up or the network has converged",
                         "Example: waymark wait --for=up bank/core --timeout 30s", [&] {
                           if (a.globals.timeout_given) a.wait.limit = a.globals.connect.timeout;
                           return RunWait(context_, a.wait);
                         });
    wait->add_option("--for", a.wait.what, "converged: every agent has acked; up: services are UP")
        ->required()
        ->check(CLI::IsMember({"converged", "up"}));
    wait->add_option("service", a.wait.services, "With --for=up; none: all that exist now");
    wait->add_option("--customer", a.wait.customer, "The owner, when SERVICE does not say it");
  }

  void TopologyFiles() {
    Arguments& a = arguments_;
    CLI::App* topology =
        Add(&app_, "topology", "Topology files: import, export, convert", "", nullptr);
    topology->require_subcommand(1);
    CLI::App* import = Add(topology, "import", "Read a topology file and apply it",
                           "With --validate-only nothing is sent and no controller is needed.\n"
                           "Example: waymark topology import germany50.txt --validate-only",
                           [&] { return RunTopologyImport(context_, a.import); });
    import->add_option("file", a.import.file, "The file; - for standard input")->required();
    import
        ->add_option("--format", a.import.format,
                     "auto, yaml, repetita, graphml, sndlib, topohub, metaopt, teavar or rfc8345")
        ->capture_default_str();
    import->add_flag("--validate-only", a.import.validate_only, "Check the file, change nothing");
    import->add_flag("--replace", a.import.replace,
                     "Also delete nodes, links and risk groups that the file does not have");
    import->add_flag("--yes,-y", a.import.yes,
                     "Don't ask before a drain or a deletion; needed for one without a terminal");

    CLI::App* export_ = Add(topology, "export", "Write the topology to a file",
                            "Example: waymark topology export --format=yaml --graph germany50.txt",
                            [&] { return RunTopologyExport(context_, a.export_); });
    export_
        ->add_option("--format", a.export_.format,
                     "rfc8345 (JSON) or yaml; if not given, as the name of --output ends, else "
                     "rfc8345")
        ->check(CLI::IsMember({"rfc8345", "yaml"}));
    export_->add_option("--graph", a.export_.graph, "Convert this file, without a controller");
    export_->add_option("--output", a.export_.output,
                        "File to write; standard output if not given");
  }

  void Paths() {
    Arguments& a = arguments_;
    CLI::App* path = Add(&app_, "path", "Paths: compute and explain", "", nullptr);
    path->require_subcommand(1);
    CLI::App* compute =
        Add(path, "compute", "Paths that meet constraints; nothing is reserved", kPathComputeFooter,
            [&] { return RunPathCompute(context_, a.path_compute); });
    AddPathComputeFlags(compute, &a.path_compute);

    CLI::App* list = Add(path, "list", "Policies with their paths and what is promised of them",
                         "Latency and availability are contract figures: working / protect.\n"
                         "Examples:\n"
                         "  waymark path list storage/replica\n"
                         "  waymark path list --node lon --class premium",
                         [&] { return RunPathList(context_, a.path_list); });
    list->add_option("service", a.path_list.service, "Only of this service, e.g. bank/core");
    list->add_option("--node", a.path_list.node, "Only those that begin here");
    list->add_option("--class", a.path_list.traffic_class, "Only of this class");
    list->add_option("--customer", a.path_list.customer, "Only this customer's");

    CLI::App* explain =
        Add(path, "explain", "Why a service's paths are these, or why it has none",
            "Says what a path was chosen by and what ruled out the others; of a service without\n"
            "one, what is in the way and the nearest change that would help.\n"
            "Example: waymark path explain storage/replica",
            [&] { return RunPathExplain(context_, a.path_explain); });
    explain->add_option("service", a.path_explain.service, "The service")->required();
    explain->add_option("--customer", a.path_explain.customer,
                        "The owner, when SERVICE does not say it");
  }

  void Plans() {
    ReoptimizeArgs& r = arguments_.reoptimize;
    CLI::App* plan = Add(&app_, "plan", "What moving placed policies would gain", "", nullptr);
    plan->require_subcommand(1);
    CLI::App* reoptimize =
        Add(plan, "reoptimize", "Better places for pinned policies; nothing moves without --apply",
            "A pinned path never moves by itself while it is valid. Each is moved make before\n"
            "break; if the network changes before you say yes, nothing moves.\n"
            "Examples:\n"
            "  waymark plan reoptimize --service storage/replica\n"
            "  waymark plan reoptimize --min-gain 10 --apply",
            [&] { return RunReoptimize(context_, arguments_.reoptimize); });
    reoptimize->add_option("--service", r.service, "Only policies of this service");
    reoptimize->add_option("--customer", r.customer, "The owner, when SERVICE does not say it");
    reoptimize
        ->add_option("--min-gain", r.min_gain, "Leave out moves that gain less, 0 to 100 percent")
        ->capture_default_str();
    reoptimize->add_flag("--apply", r.apply, "Move them, after showing what moves");
    reoptimize->add_flag("--yes,-y", r.yes, "Don't ask; needed without a terminal");
    reoptimize->add_option("--request-id", r.request_id, "Makes a repeated --apply harmless");
  }

  void Mesh() {
    CLI::App* mesh = Add(&app_, "mesh", "The any-to-any half: how loaded, how good", "", nullptr);
    mesh->require_subcommand(1);
    Add(mesh, "status", "What the optimiser last found, a class a line, what it does and is to do",
        "MLU: utilisation of the most loaded link, of what pinned reservations and stronger mesh\n"
        "classes leave of it. No routing at all is below the lower bound.\n"
        "Example: waymark mesh status",
        [&] { return RunMeshStatus(context_); });
    MeshOptimizeArgs& o = arguments_.mesh_optimize;
    CLI::App* optimize =
        Add(mesh, "optimize", "Solve now, and store the routes that become better",
            "It happens by itself when the network or demands change. Says how it goes until the\n"
            "run has ended; to interrupt that does not end the run.\n"
            "Example: waymark mesh optimize --time-limit 30s",
            [&] { return RunMeshOptimize(context_, arguments_.mesh_optimize); });
    optimize->add_option("--time-limit", o.time_limit, "The best found by then counts, e.g. 30s")
        ->check(CheckDuration);
    optimize->add_flag("--no-wait", o.no_wait, "Print the number of the run and leave");
    MeshGuaranteesArgs& g = arguments_.mesh_guarantees;
    CLI::App* guarantees =
        Add(mesh, "guarantees", "What services with hoses or committed rates are promised",
            "Whether it is held, the link and the traffic that are the worst case, and the sites\n"
            "that are furthest apart.\n"
            "Example: waymark mesh guarantees bank/core --whole",
            [&] { return RunMeshGuarantees(context_, arguments_.mesh_guarantees); });
    guarantees->add_option("service", g.service, "Only this one, in full");
    guarantees->add_option("--customer", g.customer, "Only this customer's");
    guarantees->add_flag("--whole", g.whole, "With delays between every two sites");
    CLI::App* cancel = Add(mesh, "cancel", "End a run: nothing of it is stored",
                           "Example: waymark mesh cancel --run 12",
                           [&] { return RunMeshCancel(context_, arguments_.mesh_cancel); });
    cancel->add_option("--run", arguments_.mesh_cancel, "Only if it is this one")
        ->check(CLI::NonNegativeNumber);
    Measured(mesh);
  }

  void Measured(CLI::App* mesh) {
    MeshMeasureArgs& m = arguments_.mesh_measure;
    CLI::App* measure = Add(
        mesh, "measure", "Say what traffic was measured, for the optimiser to go by",
        "It counts instead of what services state, between those nodes that the file covers,\n"
        "when routes are chosen, until the next file or mesh forget; what is guaranteed stays\n"
        "as services state it. Nodes by id or display name, sites as CUSTOMER/SITE: a site's\n"
        "traffic is its node's. Formats as in te solve; those that count nodes need the --graph\n"
        "that they go with, whose nodes are known here by the same ids. Rates without a unit\n"
        "are in bit/s, with a graph in the unit of its capacities.\n"
        "Example: waymark mesh measure traffic.csv --class gold --headroom 1.3",
        [&] { return RunMeshMeasure(context_, arguments_.mesh_measure); });
    measure->add_option("file", m.files.demands, "The matrix; - for standard input")->required();
    measure->add_option("--class", m.traffic_class, "Traffic class, a mesh class")->required();
    measure->add_option("--headroom", m.headroom,
                        "Measured rates count so many times, 1 to 10 (default 1)");
    measure->add_option("--graph", m.files.graph, "The topology file that the matrix goes with");
    measure->add_option("--format", m.files.format, "Of the graph, as in topology import")
        ->capture_default_str();
    measure
        ->add_option("--demands-format", m.files.demands_format,
                     "auto, repetita, sndlib, teavar, topohub or csv")
        ->capture_default_str();
    measure->add_option("--matrix", m.files.matrix,
                        "Which matrix of a file with several, from 0 (default 0)");
    measure->add_flag("--validate-only", m.validate_only, "Check it, change nothing");
    CLI::App* forget = Add(mesh, "forget", "Forget what was measured: what services state counts",
                           "Example: waymark mesh forget --class gold",
                           [&] { return RunMeshForget(context_, arguments_.mesh_forget); });
    forget->add_option("--class", arguments_.mesh_forget, "Traffic class")->required();
  }

  void Te() {
    Arguments& a = arguments_;
    CLI::App* te = Add(&app_, "te", "Any-to-any traffic on files: solve, evaluate, what if, hoses",
                       "", nullptr);
    te->require_subcommand(1);
    AddTeSolveFlags(Add(te, "solve", "Weighted paths for a whole demand matrix", kTeSolveFooter,
                        [&] { return RunTeSolve(context_, a.te_solve); }),
                    &a.te_solve);
    AddTeEvaluateFlags(
        Add(te, "evaluate", "What a file of paths does to the links", kTeEvaluateFooter,
            [&] { return RunTeEvaluate(context_, a.te_evaluate); }),
        &a.te_evaluate);
    AddTeWhatifFlags(Add(te, "whatif", "What it does to them after failures", kTeWhatifFooter,
                         [&] { return RunTeWhatif(context_, a.te_whatif); }),
                     &a.te_whatif);
    AddTeHoseFlags(Add(te, "hose", "Paths for services that state rates by site, worst cases exact",
                       kTeHoseFooter, [&] { return RunTeHose(context_, a.te_hose); }),
                   &a.te_hose);
  }

  void Care() {
    Arguments& a = arguments_;
    CLI::App* agent = Add(&app_, "agent", "The switches' agents", "", nullptr);
    agent->require_subcommand(1);
    a.agent.kind = "agent";
    Add(agent, "list", "All agents with their four counts of objects", "",
        [&] { return RunGet(context_, a.agent); });
    CLI::App* show =
        Add(agent, "show", "One agent, with what its switch rejected",
            "Example: waymark agent show zrh", [&] { return RunDescribe(context_, a.agent); });
    show->add_option("node", a.agent.names, "The node")->required()->expected(1);

    CLI::App* freeze = Add(
        &app_, "freeze", "Send nothing more to any switch; everything keeps forwarding",
        "The red button: changes are still stored, computed and shown, and wait until `waymark\n"
        "unfreeze`, over restarts of the controller too. Switches go on repairing by themselves.\n"
        "Example: waymark freeze --reason 'INC-4711: core switches reload'",
        [&] { return RunFreeze(context_, a.freeze); });
    freeze->add_option("--reason", a.freeze.reason, "Why, for whoever finds it frozen")->required();
    CLI::App* unfreeze = Add(&app_, "unfreeze", "Send what has waited, in order, and go on", "",
                             [&] { return RunUnfreeze(context_, a.freeze); });
    unfreeze->add_flag("--yes,-y", a.freeze.yes, "Don't ask");

    CLI::App* rollout =
        Add(&app_, "rollout", "A change of many switches, on its way in waves",
            "Each wave goes when the one before it does well. Failures are repaired meanwhile.",
            nullptr);
    rollout->require_subcommand(1);
    Add(rollout, "status", "Which wave is out, who waits, and why it is paused", "",
        [&] { return RunRollout(context_, RolloutVerb::kStatus, a.rollout); });
    CLI::App* pause = Add(rollout, "pause", "Send no more waves; what has gone out stands",
                          "Until `waymark rollout resume`, over restarts of the controller too.\n"
                          "Example: waymark rollout pause --reason 'INC-4711: delays at zrh'",
                          [&] { return RunRollout(context_, RolloutVerb::kPause, a.rollout); });
    CLI::App* abort =
        Add(rollout, "abort", "Send no more waves, and say that it must not go on as it is",
            "It takes nothing back by itself: revert what was asked for, then `waymark rollout\n"
            "resume`; switches that have not got the change then need nothing.",
            [&] { return RunRollout(context_, RolloutVerb::kAbort, a.rollout); });
    for (CLI::App* stop : {pause, abort}) {
      stop->add_option("--reason", a.rollout.reason, "Why, for whoever finds it so")->required();
    }
    CLI::App* resume = Add(rollout, "resume", "Send the next wave, and go on", "",
                           [&] { return RunRollout(context_, RolloutVerb::kResume, a.rollout); });
    resume->add_flag("--yes,-y", a.rollout.yes, "Don't ask, even after an abort");

    Add(&app_, "info", "The controller: version, revision, whether it has converged", "",
        [&] { return RunInfo(context_); });
    CLI::App* backup =
        Add(&app_, "backup", "Copy the controller's store to a folder on its machine",
            "Example: waymark backup /var/backups/waymark-today",
            [&] { return RunBackup(context_, a.backup_folder); });
    backup->add_option("folder", a.backup_folder, "Absolute path, empty or absent")->required();
    CLI::App* completion =
        Add(&app_, "completion", "Print the completion script of a shell",
            "Example: source <(waymark completion bash)", [&] {
              io_.out << (a.shell == "bash" ? BashCompletion(app_) : ZshCompletion(app_));
              return absl::OkStatus();
            });
    completion->add_option("shell", a.shell, "bash or zsh")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh"}));
  }

  Io& io_;
  Arguments arguments_;
  Context context_;
  absl::Status status_;
  CLI::App app_{"The command line of Waymark, the traffic-engineering controller.", "waymark"};
};

}  // namespace

int RunCli(const std::vector<std::string>& args, Io& io, const Clock& clock) {
  try {
    return Program(io, clock).Run(args);
  } catch (const std::exception& e) {
    // CLI11 and the streams may throw; nothing of ours does.
    io.err << "waymark: internal error: " << e.what() << '\n';
    return static_cast<int>(ExitCode::kFailed);
  }
}

}  // namespace waymark::cli

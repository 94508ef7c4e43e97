#include "northbound/cli/path_command.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "controller/topology/human_units.h"
#include "controller/topology/limits.h"
#include "controller/topology/snapshot.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/flag_words.h"
#include "northbound/cli/path_offline.h"

namespace waymark::cli {
namespace {

constexpr int64_t kMaxHopsLive = 64;
constexpr int64_t kMaxPaths = 1'000;
constexpr int64_t kMaxDisjointPaths = 8;
constexpr size_t kMaxVia = 64;
constexpr size_t kMaxListed = 1'000;

std::string Flag(std::string_view flag, const std::string& text) {
  return absl::StrCat(std::string(flag), " \"", text, "\": ");
}

absl::Status ReadNumber(std::string_view flag, const std::string& text, int64_t least, int64_t most,
                        int64_t* value) {
  if (text.empty()) return absl::OkStatus();
  if (absl::SimpleAtoi(text, value) && *value >= least && *value <= most) return absl::OkStatus();
  return UsageError(absl::StrCat(Flag(flag, text), "give a whole number, ", least, " to ", most));
}

absl::Status ReadRate(std::string_view flag, const std::string& text, int64_t* value) {
  if (text.empty()) return absl::OkStatus();
  const auto rate = ParseBitRate(text);
  if (rate.ok() && *rate > 0 && *rate <= kMaxRateBps) {
    *value = *rate;
    return absl::OkStatus();
  }
  return UsageError(
      absl::StrCat(Flag(flag, text), "give more than 0 and at most 10P, e.g. 10G or 2.5G"));
}

// Repeated flags and commas alike; each item once.
template <typename Check>
absl::StatusOr<std::vector<std::string>> ReadList(std::string_view flag,
                                                  const std::vector<std::string>& given,
                                                  Check check) {
  std::vector<std::string> items;
  std::set<std::string> seen;
  for (const std::string& text : given) {
    for (const auto part : absl::StrSplit(text, ',')) {
      std::string item(absl::StripAsciiWhitespace(part));
      if (item.empty()) return UsageError(absl::StrCat(Flag(flag, text), "an item is empty"));
      if (absl::Status status = check(&item); !status.ok()) return status;
      if (!seen.insert(item).second) {
        return UsageError(absl::StrCat(Flag(flag, item), "is given twice: keep one"));
      }
      items.push_back(std::move(item));
    }
  }
  if (items.size() <= kMaxListed) return items;
  return UsageError(
      absl::StrCat(std::string(flag), " has ", items.size(), " items: give at most ", kMaxListed));
}

absl::Status AnyWord(std::string*) { return absl::OkStatus(); }

std::string FullName(std::string_view collection, const std::string& text) {
  return text.find('/') == std::string::npos ? absl::StrCat(std::string(collection), "/", text)
                                             : text;
}

class Reader {
 public:
  explicit Reader(const PathComputeArgs& args) : args_(args), c_(*request_.mutable_constraints()) {}

  absl::StatusOr<v1::ComputePathRequest> Run() && {
    for (const auto step : {&Reader::Modes, &Reader::Ends, &Reader::Objective, &Reader::Bounds,
                            &Reader::Places, &Reader::Protection, &Reader::Count, &Reader::Hops}) {
      if (absl::Status status = (this->*step)(); !status.ok()) return status;
    }
    request_.set_explain(args_.explain);
    request_.set_ignore_link_state(args_.ignore_link_state);
    request_.set_ignore_reservations(args_.ignore_reservations);
    return std::move(request_);
  }

 private:
  // Flags that make no sense together, or with or without a file.
  absl::Status Modes() {
    const bool file = !args_.graph.empty();
    struct Rule {
      bool broken;
      const char* message;
    };
    for (const Rule& rule : std::initializer_list<Rule>{
             {args_.all_pairs && !file, "--all-pairs needs --graph FILE"},
             {args_.all_pairs && args_.routes.empty(),
              "--all-pairs needs --routes FILE, where the routes are written"},
             {!args_.all_pairs && !args_.routes.empty(), "--routes goes with --all-pairs"},
             {args_.routes == "-",
              "--routes - : name a file; it appears when it is whole (or /dev/stdout)"},
             {!args_.all_pairs && !args_.threads.empty(), "--threads goes with --all-pairs"},
             {!args_.all_pairs && args_.progress, "--progress goes with --all-pairs"},
             {args_.all_pairs && !(args_.from.empty() && args_.to.empty()),
              "--all-pairs and --from, --to exclude each other"},
             {args_.all_pairs && !args_.paths.empty(),
              "--all-pairs and --k exclude each other: a working and a protect path are written"},
             {args_.all_pairs && !args_.via.empty(), "--all-pairs and --via exclude each other"},
             {args_.all_pairs && args_.explain, "--all-pairs and --explain exclude each other"},
             {!args_.all_pairs && args_.from.empty(), "--from is missing: name the first node"},
             {!args_.all_pairs && args_.to.empty(), "--to is missing: name the last node"},
             {!file && args_.format != "auto", "--format goes with --graph"},
             {!file && !args_.time_limit.empty(),
              "--time-limit goes with --graph; the controller's answer is limited by --timeout"},
             {file && !args_.traffic_class.empty(), "--class needs the controller, not --graph"},
             {file && args_.ignore_link_state,
              "--ignore-link-state needs the controller: in a file every link is up"},
             {file && args_.ignore_reservations,
              "--ignore-reservations needs the controller: in a file nothing is reserved"},
             {file && !args_.setup_priority.empty(),
              "--setup-priority needs the controller: in a file nothing is reserved"},
             {!file && !args_.failure_probability.empty(),
              "--failure-probability goes with --graph: the controller's links state their own "
              "MTBF and MTTR"},
             {args_.availability.empty() && !args_.failure_probability.empty(),
              "--failure-probability goes with --availability"},
             {args_.all_pairs && !args_.max_latency.empty(),
              "--all-pairs and --max-latency exclude each other"},
             {args_.all_pairs && !args_.availability.empty(),
              "--all-pairs and --availability exclude each other"},
             {file && !args_.queue.empty() && args_.max_latency.empty(),
              "--queue goes with --max-latency"},
         }) {
      if (rule.broken) return UsageError(rule.message);
    }
    return absl::OkStatus();
  }

  absl::Status Ends() {
    if (args_.all_pairs) return absl::OkStatus();
    request_.set_from(FullName("nodes", args_.from));
    request_.set_to(FullName("nodes", args_.to));
    if (request_.from() != request_.to()) return absl::OkStatus();
    return UsageError(absl::StrCat("--from and --to are both \"", args_.to,
                                   "\": a path leads from one node to another"));
  }

  absl::Status Objective() {
    if (!args_.traffic_class.empty()) {
      request_.set_traffic_class(FullName("trafficClasses", args_.traffic_class));
    }
    if (args_.metric.empty()) return absl::OkStatus();
    if (args_.metric == "weight") {
      c_.set_objective(v1::MIN_TE_METRIC);
    } else if (args_.metric == "delay") {
      c_.set_objective(v1::MIN_DELAY);
    } else if (args_.metric == "cost") {
      c_.set_objective(v1::MIN_COST);
    } else {
      return UsageError(absl::StrCat(Flag("--metric", args_.metric), "use weight, delay or cost"));
    }
    return absl::OkStatus();
  }

  absl::Status Bounds() {
    int64_t delay = 0, latency = 0, rate = 0, hops = 0, queue = 0, priority = 0;
    const int64_t most_hops = args_.graph.empty() ? kMaxHopsLive : kMostOfflineHops;
    for (const absl::Status& status :
         {ReadDelay("--max-delay", args_.max_delay, &delay),
          ReadDelay("--max-latency", args_.max_latency, &latency),
          ReadRate("--bandwidth", args_.bandwidth, &rate),
          ReadNumber("--max-hops", args_.max_hops, 1, most_hops, &hops),
          ReadNumber("--queue", args_.queue, 0, 7, &queue),
          ReadNumber("--setup-priority", args_.setup_priority, 0, 7, &priority)}) {
      if (!status.ok()) return status;
    }
    c_.set_max_delay_ns(delay);
    c_.set_max_latency_ns(latency);
    c_.set_bandwidth_bps(rate);
    c_.set_max_hops(static_cast<uint32_t>(hops));
    c_.set_queue(static_cast<uint32_t>(queue));
    if (!args_.setup_priority.empty()) c_.set_setup_priority(static_cast<uint32_t>(priority));
    if (args_.availability.empty()) return absl::OkStatus();
    // As answers state it, too: "99.999 %".
    absl::string_view number = args_.availability;
    const bool percent = absl::ConsumeSuffix(&number, "%");
    double share = 0;
    if (!absl::SimpleAtod(number, &share)) share = 0;
    if (percent) share /= 100;
    if (!(share > 0 && share <= kMaxAvailabilityTarget)) {
      return UsageError(absl::StrCat(Flag("--availability", args_.availability),
                                     "give a share of time, more than 0 and at most ",
                                     PlainNumber(kMaxAvailabilityTarget),
                                     ", e.g. 0.99999 or 99.999%"));
    }
    c_.set_availability_target(share);
    return absl::OkStatus();
  }

  using Names = google::protobuf::RepeatedPtrField<std::string>;

  template <typename Check>
  absl::Status Fill(std::string_view flag, const std::vector<std::string>& given, Check check,
                    Names* names) {
    auto items = ReadList(flag, given, check);
    if (!items.ok()) return items.status();
    names->Assign(items->begin(), items->end());
    return absl::OkStatus();
  }

  static absl::Status NoneInBoth(std::string_view flag, const Names& a, std::string_view other,
                                 const Names& b) {
    for (const std::string& name : a) {
      if (std::find(b.begin(), b.end(), name) == b.end()) continue;
      return UsageError(absl::StrCat("\"", name, "\" is in ", std::string(flag), " and in ",
                                     std::string(other), ": they contradict each other, keep one"));
    }
    return absl::OkStatus();
  }

  absl::Status Places() {
    const auto country = [](std::string* code) {
      *code = absl::AsciiStrToUpper(*code);
      if (IsJurisdictionCode(*code)) return absl::OkStatus();
      return UsageError(
          absl::StrCat("\"", *code, "\" is no jurisdiction: give ISO 3166-1 codes, e.g. CH,DE"));
    };
    const auto resource = [](std::string* name) {
      *name = FullName("nodes", *name);
      if (name->starts_with("nodes/") || name->starts_with("links/") ||
          name->starts_with("srlgs/")) {
        return absl::OkStatus();
      }
      return UsageError(
          absl::StrCat(Flag("--avoid", *name), "give a node, or links/NAME, or srlgs/NAME"));
    };
    v1::PathConstraints& c = c_;
    for (const absl::Status& status :
         {Fill("--allow-jurisdiction", args_.allowed_jurisdictions, country,
               c.mutable_allowed_jurisdictions()),
          Fill("--forbid-jurisdiction", args_.forbidden_jurisdictions, country,
               c.mutable_forbidden_jurisdictions()),
          Fill("--allow-provider", args_.allowed_providers, AnyWord, c.mutable_allowed_providers()),
          Fill("--forbid-provider", args_.forbidden_providers, AnyWord,
               c.mutable_forbidden_providers()),
          Fill("--include-any", args_.include_any, AnyWord, c.mutable_include_any()),
          Fill("--include-all", args_.include_all, AnyWord, c.mutable_include_all()),
          Fill("--exclude", args_.exclude, AnyWord, c.mutable_exclude()),
          Fill("--avoid", args_.avoid, resource, c.mutable_exclude_resources())}) {
      if (!status.ok()) return status;
    }
    for (const absl::Status& status :
         {NoneInBoth("--allow-jurisdiction", c.allowed_jurisdictions(), "--forbid-jurisdiction",
                     c.forbidden_jurisdictions()),
          NoneInBoth("--allow-provider", c.allowed_providers(), "--forbid-provider",
                     c.forbidden_providers()),
          NoneInBoth("--include-all", c.include_all(), "--exclude", c.exclude())}) {
      if (!status.ok()) return status;
    }
    const auto excluded = [&](const std::string& name) {
      return std::find(c.exclude().begin(), c.exclude().end(), name) != c.exclude().end();
    };
    if (c.include_any_size() > 0 &&
        std::all_of(c.include_any().begin(), c.include_any().end(), excluded)) {
      return UsageError(
          "everything in --include-any is in --exclude too: they contradict each other, keep one");
    }
    return absl::OkStatus();
  }

  absl::Status Protection() {
    static constexpr std::pair<std::string_view, v1::Disjointness> kWords[] = {
        {"link", v1::LINK},
        {"node", v1::NODE},
        {"srlg", v1::SRLG},
        {"provider", v1::PROVIDER},
        {"building", v1::BUILDING_DISJOINT}};
    const auto known = [](std::string* word) {
      for (const auto& [name, value] : kWords) {
        if (*word == name) return absl::OkStatus();
      }
      return UsageError(
          absl::StrCat(Flag("--disjoint", *word), "use link, node, srlg, provider, building"));
    };
    const auto words = ReadList("--disjoint", args_.disjoint, known);
    if (!words.ok()) return words.status();
    for (const auto& [name, value] : kWords) {
      if (std::find(words->begin(), words->end(), name) != words->end()) c_.add_disjoint(value);
    }
    // A class may bring the protection that these are about.
    const bool perhaps = c_.disjoint_size() > 0 || !args_.traffic_class.empty();
    if (args_.min_max && !perhaps) return UsageError("--min-max goes with --disjoint");
    if (args_.allow_shared_risks && !perhaps) {
      return UsageError("--allow-shared-risks goes with --disjoint");
    }
    if (args_.min_max) c_.set_pair_objective(v1::MIN_MAX);
    c_.set_allow_shared_risks(args_.allow_shared_risks);
    return absl::OkStatus();
  }

  absl::Status Count() {
    const bool disjoint = c_.disjoint_size() > 0;
    int64_t paths = 0;
    if (absl::Status status = disjoint
                                  ? ReadNumber("--k", args_.paths, 2, kMaxDisjointPaths, &paths)
                                  : ReadNumber("--k", args_.paths, 1, kMaxPaths, &paths);
        !status.ok()) {
      return status;
    }
    if (args_.allow_shared_risks && paths > 2) {
      return UsageError(absl::StrCat(Flag("--k", args_.paths),
                                     "--allow-shared-risks is for two paths: leave one of them "
                                     "out"));
    }
    request_.set_paths(static_cast<uint32_t>(paths));
    return absl::OkStatus();
  }

  absl::Status Hops() {
    const auto place = [](std::string* text) {
      const bool strict = text->starts_with("strict:");
      std::string name = FullName("nodes", strict ? text->substr(7) : *text);
      if (name != "nodes/" && (name.starts_with("nodes/") || name.starts_with("links/"))) {
        *text = absl::StrCat(strict ? "strict:" : "", name);
        return absl::OkStatus();
      }
      return UsageError(absl::StrCat(Flag("--via", *text),
                                     "give a node or links/NAME, with \"strict:\" in front when "
                                     "nothing may come between"));
    };
    const auto hops = ReadList("--via", args_.via, place);
    if (!hops.ok()) return hops.status();
    if (hops->size() > kMaxVia) {
      return UsageError(absl::StrCat("--via has ", hops->size(), " hops: give at most ", kMaxVia));
    }
    for (const std::string& text : *hops) {
      v1::ExplicitHop& hop = *c_.add_explicit_hops();
      hop.set_loose(!text.starts_with("strict:"));
      hop.set_resource(hop.loose() ? text : text.substr(7));
    }
    return Avoided();
  }

  // What must be passed and must not.
  absl::Status Avoided() const {
    const auto check = [&](const std::string& name, const char* flag) {
      const auto& avoided = c_.exclude_resources();
      if (std::find(avoided.begin(), avoided.end(), name) == avoided.end()) return absl::OkStatus();
      return UsageError(absl::StrCat("\"", name, "\" is in ", flag,
                                     " and in --avoid: they contradict each other, keep one"));
    };
    if (absl::Status status = check(request_.from(), "--from"); !status.ok()) return status;
    if (absl::Status status = check(request_.to(), "--to"); !status.ok()) return status;
    for (const v1::ExplicitHop& hop : c_.explicit_hops()) {
      if (absl::Status status = check(hop.resource(), "--via"); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  const PathComputeArgs& args_;
  v1::ComputePathRequest request_;
  v1::PathConstraints& c_;
};

}  // namespace

absl::StatusOr<v1::ComputePathRequest> PathRequest(const PathComputeArgs& args) {
  return Reader(args).Run();
}

absl::Status RunPathCompute(Context& context, const PathComputeArgs& args) {
  return args.graph.empty() ? RunPathComputeLive(context, args)
                            : RunPathComputeOffline(context, args);
}

}  // namespace waymark::cli

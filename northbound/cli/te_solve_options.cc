#include "northbound/cli/te_solve_options.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/flag_words.h"
#include "northbound/cli/te_availability.h"
#include "northbound/cli/te_places.h"

namespace waymark::cli {
namespace {

constexpr int kMostHops = 1'000'000;
constexpr double kMostStretch = 1'000'000;
constexpr size_t kMostName = 63, kMostClasses = 64;

absl::Status ReadWhole(const char* flag, const std::string& text, int least, int most, int* value) {
  if (text.empty()) return absl::OkStatus();
  if (absl::SimpleAtoi(text, value) && *value >= least && *value <= most) return absl::OkStatus();
  return UsageError(
      absl::StrCat(flag, " \"", text, "\": give a whole number, ", least, " to ", most));
}

absl::Status ReadMesh(const TeSolveArgs& args, MeshOptions* options) {
  if (absl::Status status =
          ReadTePaths(args.max_paths, args.weights, &options->max_paths, &options->weight_total);
      !status.ok()) {
    return status;
  }
  if (!args.gap.empty() && (!absl::SimpleAtod(args.gap, &options->gap) ||
                            !(options->gap >= kLeastMeshGap && options->gap <= kMostMeshGap))) {
    return UsageError(absl::StrCat("--gap \"", args.gap, "\": give ", kLeastMeshGap, " to ",
                                   kMostMeshGap, ", e.g. 0.01 for 1 %"));
  }
  if (args.protects() && options->max_paths < 2) {
    return UsageError("protection needs --max-paths 2 or more: a path and a backup");
  }
  return absl::OkStatus();
}

absl::Status ReadExact(const TeSolveArgs& args, TeSolveOptions* options) {
  if (args.exact.empty()) return absl::OkStatus();
  if (!CheckDuration(args.exact).empty()) {
    return UsageError(absl::StrCat("--exact \"", args.exact,
                                   "\": give more than 0 and at most 24 h, e.g. 30s or 500ms"));
  }
  if (options->sharing) {
    return UsageError("--exact needs --objective=mlu: it is the least MLU that it finds");
  }
  options->exact = ToDuration(args.exact);
  return absl::OkStatus();
}

absl::Status ReadObjective(const TeSolveArgs& args, TeSolveOptions* options) {
  if (args.objective == "max-min") {
    options->sharing = Sharing::kMaxMin;
  } else if (args.objective == "throughput") {
    options->sharing = Sharing::kThroughput;
  } else if (args.objective != "mlu") {
    return UsageError(
        absl::StrCat("--objective \"", args.objective, "\": use mlu, max-min or throughput"));
  }
  if (!args.granted.empty() && !options->sharing) {
    return UsageError("--granted needs --objective=max-min or throughput: with mlu all is carried");
  }
  if (args.protects() && options->sharing) {
    return UsageError(
        "protection needs --objective=mlu: with the others nothing is left for backups");
  }
  if (options->sharing && !args.max_segments.empty()) {
    return UsageError("--max-segments needs --objective=mlu: other paths carry other rates");
  }
  if (args.balance && (options->sharing || args.shorten)) {
    return UsageError(
        "--balance needs --objective=mlu, and cannot be had with --shorten, which loads links "
        "again");
  }
  options->balance = args.balance;
  if (absl::Status s = ReadExact(args, options); !s.ok()) return s;
  if (absl::Status s = CheckAvailabilityFlags(args.availability); !s.ok()) return s;
  if (args.routes == "-" && args.granted == "-") {
    return UsageError("--routes and --granted cannot both be standard output: name one as a file");
  }
  if (args.protects() && args.shorten) {
    return UsageError("--shorten cannot be had with protection: shorter ways may fail together");
  }
  return absl::OkStatus();
}

// What is given for the class, or for all; empty: nothing.
absl::Status ReadValue(const char* flag, const std::vector<std::string>& given,
                       const TeSolveOptions& options, const std::string& name, std::string* value) {
  const auto values = ValuesOfClass(flag, given, options.ClassNames(), name);
  if (!values.ok()) return values.status();
  if (values->size() > 1) {
    return UsageError(absl::StrCat(flag, " \"", values->back(), "\": is given ", values->size(),
                                   " times for the same paths: keep one"));
  }
  *value = values->empty() ? "" : values->front();
  return absl::OkStatus();
}

absl::Status ReadBoundsOf(const TeSolveArgs& args, const TeSolveOptions& options,
                          TeSolveOptions::Class* one) {
  std::string delay, hops, stretch;
  for (const absl::Status& status :
       {ReadValue("--max-delay", args.max_delay, options, one->name, &delay),
        ReadValue("--max-hops", args.max_hops, options, one->name, &hops),
        ReadValue("--max-stretch", args.max_stretch, options, one->name, &stretch)}) {
    if (!status.ok()) return status;
  }
  return ReadTeBounds(delay, hops, stretch, &one->bounds);
}

absl::Status ReadBounds(const TeSolveArgs& args, TeSolveOptions* options) {
  for (TeSolveOptions::Class& one : options->classes) {
    if (absl::Status status = ReadBoundsOf(args, *options, &one); !status.ok()) return status;
  }
  return ReadWhole("--max-segments", args.max_segments, 1, kMaxUsids, &options->max_segments);
}

bool IsName(const std::string& name) {
  return !name.empty() && name.size() <= kMostName && std::ranges::all_of(name, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
}

absl::Status ReadClasses(const TeSolveArgs& args, TeSolveOptions* options) {
  if (args.classes.empty()) {
    if (args.files.demands.empty())
      return UsageError("--demands is required, or --class NAME=FILE");
    options->classes.push_back({"", args.files});
    return absl::OkStatus();
  }
  if (args.routes == "-" || args.granted == "-") {
    return UsageError(absl::StrCat(args.routes == "-" ? "--routes" : "--granted",
                                   " - cannot hold what several classes get: name a file, each "
                                   "class gets its own"));
  }
  if (args.classes.size() > kMostClasses) {
    return UsageError(absl::StrCat("--class: give at most ", kMostClasses));
  }
  for (const std::string& text : args.classes) {
    const size_t equals = text.find('=');
    TeSolveOptions::Class read = {text.substr(0, equals), args.files};
    if (equals == std::string::npos || !IsName(read.name) || equals + 1 == text.size()) {
      return UsageError(absl::StrCat("--class \"", text,
                                     "\": give NAME=FILE; a name has letters, digits, - and _, ",
                                     kMostName, " at most"));
    }
    read.files.demands = text.substr(equals + 1);
    for (const TeSolveOptions::Class& before : options->classes) {
      if (before.name == read.name) {
        return UsageError(absl::StrCat("--class \"", text, "\": there are two of that name"));
      }
      if (before.files.demands == "-" && read.files.demands == "-") {
        return UsageError(
            absl::StrCat("--class \"", text, "\": only one class can be standard input"));
      }
    }
    if (read.files.demands == "-" && args.files.graph == "-") {
      return UsageError(absl::StrCat("--class \"", text,
                                     "\" and --graph cannot both be standard input: name one as a "
                                     "file"));
    }
    options->classes.push_back(std::move(read));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadTePaths(const std::string& max_paths, const std::string& weights, int* paths,
                         int* weight_total) {
  for (const absl::Status& status :
       {ReadWhole("--max-paths", max_paths, 1, kMostMeshPaths, paths),
        ReadWhole("--weights", weights, 1, kMostMeshWeight, weight_total)}) {
    if (!status.ok()) return status;
  }
  if (*weight_total >= *paths) return absl::OkStatus();
  return UsageError(absl::StrCat("--weights ", *weight_total, " cannot be shared by --max-paths ",
                                 *paths,
                                 ": each path has a weight of 1 at least; give more weights or "
                                 "fewer paths"));
}

std::vector<std::string> TeSolveOptions::ClassNames() const {
  std::vector<std::string> names;
  for (const Class& one : classes) names.push_back(one.name);
  return names;
}

void TeBounds::Set(MeshProblem* problem) const {
  problem->max_delay = static_cast<double>(max_delay_ns);
  problem->max_hops = max_hops;
  problem->max_stretch = max_stretch;
}

absl::Status ReadTeBounds(const std::string& max_delay, const std::string& max_hops,
                          const std::string& max_stretch, TeBounds* bounds) {
  for (const absl::Status& status :
       {ReadDelay("--max-delay", max_delay, &bounds->max_delay_ns),
        ReadWhole("--max-hops", max_hops, 1, kMostHops, &bounds->max_hops)}) {
    if (!status.ok()) return status;
  }
  if (max_stretch.empty()) return absl::OkStatus();
  if (absl::SimpleAtod(max_stretch, &bounds->max_stretch) && bounds->max_stretch >= 1 &&
      bounds->max_stretch <= kMostStretch) {
    return absl::OkStatus();
  }
  return UsageError(absl::StrCat("--max-stretch \"", max_stretch,
                                 "\": give 1 or more, e.g. 1.5 times the least delay"));
}

absl::StatusOr<TeSolveOptions> ReadTeSolveOptions(const TeSolveArgs& args) {
  TeSolveOptions options;
  for (const absl::Status& status : {ReadMesh(args, &options.mesh), ReadObjective(args, &options),
                                     ReadClasses(args, &options), ReadBounds(args, &options)}) {
    if (!status.ok()) return status;
  }
  return options;
}

std::string TeTimeLimit(const TeSolveArgs& args, const TeSolveOptions& options) {
  if (!args.time_limit.empty()) return args.time_limit;
  if (args.exact.empty()) return kTeTimeLimit;
  const absl::Duration all =
      ToDuration(kTeTimeLimit) + options.exact * static_cast<int64_t>(options.classes.size());
  return absl::FormatDuration(std::min(all, absl::Hours(24)));
}

std::string FileOfClass(const std::string& file, const std::string& name) {
  if (name.empty()) return file;
  const size_t slash = file.rfind('/'), dot = file.rfind('.');
  const bool ending = dot != std::string::npos && (slash == std::string::npos || dot > slash + 1);
  const size_t at = ending ? dot : file.size();
  return absl::StrCat(file.substr(0, at), ".", name, file.substr(at));
}

}  // namespace waymark::cli

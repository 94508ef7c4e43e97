#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "northbound/cli/client.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/flag_words.h"
#include "northbound/cli/print.h"

namespace waymark::cli {
namespace {

// How long one question for news waits, and how long a run is waited for beyond its time limit.
constexpr absl::Duration kAskAgain = absl::Seconds(5);
constexpr absl::Duration kPatience = absl::Minutes(1);

std::string Percent(double share) { return absl::StrFormat("%.1f %%", share * 100); }

std::string Seconds(double seconds) { return absl::StrFormat("%.3f s", seconds); }

std::string Outcome(const v1::MeshStatus& status) {
  const std::string& result = status.result();
  if (result == "committed") return "better routes stored";
  if (result == "unchanged") return "nothing worth moving";
  if (result == "kept") return "better routes would break a guarantee: none stored";
  if (result == "stale") return "out of date before its routes were stored: solved again";
  if (result == "cancelled") return "cancelled: nothing stored";
  if (result == "failed") {
    return "failed, the routes stay as they are: " + Printable(status.error());
  }
  return Printable(result);
}

// "24G of 30G, least 4G of 5G a to b".
std::string Excess(const v1::MeshClassStatus& one) {
  if (one.elastic_bps() == 0) return "-";
  std::string text =
      absl::StrCat(FormatRate(one.elastic_granted_bps()), " of ", FormatRate(one.elastic_bps()));
  if (one.least_granted().empty()) return text;
  const v1::MeshGrant& least = one.least_granted(0);
  absl::StrAppend(&text, ", least ", FormatRate(least.granted_bps()), " of ",
                  FormatRate(least.asked_bps()), " ", ShortName(least.from()), " to ",
                  ShortName(least.to()));
  return text;
}

std::string Progress(const v1::MeshRun& run) {
  std::string text = absl::StrCat("run ", run.run(), ", ", Printable(run.reason()), ": ");
  if (run.phase() != "solving") return text + Printable(run.phase());
  absl::StrAppend(&text, run.classes_done(), " of ", run.classes(), " classes solved");
  if (!run.traffic_class().empty()) {
    absl::StrAppend(&text, ", at ", Printable(ShortName(run.traffic_class())));
  }
  return absl::StrCat(
      text, "; ",
      absl::StrFormat("%.1f of at most %.1f s", run.seconds(), run.time_limit_seconds()));
}

void ShowClasses(Context& context, const v1::MeshStatus& status) {
  if (status.classes().empty()) return;
  Table table(
      {"CLASS", "MLU", "LOWER BOUND", "DEMAND", "GRANTED", "EXCESS GRANTED", "POLICIES", "MOVED"});
  for (const v1::MeshClassStatus& one : status.classes()) {
    table.Add({ShortName(one.traffic_class()),
               Percent(one.mlu()) + (one.partial() ? " (time limit)" : ""),
               Percent(one.lower_bound()), FormatRate(one.demand_bps()),
               FormatRate(one.granted_bps()), Excess(one), absl::StrCat(one.policies()),
               absl::StrCat(one.changed())});
  }
  table.Print(context.out(), context.color());
}

// Of the classes that are to outlive failures.
void ShowFailures(Context& context, const v1::MeshStatus& status) {
  Table table({"CLASS", "FAILURES", "WORST MLU", "LOWER BOUND", "IN", "CUT OFF", "NO BACKUP",
               "AVAILABILITY"});
  bool any = false;
  std::string notes;
  for (const v1::MeshClassStatus& one : status.classes()) {
    if (!one.has_failures()) continue;
    any = true;
    const v1::MeshFailures& f = one.failures();
    if (!f.unknown().empty()) {
      notes += absl::StrCat("  ", ShortName(one.traffic_class()),
                            ": not prepared for failures: ", Printable(f.unknown()), "\n");
      continue;
    }
    std::string availability = "-";
    if (f.availability_target() > 0) {
      availability =
          absl::StrFormat("%.7g of %.7g", f.least_availability(), f.availability_target());
      if (f.below_target() > 0) {
        absl::StrAppend(&availability, ", ", f.below_target(), " pairs below, the least ",
                        ShortName(f.least_from()), " to ", ShortName(f.least_to()));
      }
      if (f.residual() > 1 - f.availability_target()) {
        absl::StrAppend(&availability, ", nothing known of ", Percent(f.residual()),
                        " of the time");
      }
    }
    table.Add({ShortName(one.traffic_class()), absl::StrCat(f.failures()),
               Percent(f.worst_mlu()) + (f.partial() ? " (time limit)" : ""),
               Percent(f.lower_bound()), f.worst().empty() ? "none" : Printable(f.worst()),
               absl::StrCat(f.cut()), absl::StrCat(f.exposed()), availability});
  }
  if (!any) return;
  context.out() << "\nIn the failures that classes are to outlive\n";
  table.Print(context.out(), context.color(), "  ");
  context.out() << notes;
}

void ShowTable(Context& context, const v1::MeshStatus& status) {
  std::ostream& out = context.out();
  if (status.run() == 0) {
    out << "no run has ended yet\n";
  } else {
    out << "run " << status.run() << " ended " << FormatTime(status.ended()) << ", "
        << Printable(status.reason()) << ": " << Outcome(status) << '\n';
  }
  if (status.has_under_way()) out << "under way: " << Progress(status.under_way()) << '\n';
  if (status.has_next()) {
    out << "next run at " << FormatTime(status.next()) << ": " << Printable(status.next_reason())
        << '\n';
  }
  if (status.has_solved()) {
    out << "solved " << FormatTime(status.solved()) << " in " << Seconds(status.seconds()) << '\n';
  }
  ShowClasses(context, status);
  ShowFailures(context, status);
  if (status.measured().empty()) return;
  out << "\nMeasured traffic, which counts instead of what services state\n";
  Table table({"CLASS", "RATES", "SUM", "HEAD-ROOM", "PAIRS THAT ASK", "SINCE", "BY"});
  for (const v1::MeasuredTraffic& one : status.measured()) {
    int64_t pairs = 0;
    for (const v1::MeshClassStatus& solved : status.classes()) {
      if (solved.traffic_class() == one.traffic_class()) pairs = solved.measured_pairs();
    }
    table.Add({ShortName(one.traffic_class()), absl::StrCat(one.rates()), FormatRate(one.bps()),
               absl::StrFormat("%g", one.headroom()), absl::StrCat(pairs), FormatTime(one.since()),
               one.by()});
  }
  table.Print(out, context.color(), "  ");
}

absl::Status Show(Context& context, const absl::StatusOr<v1::MeshStatus>& status) {
  if (!status.ok()) return status.status();
  std::vector<std::string> names;
  for (const v1::MeshClassStatus& one : status->classes()) {
    names.push_back(ShortName(one.traffic_class()));
  }
  PrintAnswer(context, *status, names, [&] { ShowTable(context, *status); });
  return absl::OkStatus();
}

// Says on `err` how it goes.
absl::StatusOr<v1::MeshStatus> WaitForRun(Context& context, Client& client, int64_t run,
                                          absl::Duration limit) {
  const absl::Duration end = context.clock().Monotonic() + limit;
  std::string said;
  v1::MeshStatus status;
  while (true) {
    const absl::Duration left = end - context.clock().Monotonic();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(absl::StrCat("run ", run, " has not ended after ",
                                                      absl::FormatDuration(limit),
                                                      "; it goes on: see `waymark mesh status`"));
    }
    auto next = client.MeshStatus(
        status.version(), std::min({left, kAskAgain, context.globals().connect.timeout / 2}));
    if (!next.ok()) return next.status();
    status = *std::move(next);
    // A run that was out of date is followed by one that answers it too.
    if (status.run() >= run && status.result() != "stale") return status;
    if (!status.has_under_way()) continue;
    const std::string text = Progress(status.under_way());
    if (text != said) context.io().err << text << std::endl;
    said = text;
  }
}

}  // namespace

absl::Status RunMeshStatus(Context& context) {
  const auto client = context.client();
  if (!client.ok()) return client.status();
  return Show(context, (*client)->MeshStatus(0, absl::ZeroDuration()));
}

absl::Status RunMeshOptimize(Context& context, const MeshOptimizeArgs& args) {
  const auto client = context.client();
  if (!client.ok()) return client.status();
  v1::OptimizeMeshRequest request;
  absl::Duration limit = kPatience;
  if (!args.time_limit.empty()) {
    const absl::Duration solving = ToDuration(args.time_limit);
    *request.mutable_time_limit() =
        google::protobuf::util::TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(solving));
    limit += solving;
  }
  if (context.globals().timeout_given) limit = context.globals().connect.timeout;
  const auto run = (*client)->OptimizeMesh(request);
  if (!run.ok()) return run.status();
  if (args.no_wait) {
    context.out() << "run " << *run << '\n';
    return absl::OkStatus();
  }
  const auto status = WaitForRun(context, **client, *run, limit);
  if (auto s = Show(context, status); !s.ok()) return s;
  if (status->result() == "cancelled") return absl::CancelledError("the run was cancelled");
  if (status->result() == "failed") return absl::InternalError("the run failed");
  return absl::OkStatus();
}

absl::Status RunMeshCancel(Context& context, int64_t run) {
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto status = (*client)->CancelMeshRun(run);
  if (!status.ok()) return status.status();
  context.out() << "cancelled\n";
  return absl::OkStatus();
}

}  // namespace waymark::cli

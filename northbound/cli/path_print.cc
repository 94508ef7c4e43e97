#include "northbound/cli/path_print.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "northbound/cli/kind.h"
#include "northbound/cli/path_text.h"

namespace waymark::cli {
namespace {

std::string ShortNames(const google::protobuf::RepeatedPtrField<std::string>& names) {
  return absl::StrJoin(names, ", ", [](std::string* text, const std::string& name) {
    text->append(ShortName(name));
  });
}

}  // namespace

std::string FormatFigures(const v1::Path& path) {
  return absl::StrCat(path.links_size(), path.links_size() == 1 ? " hop, " : " hops, ",
                      FormatDelay(path.delay_ns()), ", TE metric ", path.te_metric(), ", cost ",
                      FormatNumber(path.cost()));
}

std::string FormatAvailability(const v1::Promise& promise) {
  if (!(promise.availability() > 0)) return "";
  // As many digits as there are nines, and two more; cut, not rounded up to what is not promised
  // (but for the last bits of the number itself).
  int digits = 1;
  for (double down = 1 - promise.availability(); down < 0.01 && digits < 10; down *= 10) ++digits;
  const double scale = std::pow(10, digits);
  const double percent = std::floor(promise.availability() * 100 * scale + 1e-4) / scale;
  return absl::StrFormat("%.*f %%, %s minutes a year down", digits, percent,
                         promise.downtime_minutes_a_year() < 1'000
                             ? absl::StrFormat("%.3g", promise.downtime_minutes_a_year())
                             : absl::StrFormat("%.0f", promise.downtime_minutes_a_year()));
}

std::string FormatPromised(int64_t latency_ns) {
  // Up: less than what is promised would be another promise.
  return latency_ns > 0 ? FormatDelay((latency_ns + 999) / 1'000 * 1'000) : "-";
}

void PrintPromise(std::ostream& out, Color color, const v1::Promise& promise, Arithmetic arithmetic,
                  std::string_view indent) {
  Fields fields;
  fields.Add("Latency, working",
             promise.working_latency_ns() > 0
                 ? absl::StrCat(FormatPromised(promise.working_latency_ns()), " at most")
                 : "no bound");
  if (promise.protect_latency_ns() > 0) {
    fields.Add("Latency, protect",
               absl::StrCat(FormatPromised(promise.protect_latency_ns()), " at most"));
  }
  if (promise.failover_ns() > 0) {
    fields.Add("Failover", absl::StrCat(FormatPromised(promise.failover_ns()), " at most"));
  }
  fields.Add("Availability", FormatAvailability(promise))
      .Add("Shared risks", ShortNames(promise.shared_risks()));
  out << indent << "Promise\n";
  const std::string deeper = absl::StrCat(std::string(indent), "  ");
  fields.Print(out, color, deeper);
  if (arithmetic == Arithmetic::kHidden || promise.terms().empty()) return;
  Fields terms;
  for (const v1::PromiseTerm& term : promise.terms()) terms.Add(term.label(), term.value());
  out << deeper << "How it comes about\n";
  terms.Print(out, color, deeper + "  ");
}

void PrintReasons(std::ostream& out,
                  const google::protobuf::RepeatedPtrField<v1::PathAlternative>& alternatives,
                  const google::protobuf::RepeatedPtrField<std::string>& blocking,
                  const google::protobuf::RepeatedPtrField<v1::Relaxation>& relaxations,
                  std::string_view indent) {
  if (!alternatives.empty()) out << indent << "Not taken\n";
  for (const v1::PathAlternative& other : alternatives) {
    out << indent << "  "
        << Printable(absl::StrCat(FormatNodes(other.path()), ", ", FormatFigures(other.path())))
        << '\n'
        << indent << "    " << Printable(other.ruled_out()) << '\n';
  }
  if (!blocking.empty()) {
    out << indent << (blocking.size() == 1 ? "In the way: " : "Together impossible: ")
        << Printable(absl::StrJoin(blocking, "; ")) << '\n';
  }
  for (const v1::Relaxation& relaxation : relaxations) {
    out << indent << "Would work: " << Printable(relaxation.change()) << '\n';
    for (const v1::Path& path : relaxation.paths()) {
      out << indent << "  " << Printable(absl::StrCat(FormatNodes(path), ", ", FormatFigures(path)))
          << '\n';
    }
  }
}

}  // namespace waymark::cli

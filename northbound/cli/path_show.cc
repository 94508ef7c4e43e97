#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "northbound/cli/kind.h"
#include "northbound/cli/path_command.h"
#include "northbound/cli/path_print.h"
#include "northbound/cli/path_text.h"
#include "northbound/cli/print.h"

namespace waymark::cli {
namespace {

template <typename Names>
std::string ShortNames(const Names& names) {
  return absl::StrJoin(names, " ", [](std::string* text, const std::string& name) {
    text->append(ShortName(name));
  });
}

std::string Label(const v1::ComputePathRequest& request, int number, int count) {
  const bool disjoint =
      request.constraints().disjoint_size() > 0 || !request.traffic_class().empty();
  if (!disjoint || count != 2) return absl::StrCat("Path ", number + 1);
  return number == 0 ? "Working" : "Protect";
}

std::string SegmentText(const v1::SegmentList& list) {
  std::vector<std::string> sids;
  for (const uint32_t sid : list.sids()) sids.push_back(FormatSid(sid));
  if (sids.empty()) return "";
  return absl::StrCat(absl::StrJoin(sids, " "), " (", sids.size(),
                      sids.size() == 1 ? " uSID in " : " uSIDs in ", list.containers_size(),
                      list.containers_size() == 1 ? " container)" : " containers)");
}

void ShowPath(Context& context, const std::string& label, const v1::Path& path,
              const v1::SegmentList* segments) {
  Fields fields;
  fields.Add(label, absl::StrCat(FormatNodes(path), ", ", FormatFigures(path)))
      .Add("  links", ShortNames(path.links()));
  if (segments != nullptr) {
    fields.Add("  segments", SegmentText(*segments))
        .Add("  containers", absl::StrJoin(segments->containers(), " "));
  }
  fields.Print(context.out(), context.color());
}

void ShowTable(Context& context, const v1::ComputePathRequest& request,
               const v1::ComputePathResponse& response) {
  for (int i = 0; i < response.paths_size(); ++i) {
    if (i > 0) context.out() << '\n';
    ShowPath(context, Label(request, i, response.paths_size()), response.paths(i),
             i < response.segment_lists_size() ? &response.segment_lists(i) : nullptr);
  }
  if (response.has_promise()) {
    context.out() << '\n';
    PrintPromise(context.out(), context.color(), response.promise(), Arithmetic::kShown, "");
  }
  if (response.alternatives_size() + response.blocking_constraints_size() +
          response.relaxations_size() >
      0) {
    context.out() << '\n';
  }
  PrintReasons(context.out(), response.alternatives(), response.blocking_constraints(),
               response.relaxations(), "");
  if (response.revision() > 0) context.out() << "\nRevision: " << response.revision() << '\n';
}

std::string Refused(const v1::ComputePathResponse& response) {
  const v1::Status& status = response.status();
  std::string text = status.reason().empty() ? "no path meets the constraints" : status.reason();
  if (!Tells(text, status.blocking_constraint())) {
    absl::StrAppend(&text, "; in the way: ", status.blocking_constraint());
  }
  if (!status.relaxation().empty()) absl::StrAppend(&text, "; would work: ", status.relaxation());
  return Printable(text);
}

}  // namespace

absl::Status ShowPaths(Context& context, const v1::ComputePathRequest& request,
                       const v1::ComputePathResponse& response,
                       const std::vector<std::string>& details) {
  std::vector<std::string> names;
  for (const v1::Path& path : response.paths()) names.push_back(ShortNames(path.links()));
  v1::ComputePathResponse whole = response;
  for (const std::string& detail : details) whole.add_notes(detail);
  PrintAnswer(context, whole, names, [&] { ShowTable(context, request, response); });
  for (const std::string& note : response.notes()) {
    context.io().err << "waymark: note: " << Printable(note) << '\n';
  }
  if (response.outcome() == v1::FOUND) return absl::OkStatus();
  if (response.outcome() == v1::BUDGET_SPENT && response.paths_size() > 0) {
    const std::string& reason = response.status().reason();
    context.io().err << "waymark: not proven to be the best paths: "
                     << (reason.empty() ? "the work budget ended" : Printable(reason)) << '\n';
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(Refused(response));
}

}  // namespace waymark::cli

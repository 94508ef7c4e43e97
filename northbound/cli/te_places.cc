#include "northbound/cli/te_places.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/search_graph.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/path_command.h"
#include "northbound/cli/path_offline.h"

namespace waymark::cli {
namespace {

using List = std::vector<std::string>;

struct Kind {
  const char* flag;
  List TePlaceArgs::*given;
  List PathComputeArgs::*read;
  // What a graph must state, somewhere, for the flag to mean anything; null: nothing.
  const char* stated;
};

constexpr char kJurisdiction[] = "jurisdiction", kProvider[] = "provider", kAffinity[] = "affinity";

constexpr Kind kKinds[] = {
    {"--allow-jurisdiction", &TePlaceArgs::allowed_jurisdictions,
     &PathComputeArgs::allowed_jurisdictions, kJurisdiction},
    {"--forbid-jurisdiction", &TePlaceArgs::forbidden_jurisdictions,
     &PathComputeArgs::forbidden_jurisdictions, kJurisdiction},
    {"--allow-provider", &TePlaceArgs::allowed_providers, &PathComputeArgs::allowed_providers,
     kProvider},
    {"--forbid-provider", &TePlaceArgs::forbidden_providers, &PathComputeArgs::forbidden_providers,
     kProvider},
    {"--include-any", &TePlaceArgs::include_any, &PathComputeArgs::include_any, kAffinity},
    {"--include-all", &TePlaceArgs::include_all, &PathComputeArgs::include_all, kAffinity},
    {"--exclude", &TePlaceArgs::exclude, &PathComputeArgs::exclude, kAffinity},
    {"--avoid", &TePlaceArgs::avoid, &PathComputeArgs::avoid, nullptr},
};

bool States(const Snapshot& snapshot, const char* what) {
  if (what == nullptr) return true;
  if (what == kJurisdiction) return !snapshot.jurisdiction_codes().empty();
  if (what == kProvider) return !snapshot.provider_names().empty();
  return !snapshot.affinity_names().empty();
}

}  // namespace

absl::StatusOr<List> ValuesOfClass(const char* flag, const List& given, const List& classes,
                                   const std::string& name) {
  if (classes.empty() || (classes.size() == 1 && classes.front().empty())) return given;
  List all, own;
  for (const std::string& text : given) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      all.push_back(text);
      continue;
    }
    const std::string of = text.substr(0, equals);
    if (std::ranges::find(classes, of) == classes.end()) {
      return UsageError(absl::StrCat(flag, " \"", text, "\": there is no class \"", of,
                                     "\"; --class names them"));
    }
    if (of == name) own.push_back(text.substr(equals + 1));
  }
  return own.empty() ? all : own;
}

absl::Status CloseForbiddenPlaces(const GraphFile& graph, const TePlaceArgs& args,
                                  const List& classes, const std::string& name,
                                  MeshProblem* problem) {
  // As of the paths between all pairs, so that the words mean the same.
  PathComputeArgs path;
  path.graph = path.routes = "files";
  path.all_pairs = true;
  bool any = false;
  for (const Kind& kind : kKinds) {
    auto values = ValuesOfClass(kind.flag, args.*kind.given, classes, name);
    if (!values.ok()) return values.status();
    any |= !values->empty();
    if (!values->empty() && !States(graph.snapshot(), kind.stated)) {
      return absl::FailedPreconditionError(absl::StrCat(
          kind.flag, ": nothing in the graph states a", kind.stated == kAffinity ? "n " : " ",
          kind.stated, "; a bundle (YAML) can, other formats cannot"));
    }
    path.*kind.read = *std::move(values);
  }
  if (!any) return absl::OkStatus();
  const auto request = PathRequest(path);
  if (!request.ok()) return request.status();
  const auto constraints = OfflineConstraints(graph, request->constraints());
  if (!constraints.ok()) return constraints.status();
  const SearchGraph allowed(graph.snapshot(), *constraints, {.most_hops = kMostOfflineHops});
  for (size_t e = 0; e < problem->links.size(); ++e) {
    if (!allowed.LinkUsable(static_cast<LinkId>(e))) problem->links[e].capacity = 0;
  }
  return absl::OkStatus();
}

}  // namespace waymark::cli

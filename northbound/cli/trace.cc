#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "northbound/cli/client.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/path_text.h"
#include "northbound/cli/print.h"

namespace waymark::cli {
namespace {

absl::StatusOr<v1::TraceRequest> Request(const TraceArgs& args) {
  v1::TraceRequest request;
  if (args.service.empty() || args.from.empty() || args.to.empty()) {
    return UsageError(
        "a service, --from and --to are required (or `trace revision N`); see waymark trace "
        "--help");
  }
  const auto service = ResourceName(Kind::kService, args.service, args.customer);
  if (!service.ok()) return service.status();
  const std::string owner = CustomerOf(*service);
  const auto from = ResourceName(Kind::kSite, args.from, owner);
  if (!from.ok()) return from.status();
  const auto to = ResourceName(Kind::kSite, args.to, owner);
  if (!to.ok()) return to.status();
  request.set_service(*service);
  request.set_from_site(*from);
  request.set_to_site(*to);
  if (!args.dscp.empty() && args.pcp >= 0) {
    return UsageError("--dscp and --pcp exclude each other: a frame is traced by one mark");
  }
  if (!args.dscp.empty()) {
    uint32_t dscp = 0;
    if (!ParseDscp(args.dscp, &dscp)) {
      return UsageError(
          absl::StrCat("--dscp \"", args.dscp, "\": give 0 to 63 or a name such as EF, AF31, CS5"));
    }
    request.set_dscp(dscp);
  }
  if (args.pcp >= 0) {
    if (args.pcp > 7) return UsageError(absl::StrCat("--pcp ", args.pcp, ": give 0 to 7"));
    request.set_pcp(static_cast<uint32_t>(args.pcp));
  }
  return request;
}

std::string Mark(const v1::TraceRequest& request) {
  if (request.has_dscp()) return absl::StrCat("marked DSCP ", FormatDscp(request.dscp()));
  if (request.has_pcp()) return absl::StrCat("tagged with PCP ", request.pcp());
  return "unmarked";
}

void PrintTrace(Context& context, const v1::TraceRequest& request, const v1::TraceResponse& r) {
  std::ostream& out = context.out();
  Fields()
      .Add("Frame",
           absl::StrCat(ShortName(request.from_site()), " -> ", ShortName(request.to_site()),
                        " in ", ShortName(request.service()), ", ", Mark(request)))
      .Add("Class", absl::StrCat(ShortName(r.traffic_class()), " (matched ", r.matched(), "), ",
                                 Lower(v1::Treatment_Name(r.treatment()))))
      .Add("Queue",
           absl::StrCat(r.queue(), ", outer DSCP ", FormatDscp(r.outer_dscp()), ", VNI ", r.vni()))
      .Add("Policy", ShortName(r.policy()))
      .Add("Binding SID", r.binding_sid())
      .Add("State", FormatStatus(r.status()))
      .Add("Revision", absl::StrCat(r.revision()))
      .Print(out, context.color());
  for (int i = 0; i < r.paths_size(); ++i) {
    const v1::TracePath& path = r.paths(i);
    out << '\n' << (r.on_protect() ? "Protect path, in use" : "Path");
    if (r.paths_size() > 1) {
      out << absl::StrFormat(" %d of %d, %s %% of the traffic", i + 1, r.paths_size(),
                             FormatNumber(path.share_percent()));
    }
    out << ", " << FormatDelay(path.delay_ns());
    if (path.state() != v1::STATE_UNSPECIFIED) out << ", " << StateName(path.state());
    out << '\n';
    PrintTracePath(out, path);
  }
  if (r.has_protect()) {
    out << "\nProtect path, ready, " << FormatDelay(r.protect().delay_ns());
    if (r.protect().state() != v1::STATE_UNSPECIFIED) {
      out << ", " << StateName(r.protect().state());
    }
    out << '\n';
    PrintTracePath(out, r.protect());
  }
}

}  // namespace

absl::Status RunTrace(Context& context, const TraceArgs& args) {
  const auto request = Request(args);
  if (!request.ok()) return request.status();
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto response = (*client)->Trace(*request);
  if (!response.ok()) return response.status();
  const std::string name = ShortName(response->policy());
  PrintAnswer(context, *response, std::span(&name, 1),
              [&] { PrintTrace(context, *request, *response); });
  return absl::OkStatus();
}

}  // namespace waymark::cli

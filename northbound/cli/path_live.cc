#include "absl/strings/str_cat.h"
#include "northbound/cli/client.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/path_command.h"
#include "northbound/cli/path_print.h"
#include "northbound/cli/path_text.h"
#include "northbound/cli/print.h"

namespace waymark::cli {
namespace {

absl::Status CheckNow(Context& context, const std::string& command) {
  const AsOf& as_of = context.globals().as_of;
  if (as_of.revision == 0 && as_of.time == absl::InfinitePast()) return absl::OkStatus();
  return UsageError(absl::StrCat("--as-of: ", command,
                                 " is of now only; path compute and get can read the past"));
}

std::vector<std::string> ListRow(const v1::Policy& p) {
  const v1::Promise& promise = p.promise();
  std::string latency = FormatPromised(promise.working_latency_ns());
  if (p.has_protect()) {
    absl::StrAppend(&latency, " / ", FormatPromised(promise.protect_latency_ns()));
  }
  const std::string working =
      p.working_size() == 0 ? "-"
      : p.working_size() == 1
          ? FormatNodes(p.working(0))
          : absl::StrCat(FormatNodes(p.working(0)), " and ", p.working_size() - 1, " more");
  const std::string availability = FormatAvailability(promise);
  return {ShortName(p.headend()),
          ShortName(p.endpoint()),
          ShortName(p.traffic_class()),
          p.service().empty() ? "(mesh)" : ShortName(p.service()),
          working,
          p.has_protect() ? FormatNodes(p.protect()) : "-",
          latency,
          availability.empty() ? std::string("-") : availability.substr(0, availability.find(',')),
          FormatStatus(p.status())};
}

void PrintExplanation(Context& context, const v1::PolicyExplanation& e) {
  std::ostream& out = context.out();
  out << Printable(ShortName(e.policy())) << "  "
      << Painted(Printable(FormatStatus(e.status())), context.color()) << '\n';
  v1::Policy policy;
  *policy.mutable_working() = e.working();
  if (e.has_protect()) *policy.mutable_protect() = e.protect();
  PrintPolicyPaths(out, context.color(), policy, "  ");
  Fields().Add("Chosen", e.chosen()).Print(out, context.color(), "  ");
  if (e.has_promise()) {
    PrintPromise(out, context.color(), e.promise(), Arithmetic::kShown, "  ");
  }
  PrintReasons(out, e.alternatives(), e.blocking_constraints(), e.relaxations(), "  ");
}

void PrintExplanations(Context& context, const v1::ExplainServiceResponse& response) {
  if (response.policies().empty()) {
    context.out() << "no pinned policies: the service's frames take the shared mesh\n";
  }
  for (int i = 0; i < response.policies_size(); ++i) {
    if (i > 0) context.out() << '\n';
    PrintExplanation(context, response.policies(i));
  }
}

}  // namespace

absl::Status RunPathComputeLive(Context& context, const PathComputeArgs& args) {
  const auto request = PathRequest(args);
  if (!request.ok()) return request.status();
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto response = (*client)->ComputePath(*request, context.globals().as_of);
  if (!response.ok()) return response.status();
  return ShowPaths(context, *request, *response);
}

absl::Status RunPathList(Context& context, const PathListArgs& args) {
  if (auto s = CheckNow(context, "path list"); !s.ok()) return s;
  if (!args.service.empty() && !args.node.empty()) {
    return UsageError("SERVICE and --node exclude each other: list by one of them");
  }
  std::string parent, traffic_class;
  for (const auto& [kind, text, into] :
       {std::tuple{Kind::kService, &args.service, &parent},
        std::tuple{Kind::kNode, &args.node, &parent},
        std::tuple{Kind::kTrafficClass, &args.traffic_class, &traffic_class}}) {
    if (text->empty()) continue;
    const auto name = ResourceName(kind, *text, args.customer);
    if (!name.ok()) return name.status();
    *into = *name;
  }
  if (parent.empty() && !args.customer.empty()) parent = "customers/" + args.customer;
  const auto client = context.client();
  if (!client.ok()) return client.status();
  // An unknown one would look as if it had no paths.
  for (const auto& [kind, name] :
       {std::pair{args.service.empty() ? Kind::kNode : Kind::kService, &parent},
        std::pair{Kind::kTrafficClass, &traffic_class}}) {
    const bool of_customer = name == &parent && args.service.empty() && args.node.empty();
    if (name->empty() || of_customer) continue;
    if (auto known = (*client)->Get(kind, *name, AsOf()); !known.ok()) return known.status();
  }
  auto policies = (*client)->ListPolicies(parent);
  if (!policies.ok()) return policies.status();
  if (!traffic_class.empty()) {
    std::erase_if(*policies, [&](const v1::Resource& r) {
      return r.policy().traffic_class() != traffic_class;
    });
  }
  if (context.globals().output != Output::kTable) {
    PrintResources(context, Kind::kPolicy, *policies, Shape::kList);
    return absl::OkStatus();
  }
  Table table({"FROM", "TO", "CLASS", "SERVICE", "WORKING", "PROTECT", "LATENCY AT MOST",
               "AVAILABILITY", "STATE"});
  for (const v1::Resource& r : *policies) table.Add(ListRow(r.policy()));
  if (table.empty()) {
    context.out() << "no policies\n";
  } else {
    table.Print(context.out(), context.color());
  }
  return absl::OkStatus();
}

absl::Status RunPathExplain(Context& context, const PathExplainArgs& args) {
  if (auto s = CheckNow(context, "path explain"); !s.ok()) return s;
  const auto name = ResourceName(Kind::kService, args.service, args.customer);
  if (!name.ok()) return name.status();
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto response = (*client)->ExplainService(*name);
  if (!response.ok()) return response.status();
  std::vector<std::string> names;
  for (const auto& policy : response->policies()) names.push_back(ShortName(policy.policy()));
  PrintAnswer(context, *response, names, [&] { PrintExplanations(context, *response); });
  return absl::OkStatus();
}

}  // namespace waymark::cli

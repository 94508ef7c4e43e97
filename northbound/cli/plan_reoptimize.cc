#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "northbound/cli/client.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/print.h"

namespace waymark::cli {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

std::string Links(const Names& names) {
  if (names.empty()) return "-";
  return absl::StrJoin(names, " ", [](std::string* text, const std::string& name) {
    text->append(ShortName(name));
  });
}

bool Same(const Names& a, const Names& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

void PrintMoves(std::ostream& out, Color color, const v1::ReoptimizeResponse& plan) {
  for (const v1::PolicyMove& move : plan.moves()) {
    out << Printable(ShortName(move.policy())) << "  " << Printable(move.reason()) << '\n';
    Table table({"", "NOW", "THEN"});
    const auto add = [&](const char* role, const Names& from, const Names& to) {
      if (from.empty() && to.empty()) return;
      table.Add({role, Links(from), Same(from, to) ? "the same" : Links(to)});
    };
    add("working", move.old_working(), move.new_working());
    add("protect", move.old_protect(), move.new_protect());
    table.Print(out, color, "  ");
  }
  for (const std::string& policy : plan.mended()) {
    out << "mends " << Printable(ShortName(policy)) << '\n';
  }
}

std::string Count(const v1::ReoptimizeResponse& plan) {
  return absl::StrCat(plan.moves_size(), plan.moves_size() == 1 ? " policy" : " policies");
}

// What is not as it was asked, and that nothing better is known for it, says its status: the plan
// tells only of what moves.
struct Stay {
  std::string name;
  v1::Status status;
};

bool Troubled(const v1::Status& status) {
  return status.state() == v1::BLOCKED || status.state() == v1::DEGRADED ||
         status.state() == v1::DOWN;
}

// Of one service each policy that the plan does not mend; of all, which may be many, the services.
absl::StatusOr<std::vector<Stay>> Stays(Client& client, const std::string& service,
                                        const v1::ReoptimizeResponse& plan) {
  const auto all =
      service.empty() ? client.List(Kind::kService, "", AsOf()) : client.ListPolicies(service);
  if (!all.ok()) return all.status();
  std::vector<Stay> stays;
  for (const v1::Resource& r : *all) {
    const v1::Status& status = service.empty() ? r.service().status() : r.policy().status();
    const auto& mended = plan.mended();
    if (!Troubled(status) || std::find(mended.begin(), mended.end(), NameOf(r)) != mended.end()) {
      continue;
    }
    stays.push_back({ShortName(NameOf(r)), status});
  }
  return stays;
}

void PrintStays(std::ostream& out, Color color, const std::vector<Stay>& stays, bool services) {
  constexpr size_t kMost = 20;
  if (stays.empty()) return;
  out << (services ? "Services that are not as asked now, and why (--service tells of each policy "
                     "whether this mends it):\n"
                   : "Not as asked, not mended by this, and why:\n");
  for (size_t i = 0; i < stays.size() && i < kMost; ++i) {
    out << "  " << Printable(stays[i].name) << "  "
        << Painted(Printable(FormatStatus(stays[i].status)), color) << '\n';
  }
  if (stays.size() > kMost) out << "  and " << stays.size() - kMost << " more\n";
}

void ShowTable(Context& context, const v1::ReoptimizeResponse& plan) {
  std::ostream& out = context.out();
  if (plan.moves().empty()) {
    out << "nothing to gain: every policy stays where it is\n";
  } else if (plan.applied()) {
    out << "moved " << Count(plan) << " by plan " << Printable(plan.plan()) << ", revision "
        << plan.revision() << '\n';
  } else {
    PrintMoves(out, context.color(), plan);
    out << "plan " << Printable(plan.plan()) << " would move " << Count(plan)
        << "; nothing has moved (--apply does)\n";
  }
}

absl::Status Show(Context& context, const std::string& service,
                  const v1::ReoptimizeResponse& plan) {
  std::vector<std::string> names;
  for (const v1::PolicyMove& move : plan.moves()) names.push_back(ShortName(move.policy()));
  PrintAnswer(context, plan, names, [&] { ShowTable(context, plan); });
  if (context.globals().output != Output::kTable || plan.applied()) return absl::OkStatus();
  const auto stays = Stays(**context.client(), service, plan);
  if (!stays.ok()) return stays.status();
  PrintStays(context.out(), context.color(), *stays, service.empty());
  return absl::OkStatus();
}

}  // namespace

absl::Status RunReoptimize(Context& context, const ReoptimizeArgs& args) {
  const AsOf& as_of = context.globals().as_of;
  if (as_of.revision != 0 || as_of.time != absl::InfinitePast()) {
    return UsageError("--as-of: the past cannot be re-optimised");
  }
  if (!(args.min_gain >= 0 && args.min_gain <= 100)) {
    return UsageError(absl::StrCat("--min-gain ", args.min_gain, ": give 0 to 100 percent"));
  }
  v1::ReoptimizeRequest request;
  request.set_min_gain_percent(args.min_gain);
  if (!args.service.empty()) {
    const auto name = ResourceName(Kind::kService, args.service, args.customer);
    if (!name.ok()) return name.status();
    request.set_service(*name);
  }
  const auto client = context.client();
  if (!client.ok()) return client.status();
  auto plan = (*client)->Reoptimize(request);
  if (!plan.ok()) return plan.status();
  if (!args.apply || plan->moves().empty()) return Show(context, request.service(), *plan);
  // What is about to happen is for people whatever the output is for.
  PrintMoves(context.io().err, Color::kNever, *plan);
  if (!args.yes && !context.io().interactive) {
    return UsageError(
        "--apply moves what carries traffic, and nobody is at a terminal to agree: look at the "
        "plan "
        "above, and give --yes");
  }
  if (!context.Confirm(absl::StrCat("Move ", Count(*plan), "?"), args.yes)) {
    return absl::CancelledError("nothing has moved");
  }
  request.set_apply(true);
  request.set_expected_plan(plan->plan());
  request.set_request_id(args.request_id);
  plan = (*client)->Reoptimize(request);
  if (!plan.ok()) return plan.status();
  return Show(context, request.service(), *plan);
}

}  // namespace waymark::cli

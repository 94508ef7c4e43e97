#include "northbound/cli/mesh_guarantees.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "northbound/cli/client.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/path_text.h"
#include "northbound/cli/print.h"

namespace waymark::cli {
namespace {

std::string Load(const v1::MeshGuarantee& one) {
  if (one.worst_link().empty()) return "-";
  return absl::StrCat(ShortName(one.worst_link()), ", ", FormatRate(one.worst_link_bps()), " of ",
                      FormatRate(one.worst_link_promisable_bps()));
}

std::string Furthest(const v1::MeshGuarantee& one) {
  if (one.worst_from().empty()) return "-";
  return absl::StrCat(ShortName(one.worst_from()), " to ", ShortName(one.worst_to()), ", ",
                      FormatDelay(one.worst_latency_ns()));
}

void PrintMatrix(Context& context, const v1::MeshGuarantee& one) {
  if (one.latency_ns_size() != one.sites_size() * one.sites_size()) return;
  std::vector<std::string> header = {"FROM \\ TO"};
  for (const std::string& site : one.sites()) header.push_back(ShortName(site));
  Table table(header);
  int at = 0;
  for (const std::string& site : one.sites()) {
    std::vector<std::string> row = {ShortName(site)};
    for (int i = 0; i < one.sites_size(); ++i) {
      const int64_t latency = one.latency_ns(at++);
      row.push_back(latency < 0 ? "none" : latency == 0 ? "-" : FormatDelay(latency));
    }
    table.Add(row);
  }
  context.out() << "\nLongest way"
                << (one.waiting_unknown().empty() ? "" : ", without waiting in queues") << '\n';
  table.Print(context.out(), context.color(), "  ");
}

}  // namespace

void PrintMeshGuarantee(Context& context, const v1::MeshGuarantee& one) {
  std::ostream& out = context.out();
  out << "\nGuarantee\n";
  Fields()
      .Add("State", one.status().state() == v1::UP ? "held" : FormatStatus(one.status()))
      .Add("Worst link", Load(one))
      .Add("Furthest sites", Furthest(one))
      .Add("Waiting in queues", one.waiting_unknown().empty()
                                    ? "in all figures"
                                    : "not known: " + Printable(one.waiting_unknown()))
      .Print(out, context.color());
  if (one.worst_matrix().empty()) return;
  out << "\nTraffic that loads the worst link most\n";
  Table table({"FROM", "TO", "RATE", "ON THE LINK"});
  for (const v1::MeshTraffic& part : one.worst_matrix()) {
    table.Add({ShortName(part.from()), ShortName(part.to()), FormatRate(part.bps()),
               absl::StrFormat("%.1f %%", part.share() * 100)});
  }
  table.Print(out, context.color(), "  ");
}

absl::Status RunMeshGuarantees(Context& context, const MeshGuaranteesArgs& args) {
  v1::ListMeshGuaranteesRequest request;
  if (!args.service.empty()) {
    auto name = ResourceName(Kind::kService, args.service, args.customer);
    if (!name.ok()) return name.status();
    request.set_parent(*std::move(name));
  } else if (!args.customer.empty()) {
    request.set_parent("customers/" + args.customer);
  }
  if (args.whole && args.service.empty()) return UsageError("--whole is for one service: name it");
  request.set_whole(args.whole);
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto all = (*client)->ListMeshGuarantees(request);
  if (!all.ok()) return all.status();
  std::vector<std::string> names;
  for (const v1::MeshGuarantee& one : all->guarantees()) names.push_back(ShortName(one.service()));
  PrintAnswer(context, *all, names, [&] {
    if (!args.service.empty()) {
      if (all->guarantees().empty()) context.out() << "it states no rates in mesh classes\n";
      for (const v1::MeshGuarantee& one : all->guarantees()) {
        PrintMeshGuarantee(context, one);
        PrintMatrix(context, one);
      }
      return;
    }
    Table table({"SERVICE", "STATE", "WORST LINK", "FURTHEST SITES"});
    for (const v1::MeshGuarantee& one : all->guarantees()) {
      table.Add({ShortName(one.service()),
                 one.status().state() == v1::UP ? "held" : FormatStatus(one.status()), Load(one),
                 Furthest(one)});
    }
    table.Print(context.out(), context.color());
  });
  return absl::OkStatus();
}

}  // namespace waymark::cli

#include "northbound/cli/change.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "northbound/cli/client.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/print.h"

namespace waymark::cli {
namespace {

constexpr size_t kShownNames = 20;

// "services bank/core".
std::string KindAndName(const std::string& name) {
  Kind kind;
  if (!KindOfName(name, &kind)) return Printable(name);
  return absl::StrCat(std::string(InfoOf(kind).singular), " ", Printable(ShortName(name)));
}

void PrintReply(Context& context, const v1::ApplyRequest& request,
                const v1::ApplyResponse& response) {
  std::map<v1::ChangeType, int> count;
  for (const auto& result : response.results()) {
    ++count[result.change()];
    context.out() << KindAndName(result.name()) << ' '
                  << absl::AsciiStrToLower(v1::ChangeType_Name(result.change())) << '\n';
  }
  context.out() << (request.validate_only() ? "valid, nothing changed" : "revision ");
  if (!request.validate_only()) context.out() << response.revision();
  const char* separator = ": ";
  for (const auto& [change, n] : count) {
    context.out() << separator << n << ' ' << absl::AsciiStrToLower(v1::ChangeType_Name(change));
    separator = ", ";
  }
  context.out() << '\n';
}

struct Drain {
  std::string name;
  v1::AdminState before;
  v1::AdminState after;
};

v1::AdminState Effective(v1::AdminState state) {
  return state == v1::ADMIN_STATE_UNSPECIFIED ? v1::ENABLED : state;
}

template <typename Items, typename AdminOf>
absl::Status FindDrains(Client& client, Kind kind, const Items& items, const AdminOf& admin_of,
                        std::vector<Drain>* drains) {
  for (const auto& item : items) {
    const v1::AdminState after = Effective(item.admin_state());
    if (after == v1::ENABLED) continue;
    const auto now = client.Get(kind, item.name(), AsOf());
    // What does not exist yet carries nothing that a drain could move.
    if (absl::IsNotFound(now.status())) continue;
    if (!now.ok()) return now.status();
    const v1::AdminState before = Effective(admin_of(*now));
    if (before != after) drains->push_back({item.name(), before, after});
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status SendChange(Context& context, const v1::ApplyRequest& request,
                        const FileBundle& files) {
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto response = (*client)->Apply(request);
  if (!response.ok()) {
    const std::string place = files.Locate(PayloadOf(response.status(), kResourcePayload),
                                           PayloadOf(response.status(), kFieldPayload));
    if (place.empty()) return response.status();
    return absl::Status(response.status().code(),
                        absl::StrCat(Printable(place), ": ", response.status().message()));
  }
  std::vector<std::string> names;
  for (const auto& result : response->results()) names.push_back(ShortName(result.name()));
  PrintAnswer(context, *response, names, [&] { PrintReply(context, request, *response); });
  return absl::OkStatus();
}

absl::Status ConfirmChange(Context& context, const v1::ApplyRequest& request, bool yes) {
  if (request.validate_only()) return absl::OkStatus();
  std::ostream& err = context.io().err;
  std::vector<Drain> drains;
  bool may_drain = false;
  for (const auto& node : request.put().nodes())
    may_drain |= Effective(node.admin_state()) != v1::ENABLED;
  for (const auto& link : request.put().links())
    may_drain |= Effective(link.admin_state()) != v1::ENABLED;
  if (may_drain) {
    const auto client = context.client();
    if (!client.ok()) return client.status();
    if (auto s = FindDrains(
            **client, Kind::kNode, request.put().nodes(),
            [](const v1::Resource& r) { return r.node().admin_state(); }, &drains);
        !s.ok()) {
      return s;
    }
    if (auto s = FindDrains(
            **client, Kind::kLink, request.put().links(),
            [](const v1::Resource& r) { return r.link().admin_state(); }, &drains);
        !s.ok()) {
      return s;
    }
  }
  if (drains.empty() && request.delete_().empty()) return absl::OkStatus();
  for (const Drain& drain : drains) {
    err << "drains " << KindAndName(drain.name) << ": " << Lower(v1::AdminState_Name(drain.before))
        << " -> " << Lower(v1::AdminState_Name(drain.after)) << '\n';
  }
  const auto& names = request.delete_();
  for (int i = 0; i < names.size() && static_cast<size_t>(i) < kShownNames; ++i) {
    err << "deletes " << KindAndName(names[i]) << '\n';
  }
  if (static_cast<size_t>(names.size()) > kShownNames) {
    err << "... and " << names.size() - static_cast<int>(kShownNames) << " more\n";
  }
  if (!yes && !context.io().interactive) {
    return UsageError("nobody is at a terminal to agree to the above: look at it, and give --yes");
  }
  if (context.Confirm("Go on?", yes)) return absl::OkStatus();
  return absl::CancelledError("nothing changed");
}

}  // namespace waymark::cli

#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "northbound/cli/client.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/print.h"
#include "northbound/cli/proto_text.h"

namespace waymark::cli {
namespace {

const v1::Status* StatusOf(const v1::Resource& resource) {
  switch (resource.kind_case()) {
    case v1::Resource::kNode:
      return &resource.node().status();
    case v1::Resource::kLink:
      return &resource.link().status();
    case v1::Resource::kService:
      return &resource.service().status();
    case v1::Resource::kPolicy:
      return &resource.policy().status();
    case v1::Resource::kAgent:
      return &resource.agent().status();
    default:
      return nullptr;
  }
}

void PrintEvent(Context& context, const v1::WatchEvent& event) {
  switch (context.globals().output) {
    case Output::kJson:
      context.out() << ToJsonLine(event);
      break;
    case Output::kYaml:
      context.out() << "---\n" << ToYaml(event);
      break;
    case Output::kName:
      context.out() << Printable(ShortName(event.name())) << '\n';
      break;
    case Output::kTable: {
      Kind kind;
      const bool known = KindOfName(event.name(), &kind);
      const v1::Status* status = StatusOf(event.resource());
      context.out() << event.revision() << "  "
                    << absl::AsciiStrToLower(v1::ChangeType_Name(event.change())) << "  "
                    << (known ? absl::StrCat(std::string(InfoOf(kind).singular), " ") : "")
                    << Printable(ShortName(event.name()));
      if (status != nullptr && status->state() != v1::STATE_UNSPECIFIED) {
        context.out() << "  " << Painted(Printable(FormatStatus(*status)), context.color());
      }
      context.out() << '\n';
      break;
    }
  }
  // Events are watched as they happen, through pipes too.
  context.out().flush();
}

absl::StatusOr<v1::WatchRequest> Request(const WatchArgs& args, std::optional<Kind>* wanted) {
  v1::WatchRequest request;
  request.set_start_revision(args.from);
  request.set_include_status(!args.no_status);
  if (!args.kind.empty()) {
    const auto kind = FindKind(args.kind);
    if (!kind.ok()) return kind.status();
    *wanted = *kind;
    // Kinds of customers have no prefix of their own: narrowed here by customer, the rest when they
    // arrive.
    if (!InfoOf(*kind).of_customer) {
      request.add_prefixes(absl::StrCat(std::string(InfoOf(*kind).collection), "/"));
    }
  }
  if (!args.customer.empty() && request.prefixes().empty()) {
    request.add_prefixes(absl::StrCat("customers/", args.customer, "/"));
  } else if (*wanted && InfoOf(**wanted).of_customer) {
    request.add_prefixes("customers/");
  }
  return request;
}

}  // namespace

absl::Status RunWatch(Context& context, const WatchArgs& args) {
  std::optional<Kind> wanted;
  const auto request = Request(args, &wanted);
  if (!request.ok()) return request.status();
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const absl::Duration limit = context.globals().timeout_given ? context.globals().connect.timeout
                                                               : absl::InfiniteDuration();
  // Before it, a watch that begins at a revision shows how things are now, and that is no change.
  bool bookmarked = args.from == 0;
  return (*client)->Watch(*request, limit, [&](const v1::WatchEvent& event) {
    if (event.bookmark()) {
      bookmarked = true;
      return !args.once;
    }
    if (!bookmarked && event.change() == v1::STATUS_CHANGED) return true;
    Kind kind;
    const bool known = KindOfName(event.name(), &kind);
    if (!wanted || (known && kind == *wanted)) PrintEvent(context, event);
    return context.out().good();
  });
}

namespace {

// How long until `converged` is asked again: at the earliest, when an event says that something has
// moved, and at the latest, since not all that it depends on makes events.
constexpr absl::Duration kAskSoonest = absl::Milliseconds(100);
constexpr absl::Duration kAskLatest = absl::Milliseconds(500);
constexpr absl::Duration kClockSkew = absl::Milliseconds(20);

class Waiter {
 public:
  Waiter(Context& context, Client& client, absl::Duration limit)
      : context_(context),
        client_(client),
        end_(context.clock().Monotonic() + limit),
        limit_(limit) {}

  absl::Status ForConverged() {
    if (AskConverged()) return answer_;
    v1::WatchRequest request;
    request.set_start_revision(info_.revision());
    request.set_include_status(true);
    bool moved = false;
    const absl::Status status =
        client_.WatchOrIdle(request, Left(), kAskSoonest, [&](const v1::WatchEvent* event) {
          moved |= event != nullptr;
          const absl::Duration since = context_.clock().Monotonic() - asked_;
          if (since < (moved ? kAskSoonest : kAskLatest)) return true;
          moved = false;
          return !AskConverged();
        });
    if (status.ok() && answered_) return answer_;
    return Ended(status, NotConverged());
  }

  // Empty: all services that exist when the wait begins.
  absl::Status ForUp(const std::vector<std::string>& services) {
    for (const std::string& name : services) {
      const auto service = client_.Get(Kind::kService, name, AsOf());
      if (!service.ok()) return service.status();
      states_[name] = service->service().status();
    }
    v1::WatchRequest request;
    for (const std::string& name : services) request.add_prefixes(name);
    if (services.empty()) request.add_prefixes("customers/");
    request.set_include_status(true);
    bool complete = !services.empty();
    const bool all = services.empty();
    if (complete && AllUp()) return Report();
    bool up = false;
    std::string deleted;
    const absl::Status status = client_.Watch(request, Left(), [&](const v1::WatchEvent& event) {
      if (event.bookmark()) {
        complete = true;
      } else if (event.resource().has_service() &&
                 (states_.contains(event.name()) || (all && !complete))) {
        states_[event.name()] = event.resource().service().status();
      } else if (event.change() == v1::DELETED && states_.contains(event.name())) {
        if (!all) {
          deleted = event.name();
          return false;
        }
        states_.erase(event.name());
      }
      up = complete && AllUp();
      return !up;
    });
    if (up) return Report();
    if (!deleted.empty()) {
      return absl::NotFoundError(
          absl::StrCat("service ", ShortName(deleted), " was deleted while waiting for it"));
    }
    return Ended(status, NotUp());
  }

 private:
  // True when the wait is over: converged, or it can't be asked.
  bool AskConverged() {
    asked_ = context_.clock().Monotonic();
    auto info = client_.Info();
    if (!info.ok()) {
      answer_ = info.status();
      return answered_ = true;
    }
    info_ = *std::move(info);
    if (!info_.converged() || info_.computed_revision() < info_.revision()) return false;
    context_.out() << "converged at revision " << info_.revision() << '\n';
    return answered_ = true;
  }

  std::string NotConverged() const {
    return absl::StrCat(
        "revision ", info_.revision(), ", computed up to ", info_.computed_revision(), ", agents ",
        info_.converged() ? "in step" : "not in step", "; see `waymark get agents`");
  }

  absl::Duration Left() const { return end_ - context_.clock().Monotonic(); }

  bool AllUp() const {
    return std::all_of(states_.begin(), states_.end(),
                       [](const auto& entry) { return entry.second.state() == v1::UP; });
  }

  absl::Status Report() {
    for (const auto& [name, status] : states_) {
      context_.out() << Printable(ShortName(name)) << ' ' << StateName(status.state()) << '\n';
    }
    return absl::OkStatus();
  }

  std::string NotUp() const {
    std::vector<std::string> late;
    for (const auto& [name, status] : states_) {
      if (status.state() != v1::UP) {
        late.push_back(absl::StrCat(ShortName(name), " is ", Printable(FormatStatus(status))));
      }
    }
    return late.empty() ? "the list of services did not arrive" : absl::StrJoin(late, "; ");
  }

  // Why the watch is over before what is waited for. The controller knows the deadline too, and may
  // end the watch a moment before it passes here.
  absl::Status Ended(const absl::Status& status, const std::string& missing) const {
    if (absl::IsDeadlineExceeded(status) || (status.ok() && Left() <= kClockSkew)) {
      return absl::DeadlineExceededError(
          absl::StrCat("not there after ", absl::FormatDuration(limit_), ": ", missing));
    }
    if (status.ok()) return absl::UnavailableError("the controller ended the watch; try again");
    return status;
  }

  Context& context_;
  Client& client_;
  const absl::Duration end_;
  const absl::Duration limit_;
  std::map<std::string, v1::Status> states_;
  v1::ServerInfo info_;
  absl::Duration asked_;
  // Set by AskConverged when it returns true.
  bool answered_ = false;
  absl::Status answer_;
};

}  // namespace

absl::Status RunWait(Context& context, const WaitArgs& args) {
  if (args.what != "converged" && args.what != "up") {
    return UsageError(absl::StrCat("--for=", args.what, ": wait for \"converged\" or \"up\""));
  }
  if (args.what == "converged" && !args.services.empty()) {
    return UsageError(
        "--for=converged is about the whole network: name no service, or use --for=up");
  }
  std::vector<std::string> services;
  for (const std::string& text : args.services) {
    auto name = ResourceName(Kind::kService, text, args.customer);
    if (!name.ok()) return name.status();
    services.push_back(*std::move(name));
  }
  const auto client = context.client();
  if (!client.ok()) return client.status();
  Waiter waiter(context, **client, args.limit);
  return args.what == "up" ? waiter.ForUp(services) : waiter.ForConverged();
}

}  // namespace waymark::cli

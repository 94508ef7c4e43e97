#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "northbound/cli/client.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/path_text.h"
#include "northbound/cli/print.h"

namespace waymark::cli {
namespace {

int64_t Nanoseconds(const google::protobuf::Duration& duration) {
  return duration.seconds() * 1'000'000'000 + duration.nanos();
}

// "12.3 ms after"; "-" when it has not come to that.
std::string After(bool there, const google::protobuf::Duration& duration) {
  return there ? absl::StrCat(FormatDelay(Nanoseconds(duration)), " after") : "-";
}

std::string Switches(int count) {
  return absl::StrCat(count, count == 1 ? " switch" : " switches");
}

template <typename Told>
std::string WaitingText(const Told& p) {
  if (p.switches_waiting() == 0) return "none: every switch holds what it should";
  std::vector<std::string> names;
  for (const std::string& name : p.waiting()) names.push_back(Printable(ShortName(name)));
  const int more = p.switches_waiting() - p.waiting_size();
  return absl::StrCat(p.switches_waiting(), ": ", absl::StrJoin(names, ", "),
                      more > 0 ? absl::StrCat(" and ", more, " more") : "");
}

void PrintProgramming(Context& context, const v1::Programming& p) {
  PrintAnswer(context, p, {}, [&] {
    Fields()
        .Add("Programming", ProgrammingText(p))
        .Add("Waiting", WaitingText(p))
        .Print(context.out(), context.color());
  });
}

std::string Stopped(const char* how, const v1::Rollout& r) {
  return Printable(
      absl::StrCat(how, " since ", FormatTime(r.since()), " by ", r.by(), ": ", r.reason()));
}

std::string RolloutText(const v1::Rollout& r) {
  switch (r.state()) {
    case v1::NO_ROLLOUT:
      return "none";
    case v1::ROLLOUT_RUNNING:
      return "running";
    case v1::ROLLOUT_PAUSED:
      return Stopped("PAUSED", r);
    case v1::ROLLOUT_ABORTED:
      return Stopped("ABORTED", r);
    default:
      return "unknown";
  }
}

void PrintRollout(Context& context, const v1::Rollout& r) {
  PrintAnswer(context, r, {}, [&] {
    Fields fields;
    fields.Add("Rollout", RolloutText(r));
    if (r.revision() > 0) {
      std::vector<std::string> names;
      for (const std::string& name : r.last_wave()) names.push_back(Printable(ShortName(name)));
      fields.Add("Began with", absl::StrCat("revision ", r.revision()))
          .Add("Waves", absl::StrCat(r.waves(), names.empty() ? "" : ", the last: ",
                                     absl::StrJoin(names, ", ")));
    }
    fields.Add("Waiting", WaitingText(r)).Print(context.out(), context.color());
  });
}

std::string StateText(const v1::RevisionJourney& j) {
  switch (j.state()) {
    case v1::STORING:
      return j.has_computed() ? "being stored" : "being computed";
    case v1::PROGRAMMING:
      return absl::StrCat("on its way: ", j.switches_waiting(), " of ", Switches(j.switches()),
                          " do not hold it yet");
    case v1::ACKED:
      return absl::StrCat("held by all of the ", Switches(j.switches()), " that it touches");
    case v1::NOTHING_TO_DO:
      return "touches no switch";
    default:
      return "unknown";
  }
}

void PrintJourney(Context& context, const v1::RevisionJourney& j) {
  const std::string revisions =
      j.first_revision() == j.revision()
          ? absl::StrCat(j.revision())
          : absl::StrCat(j.first_revision(), " to ", j.revision(), ", computed together");
  Fields fields;
  fields.Add("Revision", revisions).Add("State", StateText(j));
  if (j.has_noticed()) {
    std::vector<std::string> changed;
    for (const std::string& name : j.changed()) changed.push_back(Printable(name));
    const int more = j.changes() - j.changed_size();
    fields
        .Add("Changed", absl::StrCat(absl::StrJoin(changed, ", "),
                                     more > 0 ? absl::StrCat(" and ", more, " more") : ""))
        .Add("Noticed", FormatTime(j.noticed()))
        .Add("Computed", j.has_computed() ? absl::StrCat(After(true, j.computed()), ", in ",
                                                         FormatDelay(Nanoseconds(j.computation())))
                                          : "-")
        .Add("Stored", After(j.has_stored(), j.stored()))
        .Add("First sent", After(j.has_first_sent(), j.first_sent()))
        .Add("All acked", After(j.has_acked(), j.acked()));
  }
  fields.Print(context.out(), context.color());
  if (j.waiting_size() == 0) return;
  Table table({"WAITING FOR", "WHY"});
  for (const v1::JourneyWait& wait : j.waiting())
    table.Add({ShortName(wait.node()), wait.reason()});
  context.out() << '\n';
  table.Print(context.out(), context.color());
  const int more = j.switches_waiting() - j.waiting_size();
  if (more > 0) context.out() << "and " << more << " more\n";
}

}  // namespace

std::string ProgrammingText(const v1::Programming& p) {
  if (!p.frozen()) return "on";
  return Printable(
      absl::StrCat("FROZEN since ", FormatTime(p.since()), " by ", p.by(), ": ", p.reason()));
}

absl::Status RunFreeze(Context& context, const FreezeArgs& args) {
  const auto client = context.client();
  if (!client.ok()) return client.status();
  v1::FreezeRequest request;
  request.set_reason(args.reason);
  const auto frozen = (*client)->Freeze(request);
  if (!frozen.ok()) return frozen.status();
  PrintProgramming(context, *frozen);
  return absl::OkStatus();
}

absl::Status RunUnfreeze(Context& context, const FreezeArgs& args) {
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto before = (*client)->Programming();
  if (!before.ok()) return before.status();
  if (before->frozen() && before->switches_waiting() > 0) {
    if (!args.yes && !context.io().interactive) {
      return UsageError(absl::StrCat("what has waited goes to ",
                                     Switches(before->switches_waiting()),
                                     " at once, and nobody can be asked here: give --yes"));
    }
    if (!context.Confirm(
            absl::StrCat("Send what has waited to ", Switches(before->switches_waiting()), "?"),
            args.yes)) {
      return absl::CancelledError("still frozen");
    }
  }
  const auto after = (*client)->Unfreeze();
  if (!after.ok()) return after.status();
  PrintProgramming(context, *after);
  return absl::OkStatus();
}

absl::Status RunRollout(Context& context, RolloutVerb verb, const RolloutArgs& args) {
  const auto client = context.client();
  if (!client.ok()) return client.status();
  if (verb == RolloutVerb::kResume) {
    const auto before = (*client)->Rollout();
    if (!before.ok()) return before.status();
    if (before->state() == v1::ROLLOUT_ABORTED) {
      if (!args.yes && !context.io().interactive) {
        return UsageError(
            "the rollout was aborted, and nobody can be asked here whether what was asked for has "
            "been reverted: give --yes");
      }
      if (!context.Confirm(RolloutText(*before) + "\nHas what was asked for been reverted?",
                           args.yes)) {
        return absl::CancelledError("still aborted");
      }
    }
  }
  const auto told = verb == RolloutVerb::kPause    ? (*client)->PauseRollout(args.reason)
                    : verb == RolloutVerb::kAbort  ? (*client)->AbortRollout(args.reason)
                    : verb == RolloutVerb::kResume ? (*client)->ResumeRollout()
                                                   : (*client)->Rollout();
  if (!told.ok()) return told.status();
  PrintRollout(context, *told);
  return absl::OkStatus();
}

absl::Status RunTraceRevision(Context& context, int64_t revision) {
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto journey = (*client)->TraceRevision(revision);
  if (!journey.ok()) return journey.status();
  PrintAnswer(context, *journey, {}, [&] { PrintJourney(context, *journey); });
  return absl::OkStatus();
}

}  // namespace waymark::cli

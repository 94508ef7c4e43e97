// Programming stopped by hand, and changes followed on their way to the switches.
#include <google/protobuf/util/time_util.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/engine/engine.h"
#include "controller/store/resource_key.h"

namespace waymark {
namespace {

constexpr int kMostNamed = 100;

std::string FreezeKey() { return std::string(kFreezeKey); }

}  // namespace

template <typename Response>
void Engine::Ask(Answer<Response> answer, std::function<void(Answer<Response>)> task) {
  PostSurely([this, answer = std::move(answer), task = std::move(task)] {
    if (!started_) return answer(absl::CancelledError("the controller is shutting down"));
    task(answer);
  });
}

absl::Status Engine::LoadFreeze() {
  const absl::StatusOr<Record> record = store_.Get(FreezeKey());
  if (absl::IsNotFound(record.status())) return absl::OkStatus();
  if (!record.ok()) return record.status();
  stored::v1::Freeze freeze;
  if (!freeze.ParseFromString(record->value)) {
    return absl::DataLossError(absl::StrCat(
        "stored record \"", FreezeKey(), "\" does not parse; restore the last backup of the store"));
  }
  SetFrozen(std::move(freeze));
  return absl::OkStatus();
}

void Engine::SetFrozen(std::optional<stored::v1::Freeze> freeze) {
  freeze_ = std::move(freeze);
  metrics_.Gauge("waymark_engine_frozen", "1 while nothing is sent to switches, by hand")
      .Set(freeze_ ? 1 : 0);
  if (freeze_) {
    Log(LogLevel::kWarning,
        "programming is frozen; switches keep forwarding, changes wait until it is unfrozen",
        {{"by", freeze_->by()}, {"reason", freeze_->reason()}});
  }
  switches_.SetFrozen(freeze_.has_value());
}

v1::Programming Engine::TellProgramming() const {
  v1::Programming told;
  if (freeze_) {
    told.set_frozen(true);
    told.set_reason(freeze_->reason());
    told.set_by(freeze_->by());
    *told.mutable_since() =
        google::protobuf::util::TimeUtil::NanosecondsToTimestamp(freeze_->since_unix_ns());
  }
  int waiting = 0;
  for (const auto& [node, state] : switches_.switches()) {
    if (!state.wanted || state.HoldsDesired()) continue;
    if (++waiting <= kMostNamed) told.add_waiting("nodes/" + node);
  }
  told.set_switches_waiting(waiting);
  return told;
}

void Engine::GetProgramming(Answer<v1::Programming> answer) {
  Ask<v1::Programming>(std::move(answer), [this](const auto& tell) { tell(TellProgramming()); });
}

void Engine::Freeze(const std::string& reason, const std::string& by,
                    Answer<v1::Programming> answer) {
  Ask<v1::Programming>(std::move(answer), [this, reason, by](const auto& tell) {
    ++freezes_;
    if (!freeze_) {
      stored::v1::Freeze freeze;
      freeze.set_reason(reason);
      freeze.set_by(by);
      freeze.set_since_unix_ns(absl::ToUnixNanos(loop_.clock().Now()));
      // At once: whoever presses the red button does not wait for a disk.
      SetFrozen(std::move(freeze));
    }
    // Anew even if it was frozen: an Unfreeze may be on its way to the disk, or the first Freeze
    // never have come there.
    CommitOwn({{FreezeKey(), freeze_->SerializeAsString(), std::nullopt}},
              [this, tell](const absl::StatusOr<Revision>& stored) {
                if (stored.ok()) return tell(TellProgramming());
                Log(LogLevel::kError, "frozen, but only until the controller restarts",
                    {{"error", stored.status().ToString()}});
                tell(absl::UnavailableError(
                    absl::StrCat("programming is frozen, but only until the controller restarts: ",
                                 stored.status().message())));
              });
  });
}

void Engine::Unfreeze(const std::string& by, Answer<v1::Programming> answer) {
  Ask<v1::Programming>(std::move(answer), [this, by](const auto& tell) {
    if (!freeze_) return tell(TellProgramming());
    CommitOwn({{FreezeKey(), std::nullopt, std::nullopt}},
              [this, by, tell, freezes = freezes_](const absl::StatusOr<Revision>& stored) {
                if (!stored.ok()) {
                  return tell(absl::UnavailableError(
                      absl::StrCat("programming is still frozen: ", stored.status().message())));
                }
                // Unless somebody has frozen it again meanwhile.
                if (freezes == freezes_ && freeze_) {
                  Log(LogLevel::kWarning, "programming goes on", {{"by", by}});
                  SetFrozen(std::nullopt);
                }
                tell(TellProgramming());
              });
  });
}

void Engine::TraceRevision(Revision revision, Answer<v1::RevisionJourney> answer) {
  Ask<v1::RevisionJourney>(std::move(answer), [this, revision](const auto& tell) {
    tell(journeys_.Find(revision, std::max(plan_revision_, resources_.revision()), switches_));
  });
}

}  // namespace waymark

// Programming stopped by hand, rollouts paused, and changes followed on their way to the switches.
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
std::string RolloutKey() { return std::string(kRolloutKey); }

// As the switches' table tells it to whoever waits.
std::string Reason(const stored::v1::Rollout& rollout) {
  return absl::StrCat(rollout.reason(), " (", rollout.by(), ")");
}

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
    return absl::DataLossError(
        absl::StrCat("stored record \"", FreezeKey(),
                     "\" does not parse; restore the last backup of the store"));
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

namespace {

// Those that do not hold what they should.
template <typename Told>
void TellWaiting(const SwitchTable& switches, Told& told) {
  int waiting = 0;
  for (const auto& [node, state] : switches.switches()) {
    if (!state.wanted || state.HoldsDesired()) continue;
    if (++waiting <= kMostNamed) told.add_waiting("nodes/" + node);
  }
  told.set_switches_waiting(waiting);
}

}  // namespace

v1::Programming Engine::TellProgramming() const {
  v1::Programming told;
  if (freeze_) {
    told.set_frozen(true);
    told.set_reason(freeze_->reason());
    told.set_by(freeze_->by());
    *told.mutable_since() =
        google::protobuf::util::TimeUtil::NanosecondsToTimestamp(freeze_->since_unix_ns());
  }
  TellWaiting(switches_, told);
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

absl::Status Engine::LoadRollout() {
  const absl::StatusOr<Record> record = store_.Get(RolloutKey());
  if (absl::IsNotFound(record.status())) return absl::OkStatus();
  if (!record.ok()) return record.status();
  stored::v1::Rollout rollout;
  if (!rollout.ParseFromString(record->value)) {
    return absl::DataLossError(absl::StrCat("stored record \"", RolloutKey(),
                                            "\" does not parse; restore the last backup of the "
                                            "store"));
  }
  rollout_ = std::move(rollout);
  Log(LogLevel::kWarning, "a rollout is paused; it goes on when it is resumed",
      {{"by", rollout_->by()}, {"reason", rollout_->reason()}});
  switches_.RestoreRollout(rollout_->revision(), Reason(*rollout_));
  return absl::OkStatus();
}

stored::v1::Rollout Engine::PauseRecord(bool abort, const std::string& reason,
                                        const std::string& by) const {
  stored::v1::Rollout rollout;
  rollout.set_aborted(abort);
  rollout.set_reason(reason);
  rollout.set_by(by);
  rollout.set_since_unix_ns(absl::ToUnixNanos(loop_.clock().Now()));
  rollout.set_revision(switches_.rollout_revision());
  return rollout;
}

void Engine::OnRollout() {
  const Waves& waves = switches_.waves();
  const bool ended = !waves.running() && rollout_.has_value();
  const bool paused = waves.running() && !waves.paused().empty() && !rollout_.has_value();
  if (!ended && !paused) return;
  ++pauses_;
  rollout_.reset();
  Mutation record = {RolloutKey(), std::nullopt, std::nullopt};
  if (paused) {
    rollout_ = PauseRecord(/*abort=*/false, waves.paused(), "the controller");
    record.value = rollout_->SerializeAsString();
  }
  CommitOwn({std::move(record)}, [](const absl::StatusOr<Revision>& stored) {
    if (stored.ok()) return;
    Log(LogLevel::kError, "cannot store whether the rollout is paused; a restart forgets it",
        {{"error", stored.status().ToString()}});
  });
}

v1::Rollout Engine::TellRollout() const {
  v1::Rollout told;
  const Waves& waves = switches_.waves();
  told.set_state(!waves.running()      ? v1::NO_ROLLOUT
                 : !rollout_           ? v1::ROLLOUT_RUNNING
                 : rollout_->aborted() ? v1::ROLLOUT_ABORTED
                                       : v1::ROLLOUT_PAUSED);
  if (waves.running()) {
    told.set_revision(switches_.rollout_revision());
    told.set_waves(static_cast<int32_t>(waves.wave()));
    for (const std::string& node : waves.out()) {
      if (told.last_wave_size() == kMostNamed) break;
      told.add_last_wave("nodes/" + node);
    }
  }
  if (rollout_) {
    told.set_reason(rollout_->reason());
    told.set_by(rollout_->by());
    *told.mutable_since() =
        google::protobuf::util::TimeUtil::NanosecondsToTimestamp(rollout_->since_unix_ns());
  }
  TellWaiting(switches_, told);
  return told;
}

void Engine::GetRollout(Answer<v1::Rollout> answer) {
  Ask<v1::Rollout>(std::move(answer), [this](const auto& tell) { tell(TellRollout()); });
}

void Engine::PauseRollout(const std::string& reason, const std::string& by,
                          Answer<v1::Rollout> answer) {
  StopRollout(/*abort=*/false, reason, by, std::move(answer));
}

void Engine::AbortRollout(const std::string& reason, const std::string& by,
                          Answer<v1::Rollout> answer) {
  StopRollout(/*abort=*/true, reason, by, std::move(answer));
}

void Engine::StopRollout(bool abort, const std::string& reason, const std::string& by,
                         Answer<v1::Rollout> answer) {
  Ask<v1::Rollout>(std::move(answer), [this, abort, reason, by](const auto& tell) {
    if (!switches_.waves().running()) {
      return tell(absl::FailedPreconditionError(
          "no rollout is under way: only a change of many switches goes out in waves; `waymark "
          "freeze` stops all programming"));
    }
    ++pauses_;
    if (!rollout_ || (abort && !rollout_->aborted())) {
      rollout_ = PauseRecord(abort, reason, by);
      Log(LogLevel::kWarning, abort ? "the rollout is aborted" : "the rollout is paused",
          {{"by", by}, {"reason", reason}});
      switches_.PauseRollout(Reason(*rollout_));
    }
    // Anew even if it was paused, as a freeze is.
    CommitOwn({{RolloutKey(), rollout_->SerializeAsString(), std::nullopt}},
              [this, tell](const absl::StatusOr<Revision>& stored) {
                if (stored.ok()) return tell(TellRollout());
                tell(absl::UnavailableError(
                    absl::StrCat("the rollout is paused, but only until the controller restarts: ",
                                 stored.status().message())));
              });
  });
}

void Engine::ResumeRollout(const std::string& by, Answer<v1::Rollout> answer) {
  Ask<v1::Rollout>(std::move(answer), [this, by](const auto& tell) {
    if (!rollout_) return tell(TellRollout());
    CommitOwn({{RolloutKey(), std::nullopt, std::nullopt}},
              [this, by, tell, pauses = pauses_](const absl::StatusOr<Revision>& stored) {
                if (!stored.ok()) {
                  return tell(absl::UnavailableError(
                      absl::StrCat("the rollout is still paused: ", stored.status().message())));
                }
                // Unless somebody has paused it again meanwhile.
                if (pauses == pauses_ && rollout_) {
                  Log(LogLevel::kWarning, "the rollout goes on", {{"by", by}});
                  rollout_.reset();
                  switches_.ResumeRollout();
                }
                tell(TellRollout());
              });
  });
}

void Engine::TraceRevision(Revision revision, Answer<v1::RevisionJourney> answer) {
  Ask<v1::RevisionJourney>(std::move(answer), [this, revision](const auto& tell) {
    tell(journeys_.Find(revision, std::max(plan_revision_, resources_.revision()), switches_));
  });
}

}  // namespace waymark

// What the northbound side may ask of programming: to stop it, to let it go on, large changes
// in waves, and how far a change has come.
#ifndef WAYMARK_CONTROLLER_STORE_PROGRAMMING_CONTROL_H_
#define WAYMARK_CONTROLLER_STORE_PROGRAMMING_CONTROL_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "controller/store/store.h"
#include "waymark/v1/programming.pb.h"

namespace waymark {

// Implemented by the engine. Any thread may call; the answer comes once, on a thread of the
// implementation, which it must not block; CANCELLED while the controller shuts down. What each
// does, and its errors, is in programming.proto.
class ProgrammingControl {
 public:
  template <typename Response>
  using Answer = std::function<void(absl::StatusOr<Response>)>;

  virtual ~ProgrammingControl() = default;

  virtual void GetProgramming(Answer<v1::Programming> answer) = 0;
  // `reason` is checked by the caller; `by`: who.
  virtual void Freeze(const std::string& reason, const std::string& by,
                      Answer<v1::Programming> answer) = 0;
  virtual void Unfreeze(const std::string& by, Answer<v1::Programming> answer) = 0;
  virtual void GetRollout(Answer<v1::Rollout> answer) = 0;
  // `reason` and `by`: as for Freeze.
  virtual void PauseRollout(const std::string& reason, const std::string& by,
                            Answer<v1::Rollout> answer) = 0;
  virtual void AbortRollout(const std::string& reason, const std::string& by,
                            Answer<v1::Rollout> answer) = 0;
  virtual void ResumeRollout(const std::string& by, Answer<v1::Rollout> answer) = 0;
  // 0: the latest.
  virtual void TraceRevision(Revision revision, Answer<v1::RevisionJourney> answer) = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_PROGRAMMING_CONTROL_H_

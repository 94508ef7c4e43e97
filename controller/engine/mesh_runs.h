// The runs of the mesh optimiser as others see and steer them: what it does, what it has found, who
// waits for news, what has been asked of it. Beside the optimiser's loop, which is busy for as long
// as a run takes.
#ifndef WAYMARK_CONTROLLER_ENGINE_MESH_RUNS_H_
#define WAYMARK_CONTROLLER_ENGINE_MESH_RUNS_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/base/event_loop.h"
#include "controller/engine/mesh_work.h"
#include "controller/store/mesh_queries.h"
#include "waymark/stored/v1/stored.pb.h"

namespace waymark {

// Thread-safe. Whoever waits is answered in the end, with CANCELLED at the latest.
class MeshRuns {
 public:
  using Done = MeshQueries::Done;
  static constexpr size_t kMostWaiting = 64;

  // `loop` must outlive it, and run no more of its timers once it is gone.
  explicit MeshRuns(EventLoop& loop) : loop_(loop) {}
  ~MeshRuns() { Stop(); }

  // As MeshQueries has them.
  void GetStatus(int64_t newer_than, absl::Duration wait, Done done);
  absl::StatusOr<int64_t> Ask(const std::string& who, absl::Duration time_limit);
  absl::StatusOr<v1::MeshStatus> Cancel(int64_t run);
  // No more news.
  void Stop();

  // The optimiser's side, on its loop.
  bool asked() const;
  bool running() const;
  // The run at hand is to end.
  bool cancelled() const;
  // `delay` InfiniteDuration: nothing asks for one.
  void SetNext(absl::Duration delay, const std::string& reason);
  // A run begins; what was asked is what it answers. Its time limit.
  absl::Duration Begin(const std::string& reason, absl::Duration time_limit);
  // Others hear of it a few times a second.
  void Progress(size_t classes_done, const MeshWork& work);
  // False: it has been cancelled.
  bool BeginStoring();
  // By class name.
  void SetMeasured(const std::map<std::string, stored::v1::MeasuredTraffic>& measured);
  // What the run has found.
  void SetFound(const MeshWork& work, const std::vector<MeshClassResult>& results,
                absl::Duration took);
  // It has ended. `error` of a failure.
  void End(const std::string& result, const std::string& error);

 private:
  struct Waiting {
    int64_t newer_than = 0;
    absl::Duration until;
    Done done;
  };

  google::protobuf::Timestamp In(absl::Duration delay) const;
  // Changes the status and tells those who wait for that.
  template <typename Change>
  void Update(Change change);
  void Answer(std::unique_lock<std::mutex> lock);
  void Expire();

  EventLoop& loop_;
  mutable std::mutex mutex_;
  bool stopped_ = false;
  v1::MeshStatus status_;
  std::vector<Waiting> waiting_;
  int64_t begun_ = 0;
  bool cancelled_ = false;
  absl::Duration began_, told_;
  // Of the next run.
  bool asked_ = false;
  std::string asked_by_;
  absl::Duration asked_limit_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_MESH_RUNS_H_

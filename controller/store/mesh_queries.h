// What the northbound side may ask the mesh optimiser.
#ifndef WAYMARK_CONTROLLER_STORE_MESH_QUERIES_H_
#define WAYMARK_CONTROLLER_STORE_MESH_QUERIES_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "waymark/v1/mesh.pb.h"

namespace waymark {

// Implemented by the engine. Any thread may call. CANCELLED from all: the controller stops.
class MeshQueries {
 public:
  using Done = std::function<void(absl::StatusOr<v1::MeshStatus>)>;
  using MeasuredDone = std::function<void(absl::StatusOr<v1::MeasuredTraffic>)>;

  virtual ~MeshQueries() = default;

  // `done` once, on any thread, which it must not block: when the status is newer than that version
  // or `wait` is over. RESOURCE_EXHAUSTED: too many wait already.
  virtual void GetStatus(int64_t newer_than, absl::Duration wait, Done done) = 0;
  // Solves as soon as it can, for that long at most (ZeroDuration: as long as usual); requests that
  // wait become one, with the longest time. The number of the run.
  virtual absl::StatusOr<int64_t> Optimize(const std::string& who, absl::Duration time_limit) = 0;
  // FAILED_PRECONDITION: not that run, or not any more.
  virtual absl::StatusOr<v1::MeshStatus> Cancel(int64_t run) = 0;
  // `done` once it is stored, on a thread that it must not block. INVALID_ARGUMENT, the field in
  // front of a colon; errors of the store.
  virtual void SetMeasured(const v1::SetMeasuredTrafficRequest& request, const std::string& who,
                           MeasuredDone done) = 0;
  // The same; NOT_FOUND: nothing is stored of that class. What it was.
  virtual void RemoveMeasured(const std::string& traffic_class, MeasuredDone done) = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_MESH_QUERIES_H_

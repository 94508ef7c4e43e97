// Traffic of mesh classes as somebody has measured it: the third source of demand beside the pipes
// and hoses that services state. A record a class, checked when it is given; nodes and sites that
// have gone since are as if nothing had been measured there.
#ifndef WAYMARK_CONTROLLER_ENGINE_MESH_MEASURED_H_
#define WAYMARK_CONTROLLER_ENGINE_MESH_MEASURED_H_

#include <cstdint>
#include <span>
#include <string>

#include "absl/time/time.h"
#include "controller/compute/mesh/problem.h"
#include "controller/engine/resources.h"
#include "controller/plan/mesh.h"
#include "controller/store/mesh_queries.h"
#include "controller/store/store.h"
#include "waymark/stored/v1/stored.pb.h"
#include "waymark/v1/mesh.pb.h"

namespace waymark {

// Of one class.
inline constexpr int kMostMeasuredRates = 200'000;
inline constexpr int64_t kMostMeasuredBps = 1'000'000'000'000'000;
inline constexpr double kMostHeadroom = 10;

// As MeshQueries::SetMeasured and RemoveMeasured. Any thread; reads the store on the caller's.
// O(rates log rates).
void StoreMeasured(Store& store, const v1::SetMeasuredTrafficRequest& request,
                   const std::string& who, absl::Time now, MeshQueries::MeasuredDone done);
void RemoveMeasured(Store& store, const std::string& traffic_class, MeshQueries::MeasuredDone done);

// As the API tells it. O(rates).
v1::MeasuredTraffic TellMeasured(const std::string& traffic_class,
                                 const stored::v1::MeasuredTraffic& record);

// Sets the rates of the pairs of a class that were measured, head-room included; how many. `pairs`:
// sorted, those of the demands of `problem`. O(rates log pairs).
int64_t ApplyMeasured(const Resources& resources, const std::string& traffic_class,
                      const Snapshot& snapshot, std::span<const NodePair> pairs,
                      MeshProblem* problem);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_MESH_MEASURED_H_

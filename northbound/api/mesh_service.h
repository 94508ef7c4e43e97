#ifndef WAYMARK_NORTHBOUND_API_MESH_SERVICE_H_
#define WAYMARK_NORTHBOUND_API_MESH_SERVICE_H_

#include "controller/store/mesh_queries.h"
#include "northbound/api/dispatcher.h"
#include "waymark/v1/mesh.grpc.pb.h"

namespace waymark {

// What the mesh optimiser says of itself, and how it is steered. Thread-safe.
class MeshServiceImpl final : public v1::MeshService::CallbackService {
 public:
  // `mesh` null: no optimiser runs here, and every call is UNAVAILABLE.
  MeshServiceImpl(Dispatcher& dispatcher, MeshQueries* mesh)
      : dispatcher_(dispatcher), mesh_(mesh) {}

  grpc::ServerUnaryReactor* GetMeshStatus(grpc::CallbackServerContext* context,
                                          const v1::GetMeshStatusRequest* request,
                                          v1::MeshStatus* reply) override;
  grpc::ServerUnaryReactor* OptimizeMesh(grpc::CallbackServerContext* context,
                                         const v1::OptimizeMeshRequest* request,
                                         v1::OptimizeMeshResponse* reply) override;
  grpc::ServerUnaryReactor* CancelMeshRun(grpc::CallbackServerContext* context,
                                          const v1::CancelMeshRunRequest* request,
                                          v1::MeshStatus* reply) override;
  grpc::ServerUnaryReactor* SetMeasuredTraffic(grpc::CallbackServerContext* context,
                                               const v1::SetMeasuredTrafficRequest* request,
                                               v1::MeasuredTraffic* reply) override;
  grpc::ServerUnaryReactor* RemoveMeasuredTraffic(grpc::CallbackServerContext* context,
                                                  const v1::RemoveMeasuredTrafficRequest* request,
                                                  v1::MeasuredTraffic* reply) override;

 private:
  Dispatcher& dispatcher_;
  MeshQueries* const mesh_;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_MESH_SERVICE_H_

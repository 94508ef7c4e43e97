#ifndef WAYMARK_NORTHBOUND_API_GUARANTEE_SERVICE_H_
#define WAYMARK_NORTHBOUND_API_GUARANTEE_SERVICE_H_

#include "controller/store/path_queries.h"
#include "northbound/api/dispatcher.h"
#include "waymark/v1/guarantees.grpc.pb.h"

namespace waymark {

// What any-to-any services are promised. Thread-safe.
class GuaranteeServiceImpl final : public v1::GuaranteeService::CallbackService {
 public:
  GuaranteeServiceImpl(Dispatcher& dispatcher, PathQueries& paths)
      : dispatcher_(dispatcher), paths_(paths) {}

  grpc::ServerUnaryReactor* ListMeshGuarantees(grpc::CallbackServerContext* context,
                                               const v1::ListMeshGuaranteesRequest* request,
                                               v1::ListMeshGuaranteesResponse* reply) override;

 private:
  Dispatcher& dispatcher_;
  PathQueries& paths_;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_GUARANTEE_SERVICE_H_

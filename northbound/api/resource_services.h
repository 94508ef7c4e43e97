#ifndef WAYMARK_NORTHBOUND_API_RESOURCE_SERVICES_H_
#define WAYMARK_NORTHBOUND_API_RESOURCE_SERVICES_H_

#include "northbound/api/handlers.h"
#include "waymark/v1/services.grpc.pb.h"

namespace waymark {

// The standard methods of the stored kinds: names only, Handlers does the work. Thread-safe.
class TopologyServiceImpl final : public v1::TopologyService::CallbackService {
 public:
  explicit TopologyServiceImpl(Rooms& rooms) : node_(rooms), link_(rooms), srlg_(rooms) {}

  grpc::ServerUnaryReactor* GetNode(grpc::CallbackServerContext* context,
                                    const v1::GetRequest* request, v1::Node* reply) override;
  grpc::ServerUnaryReactor* ListNodes(grpc::CallbackServerContext* context,
                                      const v1::ListRequest* request,
                                      v1::ListNodesResponse* reply) override;
  grpc::ServerUnaryReactor* CreateNode(grpc::CallbackServerContext* context,
                                       const v1::CreateNodeRequest* request,
                                       v1::Node* reply) override;
  grpc::ServerUnaryReactor* UpdateNode(grpc::CallbackServerContext* context,
                                       const v1::UpdateNodeRequest* request,
                                       v1::Node* reply) override;
  grpc::ServerUnaryReactor* DeleteNode(grpc::CallbackServerContext* context,
                                       const v1::DeleteRequest* request,
                                       google::protobuf::Empty* reply) override;

  grpc::ServerUnaryReactor* GetLink(grpc::CallbackServerContext* context,
                                    const v1::GetRequest* request, v1::Link* reply) override;
  grpc::ServerUnaryReactor* ListLinks(grpc::CallbackServerContext* context,
                                      const v1::ListRequest* request,
                                      v1::ListLinksResponse* reply) override;
  grpc::ServerUnaryReactor* CreateLink(grpc::CallbackServerContext* context,
                                       const v1::CreateLinkRequest* request,
                                       v1::Link* reply) override;
  grpc::ServerUnaryReactor* UpdateLink(grpc::CallbackServerContext* context,
                                       const v1::UpdateLinkRequest* request,
                                       v1::Link* reply) override;
  grpc::ServerUnaryReactor* DeleteLink(grpc::CallbackServerContext* context,
                                       const v1::DeleteRequest* request,
                                       google::protobuf::Empty* reply) override;

  grpc::ServerUnaryReactor* GetSrlg(grpc::CallbackServerContext* context,
                                    const v1::GetRequest* request, v1::Srlg* reply) override;
  grpc::ServerUnaryReactor* ListSrlgs(grpc::CallbackServerContext* context,
                                      const v1::ListRequest* request,
                                      v1::ListSrlgsResponse* reply) override;
  grpc::ServerUnaryReactor* CreateSrlg(grpc::CallbackServerContext* context,
                                       const v1::CreateSrlgRequest* request,
                                       v1::Srlg* reply) override;
  grpc::ServerUnaryReactor* UpdateSrlg(grpc::CallbackServerContext* context,
                                       const v1::UpdateSrlgRequest* request,
                                       v1::Srlg* reply) override;
  grpc::ServerUnaryReactor* DeleteSrlg(grpc::CallbackServerContext* context,
                                       const v1::DeleteRequest* request,
                                       google::protobuf::Empty* reply) override;

 private:
  Handlers<v1::Node> node_;
  Handlers<v1::Link> link_;
  Handlers<v1::Srlg> srlg_;
};

class CustomerServiceImpl final : public v1::CustomerService::CallbackService {
 public:
  explicit CustomerServiceImpl(Rooms& rooms)
      : customer_(rooms), site_(rooms), class_map_(rooms), service_(rooms), traffic_class_(rooms) {}

  grpc::ServerUnaryReactor* GetCustomer(grpc::CallbackServerContext* context,
                                        const v1::GetRequest* request,
                                        v1::Customer* reply) override;
  grpc::ServerUnaryReactor* ListCustomers(grpc::CallbackServerContext* context,
                                          const v1::ListRequest* request,
                                          v1::ListCustomersResponse* reply) override;
  grpc::ServerUnaryReactor* CreateCustomer(grpc::CallbackServerContext* context,
                                           const v1::CreateCustomerRequest* request,
                                           v1::Customer* reply) override;
  grpc::ServerUnaryReactor* UpdateCustomer(grpc::CallbackServerContext* context,
                                           const v1::UpdateCustomerRequest* request,
                                           v1::Customer* reply) override;
  grpc::ServerUnaryReactor* DeleteCustomer(grpc::CallbackServerContext* context,
                                           const v1::DeleteRequest* request,
                                           google::protobuf::Empty* reply) override;

  grpc::ServerUnaryReactor* GetSite(grpc::CallbackServerContext* context,
                                    const v1::GetRequest* request, v1::Site* reply) override;
  grpc::ServerUnaryReactor* ListSites(grpc::CallbackServerContext* context,
                                      const v1::ListRequest* request,
                                      v1::ListSitesResponse* reply) override;
  grpc::ServerUnaryReactor* CreateSite(grpc::CallbackServerContext* context,
                                       const v1::CreateSiteRequest* request,
                                       v1::Site* reply) override;
  grpc::ServerUnaryReactor* UpdateSite(grpc::CallbackServerContext* context,
                                       const v1::UpdateSiteRequest* request,
                                       v1::Site* reply) override;
  grpc::ServerUnaryReactor* DeleteSite(grpc::CallbackServerContext* context,
                                       const v1::DeleteRequest* request,
                                       google::protobuf::Empty* reply) override;

  grpc::ServerUnaryReactor* GetClassMap(grpc::CallbackServerContext* context,
                                        const v1::GetRequest* request,
                                        v1::ClassMap* reply) override;
  grpc::ServerUnaryReactor* ListClassMaps(grpc::CallbackServerContext* context,
                                          const v1::ListRequest* request,
                                          v1::ListClassMapsResponse* reply) override;
  grpc::ServerUnaryReactor* CreateClassMap(grpc::CallbackServerContext* context,
                                           const v1::CreateClassMapRequest* request,
                                           v1::ClassMap* reply) override;
  grpc::ServerUnaryReactor* UpdateClassMap(grpc::CallbackServerContext* context,
                                           const v1::UpdateClassMapRequest* request,
                                           v1::ClassMap* reply) override;
  grpc::ServerUnaryReactor* DeleteClassMap(grpc::CallbackServerContext* context,
                                           const v1::DeleteRequest* request,
                                           google::protobuf::Empty* reply) override;

  grpc::ServerUnaryReactor* GetService(grpc::CallbackServerContext* context,
                                       const v1::GetRequest* request, v1::Service* reply) override;
  grpc::ServerUnaryReactor* ListServices(grpc::CallbackServerContext* context,
                                         const v1::ListRequest* request,
                                         v1::ListServicesResponse* reply) override;
  grpc::ServerUnaryReactor* CreateService(grpc::CallbackServerContext* context,
                                          const v1::CreateServiceRequest* request,
                                          v1::Service* reply) override;
  grpc::ServerUnaryReactor* UpdateService(grpc::CallbackServerContext* context,
                                          const v1::UpdateServiceRequest* request,
                                          v1::Service* reply) override;
  grpc::ServerUnaryReactor* DeleteService(grpc::CallbackServerContext* context,
                                          const v1::DeleteRequest* request,
                                          google::protobuf::Empty* reply) override;

  grpc::ServerUnaryReactor* GetTrafficClass(grpc::CallbackServerContext* context,
                                            const v1::GetRequest* request,
                                            v1::TrafficClass* reply) override;
  grpc::ServerUnaryReactor* ListTrafficClasses(grpc::CallbackServerContext* context,
                                               const v1::ListRequest* request,
                                               v1::ListTrafficClassesResponse* reply) override;
  grpc::ServerUnaryReactor* CreateTrafficClass(grpc::CallbackServerContext* context,
                                               const v1::CreateTrafficClassRequest* request,
                                               v1::TrafficClass* reply) override;
  grpc::ServerUnaryReactor* UpdateTrafficClass(grpc::CallbackServerContext* context,
                                               const v1::UpdateTrafficClassRequest* request,
                                               v1::TrafficClass* reply) override;
  grpc::ServerUnaryReactor* DeleteTrafficClass(grpc::CallbackServerContext* context,
                                               const v1::DeleteRequest* request,
                                               google::protobuf::Empty* reply) override;

 private:
  Handlers<v1::Customer> customer_;
  Handlers<v1::Site> site_;
  Handlers<v1::ClassMap> class_map_;
  Handlers<v1::Service> service_;
  Handlers<v1::TrafficClass> traffic_class_;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_RESOURCE_SERVICES_H_

#include "northbound/api/resource_services.h"

namespace waymark {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

ServerUnaryReactor* TopologyServiceImpl::GetNode(CallbackServerContext* context,
                                                 const v1::GetRequest* request, v1::Node* reply) {
  return node_.Get(context, "/waymark.v1.TopologyService/GetNode", request, reply);
}

ServerUnaryReactor* TopologyServiceImpl::ListNodes(CallbackServerContext* context,
                                                   const v1::ListRequest* request,
                                                   v1::ListNodesResponse* reply) {
  return node_.List(context, "/waymark.v1.TopologyService/ListNodes", request, reply,
                    &v1::ListNodesResponse::add_nodes);
}

ServerUnaryReactor* TopologyServiceImpl::CreateNode(CallbackServerContext* context,
                                                    const v1::CreateNodeRequest* request,
                                                    v1::Node* reply) {
  return node_.Create(context, "/waymark.v1.TopologyService/CreateNode", request, request->node(),
                      reply);
}

ServerUnaryReactor* TopologyServiceImpl::UpdateNode(CallbackServerContext* context,
                                                    const v1::UpdateNodeRequest* request,
                                                    v1::Node* reply) {
  return node_.Update(context, "/waymark.v1.TopologyService/UpdateNode", request, request->node(),
                      reply);
}

ServerUnaryReactor* TopologyServiceImpl::DeleteNode(CallbackServerContext* context,
                                                    const v1::DeleteRequest* request,
                                                    google::protobuf::Empty* reply) {
  return node_.Delete(context, "/waymark.v1.TopologyService/DeleteNode", request, reply);
}

ServerUnaryReactor* TopologyServiceImpl::GetLink(CallbackServerContext* context,
                                                 const v1::GetRequest* request, v1::Link* reply) {
  return link_.Get(context, "/waymark.v1.TopologyService/GetLink", request, reply);
}

ServerUnaryReactor* TopologyServiceImpl::ListLinks(CallbackServerContext* context,
                                                   const v1::ListRequest* request,
                                                   v1::ListLinksResponse* reply) {
  return link_.List(context, "/waymark.v1.TopologyService/ListLinks", request, reply,
                    &v1::ListLinksResponse::add_links);
}

ServerUnaryReactor* TopologyServiceImpl::CreateLink(CallbackServerContext* context,
                                                    const v1::CreateLinkRequest* request,
                                                    v1::Link* reply) {
  return link_.Create(context, "/waymark.v1.TopologyService/CreateLink", request, request->link(),
                      reply);
}

ServerUnaryReactor* TopologyServiceImpl::UpdateLink(CallbackServerContext* context,
                                                    const v1::UpdateLinkRequest* request,
                                                    v1::Link* reply) {
  return link_.Update(context, "/waymark.v1.TopologyService/UpdateLink", request, request->link(),
                      reply);
}

ServerUnaryReactor* TopologyServiceImpl::DeleteLink(CallbackServerContext* context,
                                                    const v1::DeleteRequest* request,
                                                    google::protobuf::Empty* reply) {
  return link_.Delete(context, "/waymark.v1.TopologyService/DeleteLink", request, reply);
}

ServerUnaryReactor* TopologyServiceImpl::GetSrlg(CallbackServerContext* context,
                                                 const v1::GetRequest* request, v1::Srlg* reply) {
  return srlg_.Get(context, "/waymark.v1.TopologyService/GetSrlg", request, reply);
}

ServerUnaryReactor* TopologyServiceImpl::ListSrlgs(CallbackServerContext* context,
                                                   const v1::ListRequest* request,
                                                   v1::ListSrlgsResponse* reply) {
  return srlg_.List(context, "/waymark.v1.TopologyService/ListSrlgs", request, reply,
                    &v1::ListSrlgsResponse::add_srlgs);
}

ServerUnaryReactor* TopologyServiceImpl::CreateSrlg(CallbackServerContext* context,
                                                    const v1::CreateSrlgRequest* request,
                                                    v1::Srlg* reply) {
  return srlg_.Create(context, "/waymark.v1.TopologyService/CreateSrlg", request, request->srlg(),
                      reply);
}

ServerUnaryReactor* TopologyServiceImpl::UpdateSrlg(CallbackServerContext* context,
                                                    const v1::UpdateSrlgRequest* request,
                                                    v1::Srlg* reply) {
  return srlg_.Update(context, "/waymark.v1.TopologyService/UpdateSrlg", request, request->srlg(),
                      reply);
}

ServerUnaryReactor* TopologyServiceImpl::DeleteSrlg(CallbackServerContext* context,
                                                    const v1::DeleteRequest* request,
                                                    google::protobuf::Empty* reply) {
  return srlg_.Delete(context, "/waymark.v1.TopologyService/DeleteSrlg", request, reply);
}

ServerUnaryReactor* CustomerServiceImpl::GetCustomer(CallbackServerContext* context,
                                                     const v1::GetRequest* request,
                                                     v1::Customer* reply) {
  return customer_.Get(context, "/waymark.v1.CustomerService/GetCustomer", request, reply);
}

ServerUnaryReactor* CustomerServiceImpl::ListCustomers(CallbackServerContext* context,
                                                       const v1::ListRequest* request,
                                                       v1::ListCustomersResponse* reply) {
  return customer_.List(context, "/waymark.v1.CustomerService/ListCustomers", request, reply,
                        &v1::ListCustomersResponse::add_customers);
}

ServerUnaryReactor* CustomerServiceImpl::CreateCustomer(CallbackServerContext* context,
                                                        const v1::CreateCustomerRequest* request,
                                                        v1::Customer* reply) {
  return customer_.Create(context, "/waymark.v1.CustomerService/CreateCustomer", request,
                          request->customer(), reply);
}

ServerUnaryReactor* CustomerServiceImpl::UpdateCustomer(CallbackServerContext* context,
                                                        const v1::UpdateCustomerRequest* request,
                                                        v1::Customer* reply) {
  return customer_.Update(context, "/waymark.v1.CustomerService/UpdateCustomer", request,
                          request->customer(), reply);
}

ServerUnaryReactor* CustomerServiceImpl::DeleteCustomer(CallbackServerContext* context,
                                                        const v1::DeleteRequest* request,
                                                        google::protobuf::Empty* reply) {
  return customer_.Delete(context, "/waymark.v1.CustomerService/DeleteCustomer", request, reply);
}

ServerUnaryReactor* CustomerServiceImpl::GetSite(CallbackServerContext* context,
                                                 const v1::GetRequest* request, v1::Site* reply) {
  return site_.Get(context, "/waymark.v1.CustomerService/GetSite", request, reply);
}

ServerUnaryReactor* CustomerServiceImpl::ListSites(CallbackServerContext* context,
                                                   const v1::ListRequest* request,
                                                   v1::ListSitesResponse* reply) {
  return site_.List(context, "/waymark.v1.CustomerService/ListSites", request, reply,
                    &v1::ListSitesResponse::add_sites);
}

ServerUnaryReactor* CustomerServiceImpl::CreateSite(CallbackServerContext* context,
                                                    const v1::CreateSiteRequest* request,
                                                    v1::Site* reply) {
  return site_.Create(context, "/waymark.v1.CustomerService/CreateSite", request, request->site(),
                      reply);
}

ServerUnaryReactor* CustomerServiceImpl::UpdateSite(CallbackServerContext* context,
                                                    const v1::UpdateSiteRequest* request,
                                                    v1::Site* reply) {
  return site_.Update(context, "/waymark.v1.CustomerService/UpdateSite", request, request->site(),
                      reply);
}

ServerUnaryReactor* CustomerServiceImpl::DeleteSite(CallbackServerContext* context,
                                                    const v1::DeleteRequest* request,
                                                    google::protobuf::Empty* reply) {
  return site_.Delete(context, "/waymark.v1.CustomerService/DeleteSite", request, reply);
}

ServerUnaryReactor* CustomerServiceImpl::GetClassMap(CallbackServerContext* context,
                                                     const v1::GetRequest* request,
                                                     v1::ClassMap* reply) {
  return class_map_.Get(context, "/waymark.v1.CustomerService/GetClassMap", request, reply);
}

ServerUnaryReactor* CustomerServiceImpl::ListClassMaps(CallbackServerContext* context,
                                                       const v1::ListRequest* request,
                                                       v1::ListClassMapsResponse* reply) {
  return class_map_.List(context, "/waymark.v1.CustomerService/ListClassMaps", request, reply,
                         &v1::ListClassMapsResponse::add_class_maps);
}

ServerUnaryReactor* CustomerServiceImpl::CreateClassMap(CallbackServerContext* context,
                                                        const v1::CreateClassMapRequest* request,
                                                        v1::ClassMap* reply) {
  return class_map_.Create(context, "/waymark.v1.CustomerService/CreateClassMap", request,
                           request->class_map(), reply);
}

ServerUnaryReactor* CustomerServiceImpl::UpdateClassMap(CallbackServerContext* context,
                                                        const v1::UpdateClassMapRequest* request,
                                                        v1::ClassMap* reply) {
  return class_map_.Update(context, "/waymark.v1.CustomerService/UpdateClassMap", request,
                           request->class_map(), reply);
}

ServerUnaryReactor* CustomerServiceImpl::DeleteClassMap(CallbackServerContext* context,
                                                        const v1::DeleteRequest* request,
                                                        google::protobuf::Empty* reply) {
  return class_map_.Delete(context, "/waymark.v1.CustomerService/DeleteClassMap", request, reply);
}

ServerUnaryReactor* CustomerServiceImpl::GetService(CallbackServerContext* context,
                                                    const v1::GetRequest* request,
                                                    v1::Service* reply) {
  return service_.Get(context, "/waymark.v1.CustomerService/GetService", request, reply);
}

ServerUnaryReactor* CustomerServiceImpl::ListServices(CallbackServerContext* context,
                                                      const v1::ListRequest* request,
                                                      v1::ListServicesResponse* reply) {
  return service_.List(context, "/waymark.v1.CustomerService/ListServices", request, reply,
                       &v1::ListServicesResponse::add_services);
}

ServerUnaryReactor* CustomerServiceImpl::CreateService(CallbackServerContext* context,
                                                       const v1::CreateServiceRequest* request,
                                                       v1::Service* reply) {
  return service_.Create(context, "/waymark.v1.CustomerService/CreateService", request,
                         request->service(), reply);
}

ServerUnaryReactor* CustomerServiceImpl::UpdateService(CallbackServerContext* context,
                                                       const v1::UpdateServiceRequest* request,
                                                       v1::Service* reply) {
  return service_.Update(context, "/waymark.v1.CustomerService/UpdateService", request,
                         request->service(), reply);
}

ServerUnaryReactor* CustomerServiceImpl::DeleteService(CallbackServerContext* context,
                                                       const v1::DeleteRequest* request,
                                                       google::protobuf::Empty* reply) {
  return service_.Delete(context, "/waymark.v1.CustomerService/DeleteService", request, reply);
}

ServerUnaryReactor* CustomerServiceImpl::GetTrafficClass(CallbackServerContext* context,
                                                         const v1::GetRequest* request,
                                                         v1::TrafficClass* reply) {
  return traffic_class_.Get(context, "/waymark.v1.CustomerService/GetTrafficClass", request, reply);
}

ServerUnaryReactor* CustomerServiceImpl::ListTrafficClasses(CallbackServerContext* context,
                                                            const v1::ListRequest* request,
                                                            v1::ListTrafficClassesResponse* reply) {
  return traffic_class_.List(context, "/waymark.v1.CustomerService/ListTrafficClasses", request,
                             reply, &v1::ListTrafficClassesResponse::add_traffic_classes);
}

ServerUnaryReactor* CustomerServiceImpl::CreateTrafficClass(
    CallbackServerContext* context, const v1::CreateTrafficClassRequest* request,
    v1::TrafficClass* reply) {
  return traffic_class_.Create(context, "/waymark.v1.CustomerService/CreateTrafficClass", request,
                               request->traffic_class(), reply);
}

ServerUnaryReactor* CustomerServiceImpl::UpdateTrafficClass(
    CallbackServerContext* context, const v1::UpdateTrafficClassRequest* request,
    v1::TrafficClass* reply) {
  return traffic_class_.Update(context, "/waymark.v1.CustomerService/UpdateTrafficClass", request,
                               request->traffic_class(), reply);
}

ServerUnaryReactor* CustomerServiceImpl::DeleteTrafficClass(CallbackServerContext* context,
                                                            const v1::DeleteRequest* request,
                                                            google::protobuf::Empty* reply) {
  return traffic_class_.Delete(context, "/waymark.v1.CustomerService/DeleteTrafficClass", request,
                               reply);
}

}  // namespace waymark

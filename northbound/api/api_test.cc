// The standard methods and Apply, over real gRPC.
#include <gtest/gtest.h>

#include "controller/store/resource_key.h"
#include "northbound/api/testing.h"

namespace waymark {
namespace {

using grpc::ClientContext;
using grpc::StatusCode;

template <typename Stub, typename Request, typename Reply>
grpc::Status Call(Stub& stub, grpc::Status (Stub::*method)(ClientContext*, const Request&, Reply*),
                  const Request& request, Reply* reply) {
  ClientContext context;
  return (stub.*method)(&context, request, reply);
}

using Topology = v1::TopologyService::Stub;
using Customers = v1::CustomerService::Stub;

v1::GetRequest GetOf(const std::string& name, Revision as_of = 0) {
  v1::GetRequest request;
  request.set_name(name);
  request.set_as_of(as_of);
  return request;
}

v1::DeleteRequest DeleteOf(const std::string& name) {
  v1::DeleteRequest request;
  request.set_name(name);
  return request;
}

// Create, get, list, update and delete of one kind.
template <typename T, typename Stub, typename CreateRequest, typename UpdateRequest,
          typename ListReply>
void Crud(Server& server, Stub& stub, T resource, const std::string& field,
          grpc::Status (Stub::*create)(ClientContext*, const CreateRequest&, T*),
          grpc::Status (Stub::*get)(ClientContext*, const v1::GetRequest&, T*),
          grpc::Status (Stub::*list)(ClientContext*, const v1::ListRequest&, ListReply*),
          grpc::Status (Stub::*update)(ClientContext*, const UpdateRequest&, T*),
          grpc::Status (Stub::*del)(ClientContext*, const v1::DeleteRequest&,
                                    google::protobuf::Empty*)) {
  SCOPED_TRACE(resource.name());
  const Revision before = server.store.current();
  CreateRequest creation;
  const auto* held = CreateRequest::descriptor()->FindFieldByName(field);
  creation.GetReflection()->MutableMessage(&creation, held)->CopyFrom(resource);
  T made;
  creation.set_validate_only(true);
  ASSERT_TRUE(Call(stub, create, creation, &made).ok());
  EXPECT_EQ(server.store.current(), before);
  EXPECT_EQ(made.etag(), "");
  creation.set_validate_only(false);
  grpc::Status status = Call(stub, create, creation, &made);
  ASSERT_TRUE(status.ok()) << Describe(status);
  EXPECT_EQ(made.revision(), before + 1);
  EXPECT_NE(made.etag(), "");
  EXPECT_EQ(Call(stub, create, creation, &made).error_code(), StatusCode::ALREADY_EXISTS);

  T got;
  ASSERT_TRUE(Call(stub, get, GetOf(resource.name()), &got).ok());
  EXPECT_EQ(got.ShortDebugString(), made.ShortDebugString());
  EXPECT_EQ(Call(stub, get, GetOf(resource.name() + "x"), &got).error_code(),
            StatusCode::NOT_FOUND);
  EXPECT_EQ(Call(stub, get, GetOf("nonsense"), &got).error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Call(stub, get, GetOf(resource.name(), before == 0 ? 999 : before), &got).error_code(),
            before == 0 ? StatusCode::OUT_OF_RANGE : StatusCode::NOT_FOUND);
  ListReply listed;
  ASSERT_TRUE(Call(stub, list, v1::ListRequest(), &listed).ok());
  EXPECT_EQ(listed.revision(), before + 1);

  // The same again changes nothing; a wrong etag is refused; output-only fields are ignored.
  UpdateRequest change;
  T* changed = static_cast<T*>(change.GetReflection()->MutableMessage(
      &change, UpdateRequest::descriptor()->FindFieldByName(field)));
  *changed = got;
  ASSERT_TRUE(Call(stub, update, change, &made).ok());
  EXPECT_EQ(server.store.current(), before + 1);
  changed->set_etag("r0");
  EXPECT_EQ(Call(stub, update, change, &made).error_code(), StatusCode::ABORTED);
  changed->Clear();
  changed->set_name(resource.name());
  change.mutable_update_mask()->add_paths("no_such_field");
  status = Call(stub, update, change, &made);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ProblemsOf(status).at(0).field(), "update_mask");
  changed->set_name(resource.name() + "x");
  change.clear_update_mask();
  EXPECT_EQ(Call(stub, update, change, &made).error_code(), StatusCode::NOT_FOUND);

  v1::DeleteRequest removal = DeleteOf(resource.name());
  google::protobuf::Empty empty;
  removal.set_etag("r0");
  EXPECT_EQ(Call(stub, del, removal, &empty).error_code(), StatusCode::ABORTED);
  removal.set_etag(got.etag());
  removal.set_validate_only(true);
  EXPECT_TRUE(Call(stub, del, removal, &empty).ok());
  removal.set_validate_only(false);
  ASSERT_TRUE(Call(stub, del, removal, &empty).ok());
  EXPECT_EQ(Call(stub, del, DeleteOf(resource.name()), &empty).error_code(), StatusCode::NOT_FOUND);
  removal = DeleteOf(resource.name());
  removal.set_allow_missing(true);
  EXPECT_TRUE(Call(stub, del, removal, &empty).ok());
  // The past stays readable.
  ASSERT_TRUE(Call(stub, get, GetOf(resource.name(), before + 1), &got).ok());
  EXPECT_FALSE(Call(stub, get, GetOf(resource.name()), &got).ok());
}

TEST(ApiTest, CrudOfEveryKind) {
  Server server;
  const v1::Bundle small = SmallCarrier();
  ASSERT_TRUE(server.Apply(small).ok());
  auto& t = *server.topology;
  auto& c = *server.customers;
  v1::Node node = small.nodes(0);
  node.set_name("nodes/new");
  Crud(server, t, node, "node", &Topology::CreateNode, &Topology::GetNode, &Topology::ListNodes,
       &Topology::UpdateNode, &Topology::DeleteNode);
  v1::Link link = small.links(0);
  link.set_name("links/new");
  link.clear_reverse();
  Crud(server, t, link, "link", &Topology::CreateLink, &Topology::GetLink, &Topology::ListLinks,
       &Topology::UpdateLink, &Topology::DeleteLink);
  v1::Srlg srlg = small.srlgs(0);
  srlg.set_name("srlgs/new");
  Crud(server, t, srlg, "srlg", &Topology::CreateSrlg, &Topology::GetSrlg, &Topology::ListSrlgs,
       &Topology::UpdateSrlg, &Topology::DeleteSrlg);
  v1::Customer customer;
  customer.set_name("customers/new");
  Crud(server, c, customer, "customer", &Customers::CreateCustomer, &Customers::GetCustomer,
       &Customers::ListCustomers, &Customers::UpdateCustomer, &Customers::DeleteCustomer);
  v1::Site site = small.sites(0);
  site.set_name("customers/bank/sites/new");
  Crud(server, c, site, "site", &Customers::CreateSite, &Customers::GetSite, &Customers::ListSites,
       &Customers::UpdateSite, &Customers::DeleteSite);
  v1::TrafficClass tc = small.traffic_classes(0);
  tc.set_name("trafficClasses/new");
  Crud(server, c, tc, "traffic_class", &Customers::CreateTrafficClass, &Customers::GetTrafficClass,
       &Customers::ListTrafficClasses, &Customers::UpdateTrafficClass,
       &Customers::DeleteTrafficClass);
  v1::ClassMap map = small.class_maps(0);
  map.set_name("customers/bank/classMaps/new");
  Crud(server, c, map, "class_map", &Customers::CreateClassMap, &Customers::GetClassMap,
       &Customers::ListClassMaps, &Customers::UpdateClassMap, &Customers::DeleteClassMap);
  // On other VLANs than the whole ports that are taken: a port of its own.
  v1::Bundle sites;
  for (const char* id : {"c", "d"}) {
    v1::Site& s = *sites.add_sites();
    s.set_name(absl::StrCat("customers/bank/sites/", id));
    s.set_node("nodes/c");
    s.set_port(id[0] == 'c' ? "c1" : "c2");
  }
  ASSERT_TRUE(server.Apply(sites).ok());
  v1::Service service = small.services(0);
  service.set_name("customers/bank/services/new");
  service.mutable_endpoints(0)->set_site("customers/bank/sites/c");
  service.mutable_endpoints(1)->set_site("customers/bank/sites/d");
  Crud(server, c, service, "service", &Customers::CreateService, &Customers::GetService,
       &Customers::ListServices, &Customers::UpdateService, &Customers::DeleteService);
}

TEST(ApiTest, ApplyIsOneRevisionAndIdempotent) {
  Server server;
  v1::ApplyResponse reply;
  ASSERT_TRUE(server.Apply(SmallCarrier(), &reply).ok());
  EXPECT_EQ(reply.revision(), 1);
  EXPECT_EQ(server.store.current(), 1);
  for (const auto& result : reply.results()) EXPECT_EQ(result.change(), v1::CREATED);
  ASSERT_TRUE(server.Apply(SmallCarrier(), &reply).ok());
  EXPECT_EQ(reply.revision(), 1);
  EXPECT_EQ(reply.results_size(), 22);
  for (const auto& result : reply.results()) {
    EXPECT_EQ(result.change(), v1::UNCHANGED) << result.name();
  }
  v1::Link link;
  ASSERT_TRUE(Call(*server.topology, &Topology::GetLink, GetOf("links/a--b"), &link).ok());
  EXPECT_GE(link.adjacency_sid(), 0x8000u);
  EXPECT_EQ(link.interface(), "l8000");
  v1::Node node;
  ASSERT_TRUE(Call(*server.topology, &Topology::GetNode, GetOf("nodes/b"), &node).ok());
  EXPECT_EQ(node.node_sid(), 2u);
  EXPECT_EQ(node.loopback(), "fd00:0:2::1");
}

TEST(ApiTest, ApplyIsAllOrNothing) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  v1::ApplyRequest request;
  *request.mutable_put()->add_nodes() = SmallCarrier().nodes(0);
  request.mutable_put()->mutable_nodes(0)->set_display_name("renamed");
  request.add_delete_("nodes/c");
  grpc::Status status = server.Apply(request);
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(ProblemsOf(status).at(0).reason(), "STILL_REFERENCED");
  EXPECT_NE(status.error_message().find("links/a--c"), std::string::npos);
  EXPECT_EQ(server.store.current(), 1);
  for (const char* link : {"links/a--c", "links/c--a", "links/b--c", "links/c--b"}) {
    request.add_delete_(link);
  }
  status = server.Apply(request);
  ASSERT_TRUE(status.ok()) << Describe(status);
  EXPECT_EQ(server.store.current(), 2);
  request.add_delete_("nodes/gone");
  EXPECT_EQ(server.Apply(request).error_code(), StatusCode::NOT_FOUND);

  server.memory.FailCommits(absl::ResourceExhaustedError("the disk of /data is full"));
  v1::Bundle more;
  more.add_customers()->set_name("customers/more");
  status = server.Apply(more);
  EXPECT_EQ(status.error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_NE(status.error_message().find("/data"), std::string::npos);
  server.memory.FailCommits(absl::OkStatus());
  EXPECT_TRUE(server.Apply(more).ok());
  EXPECT_EQ(server.store.current(), 3);
}

TEST(ApiTest, EveryReferenceProtectsWhatItNames) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  for (const char* name :
       {"nodes/a", "srlgs/duct", "customers/bank", "customers/bank/sites/a", "trafficClasses/voice",
        "trafficClasses/rest", "customers/bank/classMaps/marks"}) {
    v1::ApplyRequest request;
    request.add_delete_(name);
    EXPECT_EQ(server.Apply(request).error_code(), StatusCode::FAILED_PRECONDITION) << name;
  }
  EXPECT_EQ(server.store.current(), 1);
}

TEST(ApiTest, ReverseLinksStayMutual) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  google::protobuf::Empty empty;
  ASSERT_TRUE(Call(*server.topology, &Topology::DeleteLink, DeleteOf("links/a--b"), &empty).ok());
  v1::Link other;
  ASSERT_TRUE(Call(*server.topology, &Topology::GetLink, GetOf("links/b--a"), &other).ok());
  EXPECT_EQ(other.reverse(), "");
  const uint32_t sid = other.adjacency_sid();
  v1::CreateLinkRequest again;
  *again.mutable_link() = SmallCarrier().links(0);
  v1::Link made;
  ASSERT_TRUE(Call(*server.topology, &Topology::CreateLink, again, &made).ok());
  ASSERT_TRUE(Call(*server.topology, &Topology::GetLink, GetOf("links/b--a"), &other).ok());
  EXPECT_EQ(other.reverse(), "links/a--b");
  EXPECT_EQ(other.adjacency_sid(), sid);
  // Never the identifier of the deleted link.
  EXPECT_EQ(made.adjacency_sid(), 0x8006u);
}

TEST(ApiTest, RequestIdGivesTheFirstReply) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  v1::CreateNodeRequest request;
  request.mutable_node()->set_name("nodes/x");
  request.set_request_id("once");
  v1::Node first, second;
  ASSERT_TRUE(Call(*server.topology, &Topology::CreateNode, request, &first).ok());
  ASSERT_TRUE(Call(*server.topology, &Topology::CreateNode, request, &second).ok());
  EXPECT_EQ(first.ShortDebugString(), second.ShortDebugString());
  EXPECT_EQ(server.store.current(), 2);
  request.mutable_node()->set_name("nodes/y");
  const grpc::Status status = Call(*server.topology, &Topology::CreateNode, request, &second);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ProblemsOf(status).at(0).field(), "request_id");
  request.set_request_id("tab\there");
  EXPECT_EQ(Call(*server.topology, &Topology::CreateNode, request, &second).error_code(),
            StatusCode::INVALID_ARGUMENT);

  v1::ApplyRequest apply;
  apply.mutable_put()->add_customers()->set_name("customers/new");
  apply.set_request_id("apply");
  v1::ApplyResponse a, b;
  ASSERT_TRUE(server.Apply(apply, &a).ok());
  v1::ApplyRequest del;
  del.add_delete_("customers/new");
  ASSERT_TRUE(server.Apply(del).ok());
  ASSERT_TRUE(server.Apply(apply, &b).ok());
  EXPECT_EQ(a.ShortDebugString(), b.ShortDebugString());
  EXPECT_EQ(server.store.current(), 4);

  // Also after a restart: the ids and the allocator are in the store.
  Server restarted("operator", &server.memory);
  ASSERT_TRUE(restarted.Apply(apply, &b).ok());
  EXPECT_EQ(a.ShortDebugString(), b.ShortDebugString());
  request.set_request_id("");
  ASSERT_TRUE(Call(*restarted.topology, &Topology::CreateNode, request, &second).ok());
  EXPECT_EQ(second.node_sid(), first.node_sid() + 1);
}

TEST(RequestLogTest, ForgetsTheOldest) {
  RequestLog log(2);
  stored::v1::RequestRecord record;
  for (Revision r = 1; r <= 3; ++r) {
    const auto mutations = log.Record(absl::StrCat("id", r), record);
    EXPECT_EQ(mutations.size(), r <= 2 ? 1u : 2u);
    if (r == 3) {
      EXPECT_EQ(mutations[1].key, "request:id1");
      EXPECT_FALSE(mutations[1].value.has_value());
    }
    log.Added(absl::StrCat("id", r), record, r);
  }
  EXPECT_EQ(log.size(), 2u);
  EXPECT_TRUE(absl::IsNotFound(log.Find("id1", 0).status()));
  EXPECT_EQ(*log.Find("id3", 0), 3);
}

TEST(ApiTest, FieldMasks) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  v1::UpdateNodeRequest request;
  v1::Node reply;
  request.mutable_node()->set_name("nodes/a");
  request.mutable_node()->set_display_name("Alpha");
  request.mutable_node()->set_node_sid(999);
  ASSERT_TRUE(Call(*server.topology, &Topology::UpdateNode, request, &reply).ok());
  EXPECT_EQ(reply.display_name(), "Alpha");
  EXPECT_EQ(reply.provider(), "north");
  EXPECT_EQ(reply.node_sid(), 1u);
  // In the mask and not set: cleared.
  request.mutable_node()->clear_display_name();
  request.mutable_update_mask()->add_paths("display_name");
  request.mutable_update_mask()->add_paths("provider");
  ASSERT_TRUE(Call(*server.topology, &Topology::UpdateNode, request, &reply).ok());
  EXPECT_EQ(reply.display_name(), "");
  EXPECT_EQ(reply.provider(), "");
  EXPECT_EQ(reply.ports_size(), 2);
  // Repeated fields are replaced, not appended to.
  request.clear_update_mask();
  for (const char* id : {"c2", "c1", "c3"}) request.mutable_node()->add_ports()->set_id(id);
  ASSERT_TRUE(Call(*server.topology, &Topology::UpdateNode, request, &reply).ok());
  ASSERT_EQ(reply.ports_size(), 3);
  EXPECT_EQ(reply.ports(0).id(), "c2");
  request.mutable_update_mask()->add_paths("*");
  ASSERT_TRUE(Call(*server.topology, &Topology::UpdateNode, request, &reply).ok());
  EXPECT_EQ(reply.jurisdiction(), "");
  EXPECT_EQ(reply.node_sid(), 1u);
  request.mutable_node()->set_name("nodes/fresh");
  request.set_allow_missing(true);
  ASSERT_TRUE(Call(*server.topology, &Topology::UpdateNode, request, &reply).ok());
  EXPECT_EQ(reply.node_sid(), 4u);
}

TEST(ApiTest, PagesShowOneRevision) {
  Server server;
  v1::Bundle bundle;
  for (int i = 10; i < 35; ++i) bundle.add_nodes()->set_name(absl::StrCat("nodes/n", i));
  ASSERT_TRUE(server.Apply(bundle).ok());
  v1::ListRequest request;
  request.set_page_size(10);
  std::vector<std::string> names;
  for (int page = 0; page < 3; ++page) {
    v1::ListNodesResponse reply;
    const grpc::Status status = Call(*server.topology, &Topology::ListNodes, request, &reply);
    ASSERT_TRUE(status.ok()) << Describe(status);
    EXPECT_EQ(reply.revision(), 1);
    for (const auto& node : reply.nodes()) names.push_back(node.name());
    EXPECT_EQ(reply.next_page_token().empty(), page == 2);
    request.set_page_token(reply.next_page_token());
    // Changes between pages do not show.
    v1::ApplyRequest del;
    del.add_delete_(absl::StrCat("nodes/n", 30 + page));
    ASSERT_TRUE(server.Apply(del).ok());
  }
  EXPECT_EQ(names.size(), 25u);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  for (const char* bad : {"x", "////", "MXx8MXwxfGE"}) {
    request.set_page_token(bad);
    v1::ListNodesResponse reply;
    EXPECT_EQ(Call(*server.topology, &Topology::ListNodes, request, &reply).error_code(),
              StatusCode::INVALID_ARGUMENT);
  }
  request.clear_page_token();
  request.set_page_size(-1);
  v1::ListNodesResponse reply;
  EXPECT_EQ(Call(*server.topology, &Topology::ListNodes, request, &reply).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

TEST(ApiTest, ParentsAndThePast) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  v1::ListRequest request;
  v1::ListSitesResponse reply;
  const auto count = [&](const std::string& parent, Revision as_of) {
    request.set_parent(parent);
    request.set_as_of(as_of);
    const auto status = Call(*server.customers, &Customers::ListSites, request, &reply);
    return status.ok() ? reply.sites_size() : -static_cast<int>(status.error_code());
  };
  EXPECT_EQ(count("customers/bank", 0), 2);
  EXPECT_EQ(count("customers/ban", 0), 0);
  EXPECT_EQ(count("customers/-", 0), 4);
  EXPECT_EQ(count("", 1), 4);
  EXPECT_EQ(count("nodes/a", 0), -StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(count("", 99), -StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(count("", -1), -StatusCode::INVALID_ARGUMENT);
  request.mutable_as_of_time()->set_seconds(1);
  EXPECT_EQ(count("", 1), -StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(count("", 0), -StatusCode::OUT_OF_RANGE);
  request.mutable_as_of_time()->set_seconds(4'000'000'000);
  EXPECT_EQ(count("", 0), -StatusCode::OUT_OF_RANGE) << "it has not come yet";
  // Clocks differ a little.
  request.mutable_as_of_time()->set_seconds(
      absl::ToUnixSeconds(RealClock().Now() + absl::Seconds(30)));
  EXPECT_EQ(count("", 0), 4);
}

TEST(ApiTest, StatusIsOfNowOnly) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  v1::Service service;
  const std::string name = "customers/bank/services/lan";
  ASSERT_TRUE(Call(*server.customers, &Customers::GetService, GetOf(name), &service).ok());
  EXPECT_EQ(service.status().state(), v1::PENDING);
  auto view = std::make_shared<NetworkView>();
  auto status = std::make_shared<v1::Status>();
  status->set_state(v1::UP);
  view->statuses[name] = status;
  server.view.Publish(view);
  ASSERT_TRUE(Call(*server.customers, &Customers::GetService, GetOf(name), &service).ok());
  EXPECT_EQ(service.status().state(), v1::UP);
  ASSERT_TRUE(Call(*server.customers, &Customers::GetService, GetOf(name, 1), &service).ok());
  EXPECT_FALSE(service.has_status());
}

}  // namespace
}  // namespace waymark

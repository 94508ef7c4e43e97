// A northbound server over a memory store on loopback, and a small carrier to fill it with. For
// tests only.
#ifndef WAYMARK_NORTHBOUND_API_TESTING_H_
#define WAYMARK_NORTHBOUND_API_TESTING_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "controller/store/memory_store.h"
#include "controller/store/mesh_queries.h"
#include "controller/store/network_view.h"
#include "controller/store/path_queries.h"
#include "northbound/api/committer.h"
#include "northbound/api/errors.h"
#include "northbound/api/server.h"
#include "waymark/v1/mesh.grpc.pb.h"
#include "waymark/v1/services.grpc.pb.h"

namespace waymark {

// Three nodes in a triangle, two classes, two customers with a service each.
inline v1::Bundle SmallCarrier() {
  v1::Bundle b;
  for (const char* id : {"a", "b", "c"}) {
    v1::Node& node = *b.add_nodes();
    node.set_name(absl::StrCat("nodes/", id));
    node.set_jurisdiction("CH");
    node.set_provider("north");
    node.add_ports()->set_id("c1");
    node.add_ports()->set_id("c2");
  }
  v1::Srlg& duct = *b.add_srlgs();
  duct.set_name("srlgs/duct");
  duct.set_type(v1::DUCT);
  for (const auto& [from, to] :
       {std::pair("a", "b"), {"b", "a"}, {"b", "c"}, {"c", "b"}, {"a", "c"}, {"c", "a"}}) {
    v1::Link& link = *b.add_links();
    link.set_name(absl::StrCat("links/", from, "--", to));
    link.set_reverse(absl::StrCat("links/", to, "--", from));
    link.set_source(absl::StrCat("nodes/", from));
    link.set_target(absl::StrCat("nodes/", to));
    link.set_capacity_bps(100'000'000'000);
    link.set_delay_ns(1'000'000);
    link.set_provider("south");
    link.add_srlgs("srlgs/duct");
  }
  v1::TrafficClass& voice = *b.add_traffic_classes();
  voice.set_name("trafficClasses/voice");
  voice.set_queue(7);
  voice.set_dscp(46);
  voice.set_treatment(v1::PINNED);
  v1::TrafficClass& rest = *b.add_traffic_classes();
  rest.set_name("trafficClasses/rest");
  rest.set_treatment(v1::MESH);
  int port = 1;
  for (const char* id : {"bank", "shop"}) {
    const std::string customer = absl::StrCat("customers/", id);
    b.add_customers()->set_name(customer);
    for (const char* node : {"a", "b"}) {
      v1::Site& site = *b.add_sites();
      site.set_name(absl::StrCat(customer, "/sites/", node));
      site.set_node(absl::StrCat("nodes/", node));
      site.set_port(absl::StrCat("c", port));
    }
    v1::ClassMap& map = *b.add_class_maps();
    map.set_name(customer + "/classMaps/marks");
    v1::ClassRule& dscp = *map.add_rules();
    dscp.add_dscp(46);
    dscp.set_traffic_class("trafficClasses/voice");
    v1::ClassRule& pcp = *map.add_rules();
    pcp.add_pcp(5);
    pcp.set_traffic_class("trafficClasses/voice");
    map.set_default_class("trafficClasses/rest");
    v1::Service& service = *b.add_services();
    service.set_name(customer + "/services/lan");
    service.set_type(v1::E_LAN);
    service.set_class_map(map.name());
    service.add_endpoints()->set_site(customer + "/sites/a");
    service.add_endpoints()->set_site(customer + "/sites/b");
    v1::ClassRate& rate = *service.add_rates();
    rate.set_traffic_class("trafficClasses/voice");
    rate.set_cir_bps(1'000'000);
    ++port;
  }
  return b;
}

// "CODE field: description" of an error's first problem.
inline std::string Describe(const grpc::Status& status) {
  const Problems problems = ProblemsOf(status);
  if (problems.empty()) return absl::StrCat(status.error_code(), " no details");
  return absl::StrCat(status.error_code(), " ", problems[0].resource(), " ", problems[0].field(),
                      ": ", problems[0].description());
}

// Answers at once what it is told to, and remembers what it was asked. gRPC calls it on its own
// threads; what passes between them and the test's goes through a mutex of ours, because the
// hand-over inside gRPC is invisible to ThreadSanitizer.
class FakePathQueries final : public PathQueries {
 public:
  struct Seen {
    int asked = 0;
    v1::ComputePathRequest compute;
    Limits limits;
    v1::ListMeshGuaranteesRequest guarantees;
  };
  struct Answers {
    absl::Status status;
    v1::ComputePathResponse compute;
    v1::ReoptimizeResponse reoptimize;
    v1::ListMeshGuaranteesResponse guarantees;
  };

  void ComputePath(const v1::ComputePathRequest& request, const Limits& limits,
                   Done<v1::ComputePathResponse> done) override {
    Answers answers;
    {
      const std::lock_guard lock(mutex_);
      seen_ = {seen_.asked + 1, request, limits};
      answers = answers_;
    }
    answers.status.ok() ? done(answers.compute) : done(answers.status);
  }
  void ExplainService(const v1::ExplainServiceRequest&, const Limits&,
                      Done<v1::ExplainServiceResponse> done) override {
    const absl::Status status = Ask().status;
    status.ok() ? done(v1::ExplainServiceResponse()) : done(status);
  }
  void Reoptimize(const v1::ReoptimizeRequest&, const Limits&,
                  Done<v1::ReoptimizeResponse> done) override {
    const Answers answers = Ask();
    answers.status.ok() ? done(answers.reoptimize) : done(answers.status);
  }

  void ListMeshGuarantees(const v1::ListMeshGuaranteesRequest& request, const Limits&,
                          Done<v1::ListMeshGuaranteesResponse> done) override {
    const Answers answers = Ask();
    {
      const std::lock_guard lock(mutex_);
      seen_.guarantees = request;
    }
    answers.status.ok() ? done(answers.guarantees) : done(answers.status);
  }

  void Answer(const Answers& answers) {
    const std::lock_guard lock(mutex_);
    answers_ = answers;
  }
  Seen seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  Answers Ask() {
    const std::lock_guard lock(mutex_);
    ++seen_.asked;
    return answers_;
  }

  mutable std::mutex mutex_;
  Seen seen_;
  Answers answers_;
};

// Likewise. Remembers what it was asked.
class FakeMeshQueries final : public MeshQueries {
 public:
  void GetStatus(int64_t newer_than, absl::Duration wait, Done done) override {
    absl::StatusOr<v1::MeshStatus> answer =
        Note(absl::StrCat("status ", newer_than, " ", absl::FormatDuration(wait)));
    done(std::move(answer));
  }
  absl::StatusOr<int64_t> Optimize(const std::string& who, absl::Duration time_limit) override {
    const auto answer = Note(absl::StrCat("optimize ", who, " ", absl::FormatDuration(time_limit)));
    if (!answer.ok()) return answer.status();
    return answer->run() + 1;
  }
  absl::StatusOr<v1::MeshStatus> Cancel(int64_t run) override {
    return Note(absl::StrCat("cancel ", run));
  }
  void SetMeasured(const v1::SetMeasuredTrafficRequest& request, const std::string& who,
                   MeasuredDone done) override {
    TellMeasured(absl::StrCat("measured ", who, " ", request.rates_size()), done);
  }
  void RemoveMeasured(const std::string& traffic_class, MeasuredDone done) override {
    TellMeasured("forget " + traffic_class, done);
  }

  void Answer(const absl::StatusOr<v1::MeshStatus>& answer) {
    const std::lock_guard lock(mutex_);
    answer_ = answer;
  }
  std::vector<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  void TellMeasured(const std::string& asked, const MeasuredDone& done) {
    const auto answer = Note(asked);
    if (!answer.ok()) return done(answer.status());
    done(answer->measured().empty() ? v1::MeasuredTraffic() : answer->measured(0));
  }
  absl::StatusOr<v1::MeshStatus> Note(const std::string& asked) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(asked);
    return answer_;
  }

  mutable std::mutex mutex_;
  absl::StatusOr<v1::MeshStatus> answer_ = v1::MeshStatus();
  std::vector<std::string> asked_;
};

// Frozen or not, and a journey of every revision.
class FakeProgramming final : public ProgrammingControl {
 public:
  void GetProgramming(Answer<v1::Programming> answer) override { answer(Tell()); }
  void Freeze(const std::string& reason, const std::string& by,
              Answer<v1::Programming> answer) override {
    {
      const std::lock_guard lock(mutex_);
      told_.set_frozen(true);
      told_.set_reason(reason);
      told_.set_by(by);
    }
    answer(Tell());
  }
  void Unfreeze(const std::string&, Answer<v1::Programming> answer) override {
    {
      const std::lock_guard lock(mutex_);
      told_.Clear();
    }
    answer(Tell());
  }
  void GetRollout(Answer<v1::Rollout> answer) override { answer(v1::Rollout()); }
  void PauseRollout(const std::string& reason, const std::string& by,
                    Answer<v1::Rollout> answer) override {
    v1::Rollout rollout;
    rollout.set_state(v1::ROLLOUT_PAUSED);
    rollout.set_reason(reason);
    rollout.set_by(by);
    answer(rollout);
  }
  void AbortRollout(const std::string& reason, const std::string& by,
                    Answer<v1::Rollout> answer) override {
    PauseRollout(reason, by, std::move(answer));
  }
  void ResumeRollout(const std::string&, Answer<v1::Rollout> answer) override {
    answer(v1::Rollout());
  }
  void TraceRevision(Revision revision, Answer<v1::RevisionJourney> answer) override {
    v1::RevisionJourney journey;
    journey.set_revision(revision);
    answer(journey);
  }

 private:
  v1::Programming Tell() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }

  mutable std::mutex mutex_;
  v1::Programming told_;
};

class Server {
 public:
  explicit Server(const std::string& role = "operator", Store* store = nullptr)
      : store_loop("store", RealClock()),
        commit_loop("commit", RealClock()),
        watch_loop("watch", RealClock()),
        backup_loop("backup", RealClock()),
        memory(store_loop),
        store(store == nullptr ? memory : *store) {
    committer = *Committer::Open(this->store, commit_loop, metrics);
    NorthboundServer::Options options;
    options.listen = "127.0.0.1:0";
    options.plaintext_role = role;
    options.identity = {"1.2.3", 7, absl::FromUnixSeconds(1'000)};
    auto started =
        NorthboundServer::Start({this->store, view, *committer, watch_loop, backup_loop,
                                 RealClock(), metrics, paths, programming, &mesh_queries},
                                options);
    EXPECT_TRUE(started.ok()) << started.status();
    server = *std::move(started);
    // A channel of its own: clients of other servers in the process must not share its connection.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(-1);
    channel = grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server->port()),
                                        grpc::InsecureChannelCredentials(), arguments);
    topology = v1::TopologyService::NewStub(channel);
    customers = v1::CustomerService::NewStub(channel);
    policies = v1::PolicyService::NewStub(channel);
    changes = v1::ChangeService::NewStub(channel);
    mesh = v1::MeshService::NewStub(channel);
  }
  ~Server() {
    server->Shutdown(absl::ZeroDuration());
    commit_loop.Stop();
    watch_loop.Stop();
    backup_loop.Stop();
    store_loop.Stop();
  }

  grpc::Status Apply(const v1::Bundle& bundle, v1::ApplyResponse* reply = nullptr) {
    v1::ApplyRequest request;
    *request.mutable_put() = bundle;
    return Apply(request, reply);
  }
  grpc::Status Apply(const v1::ApplyRequest& request, v1::ApplyResponse* reply = nullptr) {
    grpc::ClientContext context;
    v1::ApplyResponse ignored;
    return changes->Apply(&context, request, reply == nullptr ? &ignored : reply);
  }

  ThreadEventLoop store_loop, commit_loop, watch_loop, backup_loop;
  MemoryStore memory;
  Store& store;
  NetworkViewHolder view;
  Metrics metrics;
  FakePathQueries paths;
  FakeMeshQueries mesh_queries;
  FakeProgramming programming;
  std::unique_ptr<Committer> committer;
  std::unique_ptr<NorthboundServer> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::TopologyService::Stub> topology;
  std::unique_ptr<v1::CustomerService::Stub> customers;
  std::unique_ptr<v1::PolicyService::Stub> policies;
  std::unique_ptr<v1::ChangeService::Stub> changes;
  std::unique_ptr<v1::MeshService::Stub> mesh;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_TESTING_H_

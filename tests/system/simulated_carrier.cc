#include "tests/system/simulated_carrier.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/plan/plan.h"
#include "controller/store/resource_key.h"
#include "controller/topology/yaml_bundle.h"
#include "northbound/api/trace.h"
#include "tests/conformance/frames.h"

namespace waymark {
namespace {

std::string Id(const std::string& name) { return std::string(ResourceId(name)); }

template <typename List>
void AddIntents(const List& list, std::vector<Intent>& intents) {
  using Message = std::decay_t<decltype(list[0])>;
  for (const Message& message : list) {
    Intent intent;
    intent.action = Intent::Action::kPut;
    intent.kind = KindOf<Message>::value;
    intent.name = message.name();
    intent.resource = std::make_shared<Message>(message);
    intents.push_back(std::move(intent));
  }
}

template <typename Message>
std::vector<Message> ReadAll(const Store& store, std::string_view prefix) {
  std::vector<Message> messages;
  auto records = store.List(std::string(prefix));
  if (!records.ok()) return messages;
  for (const Record& record : *records) {
    Message message;
    if (message.ParseFromString(record.value)) messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace

absl::Status MemoryStateStore::Commit(const StateMark& mark,
                                      std::span<const southbound::v1::Operation> operations) {
  if (!failure_.ok()) return failure_;
  image_.mark = mark;
  for (const southbound::v1::Operation& operation : operations) {
    if (operation.has_put()) {
      image_.table.Put(operation.put());
    } else {
      image_.table.Erase(operation.delete_());
    }
  }
  return absl::OkStatus();
}

// The two ends of one connection. When either end dies, what is on its way is lost.
class SimulatedCarrier::Session final : public SwitchSession,
                                        public std::enable_shared_from_this<Session> {
 public:
  Session(SimulatedCarrier& carrier, std::string node)
      : carrier_(carrier), node_(std::move(node)) {}

  const std::string& node() const override { return node_; }

  absl::Status Send(southbound::v1::ControllerMessage message) override {
    if (!open_) return absl::UnavailableError("the session has ended");
    message.set_epoch(carrier_.epoch_);
    const int copies = carrier_.faults_.copies ? carrier_.faults_.copies(node_) : 1;
    for (int i = 0; i < copies; ++i) {
      Travel(&to_agent_due_, [message](SimulatedCarrier& carrier, Session& self) {
        carrier.agents_.at(self.node_)->core->OnMessage(message);
      });
    }
    return absl::OkStatus();
  }

  void Close(absl::Status reason) override { Break(reason); }

  void ToController(southbound::v1::AgentMessage message) {
    Travel(&to_controller_due_,
           [message = std::move(message)](SimulatedCarrier& carrier, Session& self) {
             carrier.engine->OnMessage(self.shared_from_this(), message);
           });
  }

  void Hold(bool held) {
    held_ = held;
    for (auto& work : std::exchange(waiting_, {})) Deliver(std::move(work));
  }

  // Both ends that live hear of it, each after its time.
  void Break(const absl::Status& reason, absl::Duration controller_hears = absl::ZeroDuration(),
             absl::Duration agent_hears = absl::ZeroDuration()) {
    if (!std::exchange(open_, false)) return;
    waiting_.clear();
    Later(controller_hears, [self = shared_from_this(), reason] {
      if (self->carrier_.engine != nullptr) self->carrier_.engine->OnDisconnected(self, reason);
    });
    Later(agent_hears, [self = shared_from_this(), reason] {
      auto it = self->carrier_.agents_.find(self->node_);
      if (it != self->carrier_.agents_.end() && it->second->session == self) {
        it->second->session = nullptr;
        if (it->second->core != nullptr) it->second->core->OnClose(reason);
      }
    });
  }

 private:
  using Work = std::function<void(SimulatedCarrier&, Session&)>;

  void Later(absl::Duration delay, EventLoop::Task task) {
    if (delay <= absl::ZeroDuration()) {
      (void)carrier_.loop.Post(std::move(task));
    } else {
      carrier_.loop.RunAfter(delay, std::move(task));
    }
  }

  // Never before what was sent earlier the same way.
  void Travel(absl::Duration* due, Work work) {
    const absl::Duration now = carrier_.loop.clock().Monotonic();
    const absl::Duration takes =
        carrier_.faults_.travel ? carrier_.faults_.travel(node_) : absl::ZeroDuration();
    *due = std::max(*due, now + takes);
    Later(*due - now, [self = shared_from_this(), work = std::move(work)]() mutable {
      self->Deliver(std::move(work));
    });
  }

  void Deliver(Work work) {
    if (!open_) return;
    if (held_) {
      waiting_.push_back(std::move(work));
    } else {
      work(carrier_, *this);
    }
  }

  absl::Duration to_agent_due_, to_controller_due_;
  bool held_ = false;
  std::vector<Work> waiting_;
  SimulatedCarrier& carrier_;
  const std::string node_;
  bool open_ = true;
};

class SimulatedCarrier::Link final : public ControllerLink {
 public:
  explicit Link(Agent& agent) : agent_(agent) {}

  void Reply(southbound::v1::AgentMessage message) override {
    if (agent_.session != nullptr) agent_.session->ToController(std::move(message));
  }
  void Notify(southbound::v1::Event event) override {
    southbound::v1::AgentMessage message;
    *message.mutable_event() = std::move(event);
    Reply(std::move(message));
  }
  void Disconnect(const absl::Status& reason) override {
    if (agent_.session != nullptr) agent_.session->Break(reason);
  }

 private:
  Agent& agent_;
};

SimulatedCarrier::SimulatedCarrier(SimulatedFaults faults, Engine::Options options)
    : faults_(std::move(faults)), engine_options_(std::move(options)) {
  auto committer = Committer::Open(store, loop, metrics);
  if (committer.ok()) committer_ = *std::move(committer);
}

SimulatedCarrier::~SimulatedCarrier() {
  agents_.clear();
  if (engine != nullptr) engine->Stop();
}

absl::Status SimulatedCarrier::Submit(std::vector<Intent> intents) {
  absl::Status result = absl::UnknownError("not answered");
  Committer::Request request;
  request.intents = std::move(intents);
  committer_->Submit(std::move(request), [&result](absl::StatusOr<Committer::Outcome> outcome) {
    result = outcome.status();
  });
  loop.RunUntilIdle();
  return result;
}

absl::Status SimulatedCarrier::ApplyFiles(const std::vector<std::string>& files) {
  v1::Bundle all;
  for (const std::string& file : files) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    absl::StatusOr<YamlBundle> read = ReadYamlBundle(file, text.str());
    if (!read.ok()) return read.status();
    all.MergeFrom(read->bundle);
  }
  return Apply(all);
}

absl::Status SimulatedCarrier::Apply(const v1::Bundle& bundle) {
  std::vector<Intent> intents;
  AddIntents(bundle.srlgs(), intents);
  AddIntents(bundle.nodes(), intents);
  AddIntents(bundle.links(), intents);
  AddIntents(bundle.customers(), intents);
  AddIntents(bundle.sites(), intents);
  AddIntents(bundle.traffic_classes(), intents);
  AddIntents(bundle.class_maps(), intents);
  AddIntents(bundle.services(), intents);
  absl::Status status = Submit(std::move(intents));
  if (status.ok()) BuildWires();
  return status;
}

absl::Status SimulatedCarrier::Put(const Resource& resource) {
  Intent intent;
  intent.kind = *KindOfMessage(*resource);
  intent.name = resource->GetReflection()->GetString(
      *resource, resource->GetDescriptor()->FindFieldByName("name"));
  intent.resource = resource;
  return Submit({std::move(intent)});
}

absl::Status SimulatedCarrier::Delete(Kind kind, const std::string& name) {
  Intent intent;
  intent.action = Intent::Action::kDelete;
  intent.kind = kind;
  intent.name = name;
  return Submit({std::move(intent)});
}

void SimulatedCarrier::BuildWires() {
  for (const v1::Node& node : ReadAll<v1::Node>(store, kNodePrefix)) {
    (void)fabric->AddSwitch(Id(node.name()));
  }
  std::map<std::string, v1::Link> links;
  for (v1::Link& link : ReadAll<v1::Link>(store, kLinkPrefix)) links[link.name()] = link;
  for (const auto& [name, link] : links) {
    if (link.reverse().empty() || name > link.reverse()) continue;
    const v1::Link& back = links.at(link.reverse());
    (void)fabric->AddWire({Id(link.source()), link.interface()},
                          {Id(back.source()), back.interface()});
  }
  std::map<std::string, int> next;
  for (const v1::Site& site : ReadAll<v1::Site>(store, kSitePrefix)) {
    // Customers' hosts have the same addresses, on purpose.
    const std::string customer = site.name().substr(0, site.name().find("/sites/"));
    host_numbers_[site.name()] = ++next[customer];
    (void)fabric->AddHost(absl::StrCat(Id(customer), ".", Id(site.name())),
                          {Id(site.node()), site.port()});
  }
}

std::string SimulatedCarrier::MacOf(const std::string& site) const {
  return HostMac(static_cast<uint8_t>(host_numbers_.at(site)));
}

void SimulatedCarrier::StartController() {
  ++epoch_;
  engine = std::make_unique<Engine>(faults_.engine_store == nullptr ? store : *faults_.engine_store,
                                    views, loop, metrics, engine_options_);
  if (absl::Status status = engine->Start(); !status.ok()) engine.reset();
  // The first plan's placements are stored before any switch is known.
  loop.RunUntilIdle();
  paths = std::make_unique<EnginePathQueries>(store, *engine, views, loop, metrics,
                                              EnginePathQueries::Options());
  if (!paths->Start().ok()) paths.reset();
}

void SimulatedCarrier::KillController() {
  for (auto& [node, agent] : agents_) {
    if (agent->session != nullptr) agent->session->Break(absl::UnavailableError("killed"));
  }
  paths.reset();
  engine->Stop();
  loop.RunUntilIdle();
  engine.reset();
}

absl::Status SimulatedCarrier::StartAgent(const std::string& node) {
  std::unique_ptr<Agent>& agent = agents_[node];
  if (agent == nullptr) agent = std::make_unique<Agent>();
  if (agent->core == nullptr) {
    agent->dataplane = std::make_unique<SimDataPlane>(fabric, node);
    if (faults_.dataplane) {
      agent->dataplane = faults_.dataplane(node, std::move(agent->dataplane));
    }
    AgentOptions options;
    options.node = node;
    options.version = "test";
    options.instance = absl::StrCat("instance-", next_instance_++);
    agent->core =
        std::make_unique<AgentCore>(options, &loop, agent->dataplane.get(), &agent->disk, &metrics);
    agent->link = std::make_unique<Link>(*agent);
    agent->core->SetLink(agent->link.get());
    if (absl::Status status = agent->core->Start(); !status.ok()) return status;
  }
  auto session = std::make_shared<Session>(*this, node);
  const southbound::v1::Hello hello = agent->core->OnOpen();
  absl::Status status = engine->OnConnected(session, hello);
  if (!status.ok()) {
    agent->core->OnClose(status);
    return status;
  }
  agent->session = session;
  session->Hold(agent->held);
  southbound::v1::ControllerMessage welcome;
  welcome.mutable_welcome()->set_controller_version("test");
  return session->Send(std::move(welcome));
}

void SimulatedCarrier::StartAllAgents() {
  for (const v1::Node& node : ReadAll<v1::Node>(store, kNodePrefix)) {
    (void)StartAgent(Id(node.name()));
  }
}

void SimulatedCarrier::KillAgent(const std::string& node) {
  Agent& agent = *agents_.at(node);
  std::shared_ptr<Session> session = std::exchange(agent.session, nullptr);
  agent.core.reset();
  agent.link.reset();
  agent.dataplane.reset();
  if (session != nullptr) session->Break(absl::UnavailableError("killed"));
  loop.RunUntilIdle();
}

bool SimulatedCarrier::AgentRuns(const std::string& node) const {
  const auto it = agents_.find(node);
  return it != agents_.end() && it->second->core != nullptr;
}

bool SimulatedCarrier::AgentHasDoneAll(const std::string& node) const {
  return AgentRuns(node) && agents_.at(node)->core->pending().empty();
}

bool SimulatedCarrier::Connected(const std::string& node) const {
  const auto it = agents_.find(node);
  return it != agents_.end() && it->second->session != nullptr;
}

void SimulatedCarrier::HoldSession(const std::string& node, bool held) {
  Agent& agent = *agents_.at(node);
  agent.held = held;
  if (agent.session != nullptr) agent.session->Hold(held);
}

void SimulatedCarrier::BreakSession(const std::string& node, absl::Duration controller_hears,
                                    absl::Duration agent_hears) {
  Agent& agent = *agents_.at(node);
  if (agent.session == nullptr) return;
  agent.session->Break(absl::UnavailableError("the connection is lost"), controller_hears,
                       agent_hears);
}

void SimulatedCarrier::SetWire(const std::string& link, SimWireState state) {
  auto record = store.Get(StoreKey(kLinkPrefix, "links/" + link));
  v1::Link message;
  if (!record.ok() || !message.ParseFromString(record->value)) return;
  (void)fabric->SetWire({Id(message.source()), message.interface()}, state);
  loop.RunUntilIdle();
}

bool SimulatedCarrier::Settle(absl::Duration limit) {
  const absl::Duration end = loop.clock().Monotonic() + limit;
  const absl::Duration step = absl::Milliseconds(50);
  // Longer than gathering, publishing, probing three times and waiting to restore.
  const absl::Duration quiet = absl::Seconds(3);
  absl::Duration settled_since = absl::InfiniteDuration();
  std::shared_ptr<const NetworkView> last;
  while (loop.clock().Monotonic() < end) {
    loop.Advance(step);
    std::shared_ptr<const NetworkView> view = views.Get();
    const absl::Duration now = loop.clock().Monotonic();
    if (!view->converged || view->computed_from != store.current() || view != last) {
      settled_since = now;
    }
    last = view;
    if (now - settled_since >= quiet) return true;
  }
  return false;
}

std::string SimulatedCarrier::WhyNotSettled() const {
  const std::shared_ptr<const NetworkView> view = views.Get();
  std::string text = absl::StrCat("computed from ", view->computed_from, " of ", store.current(),
                                  view->converged ? ", converged" : ", not converged");
  for (const auto& [name, agent] : view->agents) {
    if (agent->status().state() == v1::UP) continue;
    absl::StrAppend(&text, "\n", agent->ShortDebugString());
  }
  return text;
}

v1::Status SimulatedCarrier::StatusOf(const std::string& name) const {
  const std::shared_ptr<const NetworkView> view = views.Get();
  if (auto it = view->statuses.find(name); it != view->statuses.end()) return *it->second;
  if (auto it = view->policies.find(name); it != view->policies.end()) return it->second->status();
  if (auto it = view->agents.find(name); it != view->agents.end()) return it->second->status();
  return v1::Status();
}

absl::StatusOr<v1::TraceResponse> SimulatedCarrier::Trace(const v1::TraceRequest& request) const {
  const std::shared_ptr<const NetworkView> view = views.Get();
  return committer_->WithModel(
      [&](const Model& model) { return waymark::Trace(model, *view, request); });
}

namespace {

// Asks, and lets simulated time pass until the answer is there.
template <typename Response, typename Ask>
absl::StatusOr<Response> AnswerOf(SimulatedEventLoop& loop, Ask ask) {
  auto answer = std::make_shared<absl::StatusOr<Response>>(absl::UnknownError("not answered"));
  ask([answer](absl::StatusOr<Response> response) { *answer = std::move(response); });
  for (int i = 0; i < 200 && absl::IsUnknown(answer->status()); ++i) {
    loop.Advance(absl::Milliseconds(5));
  }
  return *answer;
}

}  // namespace

absl::StatusOr<v1::ComputePathResponse> SimulatedCarrier::ComputePath(
    const v1::ComputePathRequest& request) {
  return AnswerOf<v1::ComputePathResponse>(
      loop, [&](auto done) { paths->ComputePath(request, PathQueries::Limits(), done); });
}

absl::StatusOr<v1::ExplainServiceResponse> SimulatedCarrier::ExplainService(
    const std::string& name) {
  v1::ExplainServiceRequest request;
  request.set_name(name);
  return AnswerOf<v1::ExplainServiceResponse>(
      loop, [&](auto done) { paths->ExplainService(request, PathQueries::Limits(), done); });
}

absl::StatusOr<v1::ReoptimizeResponse> SimulatedCarrier::Reoptimize(
    const v1::ReoptimizeRequest& request) {
  return AnswerOf<v1::ReoptimizeResponse>(
      loop, [&](auto done) { paths->Reoptimize(request, PathQueries::Limits(), done); });
}

void SimulatedCarrier::Learn() {
  for (const auto& [site, number] : host_numbers_) {
    FrameSpec spec;
    spec.from = MacOf(site);
    spec.text = "learn";
    const std::string customer = site.substr(0, site.find("/sites/"));
    (void)fabric->Send(absl::StrCat(Id(customer), ".", Id(site)), MakeFrame(spec));
  }
  loop.RunUntilIdle();
}

SimulatedCarrier::Journey SimulatedCarrier::Send(const std::string& from_site,
                                                 const std::string& to_site, uint8_t dscp,
                                                 int pcp) {
  FrameSpec spec;
  spec.from = MacOf(from_site);
  spec.to = MacOf(to_site);
  spec.dscp = dscp;
  if (pcp >= 0) {
    spec.vlan = 7;
    spec.pcp = static_cast<uint8_t>(pcp);
  }
  spec.text = absl::StrCat("frame ", next_frame_++);
  const std::string customer = Id(from_site.substr(0, from_site.find("/sites/")));
  Journey journey;
  auto id = fabric->Send(absl::StrCat(customer, ".", Id(from_site)), MakeFrame(spec));
  if (!id.ok()) return journey;
  auto hops = fabric->Trace(*id);
  if (!hops.ok()) return journey;
  for (const sim::v1::Hop& hop : *hops) {
    if (hop.kind() == sim::v1::Hop::TRANSMIT) journey.links.push_back(hop.link());
    if (hop.kind() == sim::v1::Hop::DROP) journey.drop = hop.detail();
    if (hop.kind() == sim::v1::Hop::DELIVER && hop.detail() == customer + "." + Id(to_site)) {
      journey.arrived = true;
    }
  }
  return journey;
}

int64_t SimulatedCarrier::OperationsSent() const {
  int64_t sent = 0;
  for (const auto& [name, agent] : views.Get()->agents) sent += agent->operations_sent();
  return sent;
}

}  // namespace waymark

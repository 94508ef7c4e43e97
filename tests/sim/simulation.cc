#include "tests/sim/simulation.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/engine/resources.h"
#include "controller/store/resource_key.h"
#include "tests/sim/faulty_dataplane.h"
#include "tests/sim/oracle.h"
#include "tests/sim/random.h"
#include "tests/sim/slow_store.h"
#include "tests/sim/small_world.h"

namespace waymark {
namespace {

using southbound::v1::Object;

// Between two looks at the flows in turn.
constexpr absl::Duration kSlice = absl::Milliseconds(7);
constexpr size_t kFlowsASlice = 6;
constexpr absl::Duration kSettle = absl::Seconds(120);

class Simulation {
 public:
  explicit Simulation(const SimulationOptions& options)
      : options_(options),
        world_(MakeSmallWorld(options.seed)),
        wire_random_(options.seed, /*stream=*/3),
        disk_random_(options.seed, /*stream=*/4),
        carrier_(Faults(), options.engine),
        store_(carrier_.store, carrier_.loop,
               [this] { return absl::Microseconds(disk_random_.Between(50, 8'000)); }),
        oracle_(carrier_, world_) {
    dataplane_faults_.refuse = [this](const std::string& node, const Object& object) {
      return Refuse(node, object);
    };
    dataplane_faults_.deaf = [this](const std::string& node) { return deaf_.contains(node); };
    dataplane_faults_.changed = [this](const std::string& node, const Object& object) {
      Changed(node, object);
    };
  }

  SimulationResult Run() {
    if (const absl::Status status = carrier_.Apply(world_.carrier); !status.ok()) {
      result_.violations.push_back("the carrier is refused: " + status.ToString());
      return result_;
    }
    StartController();
    Pass(absl::Milliseconds(200));
    for (const Action& action : options_.actions) {
      Pass(action.after);
      if (!oracle_.violations().empty()) break;
      StopOrResumeRollout(action.seed);
      Do(action);
      oracle_.CheckAll();
    }
    if (oracle_.violations().empty()) MendAll();
    if (oracle_.violations().empty() && result_.violations.empty()) CheckEnd();
    for (const std::string& text : oracle_.violations()) result_.violations.push_back(text);
    result_.frames = oracle_.frames();
    result_.simulated = carrier_.loop.clock().Monotonic();
    return result_;
  }

 private:
  SimulatedFaults Faults() {
    SimulatedFaults faults;
    faults.travel = [this](const std::string& node) {
      // Some switches are far away, and now and then a message takes long.
      const int64_t base = 100 + static_cast<int64_t>(HashBytes(node) % 7) * 2'000;
      return absl::Microseconds(wire_random_.OneIn(20) ? wire_random_.Between(1, 400'000)
                                                       : wire_random_.Between(base, base * 2));
    };
    faults.copies = [this](const std::string& node) {
      return duplicating_.contains(node) && wire_random_.OneIn(2) ? 2 : 1;
    };
    faults.dataplane = [this](const std::string& node, std::unique_ptr<DataPlane> real) {
      return std::make_unique<FaultyDataPlane>(node, std::move(real), dataplane_faults_);
    };
    faults.engine_store = &store_;
    return faults;
  }

  // ---------------------------------------------------------------- time

  void Trace(const std::string& text) {
    if (!options_.trace) return;
    options_.trace(
        absl::StrCat(absl::FormatDuration(carrier_.loop.clock().Monotonic()), " ", text));
  }

  void Pass(absl::Duration duration) {
    while (duration > absl::ZeroDuration() && oracle_.violations().empty()) {
      const absl::Duration slice = std::min(duration, kSlice);
      carrier_.loop.Advance(slice);
      duration -= slice;
      Connect();
      oracle_.CheckSome(kFlowsASlice);
      for (const std::string& node : world_.nodes) oracle_.CheckKernel(node);
    }
  }

  // As agents do: who has no session tries again, after a pause of its own.
  void Connect() {
    const absl::Duration now = carrier_.loop.clock().Monotonic();
    for (const std::string& node : world_.nodes) {
      if (dead_until_[node] > now || next_try_[node] > now) continue;
      if (carrier_.engine == nullptr || carrier_.Connected(node)) continue;
      next_try_[node] = now + absl::Milliseconds(wire_random_.Between(5, 300));
      if (!carrier_.AgentRuns(node)) Trace("agent " + node + " starts");
      const absl::Status status = carrier_.StartAgent(node);
      if (!status.ok()) Trace("agent " + node + ": " + status.ToString());
    }
  }

  absl::Status Refuse(const std::string& node, const Object& object) {
    auto failures = failing_.find(node);
    if (failures == failing_.end()) return absl::OkStatus();
    if (failures->second-- > 0) return absl::OkStatus();
    failing_.erase(failures);
    if (options_.break_rollback) {
      deaf_.insert(node);
      (void)carrier_.loop.Post([this, node] { deaf_.erase(node); });
    }
    Trace(absl::StrCat("data plane of ", node, " refuses ", ObjectKey(object)));
    return absl::InternalError("the kernel has no memory");
  }

  void Changed(const std::string& node, const Object& object) {
    ++result_.changes;
    Trace(absl::StrCat("kernel ", node, " ", ObjectKey(object)));
    if (object.has_policy() || object.has_instance() || object.has_attachment()) {
      oracle_.CheckFrom(node);
    } else {
      oracle_.CheckSome(4 * kFlowsASlice);
    }
  }

  // ---------------------------------------------------------------- programs

  void StartController() {
    Trace("controller starts");
    carrier_.StartController();
    if (carrier_.engine == nullptr) result_.violations.push_back("the controller does not start");
  }

  void KillController(Random& random) {
    if (carrier_.engine == nullptr) return;
    const size_t written = random.Below(store_.under_way() + 1);
    Trace(absl::StrCat("controller killed, ", written, " of ", store_.under_way(),
                       " commits under way are written"));
    store_.Crash(written);
    carrier_.KillController();
    Pass(absl::Milliseconds(random.Between(0, 1'000)));
    StartController();
  }

  void KillAgent(const std::string& node, Random& random) {
    if (!carrier_.AgentRuns(node)) return;
    carrier_.KillAgent(node);
    dead_until_[node] =
        carrier_.loop.clock().Monotonic() + absl::Milliseconds(random.Between(0, 1'500));
  }

  void Reboot(const std::string& node, Random& random) {
    KillAgent(node, random);
    oracle_.Wiped(node);
    const auto held = carrier_.fabric->Held(node);
    // Users before what they use.
    for (const char* kind : {"attachment:", "instance:", "policy:", "route:", "link:", "node:"}) {
      for (const auto& [key, entry] : held->entries()) {
        if (key.starts_with(kind)) (void)carrier_.fabric->Drift(node, key);
      }
    }
  }

  void Drift(const std::string& node, Random& random) {
    const auto held = carrier_.fabric->Held(node);
    if (held->size() == 0) return;
    auto entry = held->entries().begin();
    std::advance(entry, static_cast<std::ptrdiff_t>(random.Below(held->size())));
    Trace("drift: " + entry->first);
    oracle_.Wiped(node);
    (void)carrier_.fabric->Drift(node, entry->first);
  }

  // ---------------------------------------------------------------- fibres

  void SetWire(const std::string& fibre, SimWireState state) {
    const bool whole = state == SimWireState::kUp;
    if (whole != !broken_.contains(fibre)) oracle_.WireChanged(fibre, whole);
    if (whole) {
      broken_.erase(fibre);
    } else {
      broken_.insert(fibre);
    }
    carrier_.SetWire(fibre, state);
  }

  void Flap(const std::string& fibre, Random& random) {
    for (int i = 0; i < 5; ++i) {
      SetWire(fibre, SimWireState::kCut);
      Pass(absl::Milliseconds(random.Between(0, 40)));
      SetWire(fibre, SimWireState::kUp);
      Pass(absl::Milliseconds(random.Between(0, 40)));
    }
  }

  // ---------------------------------------------------------------- intents

  template <typename Message>
  bool Put(const Message& message) {
    const absl::Status status = carrier_.Put(std::make_shared<Message>(message));
    Trace(absl::StrCat("put ", message.name(), ": ", status.ToString()));
    return status.ok();
  }

  void CreateService(Random& random) {
    const v1::Service& service = random.Of(world_.services);
    if (wanted_.contains(service.name()) || !Put(service)) return;
    wanted_.insert(service.name());
    oracle_.ServiceWanted(Stored<v1::Service>(kServicePrefix, service.name()));
  }

  void DeleteService(Random& random) {
    if (wanted_.empty()) return;
    auto name = wanted_.begin();
    std::advance(name, static_cast<std::ptrdiff_t>(random.Below(wanted_.size())));
    const absl::Status status = carrier_.Delete(Kind::kService, *name);
    Trace(absl::StrCat("delete ", *name, ": ", status.ToString()));
    if (!status.ok()) return;
    oracle_.ServiceGone(*name);
    wanted_.erase(name);
  }

  void ChangeRate(Random& random) {
    if (wanted_.empty()) return;
    auto name = wanted_.begin();
    std::advance(name, static_cast<std::ptrdiff_t>(random.Below(wanted_.size())));
    for (v1::Service service : world_.services) {
      if (service.name() != *name) continue;
      for (v1::ClassRate& rate : *service.mutable_rates()) {
        rate.set_cir_bps(random.Between(1, 150) * 10'000'000);
      }
      Put(service);
    }
  }

  template <typename Message>
  Message Stored(std::string_view prefix, const std::string& name) const {
    Message message;
    message.ParseFromString(carrier_.store.Get(StoreKey(prefix, name))->value);
    return message;
  }

  // A mark gets another class: its frames need policies that may not be there yet.
  void ChangeClassMap(Random& random) {
    v1::ClassMap map = Stored<v1::ClassMap>(
        kClassMapPrefix, world_.carrier.class_maps(static_cast<int>(random.Below(2))).name());
    const uint8_t mark = random.Of(world_.marks);
    v1::ClassRule* rule = nullptr;
    for (v1::ClassRule& each : *map.mutable_rules()) {
      if (each.dscp(0) == mark) rule = &each;
    }
    if (rule == nullptr) {
      rule = map.add_rules();
      rule->add_dscp(mark);
    }
    const int classes = world_.carrier.traffic_classes_size();
    rule->set_traffic_class(
        world_.carrier.traffic_classes(static_cast<int>(random.Below(static_cast<size_t>(classes))))
            .name());
    Put(map);
  }

  void Maintain(Random& random) {
    v1::Link link = Stored<v1::Link>(kLinkPrefix, "links/" + random.Of(world_.fibres));
    link.set_admin_state(random.OneIn(2) ? v1::ENABLED : random.OneIn(2) ? v1::AVOID : v1::FORBID);
    Put(link);
  }

  void ChangeMetric(Random& random) {
    v1::Link link = Stored<v1::Link>(kLinkPrefix, "links/" + random.Of(world_.fibres));
    link.set_igp_metric(static_cast<uint32_t>(random.Between(1, 6)));
    Put(link);
  }

  // ---------------------------------------------------------------- rollouts

  // Now and then somebody does, where changes go out in waves.
  void StopOrResumeRollout(uint64_t seed) {
    if (options_.engine.switches.waves.share >= 1 || carrier_.engine == nullptr) return;
    Random random(seed, /*stream=*/5);
    const auto tell = [this](const absl::StatusOr<v1::Rollout>& told) {
      Trace(told.ok() ? "rollout: " + v1::RolloutState_Name(told->state())
                      : "rollout: " + told.status().ToString());
    };
    switch (random.Below(6)) {
      case 0:
        return carrier_.engine->PauseRollout("to look", "sim", tell);
      case 1:
        return carrier_.engine->AbortRollout("it is wrong", "sim", tell);
      case 2:
      case 3:
        return carrier_.engine->ResumeRollout("sim", tell);
      default:
        return;
    }
  }

  // ---------------------------------------------------------------- what happens

  void Do(const Action& action) {
    Random random(action.seed);
    const std::string& node = random.Of(world_.nodes);
    const std::string& fibre = random.Of(world_.fibres);
    const auto later = [this, &random](auto end) {
      carrier_.loop.RunAfter(absl::Milliseconds(random.Between(20, 2'000)), end);
    };
    Trace(absl::StrCat("== ", ActionName(action.kind), " (", node, ", ", fibre, ")"));
    switch (action.kind) {
      case ActionKind::kCreateService:
        return CreateService(random);
      case ActionKind::kDeleteService:
        return DeleteService(random);
      case ActionKind::kChangeRate:
        return ChangeRate(random);
      case ActionKind::kChangeClassMap:
        return ChangeClassMap(random);
      case ActionKind::kMaintain:
        return Maintain(random);
      case ActionKind::kChangeMetric:
        return ChangeMetric(random);
      case ActionKind::kCutFibre:
        return SetWire(fibre, SimWireState::kCut);
      case ActionKind::kSilenceFibre:
        return SetWire(fibre, SimWireState::kSilent);
      case ActionKind::kMendFibre:
        if (!broken_.empty()) SetWire(std::string(*broken_.begin()), SimWireState::kUp);
        return;
      case ActionKind::kFlapFibre:
        return Flap(fibre, random);
      case ActionKind::kKillController:
        return KillController(random);
      case ActionKind::kKillAgent:
        return KillAgent(node, random);
      case ActionKind::kForgetAgent:
        KillAgent(node, random);
        return carrier_.DiskOf(node).Lose();
      case ActionKind::kRebootSwitch:
        return Reboot(node, random);
      case ActionKind::kPartition:
        carrier_.HoldSession(node, true);
        return later([this, node] { carrier_.HoldSession(node, false); });
      case ActionKind::kBreakSession:
        return carrier_.BreakSession(node, absl::Milliseconds(random.Between(0, 1'000)),
                                     absl::Milliseconds(random.Between(0, 1'000)));
      case ActionKind::kDuplicate:
        duplicating_.insert(node);
        return later([this, node] { duplicating_.erase(node); });
      case ActionKind::kHangAgent:
        carrier_.HoldSession(node, true);
        carrier_.loop.RunAfter(absl::Milliseconds(random.Between(1'000, 14'000)),
                               [this, node] { carrier_.HoldSession(node, false); });
        return;
      case ActionKind::kFullStore:
        carrier_.store.FailCommits(absl::ResourceExhaustedError("disk full"));
        return later([this] { carrier_.store.FailCommits(absl::OkStatus()); });
      case ActionKind::kFullAgentDisk:
        carrier_.DiskOf(node).Fail(absl::ResourceExhaustedError("disk full"));
        return later([this, node] { carrier_.DiskOf(node).Fail(absl::OkStatus()); });
      case ActionKind::kDataPlaneFails:
        failing_[node] = static_cast<int>(random.Below(12));
        return;
      case ActionKind::kSetClock:
        return carrier_.loop.SetWallClock(absl::Minutes(random.Between(-100, 100)));
      case ActionKind::kDrift:
        return Drift(node, random);
    }
  }

  // ---------------------------------------------------------------- the end

  void MendAll() {
    Trace("== everything is mended");
    const std::set<std::string> broken = broken_;
    for (const std::string& fibre : broken) SetWire(fibre, SimWireState::kUp);
    failing_.clear();
    duplicating_.clear();
    carrier_.store.FailCommits(absl::OkStatus());
    for (const std::string& node : world_.nodes) {
      carrier_.HoldSession(node, false);
      carrier_.DiskOf(node).Fail(absl::OkStatus());
    }
    const absl::Duration end = carrier_.loop.clock().Monotonic() + kSettle;
    absl::Duration quiet_since = carrier_.loop.clock().Monotonic();
    std::shared_ptr<const NetworkView> last;
    while (carrier_.loop.clock().Monotonic() < end && oracle_.violations().empty()) {
      Pass(absl::Milliseconds(100));
      // It may pause by itself again.
      if (carrier_.engine != nullptr) carrier_.engine->ResumeRollout("sim", [](const auto&) {});
      const std::shared_ptr<const NetworkView> view = carrier_.views.Get();
      const absl::Duration now = carrier_.loop.clock().Monotonic();
      const bool rests = view->converged && view->computed_from == carrier_.store.current() &&
                         view == last && InStep();
      if (!rests) quiet_since = now;
      last = view;
      if (now - quiet_since > absl::Seconds(4)) return;
    }
    if (oracle_.violations().empty()) {
      result_.violations.push_back(absl::StrCat("does not come to rest within ",
                                                absl::FormatDuration(kSettle), ": ",
                                                carrier_.WhyNotSettled(), WhyNotInStep()));
    }
  }

  // Every kernel holds what a fresh computation wants.
  std::string WhyNotInStep() {
    Resources resources;
    if (!resources.Load(carrier_.store, carrier_.store.current()).ok()) return " store unreadable";
    const auto snapshot = resources.Topology();
    const Plan plan = MakePlan({**snapshot,
                                resources.intents(),
                                {},
                                resources.placements(),
                                options_.engine.plan,
                                &resources.mesh_routes(),
                                &resources.guarantees()});
    if (!plan.mesh_changes.empty()) {
      return absl::StrCat(" a fresh computation changes ", plan.mesh_changes.size(),
                          " records of mesh routes");
    }
    for (const auto& [node, objects] : plan.objects) {
      const auto held = carrier_.fabric->Held(node);
      if (held->digest() == objects.digest()) continue;
      for (const auto& [key, entry] : objects.entries()) {
        const Object* there = held->Find(key);
        if (there == nullptr) return absl::StrCat(" ", node, " lacks ", key);
        if (ObjectHash(*there) != entry.hash) {
          return absl::StrCat(" ", node, " differs in ", key, ": ", there->ShortDebugString(),
                              " instead of ", entry.object->ShortDebugString());
        }
      }
      return absl::StrCat(" ", node, " holds more than it should");
    }
    return "";
  }
  bool InStep() { return WhyNotInStep().empty(); }

  void CheckEnd() {
    Trace("== at rest");
    oracle_.CheckSettled();
    if (!oracle_.violations().empty()) return;
    // Whoever starts anew finds nothing to do.
    carrier_.KillController();
    StartController();
    Pass(absl::Seconds(10));
    if (carrier_.OperationsSent() != 0) {
      result_.violations.push_back(
          absl::StrCat("a fresh controller sends ", carrier_.OperationsSent(), " operations"));
    }
    oracle_.CheckSettled();
  }

  const SimulationOptions& options_;
  const SmallWorld world_;
  Random wire_random_, disk_random_;
  std::set<std::string> duplicating_;
  DataPlaneFaults dataplane_faults_;
  std::map<std::string, int> failing_;  // node -> changes until one fails
  std::set<std::string> deaf_;
  SimulatedCarrier carrier_;
  SlowStore store_;
  Oracle oracle_;
  std::map<std::string, absl::Duration> dead_until_, next_try_;
  std::set<std::string> wanted_, broken_;
  SimulationResult result_;
};

}  // namespace

SimulationResult Simulate(const SimulationOptions& options) { return Simulation(options).Run(); }

}  // namespace waymark

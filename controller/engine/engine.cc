#include "controller/engine/engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/plan/handovers.h"
#include "controller/store/resource_key.h"

namespace waymark {
namespace {

constexpr absl::Duration kRetryStore = absl::Seconds(1);
// Plans in a row that a link may overtake while they are stored. The next one is programmed all the
// same, or links that flap faster than the store answers would keep everybody waiting.
constexpr int kMostOvertaken = 3;

}  // namespace

Engine::Engine(Store& store, NetworkViewHolder& views, EventLoop& loop, Metrics& metrics,
               Options options)
    : store_(store),
      views_(views),
      loop_(loop),
      metrics_(metrics),
      options_(options),
      switches_(
          loop, metrics, options.switches, [this] { MarkViewDirty(); },
          [this](const std::string& link, bool up) { OnLinkChange(link, up); }),
      journeys_(loop.clock(), metrics) {
  guard_->engine = this;
  switches_.Follow(&journeys_);
  switches_.OnRollout([this] { OnRollout(); });
}

Engine::~Engine() {
  std::lock_guard<std::mutex> lock(guard_->mutex);
  guard_->engine = nullptr;
}

void Engine::PostSurely(EventLoop::Task task) {
  {
    std::lock_guard<std::mutex> lock(inbox_mutex_);
    inbox_.push_back(std::move(task));
    if (std::exchange(draining_, true)) return;
  }
  // One drain at a time, so that its place among the loop's tasks and timers does not matter to the
  // order in here.
  if (!loop_.Post([this] { DrainInbox(); })) {
    loop_.RunAfter(absl::ZeroDuration(), [this] { DrainInbox(); });
  }
}

void Engine::DrainInbox() {
  std::vector<EventLoop::Task> tasks;
  {
    std::lock_guard<std::mutex> lock(inbox_mutex_);
    tasks.swap(inbox_);
    waiting_.clear();
    draining_ = false;
  }
  for (EventLoop::Task& task : tasks) task();
}

absl::Status Engine::Start() {
  const Revision revision = store_.current();
  if (absl::Status status = resources_.Load(store_, revision); !status.ok()) return status;
  if (absl::Status status = LoadFreeze(); !status.ok()) return status;
  if (absl::Status status = LoadRollout(); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Subscription>> subscription = store_.Watch(
      revision,
      [this](const ChangeSet& changes) { PostSurely([this, changes] { OnChangeSet(changes); }); });
  if (!subscription.ok()) return subscription.status();
  subscription_ = *std::move(subscription);
  started_ = true;
  dirty_ = true;
  if (revision > 0) {
    switches_.HoldUntilHeard(options_.hear_agents, options_.gather * 10);
  }
  journeys_.Noticed(revision, "the controller's start");
  // At once, so that agents which connect next find what they must hold.
  Recompute();
  Log(LogLevel::kInfo, "engine started",
      {{"revision", revision},
       {"nodes", static_cast<int64_t>(snapshot_ == nullptr ? 0 : snapshot_->nodes().size())},
       {"policies", static_cast<int64_t>(plan_.policies.size())}});
  return absl::OkStatus();
}

void Engine::Stop() {
  started_ = false;
  subscription_.reset();
  loop_.Cancel(compute_timer_);
  loop_.Cancel(publish_timer_);
}

void Engine::OnChangeSet(const ChangeSet& changes) {
  if (!started_) return;
  // Only while a plan is coming that will take them over.
  if (waves() && (links_changed_ || repairing_) && (dirty_ || storing_)) {
    deferred_.push_back(changes);
  } else {
    TakeOver(changes);
  }
}

void Engine::TakeOver(const ChangeSet& changes) {
  bool relevant = false;
  if (absl::Status status = resources_.Apply(changes, &relevant); !status.ok()) {
    metrics_.Counter("waymark_engine_bad_records_total", "Stored records that do not parse")
        .Increment();
    Log(LogLevel::kError, "cannot take over a change; the last good plan stays in force",
        {{"revision", changes.revision}, {"error", status.ToString()}});
    return;
  }
  if (relevant) {
    for (const Change& change : changes.changes) {
      if (change.key.starts_with(kRequestPrefix) || change.key.starts_with(kMetaPrefix)) continue;
      journeys_.Noticed(changes.revision, change.key.substr(change.key.find(':') + 1));
    }
    intents_changed_ = true;
    MarkDirty();
  } else {
    if (!dirty_ && !storing_) SetPlanRevision(changes.revision);
    MarkViewDirty();
  }
}

void Engine::OnLinkChange(const std::string& link, bool up) {
  journeys_.Noticed(resources_.revision(), absl::StrCat(link, up ? " is up" : " is down"));
  links_changed_ = true;
  MarkDirty();
}

void Engine::MarkDirty() {
  if (dirty_ || !started_) return;
  dirty_ = true;
  if (!storing_) compute_timer_ = loop_.RunAfter(options_.gather, [this] { Recompute(); });
}

void Engine::Recompute() {
  if (!started_ || storing_ || !dirty_) return;
  // What is asked for is computed first, as if all links were as before, and not programmed: so it
  // is known which switches the links alone concern.
  const bool asked_for_first = waves() && links_changed_ && intents_changed_;
  dirty_ = false;
  absl::StatusOr<std::shared_ptr<const Snapshot>> snapshot = resources_.Topology();
  if (!snapshot.ok()) {
    metrics_.Counter("waymark_engine_failures_total", "Computations that could not be done")
        .Increment();
    Log(LogLevel::kError, "stored topology is not valid; the last good plan stays in force",
        {{"error", snapshot.status().ToString()}});
    return TakeDeferred();
  }
  dirty_ = only_base_ = asked_for_first;
  intents_changed_ = false;
  if (!asked_for_first) repairing_ = std::exchange(links_changed_, false) || repairing_;
  const absl::Duration begin = loop_.clock().Monotonic();
  journeys_.Computing();
  next_snapshot_ = *std::move(snapshot);
  next_revision_ = resources_.revision();
  next_links_down_ = asked_for_first ? plan_links_down_ : switches_.links_down();
  PlanChanges changes = resources_.TakeChanges();
  if (std::exchange(plan_lost_, false)) changes = PlanChanges::All();
  next_plan_ = planner_.Make(
      {*next_snapshot_, resources_.intents(), next_links_down_, resources_.placements(),
       options_.plan, &resources_.mesh_routes(), &resources_.guarantees()},
      changes);
  CountRuns();
  metrics_
      .Histogram("waymark_engine_plan_seconds", "Time to compute a plan",
                 {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10})
      .Observe(absl::ToDoubleSeconds(loop_.clock().Monotonic() - begin));
  journeys_.Computed(next_revision_);
  if (next_plan_.changed_placements.empty() && next_plan_.deleted_placements.empty() &&
      next_plan_.mesh_changes.empty() && next_plan_.guarantee_changes.empty()) {
    if (!asked_for_first) return Adopt();
    NoteBase();
    Recompute();
  } else {
    StorePlacements();
  }
}

void Engine::NoteBase() {
  if (!waves() || repairing_) return;
  base_.emplace();
  for (const auto& [node, objects] : next_plan_.objects) (*base_)[node] = objects.digest();
}

std::set<std::string> Engine::Repaired() const {
  std::set<std::string> nodes;
  if (!waves() || !repairing_) return nodes;
  for (const auto& [node, objects] : next_plan_.objects) {
    if (base_) {
      const auto before = base_->find(node);
      if (before == base_->end() || before->second != objects.digest()) nodes.insert(node);
    } else {
      const auto before = plan_.objects.find(node);
      if (before == plan_.objects.end() || before->second.digest() != objects.digest()) {
        nodes.insert(node);
      }
    }
  }
  return nodes;
}

void Engine::CountRuns() {
  for (const auto& [node, runs] : planner_.runs()) {
    Planner::Runs& counted = counted_runs_[node];
    const auto count = [&, &node = node](const char* how, int64_t now, int64_t before) {
      if (now == before) return;
      metrics_
          .Counter("waymark_engine_runs_total",
                   "Computations of a node of the plan's graph, of all of it or of what changed",
                   {{"node", node}, {"how", how}})
          .Increment(static_cast<double>(now - before));
    };
    count("full", runs.full, counted.full);
    count("incremental", runs.incremental, counted.incremental);
    counted = runs;
  }
}

void Engine::StorePlacements() {
  std::vector<Mutation> mutations;
  for (const std::string& name : next_plan_.changed_placements) {
    mutations.push_back({StoreKey(kPlacementPrefix, name),
                         next_plan_.placements.at(name).SerializeAsString(), std::nullopt});
  }
  for (const std::string& name : next_plan_.deleted_placements) {
    mutations.push_back({StoreKey(kPlacementPrefix, name), std::nullopt, std::nullopt});
  }
  const auto add = [&](std::string_view prefix, const auto& changes) {
    for (const auto& [name, record] : changes) {
      Mutation mutation = {StoreKey(prefix, name), std::nullopt, std::nullopt};
      if (record) mutation.value = record->SerializeAsString();
      mutations.push_back(std::move(mutation));
    }
  };
  add(kMeshRoutesPrefix, next_plan_.mesh_changes);
  add(kGuaranteePrefix, next_plan_.guarantee_changes);
  storing_ = true;
  resources_.PlacementsStoring(next_plan_);
  CommitOwn(std::move(mutations),
            [this](const absl::StatusOr<Revision>& stored) { OnPlacementsStored(stored); });
}

void Engine::CommitOwn(std::vector<Mutation> mutations,
                       std::function<void(const absl::StatusOr<Revision>&)> then) {
  store_.Commit(std::move(mutations),
                [guard = guard_, then = std::move(then)](absl::StatusOr<Revision> stored) {
                  std::lock_guard<std::mutex> lock(guard->mutex);
                  if (guard->engine == nullptr) return;
                  guard->engine->PostSurely([then, stored = std::move(stored)] { then(stored); });
                });
}

void Engine::OnPlacementsStored(const absl::StatusOr<Revision>& stored) {
  storing_ = false;
  resources_.PlacementsStored(stored);
  if (!started_) return;
  if (stored.ok()) {
    // What has changed meanwhile may forbid what this plan uses: then it is not programmed at all.
    const bool overtaken = dirty_;
    if (overtaken && (only_base_ || intents_changed_ || overtaken_ < kMostOvertaken)) {
      ++overtaken_;
      NoteBase();
      return Recompute();
    }
    // Whatever else came since was no news to it.
    next_revision_ = resources_.revision();
    Adopt();
    if (overtaken) compute_timer_ = loop_.RunAfter(options_.gather, [this] { Recompute(); });
    return;
  }
  metrics_.Counter("waymark_engine_failures_total", "Computations that could not be done")
      .Increment();
  Log(LogLevel::kError, "cannot store where policies are placed; trying again, the last plan stays",
      {{"error", stored.status().ToString()}});
  plan_lost_ = true;
  dirty_ = true;
  intents_changed_ = !repairing_;
  compute_timer_ = loop_.RunAfter(kRetryStore, [this] { Recompute(); });
}

void Engine::Adopt() {
  overtaken_ = 0;
  const std::set<std::string> repaired = Repaired();
  repairing_ = false;
  base_.reset();
  const Successions handovers = HandoversOf(*next_snapshot_, plan_, next_plan_);
  plan_ = std::move(next_plan_);
  next_plan_ = Plan();
  snapshot_ = next_snapshot_;
  plan_links_down_ = next_links_down_;
  SetPlanRevision(next_revision_);
  journeys_.Adopted(plan_revision_);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ready_ = true;
    known_nodes_.clear();
    for (const auto& [node, objects] : plan_.objects) known_nodes_.insert(node);
  }
  switches_.SetDesired(plan_.objects, plan_revision_, handovers, repaired);
  MarkViewDirty();
  TakeDeferred();
}

void Engine::TakeDeferred() {
  for (const ChangeSet& changes : std::exchange(deferred_, {})) TakeOver(changes);
}

// The adopted plan is what would be computed from this revision too.
void Engine::SetPlanRevision(Revision revision) {
  plan_revision_ = revision;
  std::lock_guard<std::mutex> lock(mutex_);
  adopted_ = std::make_shared<const Adopted>(Adopted{plan_revision_, plan_links_down_});
}

std::shared_ptr<const Engine::Adopted> Engine::adopted() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return adopted_;
}

void Engine::CommitPlacements(const Adopted& computed_from, std::vector<Mutation> mutations,
                              Store::Done done) {
  PostSurely([this, computed_from, mutations = std::move(mutations), done = std::move(done)] {
    if (!started_) return done(absl::CancelledError("the controller is shutting down"));
    if (storing_ || dirty_ || !deferred_.empty() ||
        resources_.revision() != computed_from.revision ||
        switches_.links_down() != computed_from.links_down) {
      return done(absl::AbortedError("the network has changed meanwhile"));
    }
    if (absl::Status status = resources_.PlacementsStoring(mutations); !status.ok()) {
      return done(status);
    }
    // Nothing is computed, and so no other placement stored, until this is.
    storing_ = true;
    store_.Commit(mutations, [guard = guard_, done](absl::StatusOr<Revision> stored) {
      {
        std::lock_guard<std::mutex> lock(guard->mutex);
        if (Engine* engine = guard->engine; engine != nullptr) {
          engine->PostSurely([engine, stored] { engine->OnMovesStored(stored); });
        }
      }
      done(std::move(stored));
    });
  });
}

// They count from here on: the store's word of them may come later than a link event, and what is
// computed then must not begin from the places that they have left.
void Engine::OnMovesStored(const absl::StatusOr<Revision>& stored) {
  storing_ = false;
  resources_.PlacementsStored(stored);
  if (!started_) return;
  if (stored.ok()) journeys_.Noticed(resources_.revision(), "a re-optimisation");
  dirty_ = dirty_ || stored.ok();
  intents_changed_ = intents_changed_ || stored.ok();
  Recompute();
}

void Engine::MarkViewDirty() {
  if (view_dirty_ || !started_) return;
  view_dirty_ = true;
  const absl::Duration wait = next_publish_ - loop_.clock().Monotonic();
  publish_timer_ = loop_.RunAfter(std::max(options_.publish, wait), [this] { Publish(); });
}

void Engine::Publish() {
  view_dirty_ = false;
  if (snapshot_ == nullptr) return;
  const absl::Duration begin = loop_.clock().Monotonic();
  view_ = BuildView({plan_, *snapshot_, switches_, plan_revision_, loop_.clock().Now()}, *view_);
  metrics_.Gauge("waymark_engine_converged", "1 when every switch holds what it must")
      .Set(view_->converged ? 1 : 0);
  views_.Publish(view_);
  const absl::Duration end = loop_.clock().Monotonic();
  next_publish_ = end + 4 * (end - begin);
}

absl::Status Engine::OnConnected(std::shared_ptr<SwitchSession> session,
                                 const southbound::v1::Hello& hello) {
  const std::string node = session->node();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!ready_) {
      return absl::UnavailableError("the controller is computing its first plan; try again");
    }
    if (!known_nodes_.contains(node)) {
      return absl::NotFoundError(absl::StrCat("no node \"", node,
                                              "\" in the network; create nodes/", node,
                                              " first, or start the agent with the right --node"));
    }
    auto [it, inserted] = connected_.try_emplace(node, session.get());
    if (!inserted) {
      return absl::AlreadyExistsError(
          absl::StrCat("an agent of node \"", node, "\" is connected already (instance differs: ",
                       hello.instance(), "); two agents must not share a name"));
    }
  }
  PostSurely([this, session = std::move(session), hello] { switches_.Connected(session, hello); });
  return absl::OkStatus();
}

void Engine::OnMessage(const std::shared_ptr<SwitchSession>& session,
                       southbound::v1::AgentMessage message) {
  {
    std::lock_guard<std::mutex> lock(inbox_mutex_);
    size_t& waiting = waiting_[session->node()];
    const bool floods = waiting >= kMostWaitingOfOne;
    if (floods || inbox_.size() >= kMostWaiting) {
      metrics_.Counter("waymark_engine_queue_full_total", "Agents' messages refused at the cap")
          .Increment();
      session->Close(
          absl::ResourceExhaustedError(floods ? "more messages wait than one agent may send at once"
                                              : "the controller's queue is full"));
      return;
    }
    ++waiting;
  }
  PostSurely(
      [this, session, message = std::move(message)] { switches_.Message(session, message); });
}

void Engine::OnDisconnected(const std::shared_ptr<SwitchSession>& session,
                            const absl::Status& reason) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    auto it = connected_.find(session->node());
    // A session that was refused was never entered.
    if (it == connected_.end() || it->second != session.get()) return;
    connected_.erase(it);
  }
  PostSurely([this, session, reason] { switches_.Disconnected(session, reason); });
}

}  // namespace waymark

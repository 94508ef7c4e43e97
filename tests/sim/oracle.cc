#include "tests/sim/oracle.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/base/srv6.h"
#include "controller/plan/plan.h"
#include "controller/store/resource_key.h"
#include "tests/conformance/frames.h"
#include "waymark/stored/v1/stored.pb.h"

namespace waymark {
namespace {

using southbound::v1::Object;
using southbound::v1::PolicyObject;
using southbound::v1::SegmentList;

// Three probes unanswered, and some.
constexpr absl::Duration kDetection = absl::Milliseconds(350);
// How long a plan may be on its way into the view.
constexpr absl::Duration kToldLate = absl::Seconds(2);
constexpr size_t kMostViolations = 5;

std::string Id(std::string_view name) { return std::string(ResourceId(name)); }

std::vector<std::string> Ids(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::vector<std::string> ids;
  for (const std::string& name : names) ids.push_back(Id(name));
  return ids;
}

// Calls visit(resource name, message) for each record of a kind.
template <typename Message, typename Visit>
void ReadAll(const Store& store, std::string_view prefix, Visit visit) {
  const absl::StatusOr<std::vector<Record>> records = store.List(std::string(prefix));
  if (!records.ok()) return;
  for (const Record& record : *records) {
    Message message;
    if (message.ParseFromString(record.value)) visit(record.key.substr(prefix.size()), message);
  }
}

// What only a switch that lacks an object says, or one that was told wrong.
bool IsNoFailure(const std::string& reason) {
  static const std::set<std::string> kFailures = {"policy_down", "link_down", "port_down",
                                                  "wire_silent", "no_route"};
  return !kFailures.contains(reason);
}

}  // namespace

Oracle::Oracle(SimulatedCarrier& carrier, const SmallWorld& world)
    : carrier_(carrier), world_(world) {
  for (const v1::Node& node : world.carrier.nodes()) {
    jurisdiction_[Id(node.name())] = node.jurisdiction();
  }
  for (const v1::Link& link : world.carrier.links()) {
    ends_[Id(link.name())] = {Id(link.source()), Id(link.target())};
    wires_[Id(link.name())] = {true, -absl::InfiniteDuration()};
  }
  for (const v1::Site& site : world.carrier.sites()) node_of_site_[site.name()] = Id(site.node());
}

void Oracle::ReadStore() {
  if (read_ == carrier_.store.current()) return;
  read_ = carrier_.store.current();
  if (link_of_sid_.empty()) {
    ReadAll<v1::Link>(carrier_.store, kLinkPrefix, [this](const std::string&, const auto& link) {
      link_of_sid_[link.adjacency_sid()] = Id(link.name());
    });
    ReadAll<v1::Node>(carrier_.store, kNodePrefix, [this](const std::string&, const auto& node) {
      sid_of_node_[Id(node.name())] = node.node_sid();
    });
    ReadAll<v1::TrafficClass>(carrier_.store, kTrafficClassPrefix,
                              [this](const std::string&, const auto& traffic_class) {
                                classes_[traffic_class.class_index()] = traffic_class;
                              });
  }
  ReadAll<stored::v1::Placement>(carrier_.store, kPlacementPrefix,
                                 [this](const std::string& policy, const auto& placement) {
                                   Paths& paths = paths_[policy];
                                   paths.insert(Ids(placement.working()));
                                   paths.insert(Ids(placement.protect()));
                                 });
}

std::string Oracle::HostOf(const std::string& site) const {
  return absl::StrCat(Id(site.substr(0, site.find("/sites/"))), ".", Id(site));
}

// Customers use the same addresses.
std::string Oracle::MacOf(const std::string& site) const {
  return HostMac(static_cast<uint8_t>(1 + Id(site).back() - '0'));
}

const v1::TrafficClass* Oracle::ClassOf(uint32_t color) const {
  const auto found = classes_.find(ColorClass(color));
  return found == classes_.end() ? nullptr : &found->second;
}

std::string Oracle::PolicyOf(const Copy& copy, const std::string& end) const {
  return PolicyName(copy.start, copy.color, end);
}

void Oracle::ServiceWanted(const v1::Service& service) {
  for (const v1::ServiceEndpoint& from : service.endpoints()) {
    hosts_[service.name()].insert(HostOf(from.site()));
    for (const v1::ServiceEndpoint& to : service.endpoints()) {
      if (from.site() == to.site() || (from.role() == v1::LEAF && to.role() == v1::LEAF)) continue;
      for (const uint8_t mark : world_.marks) {
        flows_.push_back({.service = service.name(),
                          .from = from.site(),
                          .to = to.site(),
                          .from_node = node_of_site_.at(from.site()),
                          .to_node = node_of_site_.at(to.site()),
                          .mark = mark,
                          .vlan = from.vlan(),
                          .vni = service.vni()});
      }
    }
  }
}

// Its frames are still sent: nobody else may get them.
void Oracle::ServiceGone(const std::string& name) {
  for (Flow& flow : flows_) {
    if (flow.service == name) flow.wanted = false;
  }
}

void Oracle::WireChanged(const std::string& fibre, bool whole) {
  const auto [a, b] = ends_.at(fibre);
  const std::string back = absl::StrCat(b, "--", a, fibre.substr(a.size() + b.size() + 2));
  for (const std::string& link : {fibre, back}) {
    wires_[link] = {whole, carrier_.loop.clock().Monotonic()};
  }
}

void Oracle::Wiped(const std::string& node) { wiped_.insert(node); }

bool Oracle::IsWiped(const std::string& node) {
  if (!wiped_.contains(node)) return false;
  if (!carrier_.AgentRuns(node)) return true;
  const auto held = carrier_.fabric->Held(node);
  const auto told = carrier_.DiskOf(node).Load();
  // An agent that has lost its file too knows nothing that is missing.
  if (!held.ok() || !told->mark.complete || held->digest() != told->table.digest()) return true;
  wiped_.erase(node);
  restored_[node] = carrier_.loop.clock().Monotonic();
  return false;
}

void Oracle::CheckKernel(const std::string& node) {
  if (!carrier_.AgentHasDoneAll(node) || IsWiped(node)) return;
  const auto held = carrier_.fabric->Held(node);
  const auto told = carrier_.DiskOf(node).Load();
  if (!held.ok() || !told->mark.complete || held->digest() == told->table.digest()) return;
  if (violations_.size() >= kMostViolations) return;
  violations_.push_back(absl::StrCat(absl::FormatDuration(carrier_.loop.clock().Monotonic()),
                                     " the kernel of ", node,
                                     " holds other objects than its agent says"));
}

void Oracle::CheckAll() {
  ReadStore();
  for (Flow& flow : flows_) Check(&flow);
}

void Oracle::CheckFrom(const std::string& node) {
  ReadStore();
  for (Flow& flow : flows_) {
    if (flow.from_node == node) Check(&flow);
  }
}

void Oracle::CheckSome(size_t flows) {
  ReadStore();
  for (size_t i = 0; i < flows && i < flows_.size(); ++i) Check(&flows_[next_++ % flows_.size()]);
}

void Oracle::CheckSettled() {
  std::erase_if(flows_, [](const Flow& flow) { return !flow.wanted; });
  paths_.clear();
  read_ = -1;
  ReadStore();
  // Bridges learn where everybody is.
  for (Flow& flow : flows_) Check(&flow);
  const std::shared_ptr<const NetworkView> view = carrier_.views.Get();
  for (Flow& flow : flows_) {
    Check(&flow);
    const auto service = view->statuses.find(flow.service);
    if (service == view->statuses.end()) {
      Violation(flow, "the view does not know the service");
      continue;
    }
    bool arrived = false;
    const std::vector<Copy> copies = Travel(flow, &arrived);
    if (arrived || service->second->state() == v1::BLOCKED) continue;
    bool blocked = false;
    for (const Copy& copy : copies) blocked = blocked || copy.drop == "policy_empty";
    if (!blocked || service->second->state() == v1::UP) {
      Violation(flow, absl::StrCat("does not arrive though all is settled and its service is ",
                                   v1::State_Name(service->second->state()), ": ",
                                   copies.empty() ? "vanished" : copies.front().drop));
    }
  }
}

std::vector<Oracle::Copy> Oracle::Travel(const Flow& flow, bool* arrived) {
  FrameSpec spec;
  spec.from = MacOf(flow.from);
  spec.to = MacOf(flow.to);
  spec.dscp = flow.mark;
  spec.vlan = static_cast<uint16_t>(flow.vlan);
  spec.source_port = static_cast<uint16_t>(1000 + port_++ % 8);
  spec.text = "frame";
  ++frames_;
  std::vector<Copy> copies;
  const auto id = carrier_.fabric->Send(HostOf(flow.from), MakeFrame(spec));
  if (!id.ok()) {
    Violation(flow, absl::StrCat("cannot be sent: ", id.status().ToString()));
    return copies;
  }
  const auto hops = carrier_.fabric->Trace(*id);
  Copy copy{.start = flow.from_node, .end = flow.from_node};
  for (const sim::v1::Hop& hop : *hops) {
    if (hop.kind() == sim::v1::Hop::INGRESS) continue;
    // What a fibre swallows is counted where it was sent.
    const bool swallowed = hop.kind() == sim::v1::Hop::DROP && hop.detail() == "wire_silent";
    // The next copy starts where the frame came in.
    if (hop.node() != copy.end && !swallowed) copy = {.start = hop.node(), .end = hop.node()};
    if (hop.kind() == sim::v1::Hop::TRANSMIT) {
      copy.color = hop.color();
      copy.links.push_back(hop.link());
      copy.end = hop.peer();
      continue;
    }
    copy.drop = hop.kind() == sim::v1::Hop::DROP ? hop.detail() : "";
    if (hop.kind() == sim::v1::Hop::DROP && copy.links.empty()) copy.color = hop.color();
    if (hop.kind() == sim::v1::Hop::DELIVER) {
      // A service that was deleted may still carry frames of its successor.
      if (hop.detail() == HostOf(flow.to) && hop.vni() == flow.vni) *arrived = true;
      if (!hosts_[flow.service].contains(hop.detail())) {
        Violation(flow, absl::StrCat("reaches a stranger, ", hop.detail()));
      }
    }
    copies.push_back(copy);
    // A flood goes on from the ingress switch.
    if (hop.kind() == sim::v1::Hop::DROP) {
      copy = {.start = flow.from_node, .end = flow.from_node};
    }
  }
  return copies;
}

void Oracle::Check(Flow* flow) {
  if (violations_.size() >= kMostViolations) return;
  bool arrived = false;
  const std::vector<Copy> copies = Travel(*flow, &arrived);
  for (const Copy& copy : copies) CheckCopy(*flow, copy);
  if (!flow->wanted) return;
  if (arrived) {
    // Before, it may be the batch of a switch that is about to be taken back.
    const std::shared_ptr<const NetworkView> view = carrier_.views.Get();
    const auto service = view->statuses.find(flow->service);
    flow->established =
        flow->established ||
        (service != view->statuses.end() &&
         (service->second->state() == v1::UP || service->second->state() == v1::DEGRADED));
    flow->empty_since = absl::InfiniteDuration();
  } else if (flow->established) {
    CheckLoss(flow, copies);
  }
}

void Oracle::CheckCopy(const Flow& flow, const Copy& copy) {
  if (copy.drop == "hop_limit") Violation(flow, "goes in a loop");
  const v1::TrafficClass* traffic_class = ClassOf(copy.color);
  // Around a failure the underlay may send a frame back by where it came from, but the same way
  // twice only in a loop; a pinned path has no way back at all.
  const bool pinned = traffic_class != nullptr && traffic_class->treatment() == v1::PINNED;
  std::set<std::string> seen = {copy.start};
  for (const std::string& link : copy.links) {
    const auto ends = ends_.find(link);
    if (ends == ends_.end()) continue;
    if (!seen.insert(pinned ? ends->second.second : link).second) {
      Violation(flow, absl::StrCat("goes in a loop: ", absl::StrJoin(copy.links, " ")));
    }
    if (traffic_class == nullptr) continue;
    for (const std::string& node : {ends->second.first, ends->second.second}) {
      const std::string& place = jurisdiction_.at(node);
      const auto& allowed = traffic_class->allowed_jurisdictions();
      const auto& forbidden = traffic_class->forbidden_jurisdictions();
      const bool bound = !allowed.empty() || !forbidden.empty();
      if ((bound && place.empty()) ||
          (!allowed.empty() && std::find(allowed.begin(), allowed.end(), place) == allowed.end()) ||
          std::find(forbidden.begin(), forbidden.end(), place) != forbidden.end()) {
        Violation(flow, absl::StrCat("crosses ", node, " in '", place, "', forbidden to ",
                                     traffic_class->name()));
      }
    }
  }
  if (pinned) CheckPinned(flow, copy);
}

void Oracle::CheckPinned(const Flow& flow, const Copy& copy) {
  if (copy.links.empty()) return;
  // Whichever endpoint the copy was for, it is a part of a path there.
  for (const auto& [node, sid] : sid_of_node_) {
    const auto paths = paths_.find(PolicyOf(copy, node));
    if (paths == paths_.end()) continue;
    for (const std::vector<std::string>& path : paths->second) {
      if (path.size() < copy.links.size()) continue;
      if (copy.drop.empty() && (path.size() != copy.links.size() || node != copy.end)) continue;
      if (std::equal(copy.links.begin(), copy.links.end(), path.begin())) return;
    }
  }
  Violation(flow, absl::StrCat("takes a way that its policy never had: ",
                               absl::StrJoin(copy.links, " ")));
}

void Oracle::CheckLoss(Flow* flow, const std::vector<Copy>& copies) {
  if (copies.empty()) return Violation(*flow, "vanished");
  // Flooded, since nobody had sent from there yet: which of the copies was meant is not known.
  if (copies.size() > 1) return;
  const Copy& copy = copies.front();
  if (copy.drop.empty()) return;
  if (copy.drop == "policy_empty") {
    CheckEmpty(flow, copy);
  } else if (const std::string why = WhyWrong(*flow, copy); !why.empty()) {
    Violation(*flow, why);
  }
}

// Right only when the controller says that there is no path.
void Oracle::CheckEmpty(Flow* flow, const Copy& copy) {
  const absl::Duration now = carrier_.loop.clock().Monotonic();
  const std::shared_ptr<const NetworkView> view = carrier_.views.Get();
  const auto policy = view->policies.find(PolicyOf(copy, flow->to_node));
  if (policy != view->policies.end() && policy->second->status().state() == v1::BLOCKED) {
    flow->established = false;
    flow->empty_since = absl::InfiniteDuration();
    return;
  }
  if (carrier_.engine == nullptr) return;
  flow->empty_since = std::min(flow->empty_since, now);
  if (now - flow->empty_since > kToldLate) {
    Violation(*flow, "its policy holds no path, and nobody says that it is blocked");
  }
}

std::pair<bool, absl::Duration> Oracle::Whole(const SegmentList& list) const {
  bool whole = true;
  absl::Duration since = -absl::InfiniteDuration();
  for (const uint32_t sid : list.sids()) {
    const auto link = link_of_sid_.find(sid);
    // A node segment goes the way of the underlay, over whatever fibres.
    if (link == link_of_sid_.end()) {
      for (const auto& [name, wire] : wires_) since = std::max(since, wire.second);
      whole = false;
      continue;
    }
    const auto& [up, changed] = wires_.at(link->second);
    const auto& [from, to] = ends_.at(link->second);
    whole = whole && up && !wiped_.contains(from) && !wiped_.contains(to);
    since = std::max(since, changed);
    for (const std::string& node : {from, to}) {
      if (const auto restored = restored_.find(node); restored != restored_.end()) {
        since = std::max(since, restored->second);
      }
    }
  }
  return {whole, since};
}

std::string Oracle::WhyWrong(const Flow& flow, const Copy& copy) {
  if (IsWiped(copy.end) || IsWiped(copy.start) || IsWiped(flow.to_node)) return "";
  if (IsNoFailure(copy.drop)) {
    return absl::StrCat("is dropped at ", copy.end, ": ", copy.drop, " after ",
                        absl::StrJoin(copy.links, " "));
  }
  const auto held = carrier_.fabric->Held(copy.start);
  const Object* object = held->Find(PolicyKey(copy.color, sid_of_node_.at(flow.to_node)));
  if (object == nullptr) return "";
  const PolicyObject& policy = object->policy();
  std::vector<const SegmentList*> lists;
  for (const SegmentList& list : policy.working()) lists.push_back(&list);
  if (policy.has_protect()) lists.push_back(&policy.protect());
  const SegmentList* good = nullptr;
  absl::Duration since = -absl::InfiniteDuration();
  for (const SegmentList* list : lists) {
    // Nobody watches it, so nobody leaves it.
    if (list->probe_return_sids().empty()) return "";
    const auto [whole, changed] = Whole(*list);
    if (whole) good = list;
    since = std::max(since, changed);
  }
  if (good == nullptr || carrier_.loop.clock().Monotonic() - since < kDetection) return "";
  return absl::StrCat("is dropped at ", copy.end, " (", copy.drop, ") though ", copy.start,
                      " has a whole list for it, and it went ", absl::StrJoin(copy.links, " "),
                      ": ", policy.ShortDebugString());
}

void Oracle::Violation(const Flow& flow, const std::string& text) {
  if (violations_.size() >= kMostViolations) return;
  violations_.push_back(absl::StrCat(absl::FormatDuration(carrier_.loop.clock().Monotonic()), " ",
                                     flow.service, " from ", flow.from, " to ", flow.to, " DSCP ",
                                     flow.mark, ": ", text));
}

}  // namespace waymark

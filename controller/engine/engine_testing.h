// For tests of the engine: a small network in a store of simulated time, and agents that answer.
#ifndef WAYMARK_CONTROLLER_ENGINE_ENGINE_TESTING_H_
#define WAYMARK_CONTROLLER_ENGINE_ENGINE_TESTING_H_

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/object.h"
#include "controller/store/resource_key.h"
#include "controller/store/store.h"
#include "southbound/session/switch_session.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

// The far end of a session: holds what it is sent and acks it. It answers when Run is called.
class FakeAgent final : public SwitchSession, public std::enable_shared_from_this<FakeAgent> {
 public:
  FakeAgent(SwitchSessionListener& listener, std::string node)
      : listener_(listener), node_(std::move(node)) {}

  const std::string& node() const override { return node_; }
  absl::Status Send(southbound::v1::ControllerMessage message) override {
    inbox_.push_back(std::move(message));
    return absl::OkStatus();
  }
  void Close(absl::Status reason) override { closed = std::move(reason); }

  absl::Status Connect() {
    southbound::v1::Hello hello;
    hello.set_node(node_);
    hello.set_instance("1");
    hello.set_digest(held.digest());
    return listener_.OnConnected(shared_from_this(), hello);
  }
  // Answers what waits; true if there was something.
  bool Run() {
    const bool any = !inbox_.empty();
    for (; !inbox_.empty(); inbox_.pop_front()) Answer(inbox_.front());
    return any;
  }
  void ReportLink(const std::string& link, bool up) {
    southbound::v1::AgentMessage message;
    message.mutable_event()->mutable_link()->set_link(link);
    message.mutable_event()->mutable_link()->set_up(up);
    listener_.OnMessage(shared_from_this(), message);
  }
  // Every policy that it holds, all paths alive.
  void ReportPoliciesUp() {
    for (const auto& [key, entry] : held.entries()) {
      if (!entry.object->has_policy()) continue;
      southbound::v1::AgentMessage message;
      auto& policy = *message.mutable_event()->mutable_policy();
      policy.set_color(entry.object->policy().color());
      policy.set_endpoint_sid(entry.object->policy().endpoint_sid());
      for (int i = 0; i < entry.object->policy().working_size(); ++i) policy.add_working_up(true);
      policy.set_protect_up(entry.object->policy().has_protect());
      listener_.OnMessage(shared_from_this(), message);
    }
  }

  ObjectTable held;
  absl::Status closed;
  int batches = 0;
  // Operations on keys that begin with this are refused; empty: none.
  std::string rejects;

 private:
  void Answer(const southbound::v1::ControllerMessage& asked) {
    southbound::v1::AgentMessage message;
    if (asked.has_get()) {
      for (const auto& [key, entry] : held.entries()) {
        auto& hash = *message.mutable_get_response()->add_hashes();
        hash.set_key(key);
        hash.set_hash(entry.hash);
      }
      message.mutable_get_response()->set_last(true);
    } else if (asked.has_batch()) {
      ++batches;
      auto& result = *message.mutable_batch_result();
      result.set_batch_id(asked.batch().id());
      for (const auto& operation : asked.batch().operations()) {
        const std::string key =
            operation.has_put() ? ObjectKey(operation.put()) : operation.delete_();
        auto& one = *result.add_results();
        one.set_id(operation.id());
        one.set_status(southbound::v1::FIB_ACKED);
        if (!rejects.empty() && key.starts_with(rejects)) {
          one.set_status(southbound::v1::REJECTED);
          one.set_error("no such device");
        } else if (operation.has_put()) {
          held.Put(operation.put());
        } else {
          held.Erase(operation.delete_());
        }
      }
      result.set_digest(held.digest());
    } else {
      return;
    }
    listener_.OnMessage(shared_from_this(), message);
  }

  SwitchSessionListener& listener_;
  const std::string node_;
  std::deque<southbound::v1::ControllerMessage> inbox_;
};

// Passes everything on; a test overrides what shall go wrong.
class ForwardingStore : public Store {
 public:
  explicit ForwardingStore(Store& store) : store_(store) {}

  void Commit(std::vector<Mutation> mutations, Done done) override {
    store_.Commit(std::move(mutations), std::move(done));
  }
  Revision current() const override { return store_.current(); }
  Revision oldest() const override { return store_.oldest(); }
  absl::StatusOr<Record> Get(const std::string& key, Revision as_of) const override {
    return store_.Get(key, as_of);
  }
  absl::StatusOr<std::vector<Record>> List(const std::string& prefix, Revision as_of,
                                           const std::string& after, size_t limit) const override {
    return store_.List(prefix, as_of, after, limit);
  }
  absl::StatusOr<Revision> RevisionAt(absl::Time time) const override {
    return store_.RevisionAt(time);
  }
  absl::StatusOr<absl::Time> TimeOf(Revision revision) const override {
    return store_.TimeOf(revision);
  }
  absl::StatusOr<std::unique_ptr<Subscription>> Watch(Revision after, OnChange on_change) override {
    return store_.Watch(after, std::move(on_change));
  }
  absl::StatusOr<Revision> Backup(const std::string& folder) override {
    return store_.Backup(folder);
  }
  absl::Status Compact(Revision before) override { return store_.Compact(before); }

 protected:
  Store& store_;
};

// Nodes a, b, c in a triangle of 10 Gbit/s, te metric 10 a--b, a--c, c--b; a pinned class "gold"
// with node protection; a customer's E-Line "line" from a to b over it, 1 Gbit/s.
inline v1::Bundle TriangleBundle() {
  v1::Bundle bundle;
  uint32_t sid = 0;
  for (const char* id : {"a", "b", "c"}) {
    v1::Node& node = *bundle.add_nodes();
    node.set_name(std::string("nodes/") + id);
    node.set_node_sid(++sid);
    node.add_ports()->set_id("c1");
  }
  for (const auto& [from, to] :
       {std::pair("a", "b"), {"b", "a"}, {"a", "c"}, {"c", "a"}, {"c", "b"}, {"b", "c"}}) {
    v1::Link& link = *bundle.add_links();
    link.set_name(std::string("links/") + from + "--" + to);
    link.set_reverse(std::string("links/") + to + "--" + from);
    link.set_source(std::string("nodes/") + from);
    link.set_target(std::string("nodes/") + to);
    link.set_capacity_bps(10'000'000'000);
    link.set_te_metric(10);
    link.set_delay_ns(1'000'000);
    link.set_adjacency_sid(0x8000 + static_cast<uint32_t>(bundle.links_size()));
  }
  v1::TrafficClass& gold = *bundle.add_traffic_classes();
  gold.set_name("trafficClasses/gold");
  gold.set_class_index(1);
  gold.set_queue(5);
  gold.set_dscp(46);
  gold.set_treatment(v1::PINNED);
  gold.add_protection(v1::NODE);
  v1::ClassMap& map = *bundle.add_class_maps();
  map.set_name("customers/c/classMaps/gold");
  map.set_default_class(gold.name());
  v1::Service& line = *bundle.add_services();
  line.set_name("customers/c/services/line");
  line.set_type(v1::E_LINE);
  line.set_class_map(map.name());
  line.set_vni(0x100);
  for (const char* node : {"a", "b"}) {
    v1::Site& site = *bundle.add_sites();
    site.set_name(std::string("customers/c/sites/") + node);
    site.set_node(std::string("nodes/") + node);
    site.set_port("c1");
    v1::ServiceEndpoint* endpoint = line.add_endpoints();
    endpoint->set_site(site.name());
    endpoint->set_vlan(7);
  }
  v1::ClassRate* rate = line.add_rates();
  rate->set_traffic_class(gold.name());
  rate->set_cir_bps(1'000'000'000);
  return bundle;
}

inline std::vector<Mutation> MutationsOf(const v1::Bundle& bundle) {
  std::vector<Mutation> mutations;
  const auto add = [&](std::string_view prefix, const auto& list) {
    for (const auto& item : list) {
      mutations.push_back({StoreKey(prefix, item.name()), item.SerializeAsString(), {}});
    }
  };
  add(kNodePrefix, bundle.nodes());
  add(kLinkPrefix, bundle.links());
  add(kSrlgPrefix, bundle.srlgs());
  add(kTrafficClassPrefix, bundle.traffic_classes());
  add(kClassMapPrefix, bundle.class_maps());
  add(kSitePrefix, bundle.sites());
  add(kServicePrefix, bundle.services());
  return mutations;
}

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_ENGINE_TESTING_H_

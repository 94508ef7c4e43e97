// An engine with a mesh optimiser beside it, on a small network.
#ifndef WAYMARK_CONTROLLER_ENGINE_MESH_OPTIMIZER_TESTING_H_
#define WAYMARK_CONTROLLER_ENGINE_MESH_OPTIMIZER_TESTING_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "controller/engine/engine_testing.h"
#include "controller/engine/mesh_optimizer.h"
#include "controller/store/memory_store.h"

namespace waymark {

inline constexpr char kLine[] = "customers/c/services/line";

// A triangle whose every two nodes want 8 of a link's 10 Gbit/s both ways. Spread over both ways
// that there are it asks 12 of every link; each pair on its own link asks 8.
class MeshOptimizerTest : public testing::Test {
 protected:
  MeshOptimizerTest() {
    v1::TrafficClass& gold = *bundle_.mutable_traffic_classes(0);
    gold.set_treatment(v1::MESH);
    gold.clear_protection();
    v1::Service& line = *bundle_.mutable_services(0);
    line.set_type(v1::E_LAN);
    AddSite("c");
    line.mutable_rates(0)->set_cir_bps(8'000'000'000);
  }
  ~MeshOptimizerTest() override {
    if (engine_ != nullptr) engine_->Stop();
  }

  // A node d with links to all others, and a site there.
  void AddFourth() {
    v1::Node& node = *bundle_.add_nodes();
    node.set_name("nodes/d");
    node.set_node_sid(9);
    node.add_ports()->set_id("c1");
    for (const char* other : {"a", "b", "c"}) {
      const std::string there = std::string(other) + "--d", back = std::string("d--") + other;
      for (const auto& [id, reverse] : {std::pair(there, back), {back, there}}) {
        v1::Link link = bundle_.links(0);
        link.set_name("links/" + id);
        link.set_reverse("links/" + reverse);
        link.set_source("nodes/" + id.substr(0, 1));
        link.set_target("nodes/" + id.substr(3));
        link.set_adjacency_sid(0x9000 + static_cast<uint32_t>(bundle_.links_size()));
        *bundle_.add_links() = link;
      }
    }
    AddSite("d");
  }
  void AddSite(const std::string& node) {
    v1::Site& site = *bundle_.add_sites();
    site.set_name("customers/c/sites/" + node);
    site.set_node("nodes/" + node);
    site.set_port("c1");
    v1::ServiceEndpoint* endpoint = bundle_.mutable_services(0)->add_endpoints();
    endpoint->set_site(site.name());
    endpoint->set_vlan(7);
  }

  void Start() {
    ASSERT_TRUE(store_.CommitAndWait(MutationsOf(bundle_)).ok());
    Engine::Options options;
    options.hear_agents = absl::Milliseconds(1);
    engine_ = std::make_unique<Engine>(store_, views_, loop_, metrics_, options);
    ASSERT_TRUE(engine_->Start().ok());
    optimizer_ =
        std::make_unique<MeshOptimizer>(store_, *engine_, views_, own_, metrics_, options_);
    ASSERT_TRUE(optimizer_->Start().ok());
  }
  v1::MeshStatus Status() {
    v1::MeshStatus now;
    optimizer_->GetStatus(0, absl::ZeroDuration(),
                          [&](absl::StatusOr<v1::MeshStatus> status) { now = *status; });
    return now;
  }
  void Pass(absl::Duration time) {
    for (; time > absl::ZeroDuration(); time -= absl::Milliseconds(10)) {
      loop_.Advance(absl::Milliseconds(10));
      own_.Advance(absl::Milliseconds(10));
    }
  }
  void SetRate(int64_t bps) {
    v1::Service line = bundle_.services(0);
    line.mutable_rates(0)->set_cir_bps(bps);
    ASSERT_TRUE(
        store_.CommitAndWait({{StoreKey(kServicePrefix, kLine), line.SerializeAsString(), {}}})
            .ok());
  }
  double Metric(const std::string& name) const {
    const std::string text = metrics_.Text();
    const size_t at = text.find(name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size()));
  }
  double Runs(const std::string& result) const {
    return std::max(0.0, Metric("waymark_mesh_runs_total{result=\"" + result + "\"}"));
  }
  double Solves() const { return std::max(0.0, Metric("waymark_mesh_solve_seconds_count")); }
  double Mlu() const { return Metric("waymark_mesh_mlu{traffic_class=\"gold\"}"); }
  // Node ids along the paths and their weights: "ab 64".
  std::string Paths(const std::string& policy) const {
    std::string all;
    const auto view = views_.Get();
    for (const v1::Path& path : view->policies.at(policy)->working()) {
      all += all.empty() ? "" : ", ";
      for (const std::string& node : path.nodes()) all += node.substr(6);
      all += " " + std::to_string(path.weight());
    }
    return all;
  }

  v1::Bundle bundle_ = TriangleBundle();
  SimulatedEventLoop loop_, own_;
  MemoryStore store_{loop_};
  NetworkViewHolder views_;
  Metrics metrics_;
  MeshOptimizer::Options options_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<MeshOptimizer> optimizer_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_MESH_OPTIMIZER_TESTING_H_

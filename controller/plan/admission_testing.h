// Four nodes between two others, and customers who want to get across.
#ifndef WAYMARK_CONTROLLER_PLAN_ADMISSION_TESTING_H_
#define WAYMARK_CONTROLLER_PLAN_ADMISSION_TESTING_H_

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "controller/plan/test_carrier.h"

namespace waymark {

inline constexpr int64_t kGig = 1'000'000'000;

class AdmissionTest : public testing::Test {
 protected:
  AdmissionTest() {
    // Four ways from aa to bb, dearer and longer one by one; 10 Gbit/s each.
    carrier_.network.Node("aa", "CH");
    carrier_.network.Node("bb", "CH");
    uint32_t metric = 10;
    for (const char* middle : {"m1", "m2", "m3"}) {
      carrier_.network.Node(middle, "CH");
      carrier_.network.Fibre("aa", middle, 1000 + metric, metric);
      carrier_.network.Fibre(middle, "bb", 1000 + metric, metric);
      metric += 10;
    }
  }

  // A pinned class of this name, and a class map that gives it to every frame.
  v1::TrafficClass& Class(const std::string& id) {
    const std::string name = "trafficClasses/" + id;
    v1::TrafficClass& made = carrier_.intents.traffic_classes[name];
    if (made.name().empty()) {
      made.set_name(name);
      made.set_class_index(next_index_++);
      made.set_queue(5);
      made.set_treatment(v1::PINNED);
      v1::ClassMap& map = carrier_.intents.class_maps["customers/c/classMaps/" + id];
      map.set_name("customers/c/classMaps/" + id);
      map.set_default_class(name);
    }
    return made;
  }
  void Serve(const std::string& id, const std::string& of_class, int64_t rate) {
    const uint32_t vni = carrier_.AddService(id, v1::E_LINE, {"aa", "bb"}, of_class).vni();
    carrier_.SetRate(id, of_class, rate);
    policy_of_[id] = PolicyName("aa", vni << 8 | Class(of_class).class_index(), "bb");
  }
  v1::Policy Of(const Plan& plan, const std::string& service) {
    return plan.policies.at(policy_of_.at(service))->Message();
  }
  v1::Promise PromiseOf(const Plan& plan, const std::string& service) {
    const auto found = plan.promises.find(policy_of_.at(service));
    return found == plan.promises.end() ? v1::Promise() : *found->second;
  }
  std::string Working(const Plan& plan, const std::string& service) {
    const v1::Policy& policy = Of(plan, service);
    return policy.working_size() == 0 ? "" : TestCarrier::Hops(policy.working(0));
  }
  std::string Protect(const Plan& plan, const std::string& service) {
    return TestCarrier::Hops(Of(plan, service).protect());
  }
  v1::State State(const Plan& plan, const std::string& service) {
    return Of(plan, service).status().state();
  }
  v1::Link& Link(const std::string& id) { return carrier_.network.Link("links/" + id); }

  TestCarrier carrier_;
  uint32_t next_index_ = 10;
  std::map<std::string, std::string> policy_of_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_ADMISSION_TESTING_H_

// A small carrier with two customers, for tests.
//
//           zrh ---- fra ---- lon          zrh, gva, ber are in CH, fra in DE, lon in GB, par in
//           FR.
//          / |  \             |            alpha owns zrh--gva, zrh--fra, fra--lon; beta the rest.
//       ber  |   \------.     |
//          \ |           \    |
//           gva --------- par-'
#ifndef WAYMARK_CONTROLLER_PLAN_TEST_CARRIER_H_
#define WAYMARK_CONTROLLER_PLAN_TEST_CARRIER_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/compute/test_network.h"
#include "controller/plan/plan.h"

namespace waymark {

// As the store would.
template <typename Record>
void TakeOver(const std::map<std::string, std::optional<Record>>& changes,
              std::map<std::string, Record>* records) {
  for (const auto& [key, record] : changes) {
    if (record) {
      (*records)[key] = *record;
    } else {
      records->erase(key);
    }
  }
}

struct TestCarrier {
  TestCarrier();

  // customers/c/services/ID with endpoints on these nodes (port "c1", VLAN = vni) and class map
  // `class_map`.
  v1::Service& AddService(const std::string& id, v1::ServiceType type,
                          const std::vector<std::string>& nodes, const std::string& class_map);
  void SetRate(const std::string& service, const std::string& traffic_class, int64_t cir_bps);

  // `shuffle` other than 0 gives the topology in another order.
  Plan MakePlan(uint32_t shuffle = 0) const;
  // Plans, and keeps what is to be stored for the next plan, as the store would.
  Plan Commit();

  // Node ids along a path, e.g. "zrh fra lon".
  static std::string Hops(const v1::Path& path);

  TestNetwork network;
  // Classes swiss (pinned, CH only, node protection, index 1), gold (pinned, unprotected, 2), bulk
  // (mesh, 3). Class maps c/bank: 46 swiss, pcp 5 gold, default bulk; c/plain: default bulk;
  // c/gold: default gold.
  Intents intents;
  std::set<std::string> links_down;
  std::map<std::string, stored::v1::Placement> placements;
  std::map<std::string, stored::v1::MeshRoutes> mesh_routes;
  std::map<std::string, stored::v1::MeshGuarantee> guarantees;
  uint32_t next_vni = 0x100;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_TEST_CARRIER_H_

// A whole carrier with its customers, seeded: what a controller is built to carry.
#ifndef WAYMARK_TESTS_BENCH_SCALE_WORLD_H_
#define WAYMARK_TESTS_BENCH_SCALE_WORLD_H_

#include <cstdint>
#include <random>
#include <string>

#include "waymark/v1/resources.pb.h"

namespace waymark::bench {

struct ScaleOptions {
  int data_centres = 340;  // each a node with customers
  int customers = 5'500;
  double mean_sites = 20;  // a customer; heavy-tailed: most have a few, some are everywhere
  uint32_t seed = 1;
};

// Nodes on a plane, each with fibres to its nearest neighbours as far as none is nearer to both
// (Gabriel and Sokal 1969), 400 Gbit/s; classes "realtime" and "gold" (PINNED, protected), "bulk"
// and "office" (MESH). Every customer has one E-LAN over all his sites in the mesh classes, and
// every fourth an E-Line of 10 to 100 Mbit/s in a pinned class between two of them. All identifiers
// that the API would give out are set.
class ScaleWorld {
 public:
  explicit ScaleWorld(const ScaleOptions& options);

  const v1::Bundle& bundle() const { return bundle_; }
  // One more E-Line in a pinned class, of a customer who has two sites or more. Not in the bundle.
  v1::Service MoreService();
  int sites() const { return bundle_.sites_size(); }

 private:
  int Pick(int below) { return static_cast<int>(random_() % static_cast<uint64_t>(below)); }
  void AddCarrier();
  void AddClasses();
  void AddCustomer(int number);
  int DrawSites();
  v1::Service Line(const std::string& customer, int first_site, int count, const char* id);

  const ScaleOptions options_;
  std::mt19937_64 random_;
  v1::Bundle bundle_;
  uint32_t next_vni_ = 0x1000;
  uint32_t more_ = 0;
};

}  // namespace waymark::bench

#endif  // WAYMARK_TESTS_BENCH_SCALE_WORLD_H_

// A small carrier with customers, made from a seed: few switches, so that failures meet each other.
#ifndef WAYMARK_TESTS_SIM_SMALL_WORLD_H_
#define WAYMARK_TESTS_SIM_SMALL_WORLD_H_

#include <cstdint>
#include <string>
#include <vector>

#include "waymark/v1/resources.pb.h"

namespace waymark {

struct SmallWorld {
  // Everything but services.
  v1::Bundle carrier;
  // Services that may exist; no two need the same port and VLAN.
  std::vector<v1::Service> services;
  // One direction of each fibre, ids.
  std::vector<std::string> fibres;
  std::vector<std::string> nodes;  // ids
  // What every frame may be marked with.
  std::vector<uint8_t> marks;
};

// 4 to 8 switches, each with two or more fibres, some parallel; two customers with sites on the
// same switches and the same addresses; classes of every routing treatment, two of them bound to
// places.
SmallWorld MakeSmallWorld(uint64_t seed);

}  // namespace waymark

#endif  // WAYMARK_TESTS_SIM_SMALL_WORLD_H_

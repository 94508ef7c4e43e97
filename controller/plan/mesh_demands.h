// What the services of a network ask of its mesh classes.
//
// Pipes: the rates that a service states of a class between each two of its endpoints; several
// endpoints on a node add up, and so do services. Hoses: what its sites send and receive at most,
// for all mesh classes of the service together (the customer decides how it splits). Of a hose the
// likeliest matrix, by gravity (Kruithof 1937; Zhang et al. 2003), counts when routes are chosen;
// what it may load at most is compute/mesh/hose.h's.
#ifndef WAYMARK_CONTROLLER_PLAN_MESH_DEMANDS_H_
#define WAYMARK_CONTROLLER_PLAN_MESH_DEMANDS_H_

#include <string>
#include <vector>

#include "controller/compute/mesh/hose.h"
#include "controller/plan/mesh.h"
#include "controller/plan/service.h"

namespace waymark {

struct MeshClassDemand {
  const v1::TrafficClass* traffic_class = nullptr;
  std::vector<NodePair> pairs;    // sorted; those without a rate too
  std::vector<double> committed;  // by pair, bit/s: cir, and a hose's likeliest matrix
  std::vector<double> elastic;    // by pair, bit/s: eir
};

// Strongest first: by queue, 7 to 0, then by name. Pointers into what `resolved` points to.
std::vector<MeshClassDemand> MeshDemandsOf(const ResolvedServices& resolved);

// The hose of a service that states one for at least one site and has a mesh class. Nodes by number
// of the snapshot.
struct ServiceHose {
  Hose hose;
  std::vector<const v1::TrafficClass*> classes;  // mesh classes, by name
};
std::optional<ServiceHose> HoseOf(const ResolvedService& service);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_MESH_DEMANDS_H_

// In which order a change of the network is programmed, so that at every moment of it no frame is
// looped, sent to a forbidden place or lost for want of a path that exists: make before break,
// egress before ingress (cf. Reitblatt et al., "Abstractions for network update", SIGCOMM 2012).
//
// Where a policy arrives on a link that has room for it only once others have left (Successions),
// it arrives in a later phase than they leave in: no reservation is overrun meanwhile, neither by
// whoever takes another's place nor by whoever loses it.
//
// Pure and stable: equal diffs give equal phases, and phases_test.cc holds the order as a golden
// text.
#ifndef WAYMARK_CONTROLLER_PLAN_PHASES_H_
#define WAYMARK_CONTROLLER_PLAN_PHASES_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/plan/diff.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

enum class PhaseKind {
  // Nodes, links, routes where there were none: every SID leads somewhere before a path names it.
  kUnderlay,
  // One after the other where policies succeed each other.
  kPolicies,
  // On every switch before the first attachment: a frame that arrives finds its service.
  kInstances,
  // Frames begin to enter here.
  kAttachments,
  // Routes that change. Policies that a failure moves need not wait for them, and what stands with
  // node segments reaches its ends by the old routes, the new, and any mixture of them that the
  // order among switches allows (engine/node_segments.h).
  kRoutes,
  kDeleteAttachments,
  kDeleteInstances,
  kDeletePolicies,
  // Routes, links, nodes: nothing names them any more.
  kDeleteUnderlay,
};

std::string_view PhaseName(PhaseKind kind);

// One transaction for one switch: 1 to kMaxBatchOperations operations whose ids are 0 (the sender
// numbers them).
struct NodeBatch {
  std::string node;  // id
  std::vector<southbound::v1::Operation> operations;
};

// A phase begins when every batch of the phases before it has been acked by its switch (or its
// switch is gone: what it missed is its next diff). Batches of different nodes in one phase are
// independent; those of one node go in order.
struct Phase {
  PhaseKind kind = PhaseKind::kUnderlay;
  std::vector<NodeBatch> batches;  // by node, then in order
};

// A policy object: node id, object key.
using PolicyPlace = std::pair<std::string, std::string>;

// Of one link that cannot hold all of both.
struct Succession {
  std::set<PolicyPlace> leaving, arriving;
};
// By whatever names a link.
using Successions = std::map<std::string, Succession>;

// Policies that want each other's places in a ring, or take more turns than this, are not held up
// for each other at the end: a link may then have to carry two of them for a moment.
inline constexpr size_t kMostTurns = 16;

// By node id. Only what is in `diffs` is waited for: a switch that is gone, or that refuses to let
// one leave, holds nobody up; nor does a policy that is deleted, whose frames stop entering later.
// Empty phases are left out. Where attachments (or E-Line instances) are put on a node
// that attachments leave, the leaving ones are deleted first in the same batch: the old one may
// hold the port or the place in the service that the new one needs. O(total operations and,
// for each turn, members of successions, with a logarithm).
std::vector<Phase> MakePhases(const std::map<std::string, NodeDiff>& diffs,
                              const Successions& successions = {});

// "phase policies / node zrh / put policy:257:3 / delete ...": for golden files and logs.
std::string DebugText(const std::vector<Phase>& phases);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_PHASES_H_

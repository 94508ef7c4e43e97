#include "controller/engine/path_question.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/plan/demands.h"

namespace waymark {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

constexpr uint32_t kMaxPaths = 1'000;
constexpr uint32_t kMaxDisjoint = 8;

absl::StatusOr<NodeId> FindEnd(const Snapshot& snapshot, const std::string& field,
                               const std::string& name) {
  if (const auto node = snapshot.FindNode(name)) return *node;
  return absl::NotFoundError(
      snapshot.nodes().empty()
          ? absl::StrCat(field, ": the topology is empty: create nodes and links first")
          : absl::StrCat(field, ": ", name, " does not exist: list the nodes with ListNodes"));
}

bool FindSrlg(const Snapshot& snapshot, const std::string& name) {
  const auto names = snapshot.srlg_names();
  return std::find(names.begin(), names.end(), name) != names.end();
}

void SortUnique(std::vector<std::string>* names) {
  std::sort(names->begin(), names->end());
  names->erase(std::unique(names->begin(), names->end()), names->end());
}

void AddNames(const Names& more, std::vector<std::string>* names) {
  names->insert(names->end(), more.begin(), more.end());
  SortUnique(names);
}

// What both allow; an empty list allows everything.
absl::Status Allow(const std::string& field, const Names& more, std::vector<std::string>* names) {
  if (more.empty()) return absl::OkStatus();
  std::vector<std::string> wanted(more.begin(), more.end());
  SortUnique(&wanted);
  if (names->empty()) {
    *names = std::move(wanted);
    return absl::OkStatus();
  }
  std::vector<std::string> both;
  std::set_intersection(names->begin(), names->end(), wanted.begin(), wanted.end(),
                        std::back_inserter(both));
  if (both.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("constraints.", field, ": none of them is allowed by the class"));
  }
  *names = std::move(both);
  return absl::OkStatus();
}

absl::Status MergePlaces(const v1::PathConstraints& more, PathConstraints* c) {
  for (const auto& [field, names, into] :
       {std::tuple{"allowed_jurisdictions", &more.allowed_jurisdictions(),
                   &c->allowed_jurisdictions},
        std::tuple{"allowed_providers", &more.allowed_providers(), &c->allowed_providers}}) {
    if (absl::Status s = Allow(field, *names, into); !s.ok()) return s;
  }
  AddNames(more.forbidden_jurisdictions(), &c->forbidden_jurisdictions);
  AddNames(more.forbidden_providers(), &c->forbidden_providers);
  AddNames(more.include_all(), &c->include_all);
  AddNames(more.exclude(), &c->exclude);
  if (!c->include_any.empty() && !more.include_any().empty()) {
    return absl::InvalidArgumentError(
        "constraints.include_any: the class has a list of its own, and one list cannot say both: "
        "leave it out, or compute without the class");
  }
  AddNames(more.include_any(), &c->include_any);
  return absl::OkStatus();
}

void MergeProtection(const v1::PathConstraints& more, PathConstraints* c) {
  for (const int level : more.disjoint()) {
    Protection& p = c->protection;
    p.link |= level != v1::DISJOINTNESS_UNSPECIFIED;
    p.node |= level == v1::NODE;
    p.srlg |= level == v1::SRLG;
    p.provider |= level == v1::PROVIDER;
    p.building |= level == v1::BUILDING_DISJOINT;
  }
  if (more.pair_objective() != v1::PAIR_OBJECTIVE_UNSPECIFIED) {
    c->pair_order = more.pair_objective() == v1::MIN_MAX ? PairOrder::kMinMax : PairOrder::kMinSum;
  }
  c->allow_shared_risks |= more.allow_shared_risks();
}

void MergeScalars(const v1::PathConstraints& more, PathQuestion* q) {
  PathConstraints& c = q->constraints;
  if (more.objective() != v1::OBJECTIVE_UNSPECIFIED) c.objective = more.objective();
  if (more.max_delay_ns() > 0) c.max_delay_ns = more.max_delay_ns();
  if (more.bandwidth_bps() > 0) c.bandwidth_bps = more.bandwidth_bps();
  if (more.max_hops() > 0) {
    c.max_hops = static_cast<int>(std::min<uint32_t>(more.max_hops(), kMaxPathHops));
  }
  if (more.has_setup_priority()) {
    c.setup_priority =
        static_cast<int>(std::min<uint32_t>(more.setup_priority(), kWeakestPriority));
  }
  if (more.max_latency_ns() > 0) q->max_latency_ns = more.max_latency_ns();
  if (more.queue() > 0) q->queue = std::min<uint32_t>(more.queue(), 7);
  if (more.availability_target() > 0) q->availability_target = more.availability_target();
}

absl::Status CheckOfPairs(const v1::PathConstraints& more, const PathConstraints& merged) {
  if (merged.protection.any()) return absl::OkStatus();
  for (const auto& [set, field] :
       {std::pair{more.pair_objective() != v1::PAIR_OBJECTIVE_UNSPECIFIED, "pair_objective"},
        std::pair{more.allow_shared_risks(), "allow_shared_risks"}}) {
    if (!set) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "constraints.", field,
        ": means nothing for one path: name in disjoint what two paths must not share"));
  }
  return absl::OkStatus();
}

absl::Status ReadHops(const Snapshot& snapshot, const v1::PathConstraints& more,
                      PathConstraints* c) {
  for (int i = 0; i < more.explicit_hops_size(); ++i) {
    const v1::ExplicitHop& hop = more.explicit_hops(i);
    ExplicitHop read{.loose = hop.loose()};
    if (const auto node = snapshot.FindNode(hop.resource())) read.node = *node;
    if (const auto link = snapshot.FindLink(hop.resource())) read.link = *link;
    if (read.node == NodeId::kNone && read.link == LinkId::kNone) {
      return absl::NotFoundError(absl::StrCat("constraints.explicit_hops[", i,
                                              "].resource: ", hop.resource(), " does not exist"));
    }
    c->explicit_hops.push_back(read);
  }
  for (int i = 0; i < more.exclude_resources_size(); ++i) {
    const std::string& name = more.exclude_resources(i);
    if (!snapshot.FindNode(name) && !snapshot.FindLink(name) && !FindSrlg(snapshot, name)) {
      return absl::NotFoundError(
          absl::StrCat("constraints.exclude_resources[", i, "]: ", name, " does not exist"));
    }
  }
  AddNames(more.exclude_resources(), &c->exclude_resources);
  return absl::OkStatus();
}

absl::Status ReadCount(const v1::ComputePathRequest& request, PathQuestion* q) {
  const bool disjoint = q->constraints.protection.any();
  if (!q->constraints.explicit_hops.empty() && !disjoint && request.paths() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "paths: is ", request.paths(), ", and explicit_hops ask for one: leave one of them out"));
  }
  if (!disjoint) {
    q->count = static_cast<int>(std::clamp<uint32_t>(request.paths(), 1, kMaxPaths));
    return absl::OkStatus();
  }
  if (request.paths() == 1 || request.paths() > kMaxDisjoint) {
    return absl::InvalidArgumentError(
        absl::StrCat("paths: is ", request.paths(),
                     ", and disjoint paths are asked for, by the class or by constraints.disjoint: "
                     "give 2 to ",
                     kMaxDisjoint, ", or 0 for 2"));
  }
  q->count = request.paths() == 0 ? 2 : static_cast<int>(request.paths());
  if (!q->constraints.explicit_hops.empty() && q->count != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("paths: is ", q->count, ", and beside explicit_hops there is one other path"));
  }
  if (request.constraints().allow_shared_risks() && q->count > 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("constraints.allow_shared_risks: is for two paths, and paths is ", q->count,
                     ": leave one of them out"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PathQuestion> ReadQuestion(const Snapshot& snapshot, const Intents& intents,
                                          const v1::ComputePathRequest& request) {
  PathQuestion question;
  for (const auto& [field, name, end] : {std::tuple{"from", &request.from(), &question.from},
                                         std::tuple{"to", &request.to(), &question.to}}) {
    const auto node = FindEnd(snapshot, field, *name);
    if (!node.ok()) return node.status();
    *end = *node;
  }
  if (question.from == question.to) {
    return absl::InvalidArgumentError("to: is the same as from: a path joins two different nodes");
  }
  if (!request.traffic_class().empty()) {
    const auto found = intents.traffic_classes.find(request.traffic_class());
    if (found == intents.traffic_classes.end()) {
      return absl::NotFoundError(
          absl::StrCat("traffic_class: ", request.traffic_class(), " does not exist"));
    }
    question.constraints = ConstraintsOf(found->second, 0);
    question.max_latency_ns = found->second.max_latency_ns();
    question.queue = found->second.queue();
    question.availability_target = found->second.availability_target();
    if (found->second.treatment() == v1::PINNED) {
      question.pinned = &found->second;
      question.share_protect = found->second.protect_bandwidth() == v1::SHARED;
      question.hold_priority = HoldPriority(found->second);
    }
  }
  const v1::PathConstraints& more = request.constraints();
  if (absl::Status s = MergePlaces(more, &question.constraints); !s.ok()) return s;
  MergeScalars(more, &question);
  question.rate_bps = question.constraints.bandwidth_bps;
  if (question.pinned != nullptr) {
    question.constraints.bandwidth_bps = HeldRate(*question.pinned, question.rate_bps);
    question.constraints.setup_priority =
        std::max(question.constraints.setup_priority, question.hold_priority);
  }
  MergeProtection(more, &question.constraints);
  if (absl::Status s = CheckOfPairs(more, question.constraints); !s.ok()) return s;
  if (absl::Status s = ReadHops(snapshot, more, &question.constraints); !s.ok()) return s;
  if (absl::Status s = ReadCount(request, &question); !s.ok()) return s;
  return question;
}

}  // namespace waymark

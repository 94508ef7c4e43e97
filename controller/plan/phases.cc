#include "controller/plan/phases.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "controller/base/object.h"

namespace waymark {
namespace {

using southbound::v1::Object;
using southbound::v1::Operation;

// The second counts the turns of policies that succeed each other; else 0.
using Place = std::pair<PhaseKind, size_t>;

PhaseKind PutPhase(ObjectRank rank) {
  switch (rank) {
    case ObjectRank::kPolicy:
      return PhaseKind::kPolicies;
    case ObjectRank::kInstance:
      return PhaseKind::kInstances;
    case ObjectRank::kAttachment:
      return PhaseKind::kAttachments;
    default:
      return PhaseKind::kUnderlay;
  }
}

PhaseKind DeletePhase(ObjectRank rank) {
  switch (rank) {
    case ObjectRank::kPolicy:
      return PhaseKind::kDeletePolicies;
    case ObjectRank::kInstance:
      return PhaseKind::kDeleteInstances;
    case ObjectRank::kAttachment:
    case ObjectRank::kCount:  // of no known kind: nothing of ours needs it
      return PhaseKind::kDeleteAttachments;
    default:
      return PhaseKind::kDeleteUnderlay;
  }
}

Operation Put(const Object& object) {
  Operation operation;
  *operation.mutable_put() = object;
  return operation;
}

Operation Delete(const std::string& key) {
  Operation operation;
  operation.set_delete_(key);
  return operation;
}

// Where the attachments that leave a node go. A port and one of its VLANs exclude each other, and
// an E-Line has two ends in all, attachments and remotes together: the old one makes room in the
// transaction that brings what takes its place. A key does not tell its service, so all that leave
// a node go together.
PhaseKind DetachPhase(const NodeDiff& diff) {
  PhaseKind phase = PhaseKind::kDeleteAttachments;
  for (const Object& object : diff.puts) {
    if (object.has_attachment()) phase = std::min(phase, PhaseKind::kAttachments);
    if (object.has_instance() && object.instance().type() == southbound::v1::INSTANCE_E_LINE) {
      phase = std::min(phase, PhaseKind::kInstances);
    }
  }
  return phase;
}

// The turn of each policy that is put and has to do with a succession: after all who leave where it
// arrives.
std::map<PolicyPlace, size_t> Turns(const std::map<std::string, NodeDiff>& diffs,
                                    const Successions& successions) {
  std::set<PolicyPlace> left;
  if (successions.empty()) return {};
  for (const auto& [node, diff] : diffs) {
    for (const Object& object : diff.puts) {
      if (object.has_policy()) left.emplace(node, ObjectKey(object));
    }
  }
  std::map<PolicyPlace, size_t> turns;
  for (size_t turn = 0; turn < kMostTurns && !left.empty(); ++turn) {
    std::set<PolicyPlace> held_up;
    for (const auto& [link, succession] : successions) {
      const bool room =
          std::none_of(succession.leaving.begin(), succession.leaving.end(),
                       [&](const PolicyPlace& place) { return left.contains(place); });
      if (room) continue;
      for (const PolicyPlace& place : succession.arriving) {
        if (left.contains(place)) held_up.insert(place);
      }
    }
    // A ring: it has to begin somewhere.
    if (held_up.size() == left.size()) held_up.erase(held_up.begin());
    std::erase_if(left, [&](const PolicyPlace& place) {
      if (held_up.contains(place)) return false;
      turns.emplace(place, turn);
      return true;
    });
  }
  for (const PolicyPlace& place : left) turns.emplace(place, kMostTurns);
  return turns;
}

// The operations of one node, by phase.
std::map<Place, std::vector<Operation>> Sort(const std::string& node, const NodeDiff& diff,
                                             const std::map<PolicyPlace, size_t>& turns) {
  std::map<Place, std::vector<Operation>> sorted;
  const PhaseKind detach = DetachPhase(diff);
  for (const std::string& key : diff.deletes) {
    const ObjectRank rank = RankOf(key);
    sorted[{rank == ObjectRank::kAttachment ? detach : DeletePhase(rank), 0}].push_back(
        Delete(key));
  }
  for (const Object& object : diff.puts) {
    const std::string key = ObjectKey(object);
    const auto turn = turns.find({node, key});
    const PhaseKind phase =
        diff.changed_routes.contains(key) ? PhaseKind::kRoutes : PutPhase(RankOf(key));
    sorted[{phase, turn == turns.end() ? 0 : turn->second}].push_back(Put(object));
  }
  return sorted;
}

void AddBatches(const std::string& node, std::vector<Operation> operations, Phase* phase) {
  for (size_t begin = 0; begin < operations.size(); begin += kMaxBatchOperations) {
    const size_t end = std::min(operations.size(), begin + kMaxBatchOperations);
    NodeBatch batch;
    batch.node = node;
    batch.operations.assign(
        std::make_move_iterator(operations.begin() + static_cast<ptrdiff_t>(begin)),
        std::make_move_iterator(operations.begin() + static_cast<ptrdiff_t>(end)));
    phase->batches.push_back(std::move(batch));
  }
}

}  // namespace

std::string_view PhaseName(PhaseKind kind) {
  switch (kind) {
    case PhaseKind::kUnderlay:
      return "underlay";
    case PhaseKind::kPolicies:
      return "policies";
    case PhaseKind::kInstances:
      return "instances";
    case PhaseKind::kAttachments:
      return "attachments";
    case PhaseKind::kRoutes:
      return "routes";
    case PhaseKind::kDeleteAttachments:
      return "delete attachments";
    case PhaseKind::kDeleteInstances:
      return "delete instances";
    case PhaseKind::kDeletePolicies:
      return "delete policies";
    case PhaseKind::kDeleteUnderlay:
      return "delete underlay";
  }
  return "";
}

std::vector<Phase> MakePhases(const std::map<std::string, NodeDiff>& diffs,
                              const Successions& successions) {
  const std::map<PolicyPlace, size_t> turns = Turns(diffs, successions);
  std::map<Place, Phase> by_place;
  for (const auto& [node, diff] : diffs) {
    for (auto& [place, operations] : Sort(node, diff, turns)) {
      Phase& phase = by_place[place];
      phase.kind = place.first;
      AddBatches(node, std::move(operations), &phase);
    }
  }
  std::vector<Phase> phases;
  for (auto& [place, phase] : by_place) phases.push_back(std::move(phase));
  return phases;
}

std::string DebugText(const std::vector<Phase>& phases) {
  std::string text;
  for (const Phase& phase : phases) {
    text.append("phase ").append(PhaseName(phase.kind)).append("\n");
    for (const NodeBatch& batch : phase.batches) {
      text.append("  ").append(batch.node).append("\n");
      for (const Operation& operation : batch.operations) {
        text.append("    ")
            .append(operation.has_put() ? "put " + ObjectKey(operation.put())
                                        : "delete " + operation.delete_())
            .append("\n");
      }
    }
  }
  return text;
}

}  // namespace waymark

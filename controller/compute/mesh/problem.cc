#include "controller/compute/mesh/problem.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

absl::Status Bad(const char* list, size_t index, const char* field, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(list, "[", index, "].", field, " ", what));
}

absl::Status CheckEnds(const char* list, size_t index, int32_t from, int32_t to, int32_t nodes) {
  for (const auto& [field, node] : {std::pair("from", from), std::pair("to", to)}) {
    if (node < 0 || node >= nodes) {
      return Bad(list, index, field,
                 absl::StrCat("is ", node, ": there are nodes 0 to ", nodes - 1));
    }
  }
  if (from == to) return Bad(list, index, "to", absl::StrCat("is ", to, " as from is"));
  return absl::OkStatus();
}

absl::Status CheckQuantity(const char* list, size_t index, const char* field, double value) {
  if (value >= 0 && value <= kMostMeshRate) return absl::OkStatus();  // NaN is neither
  return Bad(list, index, field, absl::StrCat("is ", value, ": give 0 to ", kMostMeshRate));
}

absl::Status CheckBounds(const MeshProblem& problem) {
  if (!(problem.max_delay >= 0 && problem.max_delay <= kMostMeshRate)) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_delay is ", problem.max_delay, ": give 0 to ", kMostMeshRate));
  }
  if (problem.max_hops < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_hops is ", problem.max_hops, ": give 0 (no bound) or more"));
  }
  if (problem.max_stretch != 0 &&
      !(problem.max_stretch >= 1 && problem.max_stretch <= kMostMeshRate)) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_stretch is ", problem.max_stretch, ": give 0 (no bound), or 1 or more"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckMeshProblem(const MeshProblem& problem) {
  const int32_t nodes = problem.node_count;
  if (nodes < 0 || nodes > kMostMeshNodes) {
    return absl::InvalidArgumentError(
        absl::StrCat("node_count is ", nodes, ": give 0 to ", kMostMeshNodes));
  }
  if (absl::Status status = CheckBounds(problem); !status.ok()) return status;
  for (size_t i = 0; i < problem.links.size(); ++i) {
    const MeshLink& link = problem.links[i];
    if (auto status = CheckEnds("links", i, link.from, link.to, nodes); !status.ok()) {
      return status;
    }
    if (auto status = CheckQuantity("links", i, "capacity", link.capacity); !status.ok()) {
      return status;
    }
    if (auto status = CheckQuantity("links", i, "delay", link.delay); !status.ok()) return status;
    if (link.capacity > 0 && link.capacity < kLeastMeshCapacity) {
      return Bad("links", i, "capacity",
                 absl::StrCat("is ", link.capacity, ": give 0 or at least ", kLeastMeshCapacity));
    }
  }
  for (size_t i = 0; i < problem.demands.size(); ++i) {
    const MeshDemand& demand = problem.demands[i];
    if (auto status = CheckEnds("demands", i, demand.from, demand.to, nodes); !status.ok()) {
      return status;
    }
    if (auto status = CheckQuantity("demands", i, "rate", demand.rate); !status.ok()) {
      return status;
    }
    if (i == 0) continue;
    const MeshDemand& before = problem.demands[i - 1];
    if (std::pair(before.from, before.to) >= std::pair(demand.from, demand.to)) {
      return Bad("demands", i, "from",
                 "and to do not come after those of the demand before: order by (from, to), each "
                 "pair once");
    }
  }
  return absl::OkStatus();
}

}  // namespace waymark

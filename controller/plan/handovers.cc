#include "controller/plan/handovers.h"

#include <algorithm>
#include <string_view>

namespace waymark {
namespace {

using stored::v1::Placement;
// A record may state any rate, and any number of them.
using Wide = __int128;

void AddHeld(const Placement& placement, int sign, std::map<std::string_view, Wide>* held) {
  for (const auto* links : {&placement.working(), &placement.protect()}) {
    for (const std::string& link : *links) (*held)[link] += sign * Wide{placement.reserved_bps()};
  }
}

bool Same(const Placement& a, const Placement& b) {
  return a.reserved_bps() == b.reserved_bps() &&
         std::equal(a.working().begin(), a.working().end(), b.working().begin(),
                    b.working().end()) &&
         std::equal(a.protect().begin(), a.protect().end(), b.protect().begin(), b.protect().end());
}

}  // namespace

Successions HandoversOf(const Snapshot& snapshot, const Plan& before, const Plan& after) {
  static const Placement kNowhere;
  Successions found;
  std::map<std::string_view, Wide> arriving;
  const auto compare = [&](const std::string& name, const Placement* was, const Placement* is) {
    const auto policy = after.policies.find(name);
    if (policy == after.policies.end()) return;
    const Placement& old = was == nullptr ? kNowhere : *was;
    const Placement& made = is == nullptr ? kNowhere : *is;
    if (Same(old, made)) return;
    std::map<std::string_view, Wide> more;
    AddHeld(made, 1, &more);
    AddHeld(old, -1, &more);
    for (const auto& [link, bps] : more) {
      if (bps == 0) continue;
      Succession& here = found[std::string(link)];
      (bps < 0 ? here.leaving : here.arriving)
          .emplace(policy->second->headend_id, policy->second->object_key);
      if (bps > 0) arriving[link] += bps;
    }
  };
  SharedMap<Placement>::ForEachUnshared(before.placements, after.placements, compare);
  std::erase_if(found, [](const auto& entry) {
    return entry.second.leaving.empty() || entry.second.arriving.empty();
  });
  if (found.empty()) return found;
  std::map<std::string_view, Wide> held;
  for (const auto& [name, placement] : before.placements) AddHeld(placement, 1, &held);
  std::erase_if(found, [&](const auto& entry) {
    const auto link = snapshot.FindLink(entry.first);
    return !link ||
           held[entry.first] + arriving[entry.first] <= snapshot.link(*link).reservable_bps;
  });
  return found;
}

}  // namespace waymark

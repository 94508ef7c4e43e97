#include "northbound/api/field_checker.h"

namespace waymark {

void CheckDisjoint(const std::string& field, const google::protobuf::RepeatedField<int>& levels,
                   FieldChecker& check) {
  std::set<int> seen;
  for (int i = 0; i < levels.size() && i < kMaxListed; ++i) {
    const std::string at = absl::StrCat(field, "[", i, "]");
    if (!v1::Disjointness_IsValid(levels[i]) || levels[i] == v1::DISJOINTNESS_UNSPECIFIED) {
      check.Add(at, "is ", levels[i],
                ": use LINK, NODE, SRLG, PROVIDER or BUILDING_DISJOINT (1 to 5)");
    } else if (!seen.insert(levels[i]).second) {
      check.Add(at, "is listed twice: list each level once");
    }
  }
}

void CheckPairObjective(const std::string& field, v1::PairObjective objective,
                        FieldChecker& check) {
  if (v1::PairObjective_IsValid(objective)) return;
  check.Add(field, "is ", static_cast<int>(objective), ": use MIN_SUM (1) or MIN_MAX (2), or 0");
}

void CheckObjective(const std::string& field, v1::Objective objective, FieldChecker& check) {
  if (v1::Objective_IsValid(objective)) return;
  check.Add(field, "is ", static_cast<int>(objective),
            ": use MIN_TE_METRIC, MIN_DELAY or MIN_COST (1 to 3), or 0");
}

void CheckAvailability(const std::string& field, double target, FieldChecker& check) {
  if (target >= 0 && target <= kMaxAvailabilityTarget) return;
  check.Add(field, "is ", PlainNumber(target), ": give a number from 0 to ",
            PlainNumber(kMaxAvailabilityTarget), ", such as 0.99999");
}

}  // namespace waymark

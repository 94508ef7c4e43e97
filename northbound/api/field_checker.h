// Private to this folder. The checks that resources and requests share.
#ifndef WAYMARK_NORTHBOUND_API_FIELD_CHECKER_H_
#define WAYMARK_NORTHBOUND_API_FIELD_CHECKER_H_

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/topology/snapshot.h"
#include "northbound/api/errors.h"
#include "northbound/api/kinds.h"
#include "northbound/api/validate.h"

namespace waymark {

// Collects what is wrong with one resource, or with one request (no resource).
class FieldChecker {
 public:
  FieldChecker(std::string resource, Problems& problems)
      : resource_(std::move(resource)), problems_(problems) {}

  template <typename... Args>
  void Add(const std::string& field, const Args&... args) {
    if (problems_.size() >= kMaxProblems) return;
    problems_.push_back(MakeProblem("FIELD_INVALID", resource_, field, absl::StrCat(args...)));
  }

  void Text(const std::string& field, const std::string& text, size_t most) {
    if (text.size() > most) {
      Add(field, "is ", text.size(), " bytes long: shorten it to at most ", most);
    }
    for (const char c : text) {
      if (static_cast<unsigned char>(c) >= ' ' && c != 0x7f) continue;
      Add(field, Quoted(text), " contains control characters: remove them");
      return;
    }
  }

  void Range(const std::string& field, int64_t value, int64_t least, int64_t most,
             const std::string& unit = "") {
    if (value < least || value > most) {
      Add(field, "is ", value, ": give ", least, " to ", most, unit);
    }
  }

  void Names(const std::string& field,
             const google::protobuf::RepeatedPtrField<std::string>& names) {
    if (!Count(field, names.size(), kMaxListed)) return;
    std::set<std::string> seen;
    for (int i = 0; i < names.size(); ++i) {
      const std::string at = absl::StrCat(field, "[", i, "]");
      if (names[i].empty()) Add(at, "is empty: remove it");
      Text(at, names[i], kMaxShortName);
      if (!seen.insert(names[i]).second) Add(at, Quoted(names[i]), " is listed twice");
    }
  }

  void Jurisdictions(const std::string& field,
                     const google::protobuf::RepeatedPtrField<std::string>& codes) {
    if (!Count(field, codes.size(), kMaxListed)) return;
    std::set<std::string> seen;
    for (int i = 0; i < codes.size(); ++i) {
      const std::string at = absl::StrCat(field, "[", i, "]");
      if (!IsJurisdictionCode(codes[i])) {
        Add(at, Quoted(codes[i]), " is no ISO 3166-1 alpha-2 code: use two capitals such as CH");
      } else if (!seen.insert(codes[i]).second) {
        Add(at, Quoted(codes[i]), " is listed twice");
      }
    }
  }

  void Disjoint(const std::string& field, const google::protobuf::RepeatedPtrField<std::string>& a,
                const std::string& other,
                const google::protobuf::RepeatedPtrField<std::string>& b) {
    const std::set<std::string> in_b(b.begin(), b.end());
    for (const std::string& value : a) {
      if (in_b.contains(value))
        Add(field, Quoted(value), " is also in ", other, ": decide for one");
    }
  }

  bool Count(const std::string& field, int count, int most) {
    if (count > most) Add(field, "has ", count, " entries: at most ", most);
    return count <= most;
  }

  // A reference to `kind`, whose existence ValidateReferences checks.
  bool Reference(const std::string& field, const std::string& name, Kind kind) {
    if (name.empty()) {
      Add(field, "is missing: name one, as ", NamePattern(kind));
    } else if (KindOfName(name) != kind) {
      Add(field, Quoted(name), " is no valid name: write ", NamePattern(kind));
    } else {
      return true;
    }
    return false;
  }

 private:
  const std::string resource_;
  Problems& problems_;
};

// Jurisdictions, providers and affinities of a message that has them under the names of
// TrafficClass. `prefix` goes before every field name: "constraints.".
template <typename Constraints>
void CheckPlaces(const Constraints& c, const std::string& prefix, FieldChecker& check) {
  check.Jurisdictions(prefix + "allowed_jurisdictions", c.allowed_jurisdictions());
  check.Jurisdictions(prefix + "forbidden_jurisdictions", c.forbidden_jurisdictions());
  check.Disjoint(prefix + "forbidden_jurisdictions", c.forbidden_jurisdictions(),
                 "allowed_jurisdictions", c.allowed_jurisdictions());
  check.Names(prefix + "allowed_providers", c.allowed_providers());
  check.Names(prefix + "forbidden_providers", c.forbidden_providers());
  check.Disjoint(prefix + "forbidden_providers", c.forbidden_providers(), "allowed_providers",
                 c.allowed_providers());
  check.Names(prefix + "include_any", c.include_any());
  check.Names(prefix + "include_all", c.include_all());
  check.Names(prefix + "exclude", c.exclude());
  check.Disjoint(prefix + "exclude", c.exclude(), "include_all", c.include_all());
  const std::set<std::string> excluded(c.exclude().begin(), c.exclude().end());
  bool any = c.include_any().empty();
  for (const std::string& name : c.include_any()) any |= !excluded.contains(name);
  if (!any) {
    check.Add(prefix + "exclude", "has every name of include_any: no link could be used");
  }
}

void CheckDisjoint(const std::string& field, const google::protobuf::RepeatedField<int>& levels,
                   FieldChecker& check);
void CheckPairObjective(const std::string& field, v1::PairObjective objective, FieldChecker& check);
void CheckObjective(const std::string& field, v1::Objective objective, FieldChecker& check);
// NaN is refused too.
void CheckAvailability(const std::string& field, double target, FieldChecker& check);

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_FIELD_CHECKER_H_

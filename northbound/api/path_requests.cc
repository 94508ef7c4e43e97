#include "northbound/api/path_requests.h"

#include <algorithm>
#include <set>
#include <string>

#include "northbound/api/field_checker.h"
#include "northbound/api/reader.h"
#include "northbound/api/request_log.h"

namespace waymark {
namespace {

absl::Status Judgement(const Problems& problems) {
  if (problems.empty()) return absl::OkStatus();
  return ErrorWith(absl::StatusCode::kInvalidArgument, problems);
}

bool IsOneOf(const std::string& name, std::initializer_list<Kind> kinds) {
  const auto kind = KindOfName(name);
  return kind && std::find(kinds.begin(), kinds.end(), *kind) != kinds.end();
}

void CheckHops(const v1::ComputePathRequest& request, FieldChecker& check) {
  const v1::PathConstraints& c = request.constraints();
  if (!check.Count("constraints.explicit_hops", c.explicit_hops_size(), kMaxExplicitHops)) return;
  std::set<std::string> seen;
  for (int i = 0; i < c.explicit_hops_size(); ++i) {
    const std::string at = absl::StrCat("constraints.explicit_hops[", i, "].resource");
    const std::string& name = c.explicit_hops(i).resource();
    if (!IsOneOf(name, {Kind::kNode, Kind::kLink})) {
      check.Add(at, Quoted(name), " is no place on a path: write nodes/ID or links/ID");
    } else if (!seen.insert(name).second) {
      check.Add(at, Quoted(name), " is listed twice: a path passes a place once");
    }
  }
}

void CheckExcludes(const v1::ComputePathRequest& request, FieldChecker& check) {
  const v1::PathConstraints& c = request.constraints();
  if (!check.Count("constraints.exclude_resources", c.exclude_resources_size(), kMaxListed)) return;
  std::set<std::string> hops;
  for (const v1::ExplicitHop& hop : c.explicit_hops()) hops.insert(hop.resource());
  std::set<std::string> seen;
  for (int i = 0; i < c.exclude_resources_size(); ++i) {
    const std::string at = absl::StrCat("constraints.exclude_resources[", i, "]");
    const std::string& name = c.exclude_resources(i);
    if (!IsOneOf(name, {Kind::kNode, Kind::kLink, Kind::kSrlg})) {
      check.Add(at, Quoted(name), " cannot be excluded: write nodes/ID, links/ID or srlgs/ID");
    } else if (!seen.insert(name).second) {
      check.Add(at, Quoted(name), " is listed twice");
    } else if (name == request.from() || name == request.to()) {
      check.Add(at, Quoted(name), " is an end of the path: take one of the two back");
    } else if (hops.contains(name)) {
      check.Add(at, Quoted(name), " is also in explicit_hops: decide for one");
    }
  }
}

void CheckPathConstraints(const v1::ComputePathRequest& request, FieldChecker& check) {
  const v1::PathConstraints& c = request.constraints();
  const std::string in = "constraints.";
  CheckObjective(in + "objective", c.objective(), check);
  check.Range(in + "max_delay_ns", c.max_delay_ns(), 0, kMaxDelayBoundNs, " ns, 0 for no bound");
  check.Range(in + "max_latency_ns", c.max_latency_ns(), 0, kMaxDelayBoundNs,
              " ns, 0 for no bound");
  check.Range(in + "bandwidth_bps", c.bandwidth_bps(), 0, kMaxRateBps, " bit/s");
  check.Range(in + "max_hops", c.max_hops(), 0, 64, ", 0 for 64");
  CheckPlaces(c, in, check);
  CheckDisjoint(in + "disjoint", c.disjoint(), check);
  CheckPairObjective(in + "pair_objective", c.pair_objective(), check);
  // Of a class it is known later whether it asks for two paths.
  if (c.disjoint_size() == 0 && request.traffic_class().empty()) {
    const auto refuse = [&](bool set, const char* field) {
      if (set) {
        check.Add(in + field, "means nothing without disjoint: name what the paths must not share");
      }
    };
    refuse(c.pair_objective() != v1::PAIR_OBJECTIVE_UNSPECIFIED, "pair_objective");
    refuse(c.allow_shared_risks(), "allow_shared_risks");
  }
  if (c.has_setup_priority()) check.Range(in + "setup_priority", c.setup_priority(), 0, 7);
  CheckAvailability(in + "availability_target", c.availability_target(), check);
  check.Range(in + "queue", c.queue(), 0, 7);
  CheckHops(request, check);
  CheckExcludes(request, check);
}

void CheckPast(const v1::ComputePathRequest& request, FieldChecker& check) {
  if (request.as_of() < 0) {
    check.Add("as_of", "is ", request.as_of(), ": give a revision, or 0 for the present");
  }
  if (!request.has_as_of_time()) return;
  if (request.as_of() != 0) check.Add("as_of_time", "is set beside as_of: set one of them");
  if (!IsValidTime(request.as_of_time())) {
    check.Add("as_of_time", "is no valid time");
  }
}

}  // namespace

absl::Status ValidateComputePath(const v1::ComputePathRequest& request) {
  Problems problems;
  FieldChecker check("", problems);
  const bool ends = check.Reference("from", request.from(), Kind::kNode) &&
                    check.Reference("to", request.to(), Kind::kNode);
  if (ends && request.from() == request.to()) {
    check.Add("to", "is ", Quoted(request.to()), " like from: a path joins two different nodes");
  }
  if (!request.traffic_class().empty()) {
    check.Reference("traffic_class", request.traffic_class(), Kind::kTrafficClass);
  }
  CheckPathConstraints(request, check);
  if (request.constraints().disjoint_size() > 0) {
    check.Range("paths", request.paths(), 0, kMaxDisjointPaths, " disjoint ones, 0 for 2");
    if (request.paths() == 1) {
      check.Add("paths", "is 1, and one path is disjoint from nothing: give 2 to ",
                kMaxDisjointPaths, ", or leave disjoint out");
    }
  } else {
    check.Range("paths", request.paths(), 0, kMaxPaths, ", 0 for 1");
  }
  CheckPast(request, check);
  return Judgement(problems);
}

absl::Status ValidateExplainService(const v1::ExplainServiceRequest& request) {
  Problems problems;
  FieldChecker("", problems).Reference("name", request.name(), Kind::kService);
  return Judgement(problems);
}

absl::Status ValidateReoptimize(const v1::ReoptimizeRequest& request) {
  Problems problems;
  FieldChecker check("", problems);
  if (!request.service().empty()) check.Reference("service", request.service(), Kind::kService);
  if (!(request.min_gain_percent() >= 0 && request.min_gain_percent() <= 100)) {
    check.Add("min_gain_percent", "is ", request.min_gain_percent(), ": give 0 to 100 percent");
  }
  check.Text("expected_plan", request.expected_plan(), 64);
  if (request.apply() && request.expected_plan().empty()) {
    check.Add("expected_plan", "is missing: ask without apply first, and give the plan it names");
  }
  if (absl::Status s = Judgement(problems); !s.ok()) return s;
  return RequestLog::CheckId(request.request_id());
}

absl::Status WithField(const absl::Status& status) {
  const std::string message(status.message());
  const size_t colon = message.find(": ");
  const auto field_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '[' ||
           c == ']';
  };
  if (status.ok() || colon == std::string::npos || colon == 0 ||
      !std::all_of(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(colon),
                   field_letter)) {
    return status;
  }
  const std::string reason = absl::IsNotFound(status) ? "NOT_FOUND" : "FIELD_INVALID";
  return ErrorWith(status.code(), reason, "", message.substr(0, colon), message.substr(colon + 2));
}

}  // namespace waymark

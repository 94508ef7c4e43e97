#include "southbound/agent/fake_dataplane.h"

#include <set>

#include "controller/base/object.h"

namespace waymark {

using southbound::v1::Object;

absl::Status FakeDataPlane::FailureOf(const std::string& key) const {
  auto it = failures.find(key);
  return it == failures.end() ? absl::OkStatus() : it->second;
}

absl::Status FakeDataPlane::Start(EventSink events) {
  sink = std::move(events);
  return FailureOf("start");
}

absl::Status FakeDataPlane::Put(const Object& object) {
  const std::string key = ObjectKey(object);
  if (auto s = FailureOf(key); !s.ok()) return s;
  held[key] = object;
  calls.push_back("put " + key);
  return absl::OkStatus();
}

absl::Status FakeDataPlane::Remove(const Object& object) {
  const std::string key = ObjectKey(object);
  if (auto s = FailureOf(key); !s.ok()) return s;
  if (auto s = FailureOf("remove " + key); !s.ok()) return s;
  held.erase(key);
  calls.push_back("remove " + key);
  return absl::OkStatus();
}

absl::StatusOr<DataPlane::Report> FakeDataPlane::Reconcile(const std::vector<Object>& expected,
                                                           bool repair) {
  ++reconciles;
  if (!reconcile_failure.ok()) return reconcile_failure;
  Report report;
  std::set<std::string> keys;
  for (const Object& object : expected) {
    const std::string key = ObjectKey(object);
    keys.insert(key);
    auto it = held.find(key);
    if (it != held.end() && ObjectHash(it->second) == ObjectHash(object)) {
      report.kept.push_back(key);
    } else if (auto s = FailureOf(key); !s.ok()) {
      report.failed.emplace_back(key, std::string(s.message()));
    } else {
      report.repaired.push_back(key);
      if (repair) held[key] = object;
    }
  }
  for (auto it = held.begin(); it != held.end();) {
    if (keys.count(it->first) > 0) {
      ++it;
      continue;
    }
    report.removed.push_back(it->first);
    it = repair ? held.erase(it) : std::next(it);
  }
  return report;
}

}  // namespace waymark

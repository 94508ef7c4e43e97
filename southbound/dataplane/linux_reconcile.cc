// Comparing what the kernel holds with what it should.
#include <set>
#include <utility>

#include "controller/base/object.h"
#include "southbound/dataplane/linux_switch.h"
#include "southbound/dataplane/linux_sysctl.h"

namespace waymark {

using southbound::v1::Object;

namespace {

PolicyId IdOf(const Object& object) {
  return {object.policy().color(), object.policy().endpoint_sid()};
}

}  // namespace

absl::StatusOr<std::vector<Piece>> LinuxDataPlane::Wanted(const LinuxObjects& objects,
                                                          const Object& object) {
  uint32_t group = 0;
  if (object.has_policy()) {
    const auto known = groups_.find(IdOf(object));
    if (known != groups_.end()) group = known->second;
  }
  return Compiler(objects).Compile(object, group);
}

// Only says what Repair would do.
void LinuxDataPlane::Inspect(const LinuxObjects& wanted, const std::vector<Object>& expected,
                             Report& report) {
  std::set<std::string> pieces, removed;
  for (const Object& object : expected) {
    const std::string key = ObjectKey(object);
    const absl::StatusOr<std::vector<Piece>> compiled = Wanted(wanted, object);
    if (!compiled.ok()) {
      report.failed.emplace_back(key, std::string(compiled.status().message()));
      continue;
    }
    for (const Piece& piece : *compiled) pieces.insert(KeyOf(piece));
    const bool stands =
        state_.Holds(*compiled) && (!object.has_policy() || policies_.Holds(object.policy()));
    (stands ? report.kept : report.repaired).push_back(key);
  }
  for (const auto& [key, object] : objects_) {
    if (!wanted.contains(key)) removed.insert(key);
  }
  for (const std::string& piece : state_.Unwanted()) {
    if (!pieces.contains(piece)) removed.insert(state_.OwnerOf(piece));
  }
  report.removed.assign(removed.begin(), removed.end());
}

void LinuxDataPlane::Repair(LinuxObjects wanted, const std::vector<Object>& expected,
                            Report& report) {
  std::set<std::string> removed;
  LinuxObjects before = std::exchange(objects_, std::move(wanted));
  waiting_.clear();
  for (const Object& object : expected) {
    const std::string key = ObjectKey(object);
    const absl::StatusOr<std::vector<Piece>> compiled = Wanted(objects_, object);
    const bool stands = compiled.ok() && state_.Holds(*compiled) &&
                        (!object.has_policy() || policies_.Holds(object.policy()));
    // Also where nothing is to be done: from now on it is known whose the pieces are.
    const absl::Status status = Make(key, object);
    if (status.ok()) {
      RememberLink(object);
      (stands ? report.kept : report.repaired).push_back(key);
      continue;
    }
    report.failed.emplace_back(key, std::string(status.message()));
    if (absl::IsUnavailable(status)) waiting_[key] = object;
  }
  for (const auto& [key, object] : waiting_) objects_.erase(key);
  // Last, and in reverse: what replaces it stands by now.
  for (auto it = before.rbegin(); it != before.rend(); ++it) {
    if (objects_.contains(it->first) || waiting_.contains(it->first)) continue;
    const absl::Status status = Take(it->first, it->second);
    if (status.ok()) {
      removed.insert(it->first);
    } else {
      report.failed.emplace_back(it->first, std::string(status.message()));
    }
  }
  for (const std::string& piece : state_.Unwanted()) {
    const std::string owner = state_.OwnerOf(piece);
    const absl::Status status = state_.Remove(piece);
    if (status.ok()) {
      removed.insert(owner);
    } else {
      report.failed.emplace_back(owner, std::string(status.message()));
    }
  }
  policies_.Sweep();
  report.removed.assign(removed.begin(), removed.end());
}

absl::StatusOr<DataPlane::Report> LinuxDataPlane::Reconcile(const std::vector<Object>& expected,
                                                            bool repair) {
  const NamespaceScope scope(namespace_fd_);
  const std::scoped_lock lock(mutex_);
  if (absl::Status status = Refresh(); !status.ok()) return status;
  LinuxObjects wanted;
  for (const Object& object : expected) wanted[ObjectKey(object)] = object;
  Report report;
  if (repair) {
    Repair(std::move(wanted), expected, report);
  } else {
    Inspect(wanted, expected, report);
  }
  return report;
}

}  // namespace waymark

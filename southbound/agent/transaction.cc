#include "southbound/agent/transaction.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "southbound/agent/validate.h"

namespace waymark {

using southbound::v1::Batch;
using southbound::v1::Object;
using southbound::v1::Operation;
using southbound::v1::OperationResult;

bool Transaction::Apply(const Batch& batch) {
  for (const Operation& operation : batch.operations()) {
    OperationResult result;
    result.set_id(operation.id());
    result.set_status(southbound::v1::UNDONE);
    results_.push_back(std::move(result));
  }
  const size_t count = results_.size();
  for (size_t i = 0; i < count; ++i) {
    if (auto s = Stage(batch.operations(static_cast<int>(i))); !s.ok()) {
      UndoTable();
      return Fail(i, s);
    }
  }
  for (size_t i = 0; i < count; ++i) {
    if (auto s = rib_->CheckIntegrity(changes_[i].key, changes_[i].before); !s.ok()) {
      UndoTable();
      return Fail(i, s);
    }
  }
  for (size_t i = 0; i < count; ++i) {
    const Change& change = changes_[i];
    const absl::Status status = ApplyToDataPlane(change);
    pending_.erase(change.key);
    if (status.ok()) {
      results_[i].set_status(southbound::v1::FIB_ACKED);
    } else if (absl::IsUnavailable(status)) {
      results_[i].set_status(southbound::v1::RIB_ACKED);
      results_[i].set_error(std::string(status.message()));
      pending_[change.key] = Pending{std::string(status.message()),
                                     change.after.has_value() ? std::nullopt : change.before};
    } else {
      pending_.clear();
      UndoDataPlane(i);
      UndoTable();
      return Fail(i, status);
    }
  }
  return true;
}

void Transaction::Undo(const absl::Status& reason) {
  pending_.clear();
  UndoDataPlane(changes_.size());
  UndoTable();
  for (OperationResult& result : results_) {
    result.set_status(southbound::v1::REJECTED);
    result.set_error(std::string(reason.message()));
  }
}

std::vector<std::string> Transaction::keys() const {
  std::vector<std::string> keys;
  for (const Change& change : changes_) keys.push_back(change.key);
  return keys;
}

absl::Status Transaction::Stage(const Operation& operation) {
  const auto& unknown = operation.GetReflection()->GetUnknownFields(operation);
  if (operation.op_case() != Operation::OP_NOT_SET && !unknown.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("operation has field ", unknown.field(0).number(),
                     ", which this agent does not know: upgrade the agent, or do without it"));
  }
  switch (operation.op_case()) {
    case Operation::kPut: {
      const Object& object = operation.put();
      if (auto s = ValidateForm(object, own_node_); !s.ok()) return s;
      if (auto s = rib_->CheckReferences(object); !s.ok()) return s;
      std::string key = ObjectKey(object);
      if (rib_->Find(key) == nullptr && rib_->table().size() >= object_limit_) {
        return absl::ResourceExhaustedError(absl::StrCat("this switch holds ", rib_->table().size(),
                                                         " objects, its limit (--object-limit)"));
      }
      std::optional<Object> before = rib_->Put(object);
      changes_.push_back(Change{std::move(key), std::move(before), object});
      return absl::OkStatus();
    }
    case Operation::kDelete: {
      const std::string& key = operation.delete_();
      if (auto s = ValidateKey(key); !s.ok()) return s;
      changes_.push_back(Change{key, rib_->Erase(key), std::nullopt});
      return absl::OkStatus();
    }
    case Operation::OP_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "operation is neither put nor delete, or of a kind that this agent does not know");
}

absl::Status Transaction::ApplyToDataPlane(const Change& change) {
  if (change.after.has_value()) return dataplane_->Put(*change.after);
  if (change.before.has_value()) return dataplane_->Remove(*change.before);
  return absl::OkStatus();  // A delete of what was not there.
}

void Transaction::UndoDataPlane(size_t applied) {
  for (size_t i = applied; i-- > 0;) {
    const Change& change = changes_[i];
    absl::Status status;
    if (change.before.has_value()) {
      status = dataplane_->Put(*change.before);
    } else if (change.after.has_value() && complete_) {
      status = dataplane_->Remove(*change.after);
    }
    pending_.erase(change.key);
    if (status.ok()) continue;
    pending_[change.key] =
        Pending{std::string(status.message()),
                change.before.has_value() ? std::nullopt : std::optional<Object>(change.after)};
    Log(LogLevel::kError, "data plane did not take back an operation of a rejected batch; retrying",
        {{"key", change.key}, {"reason", std::string(status.message())}});
  }
}

void Transaction::UndoTable() {
  for (size_t i = changes_.size(); i-- > 0;) {
    if (changes_[i].before.has_value()) {
      rib_->Put(*changes_[i].before);
    } else {
      rib_->Erase(changes_[i].key);
    }
  }
}

bool Transaction::Fail(size_t index, const absl::Status& reason) {
  for (OperationResult& result : results_) {
    result.set_status(southbound::v1::UNDONE);
    result.clear_error();
  }
  results_[index].set_status(southbound::v1::REJECTED);
  results_[index].set_error(std::string(reason.message()));
  return false;
}

}  // namespace waymark

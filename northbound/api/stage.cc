#include "northbound/api/stage.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/base/srv6.h"
#include "northbound/api/validate.h"

namespace waymark {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr uint32_t kMaxVni = (1u << 24) - 1;
constexpr uint32_t kMaxClassIndex = 255;

// The fields of a mask, resolved. "name", "etag" and output-only fields are left out: AIP-203 has
// them ignored.
absl::Status ResolveMask(const Intent& intent, std::vector<const FieldDescriptor*>& fields) {
  const Message& message = *intent.resource;
  const auto& output_only = InfoOf(intent.kind).output_only;
  if (intent.mask.empty()) {
    message.GetReflection()->ListFields(message, &fields);
  }
  for (const std::string& path : intent.mask) {
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(path);
    if (field == nullptr) {
      return InvalidField(
          intent.name, "update_mask",
          absl::StrCat(Quoted(path), " is no field of a ", std::string(InfoOf(intent.kind).field),
                       ": name its own fields, or * alone for the whole"));
    }
    fields.push_back(field);
  }
  std::erase_if(fields, [&](const FieldDescriptor* field) {
    return field->name() == "name" ||
           std::find(output_only.begin(), output_only.end(), field->name()) != output_only.end();
  });
  return absl::OkStatus();
}

void CopyField(const Message& from, const FieldDescriptor* field, Message& to) {
  // Merge into an empty field is a copy, and keeps repeated fields and their order.
  to.GetReflection()->ClearField(&to, field);
  const std::unique_ptr<Message> only(from.New());
  only->CopyFrom(from);
  std::vector<const FieldDescriptor*> set;
  only->GetReflection()->ListFields(*only, &set);
  for (const FieldDescriptor* other : set) {
    if (other != field) only->GetReflection()->ClearField(only.get(), other);
  }
  only->GetReflection()->MutableUnknownFields(only.get())->Clear();
  to.MergeFrom(*only);
}

class Stager {
 public:
  Stager(Staged& staged, stored::v1::Allocator& allocator, std::vector<IntentResult>& results)
      : staged_(staged), allocator_(allocator), results_(results) {}

  absl::Status Run(const std::vector<Intent>& intents) {
    if (absl::Status s = CheckNames(intents); !s.ok()) return s;
    for (const Intent& intent : intents) {
      if (absl::Status s = Apply(intent); !s.ok()) return s;
    }
    ClearReverses();
    CompleteReverses();
    if (absl::Status s = Validate(); !s.ok()) return s;
    if (absl::Status s = Allocate(); !s.ok()) return s;
    // Derived interface names exist only now, and may clash with given ones.
    Problems problems;
    if (staged_.Changes(Kind::kLink)) ValidateTopology(staged_, problems);
    if (!problems.empty()) return ErrorWith(absl::StatusCode::kInvalidArgument, problems);
    Report();
    return absl::OkStatus();
  }

 private:
  absl::Status CheckNames(const std::vector<Intent>& intents) {
    Problems problems;
    for (const Intent& intent : intents) {
      ValidateName(intent.kind, intent.name, problems);
      if (!named_.insert(intent.name).second && problems.size() < kMaxProblems) {
        problems.push_back(MakeProblem(
            "FIELD_INVALID", Quoted(intent.name), "name",
            absl::StrCat(Quoted(intent.name), " is named twice in the request: name it once")));
      }
    }
    if (problems.empty()) return absl::OkStatus();
    return ErrorWith(absl::StatusCode::kInvalidArgument, problems);
  }

  absl::Status Apply(const Intent& intent) {
    const Message* before = staged_.base().Find(intent.kind, intent.name);
    results_.push_back({intent.kind, intent.name, v1::UNCHANGED});
    if (absl::Status s = CheckExistence(intent, before); !s.ok()) return s;
    if (!intent.etag.empty() && (before == nullptr || intent.etag != EtagOf(*before))) {
      return ErrorWith(
          absl::StatusCode::kAborted, "ETAG_MISMATCH", intent.name, "etag",
          absl::StrCat("is ", Quoted(intent.etag), " but the resource ",
                       before == nullptr ? "does not exist" : "has " + Quoted(EtagOf(*before)),
                       ": read it again and repeat the change, or leave etag empty"));
    }
    if (intent.action == Intent::Action::kDelete) {
      if (before != nullptr) staged_.Erase(intent.kind, intent.name);
      return absl::OkStatus();
    }
    return Put(intent, before);
  }

  static absl::Status CheckExistence(const Intent& intent, const Message* before) {
    const auto action = intent.action;
    if (action == Intent::Action::kCreate && before != nullptr) {
      return ErrorWith(absl::StatusCode::kAlreadyExists, "ALREADY_EXISTS", intent.name, "name",
                       "exists already: choose another name, or update it");
    }
    const bool must_exist = action == Intent::Action::kUpdate || action == Intent::Action::kDelete;
    if (must_exist && before == nullptr && !intent.allow_missing) {
      return ResourceNotFound(intent.name);
    }
    return absl::OkStatus();
  }

  absl::Status Put(const Intent& intent, const Message* before) {
    std::unique_ptr<Message> after;
    const bool whole = intent.action != Intent::Action::kUpdate || before == nullptr ||
                       (intent.mask.size() == 1 && intent.mask[0] == "*");
    if (whole) {
      after = Clone(*intent.resource);
    } else {
      std::vector<const FieldDescriptor*> fields;
      if (absl::Status s = ResolveMask(intent, fields); !s.ok()) return s;
      after = Clone(*before);
      for (const FieldDescriptor* field : fields) CopyField(*intent.resource, field, *after);
    }
    after->GetReflection()->MutableUnknownFields(after.get())->Clear();
    CopyOutputOnly(before, *after);
    // Derived from what never changes, so that applying the same file again changes nothing.
    if (intent.kind == Kind::kLink && before != nullptr) {
      auto& link = static_cast<v1::Link&>(*after);
      if (link.interface().empty()) link.set_interface(DerivedInterface(link.adjacency_sid()));
    }
    staged_.Put(intent.kind, std::move(after));
    return absl::OkStatus();
  }

  static std::string DerivedInterface(uint32_t adjacency_sid) {
    return absl::StrFormat("l%x", adjacency_sid);
  }

  // A link that no longer names its partner, or is gone, must not be named by it, unless the
  // request itself put the partner: then it is for the client to be consistent.
  void ClearReverses() {
    for (const auto& [key, resource] : Copy(staged_.changes())) {
      if (key.first != Kind::kLink) continue;
      const auto* before = staged_.base().Find<v1::Link>(key.second);
      if (before == nullptr || before->reverse().empty()) continue;
      const auto* after = static_cast<const v1::Link*>(resource.get());
      const std::string& partner = before->reverse();
      if (after != nullptr && after->reverse() == partner) continue;
      const auto* other = staged_.Find<v1::Link>(partner);
      if (other != nullptr && other->reverse() == key.second && !named_.contains(partner)) {
        SetReverse(*other, "");
      }
    }
  }

  void CompleteReverses() {
    for (const auto& [key, resource] : Copy(staged_.changes())) {
      if (key.first != Kind::kLink || resource == nullptr) continue;
      const auto& link = static_cast<const v1::Link&>(*resource);
      if (link.reverse().empty()) continue;
      const auto* other = staged_.Find<v1::Link>(link.reverse());
      if (other != nullptr && other->reverse().empty()) SetReverse(*other, link.name());
    }
  }

  static std::map<std::pair<Kind, std::string>, Resource> Copy(
      const std::map<std::pair<Kind, std::string>, Resource>& changes) {
    return changes;
  }

  void SetReverse(const v1::Link& link, const std::string& reverse) {
    auto changed = std::make_shared<v1::Link>(link);
    changed->set_reverse(reverse);
    staged_.Put(Kind::kLink, std::move(changed));
  }

  absl::Status Validate() const {
    Problems problems;
    for (const auto& [key, resource] : staged_.changes()) {
      if (resource != nullptr) ValidateFields(*resource, problems);
    }
    if (!problems.empty()) return ErrorWith(absl::StatusCode::kInvalidArgument, problems);
    ValidateReferences(staged_, problems);
    if (!problems.empty()) {
      const bool referenced = problems.front().reason() == "STILL_REFERENCED";
      return ErrorWith(
          referenced ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kInvalidArgument,
          problems);
    }
    ValidateTopology(staged_, problems);
    if (!problems.empty()) return ErrorWith(absl::StatusCode::kInvalidArgument, problems);
    return absl::OkStatus();
  }

  absl::Status Allocate() {
    for (const auto& [key, resource] : Copy(staged_.changes())) {
      const auto& [kind, name] = key;
      if (resource == nullptr || staged_.base().Find(kind, name) != nullptr) continue;
      std::shared_ptr<Message> message = Clone(*resource);
      if (absl::Status s = AllocateOne(kind, name, *message); !s.ok()) return s;
      staged_.Put(kind, std::move(message));
    }
    return absl::OkStatus();
  }

  absl::Status AllocateOne(Kind kind, const std::string& name, Message& message) {
    const auto next = [&](uint32_t highest, uint32_t least, uint32_t most, const char* field,
                          auto set) -> absl::Status {
      const uint32_t id = std::max(highest + 1, least);
      if (id > most) {
        return ErrorWith(absl::StatusCode::kResourceExhausted, "NO_IDENTIFIER_LEFT", name, field,
                         absl::StrCat("all identifiers up to ", most,
                                      " have been given out; they are never used again"));
      }
      set(id);
      return absl::OkStatus();
    };
    switch (kind) {
      case Kind::kNode:
        return next(allocator_.node_sid(), kMinNodeSid, kMaxNodeSid, "node_sid", [&](uint32_t id) {
          allocator_.set_node_sid(id);
          static_cast<v1::Node&>(message).set_node_sid(id);
          static_cast<v1::Node&>(message).set_loopback(ToString(Vtep(id)));
        });
      case Kind::kLink:
        return next(allocator_.adjacency_sid(), kMinAdjacencySid, kMaxAdjacencySid, "adjacency_sid",
                    [&](uint32_t id) {
                      allocator_.set_adjacency_sid(id);
                      auto& link = static_cast<v1::Link&>(message);
                      link.set_adjacency_sid(id);
                      if (link.interface().empty()) link.set_interface(DerivedInterface(id));
                    });
      case Kind::kService:
        return next(allocator_.vni(), 1, kMaxVni, "vni", [&](uint32_t id) {
          allocator_.set_vni(id);
          static_cast<v1::Service&>(message).set_vni(id);
        });
      case Kind::kTrafficClass:
        return next(allocator_.class_index(), 1, kMaxClassIndex, "class_index", [&](uint32_t id) {
          allocator_.set_class_index(id);
          static_cast<v1::TrafficClass&>(message).set_class_index(id);
        });
      default:
        return absl::OkStatus();
    }
  }

  v1::ChangeType ChangeOf(Kind kind, const std::string& name) const {
    const Message* before = staged_.base().Find(kind, name);
    const Message* after = staged_.Find(kind, name);
    if (before == nullptr) return after == nullptr ? v1::UNCHANGED : v1::CREATED;
    if (after == nullptr) return v1::DELETED;
    return before == after || SameContent(*before, *after) ? v1::UNCHANGED : v1::UPDATED;
  }

  void Report() {
    for (IntentResult& result : results_) result.change = ChangeOf(result.kind, result.name);
    for (const auto& [key, resource] : staged_.changes()) {
      if (named_.contains(key.second)) continue;
      const v1::ChangeType change = ChangeOf(key.first, key.second);
      if (change != v1::UNCHANGED) results_.push_back({key.first, key.second, change});
    }
  }

  Staged& staged_;
  stored::v1::Allocator& allocator_;
  std::vector<IntentResult>& results_;
  std::set<std::string> named_;
};

}  // namespace

absl::Status Stage(const std::vector<Intent>& intents, Staged& staged,
                   stored::v1::Allocator& allocator, std::vector<IntentResult>& results) {
  return Stager(staged, allocator, results).Run(intents);
}

}  // namespace waymark

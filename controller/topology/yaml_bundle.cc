#include "controller/topology/yaml_bundle.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/bundle_fields.h"
#include "controller/topology/file_error.h"
#include "controller/topology/nearest.h"
#include "controller/topology/text.h"
#include "controller/topology/yaml_scalar.h"
#include "controller/topology/yaml_tree.h"

namespace waymark {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Node = YamlNode;
using NodePtr = std::shared_ptr<const YamlNode>;

constexpr size_t kMaxErrors = 20;

// What a link entry may say beyond the fields of Link.
struct LinkExtras {
  bool both_ways = false;
  const Node* target_interface = nullptr;
};

const char* KindName(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kScalar:
      return "a single value";
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kMap:
      return "a mapping";
  }
  return "";
}

class Reader {
 public:
  explicit Reader(std::string_view file) : file_(file) {}

  void ReadDocument(const Node& root) {
    if (!Expect(root, Node::Kind::kMap, "the file", "nodes:, links:, ... each with a list")) return;
    std::set<std::string> seen;
    for (size_t i = 0; i + 1 < root.items.size() && !Full(); i += 2) {
      const Node& key = *root.items[i];
      const FieldDescriptor* field = FindField(*v1::Bundle::descriptor(), key, {}, seen);
      if (field != nullptr) ReadResources(*field, *root.items[i + 1]);
    }
  }

  absl::StatusOr<YamlBundle> Finish() && {
    if (!errors_.empty()) {
      std::string text;
      for (const std::string& error : errors_) {
        text.append(text.empty() ? "" : "\n").append(error);
      }
      return absl::InvalidArgumentError(text);
    }
    return std::move(result_);
  }

 private:
  bool Full() const { return errors_.size() >= kMaxErrors; }

  void Error(const Node& at, std::string_view message) {
    if (!Full()) errors_.emplace_back(FileError(file_, at.line, message).message());
  }

  bool Expect(const Node& node, Node::Kind kind, const std::string& what, const char* how) {
    if (node.kind == kind) return true;
    Error(node, absl::StrCat(what, " must be ", KindName(kind), ", not ", KindName(node.kind),
                             ": write ", how));
    return false;
  }

  // Null, with the error reported, when `key` is no settable field of `type` or was used before.
  // `extras`: other keys to suggest.
  const FieldDescriptor* FindField(const Descriptor& type, const Node& key,
                                   const std::vector<std::string>& extras,
                                   std::set<std::string>& seen) {
    if (!CheckKey(key, seen)) return nullptr;
    const FieldDescriptor* field = type.FindFieldByName(key.scalar);
    if (field == nullptr) {
      std::vector<std::string> known = extras;
      for (int i = 0; i < type.field_count(); ++i) {
        if (!IsOutputOnly(*type.field(i))) known.push_back(type.field(i)->name());
      }
      Error(key, UnknownMessage("key", key.scalar, known));
    } else if (IsOutputOnly(*field)) {
      Error(key, absl::StrCat(key.scalar, " is given by the controller: remove the line"));
      field = nullptr;
    }
    return field;
  }

  bool CheckKey(const Node& key, std::set<std::string>& seen) {
    if (!Expect(key, Node::Kind::kScalar, "a key", "a field's name")) return false;
    if (seen.insert(key.scalar).second) return true;
    Error(key, absl::StrCat("the key ", Quote(key.scalar), " is here twice: keep one of them"));
    return false;
  }

  void ReadResources(const FieldDescriptor& field, const Node& list) {
    if (list.kind == Node::Kind::kNull) return;
    if (!Expect(list, Node::Kind::kSequence, field.name(), "each entry on a line with \"- \""))
      return;
    for (const NodePtr& item : list.items) {
      if (Full()) return;
      if (!Expect(*item, Node::Kind::kMap, "an entry of " + field.name(),
                  "its fields as KEY: VALUE"))
        continue;
      if (field.message_type() == v1::Link::descriptor()) {
        ReadLink(*item);
      } else {
        ReadResource(field, *item);
      }
    }
  }

  void ReadResource(const FieldDescriptor& field, const Node& entry) {
    Message& message = *result_.bundle.GetReflection()->AddMessage(&result_.bundle, &field);
    owner_ = OwnerOf(entry);
    const size_t errors = errors_.size();
    ReadMessage(entry, message, nullptr);
    if (errors_.size() != errors) return;
    if (field.message_type() == v1::Node::descriptor()) {
      SetCoordinates(entry, static_cast<v1::Node&>(message));
    }
    const FieldDescriptor* name_field = field.message_type()->FindFieldByName("name");
    const std::string name = message.GetReflection()->GetString(message, name_field);
    if (name.empty()) {
      Error(entry, absl::StrCat("an entry of ", field.name(), " has no name: add name: ID"));
      return;
    }
    Record(entry, name);
  }

  void ReadLink(const Node& entry) {
    ++links_read_;
    LinkExtras extras;
    v1::Link link;
    owner_.clear();
    const size_t errors = errors_.size();
    ReadMessage(entry, link, &extras);
    if (errors_.size() != errors) return;
    if (link.source().empty() || link.target().empty()) {
      Error(entry, "a link needs source: NODE and target: NODE");
      return;
    }
    const bool named = !link.name().empty();
    if (!named) link.set_name(DefaultName(link.source(), link.target()));
    if (!extras.both_ways) {
      if (extras.target_interface != nullptr) {
        Error(*extras.target_interface,
              "target_interface goes with both_ways: true only: remove it");
      }
      AddLink(entry, link);
      return;
    }
    if (!link.reverse().empty()) {
      Error(entry, "both_ways makes the reverse link itself: remove reverse or both_ways");
      return;
    }
    v1::Link back = link;
    back.set_name(named ? link.name() + "-rev" : DefaultName(link.target(), link.source()));
    back.set_source(link.target());
    back.set_target(link.source());
    back.set_reverse(link.name());
    back.clear_interface();
    if (extras.target_interface != nullptr) back.set_interface(extras.target_interface->scalar);
    link.set_reverse(back.name());
    AddLink(entry, link);
    AddLink(entry, back);
  }

  static std::string DefaultName(const std::string& source, const std::string& target) {
    const size_t prefix = std::string_view("nodes/").size();
    return absl::StrCat("links/", source.substr(prefix), "--", target.substr(prefix));
  }

  void AddLink(const Node& entry, const v1::Link& link) {
    const size_t prefix = std::string_view("links/").size();
    if (absl::StatusOr<std::string> name =
            ExpandName({"links", false}, link.name().substr(prefix), "");
        !name.ok()) {
      Error(entry, absl::StrCat(name.status().message(), "; give the link a shorter name: ID"));
      return;
    }
    *result_.bundle.add_links() = link;
    result_.link_entries.push_back(links_read_ - 1);
    Record(entry, link.name());
  }

  // Remembers where a resource is written, and refuses its name if it was used before.
  void Record(const Node& entry, const std::string& name) {
    const int before = result_.lines.Find(name);
    if (before != 0) {
      Error(entry, absl::StrCat(name, " is defined twice (first on line ", before,
                                "): give each a name of its own"));
      return;
    }
    result_.lines.Add(name, "", entry.line);
    for (size_t i = 0; i + 1 < entry.items.size(); i += 2) {
      result_.lines.Add(name, entry.items[i]->scalar, entry.items[i]->line);
    }
  }

  // The customer that the entry's own name or, failing that, nothing says: bare names in it are of
  // that customer.
  static std::string OwnerOf(const Node& entry) {
    for (size_t i = 0; i + 1 < entry.items.size(); i += 2) {
      if (entry.items[i]->scalar != "name") continue;
      std::string_view name = entry.items[i + 1]->scalar;
      if (name.starts_with("customers/")) name.remove_prefix(std::string_view("customers/").size());
      const size_t slash = name.find('/');
      return std::string(slash == std::string_view::npos ? "" : name.substr(0, slash));
    }
    return "";
  }

  void SetCoordinates(const Node& entry, v1::Node& node) {
    bool latitude = false, longitude = false;
    for (size_t i = 0; i + 1 < entry.items.size(); i += 2) {
      latitude |= entry.items[i]->scalar == "latitude";
      longitude |= entry.items[i]->scalar == "longitude";
    }
    if (latitude != longitude) {
      Error(entry, "latitude and longitude go together: give both or neither");
    } else if (latitude) {
      node.set_has_coordinates(true);
    }
  }

  void ReadMessage(const Node& entry, Message& message, LinkExtras* extras) {
    std::set<std::string> seen;
    for (size_t i = 0; i + 1 < entry.items.size() && !Full(); i += 2) {
      const Node& key = *entry.items[i];
      const Node& value = *entry.items[i + 1];
      if (extras != nullptr && ReadExtra(key, value, *extras, seen)) continue;
      static const std::vector<std::string> kExtraKeys = {"both_ways", "target_interface"};
      const FieldDescriptor* field =
          FindField(*message.GetDescriptor(), key,
                    extras != nullptr ? kExtraKeys : std::vector<std::string>{}, seen);
      if (field == nullptr) continue;
      if (field->is_repeated()) {
        ReadList(*field, value, message);
      } else {
        ReadValue(*field, value, message);
      }
    }
  }

  bool ReadExtra(const Node& key, const Node& value, LinkExtras& extras,
                 std::set<std::string>& seen) {
    if (key.scalar != "both_ways" && key.scalar != "target_interface") return false;
    if (!CheckKey(key, seen)) return true;
    if (!Expect(value, Node::Kind::kScalar, key.scalar, "one value")) return true;
    if (key.scalar == "target_interface") {
      extras.target_interface = &value;
    } else if (value.scalar == "true" || value.scalar == "false") {
      extras.both_ways = value.scalar == "true";
    } else {
      Error(value, absl::StrCat("both_ways: ", Quote(value.scalar), " is neither true nor false"));
    }
    return true;
  }

  void ReadList(const FieldDescriptor& field, const Node& list, Message& message) {
    if (!Expect(list, Node::Kind::kSequence, field.name(), "[A, B]")) return;
    for (const NodePtr& item : list.items) {
      if (Full()) return;
      ReadValue(field, *item, message);
    }
  }

  void ReadValue(const FieldDescriptor& field, const Node& value, Message& message) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!Expect(value, Node::Kind::kMap, field.name(), "its fields as KEY: VALUE")) return;
      const auto& reflection = *message.GetReflection();
      ReadMessage(value,
                  field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                      : *reflection.MutableMessage(&message, &field),
                  nullptr);
      return;
    }
    if (!Expect(value, Node::Kind::kScalar, field.name(), "one value, or \"\" for empty text"))
      return;
    const absl::Status status = SetScalar(field, value.scalar, owner_, message);
    if (!status.ok()) {
      Error(value, absl::StrCat(field.name(), ": ", std::string(status.message())));
    }
  }

  std::string_view file_;
  std::string owner_;
  YamlBundle result_;
  int32_t links_read_ = 0;  // entries, good or not
  std::vector<std::string> errors_;
};

std::string LineKey(std::string_view resource, std::string_view field) {
  return std::string(resource).append(1, '\0').append(field);
}

}  // namespace

void SourceLines::Add(std::string_view resource, std::string_view field, int line) {
  lines_.emplace(LineKey(resource, field), line);
}

int SourceLines::Find(std::string_view resource, std::string_view field) const {
  field = field.substr(0, field.find_first_of(".["));
  for (const std::string_view part : {field, std::string_view()}) {
    const auto it = lines_.find(LineKey(resource, part));
    if (it != lines_.end()) return it->second;
  }
  return 0;
}

absl::StatusOr<YamlBundle> ReadYamlBundle(std::string_view file, std::string_view contents) {
  auto documents = ParseYaml(file, contents);
  if (!documents.ok()) return documents.status();
  Reader reader(file);
  for (const NodePtr& document : *documents) {
    if (document->kind != Node::Kind::kNull) reader.ReadDocument(*document);
  }
  return std::move(reader).Finish();
}

}  // namespace waymark

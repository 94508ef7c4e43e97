#include "northbound/api/kinds.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "controller/store/resource_key.h"
#include "controller/topology/snapshot.h"

namespace waymark {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

template <typename T>
KindInfo Describe(std::string_view field, std::string_view plural, std::string_view store_prefix,
                  std::string_view collection, bool of_customer,
                  std::vector<std::string_view> allocated) {
  allocated.insert(allocated.end(), {"etag", "revision"});
  if (T::descriptor()->FindFieldByName("status") != nullptr) allocated.push_back("status");
  return {KindOf<T>::value,
          field,
          plural,
          store_prefix,
          collection,
          of_customer,
          &T::default_instance(),
          std::move(allocated)};
}

const std::array<KindInfo, kKindCount>& Table() {
  static const auto& table = *new std::array<KindInfo, kKindCount>{
      Describe<v1::Srlg>("srlg", "srlgs", kSrlgPrefix, "srlgs", false, {}),
      Describe<v1::Node>("node", "nodes", kNodePrefix, "nodes", false, {"node_sid", "loopback"}),
      Describe<v1::Link>("link", "links", kLinkPrefix, "links", false, {"adjacency_sid"}),
      Describe<v1::Customer>("customer", "customers", kCustomerPrefix, "customers", false, {}),
      Describe<v1::Site>("site", "sites", kSitePrefix, "sites", true, {}),
      Describe<v1::TrafficClass>("traffic_class", "traffic_classes", kTrafficClassPrefix,
                                 "trafficClasses", false, {"class_index"}),
      Describe<v1::ClassMap>("class_map", "class_maps", kClassMapPrefix, "classMaps", true, {}),
      Describe<v1::Service>("service", "services", kServicePrefix, "services", true, {"vni"}),
  };
  return table;
}

const FieldDescriptor* Field(const Message& message, std::string_view name) {
  return message.GetDescriptor()->FindFieldByName(std::string(name));
}

}  // namespace

const KindInfo& InfoOf(Kind kind) { return Table()[static_cast<int>(kind)]; }

std::optional<Kind> KindOfName(const std::string& name) {
  // Longer than any valid name: not worth splitting.
  if (name.size() > 256) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  const bool nested = parts.size() == 4 && parts[0] == "customers" && IsResourceId(parts[1]);
  if (!nested && parts.size() != 2) return std::nullopt;
  if (!IsResourceId(parts.back())) return std::nullopt;
  for (const KindInfo& info : Table()) {
    if (info.of_customer == nested && parts[parts.size() - 2] == info.collection) return info.kind;
  }
  return std::nullopt;
}

std::optional<Kind> KindOfMessage(const Message& message) {
  for (const KindInfo& info : Table()) {
    if (info.prototype->GetDescriptor() == message.GetDescriptor()) return info.kind;
  }
  return std::nullopt;
}

std::string ParentOf(const std::string& name) {
  const size_t first = name.find('/');
  if (first == std::string::npos) return "";
  const size_t second = name.find('/', first + 1);
  return second == std::string::npos ? "" : name.substr(0, second);
}

std::string NamePattern(Kind kind) {
  const KindInfo& info = InfoOf(kind);
  return std::string(info.of_customer ? "customers/ID/" : "").append(info.collection) + "/ID";
}

std::string KeyOf(Kind kind, const std::string& name) {
  return StoreKey(InfoOf(kind).store_prefix, name);
}

std::optional<KindAndName> ParseKey(const std::string& key) {
  for (const KindInfo& info : Table()) {
    if (key.starts_with(info.store_prefix)) {
      return KindAndName{info.kind, key.substr(info.store_prefix.size())};
    }
  }
  return std::nullopt;
}

std::string GetString(const Message& message, std::string_view field) {
  return message.GetReflection()->GetString(message, Field(message, field));
}

void SetString(Message& message, std::string_view field, const std::string& value) {
  message.GetReflection()->SetString(&message, Field(message, field), value);
}

void SetRevision(Message& message, Revision revision) {
  message.GetReflection()->SetInt64(&message, Field(message, "revision"), revision);
  SetString(message, "etag", EtagAt(revision));
}

Revision RevisionOf(const Message& message) {
  return message.GetReflection()->GetInt64(message, Field(message, "revision"));
}

std::unique_ptr<Message> Clone(const Message& message) {
  std::unique_ptr<Message> copy(message.New());
  copy->CopyFrom(message);
  return copy;
}

void ClearVolatile(Message& message) {
  for (const char* name : {"etag", "revision", "status"}) {
    const FieldDescriptor* field = Field(message, name);
    if (field != nullptr) message.GetReflection()->ClearField(&message, field);
  }
  message.GetReflection()->MutableUnknownFields(&message)->Clear();
}

void CopyOutputOnly(const Message* from, Message& to) {
  const google::protobuf::Reflection& reflection = *to.GetReflection();
  for (const std::string_view name : InfoOf(*KindOfMessage(to)).output_only) {
    const FieldDescriptor* field = Field(to, name);
    reflection.ClearField(&to, field);
    if (from == nullptr) continue;
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
      reflection.SetUInt32(&to, field, reflection.GetUInt32(*from, field));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
      reflection.SetInt64(&to, field, reflection.GetInt64(*from, field));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      reflection.SetString(&to, field, reflection.GetString(*from, field));
    }
  }
}

std::string DeterministicBytes(const Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

bool SameContent(const Message& a, const Message& b) {
  const auto x = Clone(a), y = Clone(b);
  ClearVolatile(*x);
  ClearVolatile(*y);
  return DeterministicBytes(*x) == DeterministicBytes(*y);
}

absl::StatusOr<Resource> Decode(Kind kind, const std::string& key, const std::string& value,
                                Revision modified) {
  std::unique_ptr<Message> message(InfoOf(kind).prototype->New());
  if (!message->ParseFromString(value)) {
    return absl::DataLossError(
        absl::StrCat("the record ", key, " of the store does not parse: restore a backup"));
  }
  SetRevision(*message, modified);
  return Resource(std::move(message));
}

std::string EtagAt(Revision modified) { return absl::StrCat("r", modified); }

v1::Resource ToResource(const Message& message) {
  v1::Resource resource;
  for (int i = 0; i < v1::Resource::descriptor()->field_count(); ++i) {
    const FieldDescriptor* field = v1::Resource::descriptor()->field(i);
    if (field->message_type() == message.GetDescriptor()) {
      resource.GetReflection()->MutableMessage(&resource, field)->CopyFrom(message);
    }
  }
  return resource;
}

}  // namespace waymark

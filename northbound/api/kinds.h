// The eight kinds of stored resource, described once, so that the standard methods have one
// implementation: where a kind is stored, how it is named, and which of its fields are output only.
#ifndef WAYMARK_NORTHBOUND_API_KINDS_H_
#define WAYMARK_NORTHBOUND_API_KINDS_H_

#include <google/protobuf/message.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/store/store.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

// In the order in which references point: a kind refers only to kinds before it (links to links
// apart).
enum class Kind { kSrlg, kNode, kLink, kCustomer, kSite, kTrafficClass, kClassMap, kService };
inline constexpr int kKindCount = 8;
inline constexpr std::array<Kind, kKindCount> kAllKinds = {
    Kind::kSrlg, Kind::kNode,         Kind::kLink,     Kind::kCustomer,
    Kind::kSite, Kind::kTrafficClass, Kind::kClassMap, Kind::kService};

struct KindInfo {
  Kind kind;
  // The field that holds it in requests, e.g. "traffic_class", and the list in bundles and replies.
  std::string_view field;
  std::string_view plural;
  // Prefix of its keys in the store.
  std::string_view store_prefix;
  // AIP-122 collection, e.g. "nodes", and "sites" within a customer.
  std::string_view collection;
  bool of_customer;
  const google::protobuf::Message* prototype;
  // Field names that clients cannot set: etag, revision, status and allocated identifiers.
  std::vector<std::string_view> output_only;
};

const KindInfo& InfoOf(Kind kind);

template <typename T>
struct KindOf;
template <>
struct KindOf<v1::Node> : std::integral_constant<Kind, Kind::kNode> {};
template <>
struct KindOf<v1::Link> : std::integral_constant<Kind, Kind::kLink> {};
template <>
struct KindOf<v1::Srlg> : std::integral_constant<Kind, Kind::kSrlg> {};
template <>
struct KindOf<v1::Customer> : std::integral_constant<Kind, Kind::kCustomer> {};
template <>
struct KindOf<v1::Site> : std::integral_constant<Kind, Kind::kSite> {};
template <>
struct KindOf<v1::TrafficClass> : std::integral_constant<Kind, Kind::kTrafficClass> {};
template <>
struct KindOf<v1::ClassMap> : std::integral_constant<Kind, Kind::kClassMap> {};
template <>
struct KindOf<v1::Service> : std::integral_constant<Kind, Kind::kService> {};

using Resource = std::shared_ptr<const google::protobuf::Message>;

// The kind whose pattern `name` matches, ids included; empty if none does.
std::optional<Kind> KindOfName(const std::string& name);
// The kind of a message; empty if it is no stored resource.
std::optional<Kind> KindOfMessage(const google::protobuf::Message& message);
// "customers/bank" of "customers/bank/sites/zrh"; empty for carrier-wide kinds and customers.
std::string ParentOf(const std::string& name);
// What `name` must look like, e.g. "nodes/ID"; for messages.
std::string NamePattern(Kind kind);
// The store key of a resource, and back.
std::string KeyOf(Kind kind, const std::string& name);
struct KindAndName {
  Kind kind;
  std::string name;
};
std::optional<KindAndName> ParseKey(const std::string& key);

// Singular string and integer fields by name; the field must exist.
std::string GetString(const google::protobuf::Message& message, std::string_view field);
void SetString(google::protobuf::Message& message, std::string_view field,
               const std::string& value);
inline std::string NameOf(const google::protobuf::Message& m) { return GetString(m, "name"); }
inline std::string EtagOf(const google::protobuf::Message& m) { return GetString(m, "etag"); }
void SetRevision(google::protobuf::Message& message, Revision revision);
Revision RevisionOf(const google::protobuf::Message& message);

std::unique_ptr<google::protobuf::Message> Clone(const google::protobuf::Message& message);
// Clears etag, revision and status: what is left is what the store holds.
void ClearVolatile(google::protobuf::Message& message);
// Takes the output-only fields of `from`, or clears them when it is null.
void CopyOutputOnly(const google::protobuf::Message* from, google::protobuf::Message& to);
// Fields in ascending order, so that equal messages give equal bytes.
std::string DeterministicBytes(const google::protobuf::Message& message);
// Equal but for etag, revision and status.
bool SameContent(const google::protobuf::Message& a, const google::protobuf::Message& b);

// A resource of `kind` as stored at `modified`, with revision and etag set. DATA_LOSS if it does
// not parse.
absl::StatusOr<Resource> Decode(Kind kind, const std::string& key, const std::string& value,
                                Revision modified);
// AIP-154: changes with every revision of the resource.
std::string EtagAt(Revision modified);
// The oneof that Watch events carry.
v1::Resource ToResource(const google::protobuf::Message& message);

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_KINDS_H_

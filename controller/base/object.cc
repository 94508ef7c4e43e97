#include "controller/base/object.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace waymark {
namespace {

using southbound::v1::Object;

// Finaliser of SplitMix64 (Steele, Lea, Flood 2014): spreads every input bit over the output.
uint64_t Mix(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  x ^= x >> 31;
  return x;
}

}  // namespace

std::string PolicyKey(uint32_t color, uint32_t endpoint_sid) {
  return "policy:" + std::to_string(color) + ":" + std::to_string(endpoint_sid);
}

std::string ObjectKey(const Object& object) {
  switch (object.kind_case()) {
    case Object::kNode:
      return "node:";
    case Object::kLink:
      return "link:" + object.link().link();
    case Object::kRoute:
      return "route:" + std::to_string(object.route().node_sid());
    case Object::kPolicy:
      return PolicyKey(object.policy().color(), object.policy().endpoint_sid());
    case Object::kInstance:
      return "instance:" + std::to_string(object.instance().vni());
    case Object::kAttachment:
      return "attachment:" + object.attachment().interface() + ":" +
             std::to_string(object.attachment().vlan());
    case Object::KIND_NOT_SET:
      return "";
  }
  return "";
}

std::string CanonicalBytes(const Object& object) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream out(&bytes);
    google::protobuf::io::CodedOutputStream coded(&out);
    coded.SetSerializationDeterministic(true);
    object.SerializeToCodedStream(&coded);
  }
  return bytes;
}

uint64_t HashBytes(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : bytes) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001b3u;
  }
  return Mix(hash);
}

uint64_t ObjectHash(const Object& object) { return HashBytes(CanonicalBytes(object)); }

uint64_t DigestTerm(std::string_view key, uint64_t object_hash) {
  return Mix(HashBytes(key) + 0x9e3779b97f4a7c15u * (object_hash + 1));
}

uint32_t BucketOf(std::string_view key, uint32_t buckets) {
  return static_cast<uint32_t>(HashBytes(key) & (buckets - 1));
}

void ObjectTable::Put(const Object& object) {
  const std::string key = ObjectKey(object);
  const uint64_t hash = ObjectHash(object);
  Entry& entry = entries_[key];
  if (entry.object != nullptr) digest_ -= DigestTerm(key, entry.hash);
  entry = {std::make_shared<const Object>(object), hash};
  digest_ += DigestTerm(key, hash);
}

bool ObjectTable::Erase(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return false;
  digest_ -= DigestTerm(key, found->second.hash);
  entries_.erase(key);
  return true;
}

const Object* ObjectTable::Find(const std::string& key) const {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : found->second.object.get();
}

std::vector<uint32_t> ObjectTable::BucketDigests(uint32_t buckets) const {
  std::vector<uint32_t> digests(buckets, 0);
  for (const auto& [key, entry] : entries_) {
    digests[BucketOf(key, buckets)] += static_cast<uint32_t>(DigestTerm(key, entry.hash));
  }
  return digests;
}

void ObjectTable::Clear() {
  entries_.clear();
  digest_ = 0;
}

}  // namespace waymark

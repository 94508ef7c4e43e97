// Identity and digest of southbound objects: controller and agent must compute the same.
#ifndef WAYMARK_CONTROLLER_BASE_OBJECT_H_
#define WAYMARK_CONTROLLER_BASE_OBJECT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controller/base/shared_map.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// "KIND:ID" as southbound.proto documents it; empty when no kind is set.
std::string ObjectKey(const southbound::v1::Object& object);
std::string PolicyKey(uint32_t color, uint32_t endpoint_sid);

// Deterministic serialization: equal objects give equal bytes, within one build of Protobuf's field
// order.
std::string CanonicalBytes(const southbound::v1::Object& object);
// FNV-1a over CanonicalBytes, finalised. The same on both ends; not cryptographic.
uint64_t ObjectHash(const southbound::v1::Object& object);
uint64_t HashBytes(std::string_view bytes);

// A set digest: the sum (mod 2^64) of a mixed hash of each (key, object hash). Order-free, so that
// adding, changing or removing one object updates it in O(1).
uint64_t DigestTerm(std::string_view key, uint64_t object_hash);

// The hierarchy of digests: keys fall into buckets, and a bucket's digest is the lower half of the
// sum of its terms. By the key alone, so that an object that changes stays in its bucket. `buckets`
// is a power of two; of fewer ones, bucket b is made up of b, b + fewer, b + 2 * fewer, ...
inline constexpr uint32_t kMostBuckets = 65'536;
uint32_t BucketOf(std::string_view key, uint32_t buckets);

// A keyed set of objects with its digest. Not thread-safe. Ordered by key. Copies share what is
// equal (shared_map.h).
class ObjectTable {
 public:
  // Adds or replaces. O(log n).
  void Put(const southbound::v1::Object& object);
  // True if it was there.
  bool Erase(const std::string& key);
  const southbound::v1::Object* Find(const std::string& key) const;
  uint64_t digest() const { return digest_; }
  // Of each bucket. O(n).
  std::vector<uint32_t> BucketDigests(uint32_t buckets) const;
  size_t size() const { return entries_.size(); }
  void Clear();

  struct Entry {
    std::shared_ptr<const southbound::v1::Object> object;
    uint64_t hash = 0;
  };
  const SharedMap<Entry>& entries() const { return entries_; }

 private:
  SharedMap<Entry> entries_;
  uint64_t digest_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_BASE_OBJECT_H_

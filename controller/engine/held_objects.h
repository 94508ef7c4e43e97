#ifndef WAYMARK_CONTROLLER_ENGINE_HELD_OBJECTS_H_
#define WAYMARK_CONTROLLER_ENGINE_HELD_OBJECTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace waymark {

// Objects known by key and hash, with the digest of the set.
class HeldObjects {
 public:
  void Put(const std::string& key, uint64_t hash);
  void Erase(const std::string& key);
  void Clear();
  // False if absent or with another hash.
  bool Has(const std::string& key, uint64_t hash) const;
  uint64_t digest() const { return digest_; }
  // What it would be after these, one after another; no hash: erased. O(changes log n).
  using Change = std::pair<std::string, std::optional<uint64_t>>;
  uint64_t DigestAfter(std::span<const Change> changes) const;
  const std::map<std::string, uint64_t>& hashes() const { return hashes_; }

 private:
  std::map<std::string, uint64_t> hashes_;
  uint64_t digest_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_HELD_OBJECTS_H_

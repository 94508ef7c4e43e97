#include "controller/engine/held_objects.h"

#include "controller/base/object.h"

namespace waymark {

void HeldObjects::Put(const std::string& key, uint64_t hash) {
  auto [it, inserted] = hashes_.try_emplace(key, hash);
  if (!inserted) {
    digest_ -= DigestTerm(key, it->second);
    it->second = hash;
  }
  digest_ += DigestTerm(key, hash);
}

void HeldObjects::Erase(const std::string& key) {
  auto it = hashes_.find(key);
  if (it == hashes_.end()) return;
  digest_ -= DigestTerm(key, it->second);
  hashes_.erase(it);
}

void HeldObjects::Clear() {
  hashes_.clear();
  digest_ = 0;
}

bool HeldObjects::Has(const std::string& key, uint64_t hash) const {
  auto it = hashes_.find(key);
  return it != hashes_.end() && it->second == hash;
}

}  // namespace waymark

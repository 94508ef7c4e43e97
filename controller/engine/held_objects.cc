#include "controller/engine/held_objects.h"

#include <string_view>

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

uint64_t HeldObjects::DigestAfter(std::span<const Change> changes) const {
  std::map<std::string_view, std::optional<uint64_t>> last;
  for (const auto& [key, hash] : changes) last[key] = hash;
  uint64_t digest = digest_;
  for (const auto& [key, hash] : last) {
    const auto before = hashes_.find(std::string(key));
    if (before != hashes_.end()) digest -= DigestTerm(key, before->second);
    if (hash.has_value()) digest += DigestTerm(key, *hash);
  }
  return digest;
}

bool HeldObjects::Has(const std::string& key, uint64_t hash) const {
  auto it = hashes_.find(key);
  return it != hashes_.end() && it->second == hash;
}

}  // namespace waymark

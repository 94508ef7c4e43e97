#include "southbound/agent/get_chunks.h"

#include "absl/strings/str_cat.h"

namespace waymark {

using southbound::v1::Get;
using southbound::v1::GetResponse;

namespace {

void AddDigests(const ObjectTable& table, const Get& get, GetResponse* response) {
  const std::vector<uint32_t> digests = table.BucketDigests(get.buckets());
  if (get.only().empty()) {
    response->mutable_bucket_digests()->Assign(digests.begin(), digests.end());
    return;
  }
  for (const uint32_t coarse : get.only()) {
    for (uint32_t bucket = coarse; bucket < get.buckets(); bucket += get.only_of()) {
      response->add_bucket_digests(digests[bucket]);
    }
  }
}

}  // namespace

absl::Status CheckGet(const Get& get) {
  const uint32_t buckets = get.buckets();
  if (buckets == 0 && get.only().empty() && get.only_of() == 0) return absl::OkStatus();
  if (!get.hashes_only()) {
    return absl::InvalidArgumentError("get.buckets goes with get.hashes_only: objects have none");
  }
  if (buckets < 2 || buckets > kMostBuckets || (buckets & (buckets - 1)) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "get.buckets is ", buckets, ": must be a power of two from 2 to ", kMostBuckets));
  }
  const uint32_t only_of = get.only_of() == 0 ? buckets : get.only_of();
  if (only_of > buckets || (only_of & (only_of - 1)) != 0 ||
      (get.only_of() != 0 && (only_of == buckets || get.only().empty()))) {
    return absl::InvalidArgumentError(
        absl::StrCat("get.only_of is ", get.only_of(),
                     ": must be a power of two below get.buckets, with get.only, or 0"));
  }
  for (int i = 0; i < get.only_size(); ++i) {
    if (get.only(i) >= only_of || (i > 0 && get.only(i) <= get.only(i - 1))) {
      return absl::InvalidArgumentError(absl::StrCat("get.only[", i, "] is ", get.only(i),
                                                     ": must be under ", only_of,
                                                     " and greater than the one before"));
    }
  }
  return absl::OkStatus();
}

std::vector<GetResponse> MakeGetChunks(const ObjectTable& table, const Get& get,
                                       const std::vector<std::string>& drifted,
                                       const std::string& error) {
  std::vector<GetResponse> chunks(1);
  const bool digests = get.buckets() != 0 && (get.only().empty() || get.only_of() != 0);
  if (digests) AddDigests(table, get, &chunks.back());
  std::vector<bool> asked(digests ? 0 : get.buckets(), false);
  for (const uint32_t bucket : get.only()) {
    if (!digests) asked[bucket] = true;
  }
  const auto wanted = [&](const std::string& key) {
    return !digests && (asked.empty() || asked[BucketOf(key, get.buckets())]);
  };
  int elements = 0;
  size_t bytes = 0;
  // The chunk that has room for an element of `size` bytes.
  const auto room = [&chunks, &elements, &bytes](size_t size) -> GetResponse& {
    if (elements == kMaxElementsPerChunk || (elements > 0 && bytes + size > kMaxBytesPerChunk)) {
      chunks.emplace_back();
      elements = 0;
      bytes = 0;
    }
    ++elements;
    bytes += size;
    return chunks.back();
  };
  for (const auto& [key, entry] : table.entries()) {
    if (!wanted(key)) continue;
    if (get.hashes_only()) {
      auto* hash = room(key.size() + 16).add_hashes();
      hash->set_key(key);
      hash->set_hash(entry.hash);
    } else {
      *room(entry.object->ByteSizeLong() + 4).add_objects() = *entry.object;
    }
  }
  for (const std::string& key : drifted) room(key.size() + 4).add_drifted(key);
  chunks.back().set_last(true);
  chunks.back().set_error(error);
  return chunks;
}

}  // namespace waymark

#include "controller/engine/resync.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

using southbound::v1::Get;
using southbound::v1::GetResponse;

constexpr size_t kMostObjects = 1'000'000;
// With fewer, digests cost more than they save.
constexpr uint64_t kFewObjects = 64;
constexpr uint64_t kObjectsPerBucket = 4;

}  // namespace

Get Resync::Begin(const ObjectTable& desired, int64_t count) {
  digests_.clear();
  asked_.clear();
  held_.clear();
  told_ = 0;
  Get get;
  get.set_hashes_only(true);
  const uint64_t objects = std::max<uint64_t>(desired.size(), static_cast<uint64_t>(count));
  if (objects < kFewObjects) {
    buckets_ = 0;
    stage_ = Stage::kHashes;
    return get;
  }
  buckets_ = static_cast<uint32_t>(
      std::min<uint64_t>(std::bit_ceil(objects / kObjectsPerBucket), kMostBuckets));
  stage_ = Stage::kDigests;
  get.set_buckets(buckets_);
  return get;
}

absl::Status Resync::TakeHashes(const GetResponse& response) {
  for (const southbound::v1::ObjectHash& hash : response.hashes()) {
    if (!asked_.empty() && !asked_[BucketOf(hash.key(), buckets_)]) {
      return absl::InvalidArgumentError(absl::StrCat("tells of ", hash.key(), " unasked"));
    }
    held_[hash.key()] = hash.hash();
  }
  told_ += response.hashes_size();
  if (held_.size() > kMostObjects) {
    return absl::ResourceExhaustedError("claims to hold over a million objects");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Get>> Resync::Take(const GetResponse& response,
                                                const ObjectTable& desired) {
  if (done()) return absl::InvalidArgumentError("answers a question that was not asked");
  const size_t digests = digests_.size() + response.bucket_digests_size();
  if (digests > (stage_ == Stage::kDigests ? buckets_ : 0) ||
      (digests > 0 && stage_ == Stage::kDigests && response.hashes_size() > 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("answers with ", digests, " digests of buckets, not as asked"));
  }
  digests_.insert(digests_.end(), response.bucket_digests().begin(),
                  response.bucket_digests().end());
  if (absl::Status status = TakeHashes(response); !status.ok()) return status;
  if (!response.last()) return std::nullopt;
  // An agent that knows no buckets has told all.
  if (stage_ == Stage::kHashes || digests_.empty()) {
    stage_ = Stage::kDone;
    return std::nullopt;
  }
  if (digests_.size() != buckets_) {
    return absl::InvalidArgumentError(
        absl::StrCat("gives digests of ", digests_.size(), " buckets of ", buckets_));
  }
  return Compare(desired);
}

std::optional<Get> Resync::Compare(const ObjectTable& desired) {
  const std::vector<uint64_t> wanted = desired.BucketDigests(buckets_);
  Get get;
  get.set_hashes_only(true);
  get.set_buckets(buckets_);
  asked_.assign(buckets_, false);
  for (uint32_t bucket = 0; bucket < buckets_; ++bucket) {
    if (digests_[bucket] == wanted[bucket]) continue;
    asked_[bucket] = true;
    get.add_only(bucket);
  }
  for (const auto& [key, entry] : desired.entries()) {
    if (!asked_[BucketOf(key, buckets_)]) held_[key] = entry.hash;
  }
  digests_.clear();
  stage_ = get.only().empty() ? Stage::kDone : Stage::kHashes;
  return done() ? std::nullopt : std::optional<Get>(std::move(get));
}

std::map<std::string, uint64_t> Resync::TakeHeld() { return std::exchange(held_, {}); }

}  // namespace waymark

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
// What costs least where one object of a hundred differs, and little more otherwise.
constexpr uint64_t kObjectsPerBucket = 4;
constexpr uint32_t kFineInCoarse = 8;

}  // namespace

Get Resync::AskForAll() {
  stage_ = Stage::kHashes;
  differs_.clear();
  held_.Clear();
  Get get;
  get.set_hashes_only(true);
  return get;
}

Get Resync::Begin(const ObjectTable& desired, uint64_t digest, int64_t count) {
  digest_ = digest;
  digests_.clear();
  within_.clear();
  told_ = 0;
  Get get = AskForAll();
  const uint64_t objects = std::max<uint64_t>(desired.size(), static_cast<uint64_t>(count));
  if (objects < kFewObjects) return get;
  fine_ = static_cast<uint32_t>(
      std::bit_ceil(std::min<uint64_t>(objects / kObjectsPerBucket, kMostBuckets)));
  coarse_ = fine_ / kFineInCoarse;
  awaited_ = coarse_;
  stage_ = Stage::kCoarse;
  get.set_buckets(coarse_);
  return get;
}

absl::Status Resync::TakeHashes(const GetResponse& response) {
  for (const southbound::v1::ObjectHash& hash : response.hashes()) {
    if (!differs_.empty() && !differs_[BucketOf(hash.key(), fine_)]) {
      return absl::InvalidArgumentError(absl::StrCat("tells of ", hash.key(), " unasked"));
    }
    held_.Put(hash.key(), hash.hash());
  }
  told_ += static_cast<size_t>(response.hashes_size());
  if (held_.hashes().size() > kMostObjects) {
    return absl::ResourceExhaustedError("claims to hold over a million objects");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Get>> Resync::Take(const GetResponse& response,
                                                const ObjectTable& desired) {
  if (done()) return absl::InvalidArgumentError("answers a question that was not asked");
  digests_.insert(digests_.end(), response.bucket_digests().begin(),
                  response.bucket_digests().end());
  // An agent that knows no buckets tells all at once.
  const bool tells_all = stage_ == Stage::kCoarse && digests_.empty();
  const bool hashes = stage_ == Stage::kHashes || tells_all;
  if (digests_.size() > (hashes ? 0 : awaited_) || (!hashes && response.hashes_size() > 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("answers with ", digests_.size(), " digests of buckets and ",
                     response.hashes_size(), " hashes, not as asked"));
  }
  if (absl::Status status = TakeHashes(response); !status.ok()) return status;
  if (!response.last()) return std::nullopt;
  if (!hashes && digests_.size() != awaited_) {
    return absl::InvalidArgumentError(
        absl::StrCat("gives digests of ", digests_.size(), " buckets of ", awaited_));
  }
  if (tells_all) stage_ = Stage::kHashes;
  return Next(desired);
}

std::optional<Get> Resync::Next(const ObjectTable& desired) {
  Get get;
  get.set_hashes_only(true);
  get.set_buckets(fine_);
  if (stage_ == Stage::kCoarse) {
    CompareCoarse(desired);
    get.mutable_only()->Assign(within_.begin(), within_.end());
    get.set_only_of(coarse_);
    if (!within_.empty()) return get;
  }
  if (stage_ == Stage::kFine) {
    CompareFine(desired);
    get.clear_only_of();
    get.clear_only();
    for (uint32_t bucket = 0; bucket < fine_; ++bucket) {
      if (differs_[bucket]) get.add_only(bucket);
    }
    if (!get.only().empty()) return get;
  }
  // Half a digest is the same now and then where objects are not; the whole one tells.
  if (held_.digest() != digest_ && !differs_.empty()) return AskForAll();
  stage_ = Stage::kDone;
  return std::nullopt;
}

void Resync::CompareCoarse(const ObjectTable& desired) {
  const std::vector<uint32_t> wanted = desired.BucketDigests(coarse_);
  for (uint32_t bucket = 0; bucket < coarse_; ++bucket) {
    if (digests_[bucket] != wanted[bucket]) within_.push_back(bucket);
  }
  digests_.clear();
  awaited_ = within_.size() * kFineInCoarse;
  stage_ = Stage::kFine;
}

void Resync::CompareFine(const ObjectTable& desired) {
  const std::vector<uint32_t> wanted = desired.BucketDigests(fine_);
  differs_.assign(fine_, false);
  size_t next = 0;
  for (const uint32_t coarse : within_) {
    for (uint32_t bucket = coarse; bucket < fine_; bucket += coarse_) {
      differs_[bucket] = digests_[next++] != wanted[bucket];
    }
  }
  for (const auto& [key, entry] : desired.entries()) {
    if (!differs_[BucketOf(key, fine_)]) held_.Put(key, entry.hash);
  }
  digests_.clear();
  stage_ = Stage::kHashes;
}

HeldObjects Resync::TakeHeld() { return std::exchange(held_, {}); }

}  // namespace waymark

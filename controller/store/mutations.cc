#include "controller/store/mutations.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

// Keys reach error messages and logs: bounded there.
std::string Shown(std::string_view key) {
  constexpr size_t kMost = 200;
  return key.size() <= kMost ? std::string(key) : std::string(key.substr(0, kMost)) + "...";
}

absl::Status CheckKey(const std::string& key) {
  if (key.empty()) return absl::InvalidArgumentError("mutation: the key is empty; give one");
  if (key.size() > kMaxKeyBytes) {
    return absl::InvalidArgumentError(absl::StrCat("mutation: key ", Shown(key), " has ",
                                                   key.size(), " bytes; at most ", kMaxKeyBytes,
                                                   " are allowed: use a shorter name"));
  }
  // A zero byte ends the key in the stored order.
  if (key.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("mutation: key ",
                                                   Shown(key.substr(0, key.find('\0'))),
                                                   " holds a zero byte: leave it out"));
  }
  return absl::OkStatus();
}

}  // namespace

size_t MutationBytes(const std::vector<Mutation>& mutations) {
  size_t bytes = 0;
  for (const Mutation& m : mutations) bytes += m.key.size() + (m.value ? m.value->size() : 0);
  return bytes;
}

absl::Status CheckAndSort(std::vector<Mutation>& mutations) {
  if (mutations.size() > kMaxMutations) {
    return absl::InvalidArgumentError(absl::StrCat("commit: ", mutations.size(),
                                                   " mutations; at most ", kMaxMutations,
                                                   " are allowed: split it into several commits"));
  }
  for (const Mutation& m : mutations) {
    if (absl::Status status = CheckKey(m.key); !status.ok()) return status;
  }
  if (const size_t bytes = MutationBytes(mutations); bytes > kMaxCommitBytes) {
    return absl::InvalidArgumentError(absl::StrCat("commit: ", bytes, " bytes; at most ",
                                                   kMaxCommitBytes,
                                                   " are allowed: split it into several commits"));
  }
  const auto by_key = [](const Mutation& a, const Mutation& b) { return a.key < b.key; };
  if (!std::is_sorted(mutations.begin(), mutations.end(), by_key)) {
    std::sort(mutations.begin(), mutations.end(), by_key);
  }
  const auto same = [](const Mutation& a, const Mutation& b) { return a.key == b.key; };
  const auto twice = std::adjacent_find(mutations.begin(), mutations.end(), same);
  if (twice != mutations.end()) {
    return absl::InvalidArgumentError(absl::StrCat("commit: key ", Shown(twice->key),
                                                   " is there twice: merge the two mutations"));
  }
  return absl::OkStatus();
}

absl::Status ExpectedError(std::string_view key, Revision expected, Revision modified) {
  const std::string shown = Shown(key);
  if (modified == 0) {
    return absl::AbortedError(
        absl::StrCat(shown, ": expected revision ", expected, ", but it does not exist"));
  }
  if (expected == 0) {
    return absl::AbortedError(
        absl::StrCat(shown, ": expected not to exist, but it does, with revision ", modified));
  }
  return absl::AbortedError(absl::StrCat(shown, ": expected revision ", expected, ", but it is ",
                                         modified, ": read it again and retry"));
}

absl::Status CheckReadable(Revision as_of, Revision oldest, Revision current) {
  if (as_of > current) {
    return absl::OutOfRangeError(
        absl::StrCat("revision ", as_of, " is in the future: the newest is ", current));
  }
  if (as_of < oldest) {
    return absl::OutOfRangeError(absl::StrCat(
        "revision ", as_of, " has been compacted: the oldest that can be read is ", oldest));
  }
  return absl::OkStatus();
}

absl::Status KeyNotFound(std::string_view key, Revision as_of) {
  return absl::NotFoundError(absl::StrCat(Shown(key), " does not exist at revision ", as_of));
}

}  // namespace waymark

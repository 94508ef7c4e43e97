// What a commit may hold: the same for every implementation of Store.
#ifndef WAYMARK_CONTROLLER_STORE_MUTATIONS_H_
#define WAYMARK_CONTROLLER_STORE_MUTATIONS_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "controller/store/store.h"

namespace waymark {

inline constexpr size_t kMaxKeyBytes = 1024;
inline constexpr size_t kMaxMutations = 100'000;
inline constexpr size_t kMaxCommitBytes = size_t{64} << 20;

// Keys and values together.
size_t MutationBytes(const std::vector<Mutation>& mutations);

// Sorts by key and checks: INVALID_ARGUMENT names the mutation and the limit. O(n log n).
absl::Status CheckAndSort(std::vector<Mutation>& mutations);

// The error for an `expected` that does not hold. `modified` 0: the record does not exist.
absl::Status ExpectedError(std::string_view key, Revision expected, Revision modified);
// OUT_OF_RANGE unless oldest <= as_of <= current.
absl::Status CheckReadable(Revision as_of, Revision oldest, Revision current);
absl::Status KeyNotFound(std::string_view key, Revision as_of);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_MUTATIONS_H_

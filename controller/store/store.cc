#include "controller/store/store.h"

#include <future>
#include <utility>

namespace waymark {

absl::StatusOr<Revision> Store::CommitAndWait(std::vector<Mutation> mutations) {
  std::promise<absl::StatusOr<Revision>> promise;
  std::future<absl::StatusOr<Revision>> future = promise.get_future();
  Commit(std::move(mutations),
         [&promise](absl::StatusOr<Revision> result) { promise.set_value(std::move(result)); });
  return future.get();
}

}  // namespace waymark

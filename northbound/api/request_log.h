// Which request ids have been used, so that a client that lost the reply can repeat its request
// (AIP-155).
#ifndef WAYMARK_NORTHBOUND_API_REQUEST_LOG_H_
#define WAYMARK_NORTHBOUND_API_REQUEST_LOG_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/store/store.h"
#include "waymark/stored/v1/stored.pb.h"

namespace waymark {

// The index of the stored RequestRecords. Replies stay in the store. One thread.
class RequestLog {
 public:
  // Most ids remembered, and most bytes of their replies; beyond, the oldest go first.
  static constexpr size_t kMaxRequests = 10'000;
  static constexpr size_t kMaxBytes = 256u << 20;

  // `max_requests`: for tests.
  explicit RequestLog(size_t max_requests = kMaxRequests) : max_requests_(max_requests) {}

  // DATA_LOSS names a record that does not parse.
  absl::Status Load(const Store& store);

  // Empty or up to 64 printable ASCII characters. INVALID_ARGUMENT otherwise.
  static absl::Status CheckId(const std::string& id);

  // What the id was first used for: the revision of its record when the request is the same;
  // INVALID_ARGUMENT when it is another; NOT_FOUND when the id is new.
  absl::StatusOr<Revision> Find(const std::string& id, uint64_t request_hash) const;

  // The mutations that record a request, among them the deletes of what is dropped. Call Added when
  // they are durable.
  std::vector<Mutation> Record(const std::string& id,
                               const stored::v1::RequestRecord& record) const;
  void Added(const std::string& id, const stored::v1::RequestRecord& record, Revision revision);

  size_t size() const { return by_id_.size(); }

 private:
  struct Entry {
    Revision revision = 0;
    uint64_t request_hash = 0;
    size_t bytes = 0;
  };
  // Ids to drop before `adding` bytes and one id more fit, oldest first.
  std::vector<std::string> Overflow(size_t adding) const;

  const size_t max_requests_;
  std::map<std::string, Entry> by_id_;
  // By age: several requests never share a revision.
  std::map<Revision, std::string> by_age_;
  size_t bytes_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_REQUEST_LOG_H_

// Get and List of every kind, now and in the past.
#ifndef WAYMARK_NORTHBOUND_API_READER_H_
#define WAYMARK_NORTHBOUND_API_READER_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/base/clock.h"
#include "controller/store/network_view.h"
#include "controller/store/store.h"
#include "northbound/api/kinds.h"
#include "northbound/auth/caller.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

inline constexpr int kDefaultPageSize = 100;
inline constexpr int kMaxPageSize = 1'000;

// 0001-01-01 to 9999-12-31, as google.protobuf.Timestamp has it.
bool IsValidTime(const google::protobuf::Timestamp& time);

// Where the next page begins. Opaque to clients: web-safe base64.
struct PageToken {
  // What the list is of: a token of one list is refused by another.
  std::string list;
  Revision revision = 0;
  // The first page was of now, so the next may show status.
  bool current = false;
  // The last name of the page before.
  std::string after;
};
std::string EncodePageToken(const PageToken& token);
// INVALID_ARGUMENT with field page_token.
absl::StatusOr<PageToken> DecodePageToken(const std::string& text, const std::string& list);
// INVALID_ARGUMENT below 0; more than kMaxPageSize reads as kMaxPageSize (AIP-158).
absl::StatusOr<int> CheckPageSize(int page_size);

// Sets the status of a node, link or service from the view. A service that the view does not know
// yet is PENDING.
void AddStatus(const NetworkView& view, google::protobuf::Message& message);

// Any thread.
class Reader {
 public:
  Reader(const Store& store, const NetworkViewHolder& view, const Clock& clock)
      : store_(store), view_(view), clock_(clock) {}

  struct Page {
    std::vector<std::unique_ptr<google::protobuf::Message>> resources;
    std::string next_page_token;
    Revision revision = 0;
  };

  // NOT_FOUND; INVALID_ARGUMENT (name, as_of); OUT_OF_RANGE (as_of is in the future or compacted).
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> Get(
      Kind kind, const v1::GetRequest& request) const;
  // Only what the caller sees. O(page).
  absl::StatusOr<Page> List(Kind kind, const v1::ListRequest& request, const Caller& caller) const;
  // INVALID_ARGUMENT: no time at all; OUT_OF_RANGE: it lies ahead, by more than clocks differ.
  absl::Status CheckPast(const google::protobuf::Timestamp& time) const;

 private:
  struct At {
    Revision revision = 0;
    bool current = false;
  };
  absl::StatusOr<At> Resolve(Revision as_of, const google::protobuf::Timestamp* time) const;
  absl::StatusOr<std::string> ListPrefix(Kind kind, const std::string& parent,
                                         const Caller& caller) const;

  const Store& store_;
  const NetworkViewHolder& view_;
  const Clock& clock_;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_READER_H_

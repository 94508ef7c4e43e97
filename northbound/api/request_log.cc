#include "northbound/api/request_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/store/resource_key.h"
#include "northbound/api/errors.h"

namespace waymark {

absl::Status RequestLog::Load(const Store& store) {
  by_id_.clear();
  by_age_.clear();
  bytes_ = 0;
  const std::string prefix(kRequestPrefix);
  const Revision revision = store.current();
  std::string after;
  for (;;) {
    const auto records = store.List(prefix, revision, after, 256);
    if (!records.ok()) return records.status();
    for (const ::waymark::Record& stored : *records) {
      stored::v1::RequestRecord record;
      if (!record.ParseFromString(stored.value)) {
        return absl::DataLossError(absl::StrCat("the record ", stored.key,
                                                " of the store does not parse: restore a backup"));
      }
      Added(stored.key.substr(prefix.size()), record, stored.modified);
    }
    if (records->empty()) return absl::OkStatus();
    after = records->back().key;
  }
}

absl::Status RequestLog::CheckId(const std::string& id) {
  const bool printable =
      std::all_of(id.begin(), id.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (id.size() <= 64 && printable) return absl::OkStatus();
  return InvalidField("", "request_id",
                      "must be empty or up to 64 printable ASCII characters: use a UUID");
}

absl::StatusOr<Revision> RequestLog::Find(const std::string& id, uint64_t request_hash) const {
  const auto it = by_id_.find(id);
  if (it == by_id_.end()) return absl::NotFoundError("new");
  if (it->second.request_hash != request_hash) {
    return ErrorWith(absl::StatusCode::kInvalidArgument, "REQUEST_ID_REUSED", "", "request_id",
                     "was used for another request: choose a new one for each request");
  }
  return it->second.revision;
}

std::vector<std::string> RequestLog::Overflow(size_t adding) const {
  std::vector<std::string> dropped;
  size_t count = by_id_.size() + 1;
  size_t bytes = bytes_ + adding;
  for (const auto& [revision, id] : by_age_) {
    if (count <= max_requests_ && bytes <= kMaxBytes) break;
    dropped.push_back(id);
    --count;
    bytes -= by_id_.at(id).bytes;
  }
  return dropped;
}

std::vector<Mutation> RequestLog::Record(const std::string& id,
                                         const stored::v1::RequestRecord& record) const {
  std::vector<Mutation> mutations;
  mutations.push_back({StoreKey(kRequestPrefix, id), record.SerializeAsString(), Revision{0}});
  for (const std::string& old : Overflow(record.reply().size())) {
    mutations.push_back({StoreKey(kRequestPrefix, old), std::nullopt, std::nullopt});
  }
  return mutations;
}

void RequestLog::Added(const std::string& id, const stored::v1::RequestRecord& record,
                       Revision revision) {
  for (const std::string& old : Overflow(record.reply().size())) {
    const auto it = by_id_.find(old);
    by_age_.erase(it->second.revision);
    bytes_ -= it->second.bytes;
    by_id_.erase(it);
  }
  by_id_[id] = {revision, record.request_hash(), record.reply().size()};
  by_age_[revision] = id;
  bytes_ += record.reply().size();
}

}  // namespace waymark

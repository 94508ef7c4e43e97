// How the durable store lays records out in RocksDB. Format version 1; all integers of values
// little endian.
//
//   "d" KEY 0x00 ~REVISION(8, big endian)   one version of a record; the newest comes first
//        crc32(4) put(1) created(8) value   put 0: deleted at this revision
//   "l" REVISION(8, big endian)             what one commit changed, and when
//        crc32(4) unix nanoseconds(8) count(4) { flags(1) key length(4) KEY }
//   "m:oldest"                              oldest revision that can be read
//        crc32(4) revision(8)
//
// The CRC (zlib's crc32) covers the RocksDB key and the rest of the value, so that a value can
// neither change nor turn up under another key without notice, whichever layer below is at fault.
#ifndef WAYMARK_CONTROLLER_STORE_RECORD_H_
#define WAYMARK_CONTROLLER_STORE_RECORD_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/store/store.h"

namespace waymark {

inline constexpr uint32_t kStoreFormat = 1;
inline constexpr char kDataSpace = 'd';
inline constexpr char kLogSpace = 'l';
inline constexpr std::string_view kOldestKey = "m:oldest";

uint32_t Crc(std::string_view a, std::string_view b = {});

std::string DataKey(std::string_view key, Revision revision);
// Sorts before all keys greater than `key`, and after every version of `key`.
std::string AfterData(std::string_view key);
std::string LogKey(Revision revision);
// False if it is none.
bool ParseDataKey(std::string_view raw, std::string_view* key, Revision* revision);
bool ParseLogKey(std::string_view raw, Revision* revision);
// The smallest string greater than every string that begins with `prefix` (not empty, not all
// 0xff).
std::string PrefixEnd(std::string prefix);

struct DataValue {
  bool put = false;
  Revision created = 0;
  std::string_view value;
};
std::string EncodeData(std::string_view raw_key, const DataValue& data);
// DATA_LOSS names the key. The result points into `bytes`.
absl::StatusOr<DataValue> DecodeData(std::string_view raw_key, std::string_view bytes);

struct LogEntry {
  struct Item {
    bool put = false;
    bool created = false;
    std::string key;
  };
  absl::Time time;
  std::vector<Item> items;
};
std::string EncodeLog(std::string_view raw_key, const ChangeSet& set);
// DATA_LOSS names the revision.
absl::StatusOr<LogEntry> DecodeLog(std::string_view raw_key, std::string_view bytes);

std::string EncodeOldest(Revision oldest);
absl::StatusOr<Revision> DecodeOldest(std::string_view bytes);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_RECORD_H_

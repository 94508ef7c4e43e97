#include "controller/store/record.h"

#include <zlib.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

constexpr size_t kCrcBytes = 4;
constexpr uint8_t kPut = 1;
constexpr uint8_t kCreated = 2;

template <typename T>
void PutLittle(std::string& out, T value) {
  char bytes[sizeof(T)];
  for (size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  out.append(bytes, sizeof bytes);
}

// Takes from the front of `in`; the caller has checked the size.
template <typename T>
T TakeLittle(std::string_view& in) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<T>(static_cast<uint8_t>(in[i])) << (8 * i);
  in.remove_prefix(sizeof(T));
  return value;
}

void PutBig(std::string& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

uint64_t GetBig(std::string_view in) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | static_cast<uint8_t>(in[i]);
  return value;
}

// Reserves the CRC's place; Seal fills it.
std::string Begin(size_t payload) {
  std::string out;
  out.reserve(kCrcBytes + payload);
  out.assign(kCrcBytes, '\0');
  return out;
}

void Seal(std::string_view raw_key, std::string& out) {
  std::string crc;
  PutLittle<uint32_t>(crc, Crc(raw_key, std::string_view(out).substr(kCrcBytes)));
  out.replace(0, kCrcBytes, crc);
}

// Checks and removes the CRC.
bool Unseal(std::string_view raw_key, std::string_view& bytes) {
  if (bytes.size() < kCrcBytes) return false;
  const auto crc = TakeLittle<uint32_t>(bytes);
  return crc == Crc(raw_key, bytes);
}

absl::Status DataError(std::string_view raw_key) {
  std::string_view key;
  Revision revision = 0;
  if (!ParseDataKey(raw_key, &key, &revision)) {
    return absl::DataLossError("a record with a damaged key: restore a backup");
  }
  return absl::DataLossError(absl::StrCat("record ", std::string(key), " of revision ", revision,
                                          ": its checksum does not match: restore a backup"));
}

absl::Status LogError(std::string_view raw_key) {
  Revision revision = 0;
  ParseLogKey(raw_key, &revision);
  return absl::DataLossError(absl::StrCat("change log of revision ", revision,
                                          ": its checksum does not match: restore a backup"));
}

}  // namespace

uint32_t Crc(std::string_view a, std::string_view b) {
  uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(a.data()), a.size());
  // A null pointer would start anew.
  if (!b.empty()) crc = crc32_z(crc, reinterpret_cast<const Bytef*>(b.data()), b.size());
  return static_cast<uint32_t>(crc);
}

std::string DataKey(std::string_view key, Revision revision) {
  std::string raw;
  raw.reserve(key.size() + 10);
  raw += kDataSpace;
  raw += key;
  raw += '\0';
  PutBig(raw, ~static_cast<uint64_t>(revision));
  return raw;
}

std::string AfterData(std::string_view key) {
  std::string raw(1, kDataSpace);
  raw += key;
  raw += '\x01';
  return raw;
}

std::string LogKey(Revision revision) {
  std::string raw(1, kLogSpace);
  PutBig(raw, static_cast<uint64_t>(revision));
  return raw;
}

bool ParseDataKey(std::string_view raw, std::string_view* key, Revision* revision) {
  if (raw.size() < 11 || raw[0] != kDataSpace || raw[raw.size() - 9] != '\0') return false;
  *key = raw.substr(1, raw.size() - 10);
  *revision = static_cast<Revision>(~GetBig(raw.substr(raw.size() - 8)));
  return *revision > 0;
}

bool ParseLogKey(std::string_view raw, Revision* revision) {
  if (raw.size() != 9 || raw[0] != kLogSpace) return false;
  *revision = static_cast<Revision>(GetBig(raw.substr(1)));
  return *revision > 0;
}

std::string PrefixEnd(std::string prefix) {
  while (!prefix.empty() && static_cast<uint8_t>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<uint8_t>(prefix.back()) + 1);
  return prefix;
}

std::string EncodeData(std::string_view raw_key, const DataValue& data) {
  std::string out = Begin(9 + data.value.size());
  out += static_cast<char>(data.put ? kPut : 0);
  PutLittle<uint64_t>(out, static_cast<uint64_t>(data.created));
  out += data.value;
  Seal(raw_key, out);
  return out;
}

absl::StatusOr<DataValue> DecodeData(std::string_view raw_key, std::string_view bytes) {
  if (!Unseal(raw_key, bytes) || bytes.size() < 9) return DataError(raw_key);
  DataValue data;
  data.put = TakeLittle<uint8_t>(bytes) == kPut;
  data.created = static_cast<Revision>(TakeLittle<uint64_t>(bytes));
  data.value = bytes;
  return data;
}

std::string EncodeLog(std::string_view raw_key, const ChangeSet& set) {
  size_t payload = 12;
  for (const Change& change : set.changes) payload += 5 + change.key.size();
  std::string out = Begin(payload);
  PutLittle<uint64_t>(out, static_cast<uint64_t>(absl::ToUnixNanos(set.time)));
  PutLittle<uint32_t>(out, static_cast<uint32_t>(set.changes.size()));
  for (const Change& change : set.changes) {
    out += static_cast<char>((change.value ? kPut : 0) | (change.created ? kCreated : 0));
    PutLittle<uint32_t>(out, static_cast<uint32_t>(change.key.size()));
    out += change.key;
  }
  Seal(raw_key, out);
  return out;
}

absl::StatusOr<LogEntry> DecodeLog(std::string_view raw_key, std::string_view bytes) {
  if (!Unseal(raw_key, bytes) || bytes.size() < 12) return LogError(raw_key);
  LogEntry entry;
  entry.time = absl::FromUnixNanos(static_cast<int64_t>(TakeLittle<uint64_t>(bytes)));
  const auto count = TakeLittle<uint32_t>(bytes);
  for (uint32_t i = 0; i < count; ++i) {
    if (bytes.size() < 5) return LogError(raw_key);
    const auto flags = TakeLittle<uint8_t>(bytes);
    const auto length = TakeLittle<uint32_t>(bytes);
    if (bytes.size() < length) return LogError(raw_key);
    entry.items.push_back(
        {(flags & kPut) != 0, (flags & kCreated) != 0, std::string(bytes.substr(0, length))});
    bytes.remove_prefix(length);
  }
  return entry;
}

std::string EncodeOldest(Revision oldest) {
  std::string out = Begin(8);
  PutLittle<uint64_t>(out, static_cast<uint64_t>(oldest));
  Seal(kOldestKey, out);
  return out;
}

absl::StatusOr<Revision> DecodeOldest(std::string_view bytes) {
  if (!Unseal(kOldestKey, bytes) || bytes.size() != 8) {
    return absl::DataLossError("the oldest revision's record is damaged: restore a backup");
  }
  return static_cast<Revision>(TakeLittle<uint64_t>(bytes));
}

}  // namespace waymark

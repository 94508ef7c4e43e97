// The durable StateStore: an append-only log in one file.
//
//   file    "WMAGENT1" record*
//   record  u32 length | u32 check of length | u64 checksum of payload | payload (little-endian)
//   payload u64 highest_epoch | i64 last_revision | u8 complete | waymark.southbound.v1.Batch (its
//   operations only)
//
// Every commit appends one record and fsyncs. When the log has grown to several times the table,
// the table is written to a new file, fsynced, and renamed over the log, so that there is never a
// moment without a whole file.
//
// Reading back: a kill can leave a prefix of the last record, and a power loss zeros; both are cut
// off, since the record was never acknowledged. Anything else that does not check is damage: the
// file is set aside as objects.log.damaged, the image is empty and not complete (but keeps the
// highest epoch seen, so that a dead controller stays fenced).
#ifndef WAYMARK_SOUTHBOUND_AGENT_STATE_FILE_H_
#define WAYMARK_SOUTHBOUND_AGENT_STATE_FILE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "southbound/agent/state_store.h"

namespace waymark {

// One thread.
class StateFile final : public StateStore {
 public:
  // The system calls that can fail for want of space or a broken disk; replaced by tests.
  struct Io {
    std::function<int64_t(int fd, const char* data, size_t size)> write;
    std::function<int(int fd)> sync;
    static Io Real();
  };

  // Makes `directory` if it is missing and locks it against a second agent. PERMISSION_DENIED,
  // ALREADY_EXISTS (locked) and others name the directory and the way out.
  static absl::StatusOr<std::unique_ptr<StateFile>> Open(const std::string& directory,
                                                         Io io = Io::Real());
  ~StateFile() override;

  absl::StatusOr<StateImage> Load() override;
  absl::Status Commit(const StateMark& mark,
                      std::span<const southbound::v1::Operation> operations) override;
  absl::Status Compact(const StateMark& mark, const ObjectTable& table) override;
  // PERSIST_REBOOT unless the directory is in memory (tmpfs).
  southbound::v1::Persistence persistence() const override { return persistence_; }

  uint64_t size_bytes() const { return size_; }

 private:
  StateFile(std::string directory, Io io, int lock_fd);

  std::string path() const { return directory_ + "/objects.log"; }
  absl::Status WriteAll(int fd, std::string_view bytes) const;
  absl::Status SyncDirectory() const;
  // Makes a new file that holds `mark` and `table` and renames it into place.
  absl::Status Rewrite(const StateMark& mark, const ObjectTable& table);

  const std::string directory_;
  const Io io_;
  const int lock_fd_;
  southbound::v1::Persistence persistence_ = southbound::v1::PERSIST_REBOOT;
  int fd_ = -1;
  uint64_t size_ = 0;
  // Size right after the last rewrite.
  uint64_t base_size_ = 0;
  // A failed fsync or truncate left the file in doubt: nothing more is appended until it has been
  // rewritten.
  bool in_doubt_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_STATE_FILE_H_

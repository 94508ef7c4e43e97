// A disk that fails on demand, for tests.
#ifndef WAYMARK_CONTROLLER_STORE_FAULTY_FILE_SYSTEM_H_
#define WAYMARK_CONTROLLER_STORE_FAULTY_FILE_SYSTEM_H_

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace waymark {

// Appends: ENOSPC before anything is written. Syncs: EIO, though all has been written.
enum class Fault { kNone, kAppend, kSync };
enum class FaultyFiles { kLog, kTable };

class FaultyFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyFileSystem(FaultyFiles files)
      : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()),
        suffix_(files == FaultyFiles::kLog ? ".log" : ".sst") {}

  const char* Name() const override { return "FaultyFileSystem"; }
  void Set(Fault fault) { fault_ = fault; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    auto status = target()->NewWritableFile(name, options, file, debug);
    if (status.ok() && name.ends_with(suffix_)) {
      *file = std::make_unique<File>(std::move(*file), fault_);
    }
    return status;
  }

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, const std::atomic<Fault>& fault)
        : rocksdb::FSWritableFileOwnerWrapper(std::move(file)), fault_(fault) {}

    using rocksdb::FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      if (fault_ == Fault::kAppend) return rocksdb::IOStatus::NoSpace("injected");
      return rocksdb::FSWritableFileOwnerWrapper::Append(data, options, debug);
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& info,
                             rocksdb::IODebugContext* debug) override {
      if (fault_ == Fault::kAppend) return rocksdb::IOStatus::NoSpace("injected");
      return rocksdb::FSWritableFileOwnerWrapper::Append(data, options, info, debug);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
      if (fault_ == Fault::kSync) return rocksdb::IOStatus::IOError("injected");
      return rocksdb::FSWritableFileOwnerWrapper::Sync(options, debug);
    }

   private:
    const std::atomic<Fault>& fault_;
  };

  const std::string suffix_;
  std::atomic<Fault> fault_ = Fault::kNone;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_FAULTY_FILE_SYSTEM_H_

#ifndef WAYMARK_NORTHBOUND_API_CHANGE_SERVICE_H_
#define WAYMARK_NORTHBOUND_API_CHANGE_SERVICE_H_

#include <atomic>
#include <memory>
#include <string>

#include "controller/base/event_loop.h"
#include "northbound/api/handlers.h"
#include "northbound/api/watch.h"
#include "waymark/v1/services.grpc.pb.h"

namespace waymark {

// What GetServerInfo says of this process.
struct ServerIdentity {
  std::string version;
  uint64_t epoch = 0;
  absl::Time started;
};

// An absolute path without "." or ".." parts, below `root` unless that is empty. INVALID_ARGUMENT
// names `folder`.
absl::Status CheckBackupFolder(const std::string& folder, const std::string& root);

// Thread-safe. Backups run on `backup_loop`, one at a time, so that no other call waits for one.
class ChangeServiceImpl final : public v1::ChangeService::CallbackService {
 public:
  ChangeServiceImpl(Rooms& rooms, std::shared_ptr<WatchHub> watches, EventLoop& backup_loop,
                    ServerIdentity identity, std::string backup_root)
      : rooms_(rooms),
        watches_(std::move(watches)),
        backup_loop_(backup_loop),
        identity_(std::move(identity)),
        backup_root_(std::move(backup_root)) {}

  grpc::ServerUnaryReactor* Apply(grpc::CallbackServerContext* context,
                                  const v1::ApplyRequest* request,
                                  v1::ApplyResponse* reply) override;
  grpc::ServerWriteReactor<v1::WatchEvent>* Watch(grpc::CallbackServerContext* context,
                                                  const v1::WatchRequest* request) override;
  grpc::ServerUnaryReactor* GetServerInfo(grpc::CallbackServerContext* context,
                                          const google::protobuf::Empty* request,
                                          v1::ServerInfo* reply) override;
  grpc::ServerUnaryReactor* BackupStore(grpc::CallbackServerContext* context,
                                        const v1::BackupStoreRequest* request,
                                        v1::BackupStoreResponse* reply) override;

 private:
  Rooms& rooms_;
  const std::shared_ptr<WatchHub> watches_;
  EventLoop& backup_loop_;
  const ServerIdentity identity_;
  const std::string backup_root_;
  std::atomic<bool> backing_up_{false};
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_CHANGE_SERVICE_H_

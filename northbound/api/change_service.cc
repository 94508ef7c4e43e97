#include "northbound/api/change_service.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "northbound/api/errors.h"

namespace waymark {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// In the order of kinds, so that one reply lists creations before what refers to them.
std::vector<Intent> IntentsOf(const v1::Bundle& put) {
  std::vector<Intent> intents;
  const auto& reflection = *put.GetReflection();
  for (const Kind kind : kAllKinds) {
    const FieldDescriptor* field =
        put.GetDescriptor()->FindFieldByName(std::string(InfoOf(kind).plural));
    for (int i = 0; i < reflection.FieldSize(put, field); ++i) {
      const Message& resource = reflection.GetRepeatedMessage(put, field, i);
      intents.push_back(MakeIntent(Intent::Action::kPut, resource));
      intents.back().etag = EtagOf(resource);
    }
  }
  return intents;
}

absl::StatusOr<Committer::Request> ChangeOf(const v1::ApplyRequest& request) {
  Committer::Request change;
  change.intents = IntentsOf(request.put());
  for (int i = 0; i < request.delete__size(); ++i) {
    const std::string& name = request.delete_(i);
    const auto kind = KindOfName(name);
    if (!kind) {
      return InvalidField("", absl::StrCat("delete[", i, "]"),
                          absl::StrCat(Quoted(name), " is no resource name, such as nodes/ID"));
    }
    Intent intent;
    intent.action = Intent::Action::kDelete;
    intent.kind = *kind;
    intent.name = name;
    change.intents.push_back(std::move(intent));
  }
  change.request_id = request.request_id();
  change.validate_only = request.validate_only();
  return change;
}

int64_t FolderBytes(const std::string& folder) {
  int64_t bytes = 0;
  std::error_code error;
  std::filesystem::recursive_directory_iterator it(folder, error), end;
  while (!error && it != end) {
    std::error_code not_regular;
    if (it->is_regular_file(not_regular)) {
      const auto size = it->file_size(not_regular);
      if (!not_regular) bytes += static_cast<int64_t>(size);
    }
    it.increment(error);
  }
  return bytes;
}

}  // namespace

absl::Status CheckBackupFolder(const std::string& folder, const std::string& root) {
  const auto bad = [&](const std::string& why) { return InvalidField("", "folder", why); };
  if (folder.empty() || folder[0] != '/') {
    return bad(
        "must be an absolute path on the controller's machine, such as /var/backups/waymark");
  }
  if (folder.size() > 4'000) return bad("is longer than 4,000 bytes");
  for (const char c : folder) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return bad("contains control characters");
  }
  const std::filesystem::path path(folder);
  for (const auto& part : path) {
    if (part == "." || part == "..") return bad("contains . or ..: write the path without them");
  }
  if (root.empty()) return absl::OkStatus();
  const std::string below = root.back() == '/' ? root : root + "/";
  if (folder.starts_with(below) && folder.size() > below.size()) return absl::OkStatus();
  return bad(absl::StrCat("must be below ", root, ", where this controller allows backups"));
}

grpc::ServerUnaryReactor* ChangeServiceImpl::Apply(grpc::CallbackServerContext* context,
                                                   const v1::ApplyRequest* request,
                                                   v1::ApplyResponse* reply) {
  static constexpr char kMethod[] = "/waymark.v1.ChangeService/Apply";
  return rooms_.dispatcher.Serve(
      context, kMethod, *request, [=, this](const Caller& caller, const Dispatcher::Done& done) {
        absl::StatusOr<Committer::Request> change = ChangeOf(*request);
        if (!change.ok()) return done(change.status());
        if (!change->request_id.empty()) {
          change->request_hash = HashRequest(kMethod, caller, *request);
        }
        rooms_.committer.Submit(*std::move(change),
                                [reply, done](absl::StatusOr<Committer::Outcome> outcome) {
                                  if (!outcome.ok()) return done(outcome.status());
                                  reply->set_revision(outcome->revision);
                                  for (const IntentResult& result : outcome->results) {
                                    v1::ApplyResult* added = reply->add_results();
                                    added->set_name(result.name);
                                    added->set_change(result.change);
                                  }
                                  done(absl::OkStatus());
                                });
      });
}

grpc::ServerWriteReactor<v1::WatchEvent>* ChangeServiceImpl::Watch(
    grpc::CallbackServerContext* context, const v1::WatchRequest* request) {
  static constexpr char kMethod[] = "/waymark.v1.ChangeService/Watch";
  const absl::Duration begin = rooms_.dispatcher.Now();
  const auto on_done = [this, begin](const absl::Status& status) {
    rooms_.dispatcher.Count(kMethod, begin, status);
  };
  const absl::StatusOr<Caller> caller = rooms_.dispatcher.Admit(*context, kMethod, *request);
  rooms_.dispatcher.Leave();
  if (caller.ok()) return watches_->Start(*caller, *request, on_done);

  class Refusal final : public grpc::ServerWriteReactor<v1::WatchEvent> {
   public:
    explicit Refusal(const grpc::Status& status) { Finish(status); }
    void OnDone() override { delete this; }
  };
  on_done(caller.status());
  return new Refusal(ToGrpcStatus(caller.status()));
}

grpc::ServerUnaryReactor* ChangeServiceImpl::GetServerInfo(grpc::CallbackServerContext* context,
                                                           const google::protobuf::Empty* request,
                                                           v1::ServerInfo* reply) {
  return rooms_.dispatcher.Serve(
      context, "/waymark.v1.ChangeService/GetServerInfo", *request,
      [=, this](const Caller&, const Dispatcher::Done& done) {
        const auto view = rooms_.view.Get();
        reply->set_version(identity_.version);
        reply->set_revision(rooms_.store.current());
        reply->set_epoch(identity_.epoch);
        const int64_t nanos = absl::ToUnixNanos(identity_.started);
        reply->mutable_started()->set_seconds(nanos / 1'000'000'000);
        reply->mutable_started()->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
        reply->set_computed_revision(view->computed_from);
        reply->set_converged(view->converged);
        done(absl::OkStatus());
      });
}

grpc::ServerUnaryReactor* ChangeServiceImpl::BackupStore(grpc::CallbackServerContext* context,
                                                         const v1::BackupStoreRequest* request,
                                                         v1::BackupStoreResponse* reply) {
  return rooms_.dispatcher.Serve(
      context, "/waymark.v1.ChangeService/BackupStore", *request,
      [=, this](const Caller&, const Dispatcher::Done& done) {
        const std::string& folder = request->folder();
        if (absl::Status s = CheckBackupFolder(folder, backup_root_); !s.ok()) return done(s);
        if (backing_up_.exchange(true)) {
          return done(absl::ResourceExhaustedError("a backup is being made: wait for it"));
        }
        // Answers also when the loop stops before the task runs.
        const auto answer = std::shared_ptr<absl::Status>(
            new absl::Status(absl::UnavailableError("the controller is shutting down")),
            [this, done](absl::Status* status) {
              backing_up_ = false;
              done(*status);
              delete status;
            });
        const bool posted = backup_loop_.Post([this, answer, &folder, reply] {
          const absl::StatusOr<Revision> revision = rooms_.store.Backup(folder);
          *answer = revision.status();
          if (!revision.ok()) return;
          reply->set_revision(*revision);
          reply->set_bytes(FolderBytes(folder));
        });
        if (!posted) *answer = absl::UnavailableError("the controller makes no backups now");
      });
}

}  // namespace waymark

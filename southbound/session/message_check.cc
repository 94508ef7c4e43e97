#include "southbound/session/message_check.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/base/object.h"

namespace waymark {
namespace {

using southbound::v1::AgentMessage;
using southbound::v1::BatchResult;
using southbound::v1::Event;
using southbound::v1::GetResponse;
using southbound::v1::Hello;

constexpr size_t kMaxName = 128;
constexpr size_t kMaxKey = 256;
constexpr size_t kMaxText = 4'096;
constexpr int kMaxResults = 1'000;
constexpr int kMaxElements = 100'000;
constexpr int kMaxObserved = 1'000'000;
constexpr int kMaxWorkingLists = 64;

bool Printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

absl::Status CheckName(const char* field, const std::string& name, size_t least) {
  if (name.size() >= least && name.size() <= kMaxName && Printable(name)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, " must be ", least, "..", kMaxName,
                                                 " printable ASCII characters without spaces"));
}

absl::Status CheckSize(const char* field, size_t size, size_t most) {
  if (size <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, " has ", size, ": at most ", most));
}

absl::Status CheckResultStatus(const char* field, int status) {
  if (southbound::v1::ResultStatus_IsValid(status) && status != 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, " is ", status, ", no known status"));
}

absl::Status CheckEvent(const Event& event) {
  switch (event.kind_case()) {
    case Event::kLink:
      return CheckSize("event.link.link", event.link().link().size(), kMaxName);
    case Event::kPolicy:
      return CheckSize("event.policy.working_up", event.policy().working_up_size(),
                       kMaxWorkingLists);
    case Event::kObject:
      if (auto s = CheckSize("event.object.key", event.object().key().size(), kMaxKey); !s.ok()) {
        return s;
      }
      if (auto s = CheckSize("event.object.detail", event.object().detail().size(), kMaxText);
          !s.ok()) {
        return s;
      }
      return CheckResultStatus("event.object.status", event.object().status());
    case Event::KIND_NOT_SET:
      break;
  }
  return absl::OkStatus();
}

absl::Status CheckBatchResult(const BatchResult& result) {
  if (auto s = CheckSize("batch_result.results", result.results_size(), kMaxResults); !s.ok()) {
    return s;
  }
  for (const auto& one : result.results()) {
    if (auto s = CheckResultStatus("batch_result.results.status", one.status()); !s.ok()) return s;
    if (auto s = CheckSize("batch_result.results.error", one.error().size(), kMaxText); !s.ok()) {
      return s;
    }
  }
  return absl::OkStatus();
}

absl::Status CheckGetResponse(const GetResponse& response) {
  const int elements = response.objects_size() + response.hashes_size() + response.drifted_size();
  if (auto s = CheckSize("get_response", elements, kMaxElements); !s.ok()) return s;
  if (auto s =
          CheckSize("get_response.bucket_digests", response.bucket_digests_size(), kMostBuckets);
      !s.ok()) {
    return s;
  }
  for (const auto& hash : response.hashes()) {
    if (auto s = CheckSize("get_response.hashes.key", hash.key().size(), kMaxKey); !s.ok()) {
      return s;
    }
  }
  for (const std::string& key : response.drifted()) {
    if (auto s = CheckSize("get_response.drifted", key.size(), kMaxText); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckHello(const Hello& hello) {
  if (auto s = CheckName("hello.node", hello.node(), 1); !s.ok()) return s;
  if (auto s = CheckName("hello.instance", hello.instance(), 1); !s.ok()) return s;
  if (auto s = CheckName("hello.version", hello.version(), 0); !s.ok()) return s;
  if (auto s = CheckName("hello.dataplane", hello.dataplane(), 0); !s.ok()) return s;
  if (hello.object_count() < 0) {
    return absl::InvalidArgumentError("hello.object_count is negative");
  }
  if (hello.last_revision() < 0) {
    return absl::InvalidArgumentError("hello.last_revision is negative");
  }
  if (auto s = CheckSize("hello.observed", hello.observed_size(), kMaxObserved); !s.ok()) return s;
  for (const Event& event : hello.observed()) {
    if (auto s = CheckEvent(event); !s.ok()) return s;
  }
  return absl::OkStatus();
}

absl::Status CheckAgentMessage(const AgentMessage& message) {
  switch (message.body_case()) {
    case AgentMessage::kHello:
      return absl::InvalidArgumentError("a second hello on one stream");
    case AgentMessage::kBatchResult:
      return CheckBatchResult(message.batch_result());
    case AgentMessage::kGetResponse:
      return CheckGetResponse(message.get_response());
    case AgentMessage::kEvent:
      return CheckEvent(message.event());
    case AgentMessage::kFlushResult:
      return CheckSize("flush_result.error", message.flush_result().error().size(), kMaxText);
    case AgentMessage::BODY_NOT_SET:
      break;
  }
  return absl::OkStatus();
}

}  // namespace waymark

#include "northbound/api/errors.h"

#include <algorithm>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "waymark/rpc/v1/status.pb.h"

namespace waymark {
namespace {

constexpr char kPayload[] = "type.googleapis.com/google.rpc.Status";
// Trailers are headers: many clients refuse more than 8 kB of them.
constexpr size_t kMaxDetailBytes = 5'000;
constexpr size_t kMaxMessage = 500;

std::string Cut(std::string text, size_t most) {
  if (text.size() <= most) return text;
  // Not within a UTF-8 sequence: a proto string must stay valid.
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  text.resize(most);
  return text.append("...");
}

bool IsPlain(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::string Sentence(const v1::ErrorInfo& problem) {
  std::string where = problem.resource();
  if (!problem.field().empty()) absl::StrAppend(&where, where.empty() ? "" : ": ", problem.field());
  return where.empty() ? problem.description() : absl::StrCat(where, ": ", problem.description());
}

std::string DetailBytes(absl::StatusCode code, const std::string& message,
                        const Problems& problems) {
  rpc::v1::Status status;
  status.set_code(static_cast<int>(code));
  status.set_message(message);
  for (const v1::ErrorInfo& problem : problems) {
    if (status.ByteSizeLong() > kMaxDetailBytes) break;
    status.add_details()->PackFrom(problem);
  }
  return status.SerializeAsString();
}

}  // namespace

v1::ErrorInfo MakeProblem(std::string reason, std::string resource, std::string field,
                          std::string description) {
  v1::ErrorInfo info;
  info.set_reason(std::move(reason));
  info.set_resource(Cut(std::move(resource), 200));
  info.set_field(Cut(std::move(field), 200));
  info.set_description(Cut(std::move(description), kMaxMessage));
  return info;
}

absl::Status ErrorWith(absl::StatusCode code, const Problems& problems) {
  std::string message = Sentence(problems.front());
  if (problems.size() > 1) absl::StrAppend(&message, " (and ", problems.size() - 1, " more)");
  absl::Status status(code, message);
  status.SetPayload(kPayload, absl::Cord(DetailBytes(code, message, problems)));
  return status;
}

absl::Status ErrorWith(absl::StatusCode code, std::string reason, std::string resource,
                       std::string field, std::string description) {
  return ErrorWith(code, {MakeProblem(std::move(reason), std::move(resource), std::move(field),
                                      std::move(description))});
}

absl::Status InvalidField(const std::string& resource, const std::string& field,
                          const std::string& description) {
  return ErrorWith(absl::StatusCode::kInvalidArgument, "FIELD_INVALID", resource, field,
                   description);
}

absl::Status ResourceNotFound(const std::string& name) {
  return ErrorWith(absl::StatusCode::kNotFound, "NOT_FOUND",
                   name.size() <= 200 && IsPlain(name) ? name : Quoted(name), "name",
                   "does not exist: check the name with the list method");
}

std::string Quoted(const std::string& text) {
  constexpr size_t kMost = 80;
  std::string escaped =
      absl::CHexEscape(absl::string_view(text.data(), std::min(text.size(), kMost)));
  return absl::StrCat("\"", escaped, text.size() > kMost ? "...\"" : "\"");
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message =
      Cut(std::string(status.message().data(), status.message().size()), kMaxMessage);
  std::string details;
  if (const auto payload = status.GetPayload(kPayload)) {
    details = std::string(*payload);
  } else {
    details = DetailBytes(status.code(), message,
                          {MakeProblem(absl::StatusCodeToString(status.code()), "", "", message)});
  }
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message, details);
}

Problems ProblemsOf(const grpc::Status& status) {
  Problems problems;
  rpc::v1::Status wire;
  if (!wire.ParseFromString(status.error_details())) return problems;
  for (const auto& detail : wire.details()) {
    v1::ErrorInfo info;
    if (detail.UnpackTo(&info)) problems.push_back(std::move(info));
  }
  return problems;
}

}  // namespace waymark

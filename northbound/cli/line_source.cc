#include "northbound/cli/line_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/topology/xz.h"

namespace waymark::cli {
namespace {

constexpr size_t kChunk = size_t{64} << 10, kMostLine = size_t{1} << 20,
                 kMostPacked = size_t{64} << 20;
constexpr int64_t kMostBytes = int64_t{1} << 30;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

absl::Status LineSource::Error(const char* message) const {
  return absl::InvalidArgumentError(absl::StrCat(file_, ":", line_ + 1, ": ", message));
}

absl::Status LineSource::Fill() {
  const size_t before = buffer_.size();
  buffer_.resize(before + kChunk);
  in_.read(buffer_.data() + before, static_cast<std::streamsize>(kChunk));
  const auto got = static_cast<size_t>(in_.gcount());
  buffer_.resize(before + got);
  bytes_ += static_cast<int64_t>(got);
  if (in_.bad()) return absl::InternalError(absl::StrCat(file_, ": reading failed"));
  if (bytes_ > kMostBytes) return Error("is too much: give at most 1 GiB");
  ended_ = got == 0;
  return absl::OkStatus();
}

absl::Status LineSource::Begin() {
  begun_ = true;
  if (absl::Status status = Fill(); !status.ok()) return status;
  if (IsXz(buffer_)) {
    while (!ended_) {
      if (buffer_.size() > kMostPacked) return Error("is more than 64 MiB of xz: give it unpacked");
      if (absl::Status status = Fill(); !status.ok()) return status;
    }
    auto plain = DecompressXz(file_, buffer_);
    if (!plain.ok()) return plain.status();
    buffer_ = *std::move(plain);
    ended_ = true;
  }
  if (buffer_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string_view>> LineSource::Next() {
  if (!begun_) {
    if (absl::Status status = Begin(); !status.ok()) return status;
  }
  size_t end = buffer_.find('\n', at_);
  while (end == std::string::npos && !ended_) {
    buffer_.erase(0, std::exchange(at_, 0));
    if (buffer_.size() > kMostLine) return Error("is longer than 1 MiB: is it the right file?");
    const size_t searched = buffer_.size();
    if (absl::Status status = Fill(); !status.ok()) return status;
    end = buffer_.find('\n', searched);
  }
  if (end == std::string::npos && at_ == buffer_.size()) return std::nullopt;
  if (end == std::string::npos) end = buffer_.size();
  const std::string_view text = std::string_view(buffer_).substr(at_, end - at_);
  at_ = std::min(end + 1, buffer_.size());
  ++line_;
  return text;
}

}  // namespace waymark::cli

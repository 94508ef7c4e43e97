// Numbered streams: what a proof counts while links are cut and programs are killed.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "southbound/dataplane/sim_fabric.h"

namespace waymark {
namespace {

constexpr std::string_view kMark = "wm-strm\x01";
constexpr size_t kTrailer = 20;  // mark 8, stream 4, sequence number 8; network byte order
constexpr size_t kMostStreams = 64;
constexpr uint32_t kMostAtOnce = 1'000;
constexpr absl::Duration kShortestPeriod = absl::Milliseconds(1);

void AppendNumber(std::string* out, uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(value >> shift));
  }
}

uint64_t ReadNumber(std::string_view bytes) {
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

absl::Status CheckStream(const std::string& frame, uint32_t frames_per_second, uint32_t count) {
  const std::optional<FrameInfo> info = ParseFrame(frame);
  if (!info) return absl::InvalidArgumentError("frame: is no Ethernet frame");
  if (frame.size() + kTrailer > info->payload_offset + kCustomerMtu) {
    return absl::InvalidArgumentError(
        absl::StrCat("frame: its payload must leave room for a trailer: at most ",
                     kCustomerMtu - kTrailer, " bytes"));
  }
  if (frames_per_second == 0 || frames_per_second > SimFabric::kFastestStream) {
    return absl::InvalidArgumentError(
        absl::StrCat("frames_per_second: must be 1 to ", SimFabric::kFastestStream));
  }
  if (count == 0 || count > SimFabric::kLongestStream) {
    return absl::InvalidArgumentError(
        absl::StrCat("count: must be 1 to ", SimFabric::kLongestStream));
  }
  return absl::OkStatus();
}

absl::Status NoStream(uint32_t id) {
  return absl::NotFoundError(absl::StrCat("stream: no stream ", id));
}

}  // namespace

absl::StatusOr<uint32_t> SimFabric::StartStream(const std::string& from, const std::string& to,
                                                const std::string& frame,
                                                uint32_t frames_per_second, uint32_t count) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto sender = hosts_.find(from);
  if (sender == hosts_.end()) return absl::NotFoundError("from_host: no such host");
  if (!hosts_.contains(to)) return absl::NotFoundError("to_host: no such host");
  if (absl::Status status = CheckStream(frame, frames_per_second, count); !status.ok()) {
    return status;
  }
  if (streams_.size() >= kMostStreams) {
    const auto done = std::find_if(streams_.begin(), streams_.end(),
                                   [](const auto& entry) { return entry.second.finished; });
    if (done == streams_.end()) {
      return absl::ResourceExhaustedError("stream: 64 are running; stop one first");
    }
    streams_.erase(done);
  }
  const uint32_t id = next_stream_++;
  Stream& stream = streams_[id];
  stream.port = sender->second.port;
  stream.to = to;
  stream.frame = frame;
  stream.frames_per_second = frames_per_second;
  stream.count = count;
  stream.started = loop_.clock().Monotonic();
  stream.seen.resize(count);
  ArmStream(id, stream);
  return id;
}

void SimFabric::ArmStream(uint32_t id, const Stream& stream) {
  const absl::Duration period = absl::Seconds(1) / static_cast<int64_t>(stream.frames_per_second);
  const absl::Duration next = stream.started + period * static_cast<int64_t>(stream.sent);
  const absl::Duration wait =
      std::max(next - loop_.clock().Monotonic(), std::min(period, kShortestPeriod));
  loop_.RunAfter(wait, [weak = weak_from_this(), id] {
    if (const std::shared_ptr<SimFabric> self = weak.lock()) self->StreamTickUnlocked(id);
  });
}

void SimFabric::StreamTickUnlocked(uint32_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = streams_.find(id);
  if (found == streams_.end() || found->second.finished) return;
  Stream& stream = found->second;
  const absl::Duration elapsed = loop_.clock().Monotonic() - stream.started;
  const double due = absl::ToDoubleSeconds(elapsed) * stream.frames_per_second + 1e-6;
  const uint32_t target =
      static_cast<uint32_t>(std::min({static_cast<double>(stream.count), due + 1.0,
                                      static_cast<double>(stream.sent) + kMostAtOnce}));
  while (stream.sent < target) {
    std::string frame = stream.frame;
    frame += kMark;
    AppendNumber(&frame, id, 4);
    AppendNumber(&frame, stream.sent, 8);
    ++stream.sent;
    SendFrom(*stream.port, frame);
  }
  stream.finished = stream.sent == stream.count;
  if (!stream.finished) ArmStream(id, stream);
}

bool SimFabric::CountStreamed(const SimDelivery& delivery) {
  const std::string_view frame = delivery.frame;
  if (frame.size() < kTrailer) return false;
  const std::string_view trailer = frame.substr(frame.size() - kTrailer);
  if (trailer.substr(0, kMark.size()) != kMark) return false;
  const auto found = streams_.find(static_cast<uint32_t>(ReadNumber(trailer.substr(8, 4))));
  // At another host it is a frame like any: a leak must be seen there.
  if (found == streams_.end() || found->second.to != delivery.host) return false;
  Stream& stream = found->second;
  const uint64_t number = ReadNumber(trailer.substr(12, 8));
  if (number >= stream.count) return false;
  if (stream.seen[number]) {
    ++stream.duplicates;
  } else {
    stream.seen[number] = true;
    ++stream.received;
  }
  return true;
}

sim::v1::StreamState SimFabric::StateOf(uint32_t id, const Stream& stream) const {
  sim::v1::StreamState state;
  state.set_stream(id);
  state.set_sent(stream.sent);
  state.set_received(stream.received);
  state.set_lost(stream.sent - stream.received);
  state.set_duplicates(stream.duplicates);
  uint64_t gap = 0;
  uint64_t longest = 0;
  for (uint32_t i = 0; i < stream.sent; ++i) {
    gap = stream.seen[i] ? 0 : gap + 1;
    longest = std::max(longest, gap);
  }
  state.set_longest_gap(longest);
  state.set_finished(stream.finished);
  return state;
}

absl::StatusOr<sim::v1::StreamState> SimFabric::GetStream(uint32_t id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = streams_.find(id);
  return found == streams_.end() ? absl::StatusOr<sim::v1::StreamState>(NoStream(id))
                                 : StateOf(id, found->second);
}

absl::StatusOr<sim::v1::StreamState> SimFabric::StopStream(uint32_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = streams_.find(id);
  if (found == streams_.end()) return NoStream(id);
  found->second.finished = true;
  return StateOf(id, found->second);
}

}  // namespace waymark

#include "controller/topology/xz.h"

#include <lzma.h>

#include <cstdint>

#include "absl/cleanup/cleanup.h"
#include "controller/topology/file_error.h"

namespace waymark {
namespace {

constexpr std::string_view kMagic(
    "\xfd"
    "7zXZ\0",
    6);
constexpr uint64_t kMemoryLimit = uint64_t{128} << 20;

const char* Reason(lzma_ret code) {
  switch (code) {
    case LZMA_MEMLIMIT_ERROR:
      return "needs more than 128 MiB to unpack: compress it with a smaller dictionary";
    case LZMA_BUF_ERROR:
      return "the compressed file ends too early: is it cut off?";
    default:
      return "the compressed file is damaged: get it again";
  }
}

}  // namespace

bool IsXz(std::string_view contents) { return contents.starts_with(kMagic); }

absl::StatusOr<std::string> DecompressXz(std::string_view file, std::string_view contents) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, kMemoryLimit, LZMA_CONCATENATED) != LZMA_OK) {
    return absl::ResourceExhaustedError("no memory to unpack the file");
  }
  const absl::Cleanup end = [&stream] { lzma_end(&stream); };
  stream.next_in = reinterpret_cast<const uint8_t*>(contents.data());
  stream.avail_in = contents.size();
  std::string out;
  uint8_t buffer[1 << 16];
  lzma_ret code = LZMA_OK;
  while (code == LZMA_OK) {
    stream.next_out = buffer;
    stream.avail_out = sizeof buffer;
    code = lzma_code(&stream, LZMA_FINISH);
    out.append(reinterpret_cast<const char*>(buffer), sizeof buffer - stream.avail_out);
    if (const absl::Status size = CheckFileSize(file, out.size()); !size.ok()) return size;
  }
  if (code != LZMA_STREAM_END) return FileError(file, 0, Reason(code));
  return out;
}

}  // namespace waymark

#include "controller/topology/file_error.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "controller/topology/text.h"

namespace waymark {
namespace {

constexpr size_t kMaxPath = 1024;

}  // namespace

absl::Status FileError(std::string_view file, int line, std::string_view message) {
  std::string text(file);
  if (file.size() > kMaxPath || HasControlCharacter(file)) text = Quote(file, kMaxPath);
  if (line > 0) absl::StrAppend(&text, ":", line);
  text.append(": ").append(message);
  return absl::InvalidArgumentError(text);
}

absl::Status CheckFileSize(std::string_view file, size_t bytes) {
  if (bytes <= kMaxFileBytes) return absl::OkStatus();
  return FileError(file, 0,
                   absl::StrCat("is larger than ", kMaxFileBytes >> 20, " MiB: split the file"));
}

}  // namespace waymark

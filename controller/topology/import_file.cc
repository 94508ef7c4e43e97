#include "controller/topology/import_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/file_error.h"

namespace waymark {
namespace fs = std::filesystem;

absl::StatusOr<std::string> ReadFileBounded(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) {
    return absl::NotFoundError(absl::StrCat(path, ": no such file"));
  }
  if (fs::is_directory(status)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is a folder: name a file in it"));
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": cannot be opened: ", std::strerror(errno)));
  }
  // One byte past the bound tells "too large" apart, also of pipes, whose size isn't known.
  std::string contents;
  char buffer[1 << 16];
  while (contents.size() <= kMaxFileBytes &&
         (stream.read(buffer, sizeof buffer) || stream.gcount() > 0)) {
    contents.append(buffer, static_cast<size_t>(stream.gcount()));
  }
  if (stream.bad()) return absl::UnavailableError(absl::StrCat(path, ": reading failed"));
  if (const absl::Status size = CheckFileSize(path, contents.size()); !size.ok()) return size;
  return contents;
}

absl::StatusOr<ImportResult> ImportTopologyFile(const std::string& path, TopologyFormat format) {
  std::error_code error;
  fs::path file = path;
  if (fs::is_directory(file, error)) {
    file /= "topology.txt";
    if (!fs::exists(file, error)) {
      return absl::NotFoundError(
          absl::StrCat(path, ": is a folder without a topology.txt: name a file"));
    }
  }
  const absl::StatusOr<std::string> contents = ReadFileBounded(file.string());
  if (!contents.ok()) return contents.status();
  std::string names;
  const fs::path beside = file.parent_path() / "nodes.txt";
  if (file.filename() == "topology.txt" && fs::exists(beside, error)) {
    absl::StatusOr<std::string> read = ReadFileBounded(beside.string());
    if (!read.ok()) return read.status();
    names = *std::move(read);
  }
  return ImportTopology(file.string(), *contents, format, names);
}

}  // namespace waymark

#include "northbound/cli/bundle_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "northbound/cli/exit_code.h"

namespace waymark::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxBytes = size_t{64} << 20;

absl::StatusOr<std::string> ReadStream(const std::string& what, std::istream& in) {
  std::string text;
  std::string chunk(64 << 10, '\0');
  while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || in.gcount() > 0) {
    text.append(chunk, 0, static_cast<size_t>(in.gcount()));
    if (text.size() > kMaxBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(what, ": more than 64 MiB; split it into several files"));
    }
  }
  if (in.bad()) return absl::InternalError(absl::StrCat(what, ": reading failed"));
  return text;
}

absl::StatusOr<std::vector<std::string>> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string extension = it->path().extension().string();
    if (extension == ".yaml" || extension == ".yml") files.push_back(it->path().string());
  }
  if (error) return absl::InternalError(absl::StrCat(folder, ": ", error.message()));
  if (files.empty()) {
    return absl::NotFoundError(absl::StrCat(folder, ": no *.yaml or *.yml file in this folder"));
  }
  std::sort(files.begin(), files.end());
  return files;
}

absl::StatusOr<std::vector<std::string>> Expand(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  for (const std::string& argument : arguments) {
    std::error_code error;
    if (argument == "-" || !fs::is_directory(argument, error)) {
      files.push_back(argument);
      continue;
    }
    const auto inside = FilesIn(argument);
    if (!inside.ok()) return inside.status();
    files.insert(files.end(), inside->begin(), inside->end());
  }
  if (std::count(files.begin(), files.end(), "-") > 1) {
    return UsageError("-f - is given twice: standard input can be read once");
  }
  return files;
}

}  // namespace

absl::StatusOr<std::ifstream> OpenInput(const std::string& file) {
  std::error_code error;
  const auto type = fs::status(file, error).type();
  if (type == fs::file_type::not_found) {
    return absl::NotFoundError(absl::StrCat(file, ": no such file"));
  }
  if (type == fs::file_type::directory) {
    return absl::InvalidArgumentError(absl::StrCat(file, ": is a folder; name a file"));
  }
  std::ifstream stream(file, std::ios::binary);
  if (stream) return stream;
  return absl::PermissionDeniedError(absl::StrCat(file, ": cannot be read; check its permissions"));
}

absl::StatusOr<std::string> ReadInput(const std::string& file, std::istream& in) {
  if (file == "-") return ReadStream("standard input", in);
  auto stream = OpenInput(file);
  if (!stream.ok()) return stream.status();
  return ReadStream(file, *stream);
}

std::vector<std::string> NamesIn(const v1::Bundle& bundle) {
  std::vector<std::string> names;
  const auto add = [&](const auto& resources) {
    for (const auto& resource : resources) names.push_back(resource.name());
  };
  add(bundle.nodes());
  add(bundle.links());
  add(bundle.srlgs());
  add(bundle.customers());
  add(bundle.sites());
  add(bundle.traffic_classes());
  add(bundle.class_maps());
  add(bundle.services());
  return names;
}

std::string FileBundle::Locate(const std::string& resource, const std::string& field) const {
  const auto file = file_of.find(resource);
  if (file == file_of.end()) return "";
  const int line = lines.at(file->second).Find(resource, field);
  return line > 0 ? absl::StrCat(file->second, ":", line) : file->second;
}

absl::StatusOr<FileBundle> ReadBundles(const std::vector<std::string>& arguments,
                                       std::istream& in) {
  const auto files = Expand(arguments);
  if (!files.ok()) return files.status();
  FileBundle all;
  for (const std::string& file : *files) {
    const auto text = ReadInput(file, in);
    if (!text.ok()) return text.status();
    const std::string shown = file == "-" ? "stdin" : file;
    auto read = ReadYamlBundle(shown, *text);
    if (!read.ok()) return read.status();
    for (const std::string& name : NamesIn(read->bundle)) {
      const auto [before, added] = all.file_of.emplace(name, shown);
      if (added) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(shown, ":", read->lines.Find(name), ": ", name, " is already defined in ",
                       all.Locate(before->first, ""), "; keep one of them"));
    }
    all.bundle.MergeFrom(read->bundle);
    all.lines.emplace(shown, std::move(read->lines));
  }
  return all;
}

}  // namespace waymark::cli

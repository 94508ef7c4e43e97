// Reads what -f names: YAML files, folders of them, standard input; into one bundle.
#ifndef WAYMARK_NORTHBOUND_CLI_BUNDLE_FILES_H_
#define WAYMARK_NORTHBOUND_CLI_BUNDLE_FILES_H_

#include <fstream>
#include <istream>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/topology/yaml_bundle.h"
#include "waymark/v1/resources.pb.h"

namespace waymark::cli {

// NOT_FOUND, or an error that names the file; folders are no files.
absl::StatusOr<std::ifstream> OpenInput(const std::string& file);

// At most 64 MiB a file; NOT_FOUND or an error that names the file. "-" is `in`.
absl::StatusOr<std::string> ReadInput(const std::string& file, std::istream& in);

struct FileBundle {
  v1::Bundle bundle;
  // "FILE:LINE" of a resource and field, for what the server finds; empty when not known.
  std::string Locate(const std::string& resource, const std::string& field) const;

  // By resource name: the file it came from; and each file's lines.
  std::map<std::string, std::string> file_of;
  std::map<std::string, SourceLines> lines;
};

// Folders give their *.yaml and *.yml files in order of name, not those of folders below. A
// resource that two files define is an error that names both. "-" at most once.
absl::StatusOr<FileBundle> ReadBundles(const std::vector<std::string>& files, std::istream& in);

// Names of everything in the bundle, in its order.
std::vector<std::string> NamesIn(const v1::Bundle& bundle);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_BUNDLE_FILES_H_

#include "controller/topology/demand_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/topology/demand_readers.h"
#include "controller/topology/file_error.h"
#include "controller/topology/nearest.h"
#include "controller/topology/xz.h"

namespace waymark {
namespace {

constexpr std::pair<DemandFormat, std::string_view> kFormats[] = {
    {DemandFormat::kAuto, "auto"},       {DemandFormat::kRepetita, "repetita"},
    {DemandFormat::kSndlib, "sndlib"},   {DemandFormat::kTeavar, "teavar"},
    {DemandFormat::kTopohub, "topohub"}, {DemandFormat::kCsv, "csv"},
};

// kAuto: can't tell. `text` does not begin with a blank.
DemandFormat Detect(std::string_view path, std::string_view text) {
  if (text.starts_with("DEMANDS ")) return DemandFormat::kRepetita;
  if (text.starts_with("?SNDlib native")) return DemandFormat::kSndlib;
  if (text.starts_with("{")) return DemandFormat::kTopohub;
  if (path.ends_with(".csv")) return DemandFormat::kCsv;
  if (path.ends_with(".demands")) return DemandFormat::kRepetita;
  const std::string_view first = text.substr(0, text.find('\n'));
  if (first.find(',') != std::string_view::npos) return DemandFormat::kCsv;
  if (!first.empty() && first.find_first_not_of("0123456789.eE+- \t\r") == std::string_view::npos) {
    return DemandFormat::kTeavar;
  }
  return DemandFormat::kAuto;
}

absl::StatusOr<DemandMatrix> Read(std::string_view file, std::string_view contents,
                                  const DemandGraph& graph, DemandFormat format, int64_t matrix) {
  switch (format) {
    case DemandFormat::kRepetita:
      return ReadRepetitaDemands(file, contents, graph);
    case DemandFormat::kSndlib:
      return ReadSndlibDemands(file, contents, graph);
    case DemandFormat::kTeavar:
      return ReadTeavarDemands(file, contents, graph, matrix);
    case DemandFormat::kTopohub:
      return ReadNodeLinkDemands(file, contents, graph);
    case DemandFormat::kCsv:
      return ReadCsvDemands(file, contents, graph);
    case DemandFormat::kAuto:
      break;
  }
  return FileError(file, 0,
                   "cannot tell the format: name it (repetita, sndlib, teavar, topohub, csv), if "
                   "it is a demand matrix");
}

}  // namespace

std::string_view DemandFormatName(DemandFormat format) {
  for (const auto& [known, name] : kFormats) {
    if (known == format) return name;
  }
  return "unknown";
}

absl::StatusOr<DemandFormat> ParseDemandFormatName(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [format, known] : kFormats) {
    if (known == name) return format;
    names.emplace_back(known);
  }
  return absl::InvalidArgumentError(UnknownMessage("format", name, names));
}

absl::StatusOr<DemandMatrix> ReadDemands(std::string_view path, std::string_view contents,
                                         const DemandGraph& graph, const DemandOptions& options) {
  if (absl::Status size = CheckFileSize(path, contents.size()); !size.ok()) return size;
  std::string unpacked;
  std::string_view name = path;
  if (IsXz(contents)) {
    absl::StatusOr<std::string> plain = DecompressXz(path, contents);
    if (!plain.ok()) return plain.status();
    unpacked = *std::move(plain);
    contents = unpacked;
    if (name.ends_with(".xz")) name.remove_suffix(3);
  }
  if (contents.starts_with("\xef\xbb\xbf")) contents.remove_prefix(3);
  const size_t begin = contents.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) {
    return FileError(path, 0, "is empty: is it the right file?");
  }
  const std::string_view text = contents.substr(begin);
  if (text.starts_with("NODES ")) {
    return FileError(
        path, 1, "is a topology, not a demand matrix: give the .demands file that goes with it");
  }
  const DemandFormat format =
      options.format == DemandFormat::kAuto ? Detect(name, text) : options.format;
  if (options.matrix < 0) {
    return FileError(path, 0, absl::StrCat("has no matrix ", options.matrix, ": count from 0"));
  }
  if (options.matrix > 0 && format != DemandFormat::kTeavar && format != DemandFormat::kAuto) {
    return FileError(path, 0,
                     absl::StrCat("has no matrix ", options.matrix, ": the ",
                                  std::string(DemandFormatName(format)), " format holds one"));
  }
  const bool by_place = format == DemandFormat::kRepetita || format == DemandFormat::kTeavar;
  if (by_place && !graph.has_places) {
    return FileError(path, 0,
                     absl::StrCat("the ", std::string(DemandFormatName(format)),
                                  " format counts nodes: give the graph's file that it goes with"));
  }
  return Read(path, contents, graph, format, options.matrix);
}

}  // namespace waymark

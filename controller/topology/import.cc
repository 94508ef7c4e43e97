#include "controller/topology/import.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/file_error.h"
#include "controller/topology/importers.h"
#include "controller/topology/nearest.h"
#include "controller/topology/xz.h"

namespace waymark {
namespace {

struct FormatEntry {
  TopologyFormat format;
  std::string_view name;
};

constexpr FormatEntry kFormats[] = {
    {TopologyFormat::kAuto, "auto"},         {TopologyFormat::kYaml, "yaml"},
    {TopologyFormat::kRepetita, "repetita"}, {TopologyFormat::kGraphml, "graphml"},
    {TopologyFormat::kSndlib, "sndlib"},     {TopologyFormat::kTopohub, "topohub"},
    {TopologyFormat::kMetaopt, "metaopt"},   {TopologyFormat::kTeavar, "teavar"},
    {TopologyFormat::kRfc8345, "rfc8345"},
};

// Enough to find what tells formats apart, in front of the data.
constexpr size_t kHead = 64 << 10;

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view WithoutBlanks(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

TopologyFormat DetectJson(std::string_view contents) {
  const std::string_view head = contents.substr(0, kHead);
  if (Has(head, "\"ietf-network:networks\"")) return TopologyFormat::kRfc8345;
  // JSON is YAML, and ours may be written so.
  if (Has(contents, "\"capacity_bps\"")) return TopologyFormat::kYaml;
  if (Has(contents, "\"capacity\"") && !Has(contents, "\"dist\"")) return TopologyFormat::kMetaopt;
  return TopologyFormat::kTopohub;
}

// kAuto: can't tell.
TopologyFormat Detect(std::string_view path, std::string_view contents) {
  const auto ends_with = [path](std::string_view end) { return path.ends_with(end); };
  if (ends_with(".yaml") || ends_with(".yml")) return TopologyFormat::kYaml;
  const std::string_view text = WithoutBlanks(contents);
  const std::string_view first = text.substr(0, std::min(text.find('\n'), text.size()));
  if (text.starts_with("?SNDlib native")) return TopologyFormat::kSndlib;
  if (text.starts_with("<")) return TopologyFormat::kGraphml;
  if (text.starts_with("{")) return DetectJson(text);
  if (text.starts_with("NODES ")) return TopologyFormat::kRepetita;
  if (Has(first, "to_node") && Has(first, "from_node")) return TopologyFormat::kTeavar;
  if (ends_with(".graph")) return TopologyFormat::kRepetita;
  if (ends_with(".graphml")) return TopologyFormat::kGraphml;
  for (const std::string_view section : {"nodes:", "links:", "srlgs:"}) {
    if (text.starts_with(section) ||
        Has(text.substr(0, kHead), std::string("\n").append(section))) {
      return TopologyFormat::kYaml;
    }
  }
  return TopologyFormat::kAuto;
}

absl::StatusOr<ImportResult> Run(std::string_view file, std::string_view contents,
                                 std::string_view node_names, TopologyFormat format) {
  switch (format) {
    case TopologyFormat::kYaml:
      return ImportYaml(file, contents);
    case TopologyFormat::kRepetita:
      return ImportRepetita(file, contents);
    case TopologyFormat::kGraphml:
      return ImportGraphml(file, contents);
    case TopologyFormat::kSndlib:
      return ImportSndlib(file, contents);
    case TopologyFormat::kTopohub:
    case TopologyFormat::kMetaopt:
      return ImportNodeLink(file, contents, format);
    case TopologyFormat::kTeavar:
      return ImportTeavar(file, contents, node_names);
    case TopologyFormat::kRfc8345:
      return ImportRfc8345(file, contents);
    case TopologyFormat::kAuto:
      break;
  }
  return FileError(
      file, 0,
      "cannot tell the format: name it (yaml, repetita, graphml, sndlib, topohub, metaopt, teavar, "
      "rfc8345), if it is a topology");
}

}  // namespace

std::string_view FormatName(TopologyFormat format) {
  for (const FormatEntry& entry : kFormats) {
    if (entry.format == format) return entry.name;
  }
  return "unknown";
}

absl::StatusOr<TopologyFormat> ParseFormatName(std::string_view name) {
  std::vector<std::string> known;
  for (const FormatEntry& entry : kFormats) {
    if (entry.name == name) return entry.format;
    known.emplace_back(entry.name);
  }
  return absl::InvalidArgumentError(UnknownMessage("format", name, known));
}

absl::StatusOr<ImportResult> ImportTopology(std::string_view path, std::string_view contents,
                                            TopologyFormat format, std::string_view node_names) {
  for (const std::string_view part : {contents, node_names}) {
    if (const absl::Status size = CheckFileSize(path, part.size()); !size.ok()) return size;
  }
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
  if (WithoutBlanks(contents).starts_with("DEMANDS ")) {
    return FileError(
        path, 1, "is a demand matrix, not a topology: import the .graph file that it belongs to");
  }
  if (format == TopologyFormat::kAuto) format = Detect(name, contents);
  if (WithoutBlanks(contents).empty() && format != TopologyFormat::kYaml) {
    return FileError(path, 0, "is empty: is it the right file?");
  }
  return Run(path, contents, node_names, format);
}

}  // namespace waymark

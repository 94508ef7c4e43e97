#include "controller/topology/hose_file.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/topology/demand_readers.h"
#include "controller/topology/file_error.h"
#include "controller/topology/text.h"
#include "controller/topology/xz.h"

namespace waymark {
namespace {

class Reader {
 public:
  Reader(std::string_view file, const DemandGraph& graph) : builder_(file, graph) {}

  absl::Status Add(int line, const std::vector<std::string_view>& fields, std::string_view text,
                   bool first) {
    if (fields.size() != 4 && fields.size() != 5) {
      return builder_.Error(
          line, absl::StrCat(Quote(text),
                             " is no site: write \"hose,node,ingress,egress\" and, of a leaf, "
                             "\",leaf\"; give a node whose label has a comma by its id"));
    }
    if (first && fields[0] == "hose" && fields[1] == "node") return absl::OkStatus();
    FileHose::Site site;
    const auto node = builder_.Named(line, "node", fields[1]);
    if (!node.ok()) return node.status();
    site.node = *node;
    for (const auto& [field, text_of, bps] : {std::tuple("ingress", fields[2], &site.ingress_bps),
                                              std::tuple("egress", fields[3], &site.egress_bps)}) {
      const auto rate = builder_.ReadRate(line, field, text_of);
      if (!rate.ok()) return rate.status();
      const auto checked = builder_.InRange(line, field, *rate);
      if (!checked.ok()) return checked.status();
      *bps = *checked;
    }
    if (fields.size() == 5 && fields[4] != "root" && fields[4] != "leaf" && !fields[4].empty()) {
      return builder_.Error(line,
                            absl::StrCat("the role is ", Quote(fields[4]), ": use root or leaf"));
    }
    site.leaf = fields.size() == 5 && fields[4] == "leaf";
    return Put(line, fields[0], site);
  }

  absl::StatusOr<HoseFile> Finish() && {
    const auto silent = [](const FileHose& hose) {
      return std::ranges::all_of(hose.sites, [](const FileHose::Site& site) {
        return site.ingress_bps == 0 && site.egress_bps == 0;
      });
    };
    if (std::ranges::all_of(hoses_, silent)) {
      const absl::Status error =
          builder_.Error(0, "has no hoses: no site has a rate above zero; is it the right file?");
      return absl::FailedPreconditionError(error.message());
    }
    for (const FileHose& hose : hoses_) {
      if (std::ranges::all_of(hose.sites, [&](const FileHose::Site& site) {
            return site.node == hose.sites[0].node;
          })) {
        builder_.Warn(hose.line, absl::StrCat("all sites of hose ", Quote(hose.name),
                                              " are at one node: it loads no link"));
      }
    }
    return HoseFile{.hoses = std::move(hoses_), .warnings = builder_.Warnings()};
  }

 private:
  absl::Status Put(int line, std::string_view name, const FileHose::Site& site) {
    if (name.empty() || name.size() > kMaxHoseName) {
      return builder_.Error(line, absl::StrCat("the hose's name has ", name.size(),
                                               " bytes: give 1 to ", kMaxHoseName));
    }
    if (!IsUtf8(name) || HasControlCharacter(name)) {
      return builder_.Error(
          line, absl::StrCat("the hose's name ", Quote(name), " has bytes that are no text"));
    }
    if (sites_++ == kMaxFileSites) {
      return builder_.Error(line,
                            absl::StrCat("is the site after ", kMaxFileSites, ": split the file"));
    }
    const auto [at, added] = places_.emplace(name, hoses_.size());
    if (added) hoses_.push_back({.name = std::string(name), .sites = {}, .line = line});
    FileHose& hose = hoses_[at->second];
    if (hose.sites.size() == kMaxHoseSites) {
      return builder_.Error(line, absl::StrCat("hose ", Quote(name), " has more than ",
                                               kMaxHoseSites, " sites: split it"));
    }
    hose.sites.push_back(site);
    return absl::OkStatus();
  }

  DemandBuilder builder_;
  std::map<std::string, size_t, std::less<>> places_;
  std::vector<FileHose> hoses_;
  size_t sites_ = 0;
};

}  // namespace

absl::StatusOr<HoseFile> ReadHoses(std::string_view path, std::string_view contents,
                                   const DemandGraph& graph) {
  if (absl::Status size = CheckFileSize(path, contents.size()); !size.ok()) return size;
  std::string unpacked;
  if (IsXz(contents)) {
    absl::StatusOr<std::string> plain = DecompressXz(path, contents);
    if (!plain.ok()) return plain.status();
    unpacked = *std::move(plain);
    contents = unpacked;
  }
  if (contents.starts_with("\xef\xbb\xbf")) contents.remove_prefix(3);
  Reader reader(path, graph);
  const auto add = [&](int line, const std::vector<std::string_view>& fields, std::string_view text,
                       bool first) { return reader.Add(line, fields, text, first); };
  if (absl::Status status = ForCsvLines(contents, add); !status.ok()) return status;
  return std::move(reader).Finish();
}

}  // namespace waymark

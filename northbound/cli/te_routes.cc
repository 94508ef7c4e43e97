#include "northbound/cli/te_routes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/compute/segments.h"
#include "northbound/cli/whole_file.h"

namespace waymark::cli {
namespace {

constexpr size_t kChunk = 1 << 16;
// Routes between two questions whether to stop: each may need some searches.
constexpr size_t kAskEvery = 64;

absl::Status WriteRows(const TeInput& input, const MeshRoutes& routes,
                       const std::function<absl::Status(const std::string&)>& write) {
  std::string text = "src,dst,weight,links\n";
  for (size_t d = 0; d < routes.demand_count(); ++d) {
    const MeshDemand& demand = input.problem.demands[d];
    for (size_t r = routes.first_route(d); r < routes.first_route(d + 1); ++r) {
      absl::StrAppend(&text, demand.from, ",", demand.to, ",", routes.weight(r));
      char before = ',';
      for (const int32_t link : routes.links(r)) {
        text += before;
        absl::StrAppend(&text, input.graph.FileLink(static_cast<LinkId>(link)));
        before = ';';
      }
      text += '\n';
      if (text.size() < kChunk) continue;
      if (absl::Status status = write(text); !status.ok()) return status;
      text.clear();
    }
  }
  return write(text);
}

}  // namespace

namespace {

using Writer = std::function<absl::Status(const std::string&)>;

absl::Status WriteGranted(const TeInput& input, const std::vector<double>& granted,
                          const Writer& write) {
  std::string text = "source,target,rate\n";
  for (size_t d = 0; d < granted.size(); ++d) {
    const MeshDemand& demand = input.problem.demands[d];
    absl::StrAppend(&text, input.NodeName(demand.from), ",", input.NodeName(demand.to), ",",
                    absl::StrFormat("%.17g", granted[d] / input.graph.rate_unit_bps()), "\n");
    if (text.size() < kChunk) continue;
    if (absl::Status status = write(text); !status.ok()) return status;
    text.clear();
  }
  return write(text);
}

// `rows` to the file, or to standard output.
absl::Status WriteTo(Context& context, const std::string& file,
                     const std::function<absl::Status(const Writer&)>& rows) {
  if (file != "-") {
    WholeFile out(file);
    const absl::Status status = rows([&](const std::string& text) { return out.Write(text); });
    return status.ok() ? out.Finish() : status;
  }
  return rows([&](const std::string& text) {
    return context.out() << text
               ? absl::OkStatus()
               : absl::InternalError("standard output: what was found cannot be written");
  });
}

}  // namespace

absl::Status CheckTeFile(const std::string& file) {
  if (file.empty() || file == "-") return absl::OkStatus();
  struct stat there = {};
  int error = 0;
  if (stat(file.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
    // A device or a pipe is written directly.
    if (S_ISDIR(there.st_mode)) error = EISDIR;
  } else {
    // A file is written beside its place first.
    const std::string folder = file.substr(0, file.rfind('/') + 1);
    if (access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) != 0) error = errno;
  }
  if (error == 0) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat(file, ": cannot be written: ", std::generic_category().message(error)));
}

absl::Status WriteTeRoutes(Context& context, const TeInput& input, const MeshRoutes& routes,
                           const std::string& file) {
  return WriteTo(context, file,
                 [&](const Writer& write) { return WriteRows(input, routes, write); });
}

absl::Status WriteTeGranted(Context& context, const TeInput& input,
                            const std::vector<double>& granted, const std::string& file) {
  return WriteTo(context, file,
                 [&](const Writer& write) { return WriteGranted(input, granted, write); });
}

TeSegments::TeSegments(const TeInput& input)
    : graph_(input.graph), table_(input.graph.snapshot()) {}

const UniqueShortestPaths& TeSegments::Table() const {
  std::call_once(filled_, [this] { table_.FillAll(); });
  return table_;
}

int TeSegments::Count(std::span<const int32_t> links) const {
  std::vector<LinkId> ids;
  for (const int32_t link : links) ids.push_back(static_cast<LinkId>(link));
  std::vector<Segment> segments;
  EncodeFewest(Table(), ids, &segments);
  return static_cast<int>(segments.size());
}

SegmentRules TeSegments::Rules(int most) const {
  return {.most = most,
          .count = [this](std::span<const int32_t> links) { return Count(links); },
          .last_link =
              [this](int32_t from, int32_t to) {
                const LinkId link = Table().LastLink(graph_.NodeAt(from), graph_.NodeAt(to));
                return link == LinkId::kNone ? -1 : static_cast<int32_t>(Index(link));
              }};
}

std::optional<int> MostSegments(const TeInput& input, const MeshRoutes& routes,
                                const std::function<bool()>& stop) {
  UniqueShortestPaths table(input.graph.snapshot());
  std::vector<Segment> segments;
  std::vector<LinkId> links;
  size_t most = 0;
  for (size_t r = 0; r < routes.route_count(); ++r) {
    if (r % kAskEvery == kAskEvery - 1 && stop && stop()) return std::nullopt;
    links.clear();
    for (const int32_t link : routes.links(r)) links.push_back(static_cast<LinkId>(link));
    EncodeFewest(table, links, &segments);
    most = std::max(most, segments.size());
  }
  return static_cast<int>(most);
}

int MostRoutes(const MeshRoutes& routes) {
  size_t most = 0;
  for (size_t d = 0; d < routes.demand_count(); ++d) {
    most = std::max(most, routes.first_route(d + 1) - routes.first_route(d));
  }
  return static_cast<int>(most);
}

}  // namespace waymark::cli

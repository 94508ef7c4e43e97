#include <algorithm>
#include <charconv>
#include <istream>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "northbound/cli/bundle_files.h"
#include "northbound/cli/format.h"
#include "northbound/cli/line_source.h"
#include "northbound/cli/te_routes.h"

namespace waymark::cli {
namespace {

constexpr size_t kMostRows = 20'000'000;
constexpr int kMostWeight = 1'000'000'000;
constexpr std::string_view kHeader = "src,dst,weight,links";

// A path of the file; its links are together with those of the others.
struct Row {
  int32_t demand = 0;
  int32_t weight = 0;
  int line = 0;
  size_t first_link = 0, end_link = 0;
};

std::optional<int32_t> Whole(std::string_view text) {
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string Shown(std::string_view text) {
  return absl::StrCat("\"", Printable(text.substr(0, 64)), text.size() > 64 ? "..." : "", "\"");
}

class Reader {
 public:
  Reader(const TeInput& input, std::string file, std::istream& in)
      : input_(input), problem_(input.problem), file_(file), lines_(std::move(file), in) {
    seen_.resize(problem_.node_count);
  }

  absl::StatusOr<MeshRoutes> Run() {
    bool header = false;
    while (true) {
      const auto next = lines_.Next();
      if (!next.ok()) return next.status();
      if (!*next) break;
      std::string_view text = **next;
      if (text.ends_with('\r')) text.remove_suffix(1);
      if (text.empty()) continue;
      if (rows_.size() == kMostRows) return Error("is too much: give at most 20,000,000 paths");
      if (absl::Status status = header ? Line(text) : Header(text); !status.ok()) return status;
      header = true;
    }
    if (!header) return Error("is empty: the header src,dst,weight,links is missing");
    return Build();
  }

  // A warning about paths of pairs without a demand; empty if there are none.
  std::string Ignored() const {
    if (ignored_ == 0) return "";
    return absl::StrCat(file_, ":", first_ignored_, ": ", ignored_,
                        ignored_ == 1 ? " path is" : " paths are",
                        " of pairs without a demand: left out");
  }

 private:
  absl::Status Error(const std::string& message) const { return Error(lines_.line(), message); }
  absl::Status Error(int line, const std::string& message) const {
    return absl::InvalidArgumentError(
        absl::StrCat(file_, line > 0 ? absl::StrCat(":", line) : "", ": ", message));
  }

  absl::Status Header(std::string_view text) const {
    if (text == kHeader) return absl::OkStatus();
    return Error(
        absl::StrCat(Shown(text), " found where the header src,dst,weight,links should be"));
  }

  absl::Status Line(std::string_view text) {
    std::string_view fields[4];
    for (size_t i = 0; i < 4; ++i) {
      const size_t comma = i < 3 ? text.find(',') : text.size();
      if (comma == std::string_view::npos) return Error("has no 4 fields: src,dst,weight,links");
      fields[i] = text.substr(0, comma);
      text.remove_prefix(std::min(comma + 1, text.size()));
    }
    Row row{.line = lines_.line(), .first_link = links_.size()};
    const auto ends = Ends(fields[0], fields[1]);
    if (!ends.ok()) return ends.status();
    const auto weight = Whole(fields[2]);
    if (!weight || *weight < 1 || *weight > kMostWeight) {
      return Error(
          absl::StrCat("weight ", Shown(fields[2]), ": give a whole number, 1 to ", kMostWeight));
    }
    row.weight = *weight;
    if (absl::Status status = Links(fields[3], ends->first, ends->second); !status.ok()) {
      return status;
    }
    row.end_link = links_.size();
    if (const auto demand = Demand(*ends)) {
      row.demand = *demand;
      rows_.push_back(row);
      return absl::OkStatus();
    }
    // A plan for more than is asked today.
    links_.resize(row.first_link);
    if (ignored_++ == 0) first_ignored_ = row.line;
    return absl::OkStatus();
  }

  absl::StatusOr<std::pair<int32_t, int32_t>> Ends(std::string_view src,
                                                   std::string_view dst) const {
    std::pair<int32_t, int32_t> ends;
    for (const auto& [field, text, node] :
         {std::tuple("src", src, &ends.first), std::tuple("dst", dst, &ends.second)}) {
      const auto place = Whole(text);
      if (!place || *place < 0 || *place >= problem_.node_count) {
        return Error(absl::StrCat(field, " ", Shown(text), " is no node: the graph has 0 to ",
                                  problem_.node_count - 1));
      }
      *node = *place;
    }
    return ends;
  }

  std::optional<int32_t> Demand(const std::pair<int32_t, int32_t>& ends) const {
    const auto ends_of = [](const MeshDemand& d) { return std::pair(d.from, d.to); };
    const auto it = std::ranges::lower_bound(problem_.demands, ends, {}, ends_of);
    if (it == problem_.demands.end() || ends_of(*it) != ends) return std::nullopt;
    return static_cast<int32_t>(it - problem_.demands.begin());
  }

  absl::Status Links(std::string_view text, int32_t from, int32_t to) {
    if (text.ends_with(';')) return Error("links ends with \";\": is the line cut off?");
    int32_t at = from;
    seen_[at] = lines_.line();
    do {
      const std::string_view word = text.substr(0, text.find(';'));
      text.remove_prefix(std::min(word.size() + 1, text.size()));
      const auto place = Whole(word);
      if (!place || *place < 0 || *place >= input_.graph.link_places() ||
          input_.graph.LinkAt(*place) == LinkId::kNone) {
        return Error(absl::StrCat("links has ", Shown(word),
                                  ", which is no link: the graph has 0 to ",
                                  input_.graph.link_places() - 1));
      }
      const int32_t number = Index(input_.graph.LinkAt(*place));
      const MeshLink& link = problem_.links[number];
      if (absl::Status status = Join(*place, number, link, at); !status.ok()) return status;
      at = link.to;
      links_.push_back(number);
    } while (!text.empty());
    if (at == to) return absl::OkStatus();
    return Error(absl::StrCat("the path ends at ", at, " (", input_.NodeName(at), "), not at dst ",
                              to, " (", input_.NodeName(to), ")"));
  }

  absl::Status Join(int32_t place, int32_t number, const MeshLink& link, int32_t at) {
    const std::string name = absl::StrCat("link ", place, " (", input_.LinkName(number), ")");
    if (link.from != at) {
      return Error(absl::StrCat(name, " begins at ", link.from, " (", input_.NodeName(link.from),
                                "), but the path is at ", at, " (", input_.NodeName(at), ")"));
    }
    if (link.capacity == 0) {
      return Error(absl::StrCat(name, " is in maintenance and carries nothing: route around it"));
    }
    if (std::exchange(seen_[link.to], lines_.line()) != lines_.line()) return absl::OkStatus();
    return Error(absl::StrCat(name, " leads back to ", link.to, " (", input_.NodeName(link.to),
                              "): remove the loop"));
  }

  std::span<const int32_t> LinksOf(const Row& row) const {
    return std::span(links_).subspan(row.first_link, row.end_link - row.first_link);
  }

  absl::StatusOr<MeshRoutes> Build() {
    std::ranges::stable_sort(rows_, {}, &Row::demand);
    MeshRoutes routes;
    auto row = rows_.begin();
    for (int32_t d = 0; d < static_cast<int32_t>(problem_.demands.size()); ++d) {
      const auto first = row;
      while (row != rows_.end() && row->demand == d) ++row;
      const std::span<const Row> own(first, row);
      if (absl::Status status = Distinct(own); !status.ok()) return status;
      for (const Row& path : own) routes.AddRoute(LinksOf(path), path.weight);
      routes.EndDemand();
    }
    return routes;
  }

  absl::Status Distinct(std::span<const Row> rows) const {
    if (rows.size() < 2) return absl::OkStatus();
    std::vector<Row> sorted(rows.begin(), rows.end());
    const auto less = [&](const Row& a, const Row& b) {
      return std::ranges::lexicographical_compare(LinksOf(a), LinksOf(b));
    };
    std::ranges::stable_sort(sorted, less);
    for (size_t i = 1; i < sorted.size(); ++i) {
      if (less(sorted[i - 1], sorted[i])) continue;
      return Error(sorted[i].line, absl::StrCat("the same path stands in line ", sorted[i - 1].line,
                                                " already: keep one, with the sum of the weights"));
    }
    return absl::OkStatus();
  }

  const TeInput& input_;
  const MeshProblem& problem_;
  const std::string file_;
  LineSource lines_;
  int64_t ignored_ = 0;
  int first_ignored_ = 0;
  std::vector<int> seen_;  // by node: the line whose path passed it last
  std::vector<Row> rows_;
  std::vector<int32_t> links_;
};

}  // namespace

absl::StatusOr<MeshRoutes> ReadTeRoutes(Context& context, const TeInput& input,
                                        const std::string& file) {
  const auto read = [&](const std::string& shown, std::istream& in) {
    Reader reader(input, shown, in);
    auto routes = reader.Run();
    if (routes.ok() && !reader.Ignored().empty()) {
      context.io().err << "warning: " << Printable(reader.Ignored()) << '\n';
    }
    return routes;
  };
  if (file == "-") return read("stdin", context.io().in);
  auto stream = OpenInput(file);
  if (!stream.ok()) return stream.status();
  return read(file, *stream);
}

}  // namespace waymark::cli

#include "controller/topology/topology_builder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/topology/file_error.h"
#include "controller/topology/snapshot.h"
#include "controller/topology/text.h"

namespace waymark {
namespace {

constexpr double kEarthRadiusKm = 6371.0088;
constexpr double kFibreKmPerNs = 299'792.458e-9 * 2 / 3;
constexpr double kMaxMetric = (1 << 24) - 1;
constexpr size_t kMaxId = 63;
// Room for a suffix that makes an id unique.
constexpr size_t kMaxStem = 54;

// U+00C0 to U+00FF without their accents.
constexpr std::string_view kLatin1 =
    "aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty";

static_assert(kLatin1.size() == 64);

// An id ends with a letter or digit.
void TrimEnd(std::string& id) {
  while (!id.empty() && !absl::ascii_isalnum(id.back())) id.pop_back();
}

// `label` with everything outside [a-z0-9.] as one "-"; a label that is an id already stays as it
// is.
std::string Slug(std::string_view label) {
  if (IsResourceId(label)) return std::string(label);
  std::string slug;
  for (size_t i = 0; i < label.size() && slug.size() < kMaxStem; ++i) {
    const auto c = static_cast<unsigned char>(label[i]);
    if (absl::ascii_isalnum(c)) {
      slug += absl::ascii_tolower(c);
    } else if (c == 0xc3 && i + 1 < label.size() && (label[i + 1] & 0xc0) == 0x80) {
      slug += kLatin1[label[++i] & 0x3f];
    } else if (!slug.empty() && slug.back() != '-') {
      slug += c == '.' ? '.' : '-';
    }
  }
  TrimEnd(slug);
  // The Latin-1 table's "-" may have come first.
  slug.erase(0, std::min(slug.find_first_not_of("-."), slug.size()));
  return slug;
}

double Radians(double degrees) { return degrees * std::numbers::pi / 180; }

// Haversine, on the mean sphere.
double GreatCircleKm(const v1::Node& a, const v1::Node& b) {
  const double dlat = Radians(b.latitude() - a.latitude());
  const double dlon = Radians(b.longitude() - a.longitude());
  const double h = std::pow(std::sin(dlat / 2), 2) + std::cos(Radians(a.latitude())) *
                                                         std::cos(Radians(b.latitude())) *
                                                         std::pow(std::sin(dlon / 2), 2);
  return 2 * kEarthRadiusKm * std::asin(std::sqrt(std::min(1.0, h)));
}

std::string IdOf(const std::string& name) { return name.substr(name.find('/') + 1); }

}  // namespace

double FibreDelayNs(double km) { return km / kFibreKmPerNs; }

bool ParseNumber(std::string_view text, double* value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(*value);
}

absl::Status TopologyBuilder::Error(int line, std::string_view message) const {
  return FileError(file_, line, message);
}

void TopologyBuilder::Warn(int line, const std::string& message) { Note(warnings_, line, message); }

void TopologyBuilder::Note(Warnings& warnings, int line, const std::string& message) {
  auto [it, added] = warnings.try_emplace(message, line, 0);
  ++it->second.second;
}

std::vector<std::string> TopologyBuilder::Sorted(const Warnings& warnings) const {
  std::vector<std::pair<int, std::string>> sorted;
  for (const auto& [text, where] : warnings) {
    const std::string more =
        where.second > 1 ? absl::StrCat(" (", where.second, " times, first here)") : "";
    sorted.emplace_back(where.first, std::string(Error(where.first, text + more).message()));
  }
  std::ranges::sort(sorted);
  std::vector<std::string> texts;
  for (auto& [line, text] : sorted) texts.push_back(std::move(text));
  return texts;
}

std::string TopologyBuilder::UniqueId(std::string_view label, const std::string& fallback,
                                      absl::flat_hash_map<std::string, int>& used) {
  std::string stem = Slug(label);
  if (stem.empty()) stem = fallback;
  std::string id = stem;
  // Each stem remembers its last suffix, so that many equal labels don't cost quadratic time.
  while (!used.try_emplace(id, 1).second) {
    if (stem.size() > kMaxStem) {
      stem.resize(kMaxStem);
      TrimEnd(stem);
    }
    id = absl::StrCat(stem, "-", ++used[stem]);
  }
  return id;
}

int TopologyBuilder::AddNode(std::string_view label, int line) {
  const int number = bundle_.nodes_size();
  v1::Node& node = *bundle_.add_nodes();
  node.set_name("nodes/" + UniqueId(label, absl::StrCat("n", number), node_ids_));
  node.set_display_name(std::string(label));
  node_lines_.push_back(line);
  return number;
}

void TopologyBuilder::SetCoordinates(int node, double x, double y) {
  places_.insert_or_assign(node, Place{x, y});
}

TopologyBuilder::LinkDraft& TopologyBuilder::AddLink(std::string_view label, int source, int target,
                                                     int line) {
  LinkDraft& draft = links_.emplace_back();
  draft.source = source;
  draft.target = target;
  draft.line = line;
  draft.entry = entries_++;
  draft.link.set_source(node(source).name());
  draft.link.set_target(node(target).name());
  std::string ends = IdOf(draft.link.source()) + "--" + IdOf(draft.link.target());
  if (ends.size() > kMaxId) ends = absl::StrCat("n", source, "--n", target);
  draft.link.set_name(
      "links/" + UniqueId(Slug(label).empty() ? std::string_view(ends) : label, ends, link_ids_));
  return draft;
}

void TopologyBuilder::AddPair(std::string_view label, int source, int target, int line,
                              const LinkDraft& draft) {
  const std::string stem = Slug(label);
  LinkDraft* directions[] = {
      &AddLink(label, source, target, line),
      &AddLink(stem.empty() ? "" : stem.substr(0, kMaxStem) + "-rev", target, source, line)};
  for (LinkDraft* direction : directions) {
    v1::Link link = draft.link;
    link.set_name(direction->link.name());
    link.set_source(direction->link.source());
    link.set_target(direction->link.target());
    direction->link = std::move(link);
    direction->delay_known = draft.delay_known;
    direction->weight = draft.weight;
    direction->capacity_bps = draft.capacity_bps;
  }
  directions[1]->entry = directions[0]->entry;
  --entries_;
  directions[0]->link.set_reverse(directions[1]->link.name());
  directions[1]->link.set_reverse(directions[0]->link.name());
}

void TopologyBuilder::LeaveOutSelfLink(int line) {
  ++entries_;
  Warn(line, "link from a node to itself: left out");
}

absl::Status TopologyBuilder::SetCapacity(LinkDraft& draft, double value, double unit,
                                          std::string_view field) const {
  const double bps = std::round(value * unit);
  if (!(bps >= 1 && bps <= kMaxCapacity)) {
    const std::string why = value > 0 && bps < 1
                                ? absl::StrCat(", less than 1 bit/s: give at least ", 1 / unit)
                                : std::string(": give more than 0");
    return Error(draft.line, absl::StrCat(std::string(field), " is ", value, why, ", at most ",
                                          kMaxCapacity / unit));
  }
  draft.link.set_capacity_bps(static_cast<int64_t>(bps));
  draft.capacity_bps = value * unit;
  return absl::OkStatus();
}

absl::Status TopologyBuilder::SetDelay(LinkDraft& draft, double value, double unit,
                                       std::string_view field) const {
  const double ns = std::round(value * unit);
  if (!(value >= 0 && ns <= kMaxDelay)) {
    return Error(draft.line,
                 absl::StrFormat("%s is %.15g: give 0 to %.15g", field, value, kMaxDelay / unit));
  }
  draft.link.set_delay_ns(static_cast<int64_t>(ns));
  draft.delay_known = true;
  return absl::OkStatus();
}

absl::Status TopologyBuilder::SetMetric(LinkDraft& draft, double value, std::string_view field) {
  if (!(value >= 0)) {
    return Error(draft.line,
                 absl::StrCat(std::string(field), " is ", value, ": give 0 to 16777215"));
  }
  draft.weight = FileWeight{.value = value, .line = draft.line};
  const double rounded = std::round(value);
  const std::string name(field);
  if (rounded > kMaxMetric) {
    Note(weight_warnings_, draft.line, name + " is over 16777215: 16777215 used");
  } else if (rounded < 1) {
    Note(weight_warnings_, draft.line, name + " is less than 1: the default of 10 used");
  } else if (rounded != value) {
    Note(weight_warnings_, draft.line, name + " is no whole number: rounded");
  }
  draft.link.set_igp_metric(static_cast<uint32_t>(std::min(rounded, kMaxMetric)));
  return absl::OkStatus();
}

void TopologyBuilder::PlaceNodes() {
  const bool planar = std::ranges::any_of(places_, [](const auto& entry) {
    return std::abs(entry.second.x) > 180 || std::abs(entry.second.y) > 90;
  });
  const bool all_zero = std::ranges::all_of(
      places_, [](const auto& entry) { return entry.second.x == 0 && entry.second.y == 0; });
  if (places_.empty()) return;
  if (planar || (all_zero && places_.size() > 1)) {
    Warn(node_lines_[places_.begin()->first],
         planar ? "coordinates are no longitude and latitude: left out"
                : "all coordinates are 0, 0: left out");
    return;
  }
  for (const auto& [number, place] : places_) {
    node(number).set_longitude(place.x);
    node(number).set_latitude(place.y);
    node(number).set_has_coordinates(true);
  }
}

void TopologyBuilder::PairReverses() {
  std::map<std::pair<int, int>, std::deque<LinkDraft*>> waiting;
  for (LinkDraft& draft : links_) {
    if (draft.complete || !draft.link.reverse().empty()) continue;
    auto it = waiting.find({draft.target, draft.source});
    if (it == waiting.end() || it->second.empty()) {
      waiting[{draft.source, draft.target}].push_back(&draft);
      continue;
    }
    LinkDraft& other = *it->second.front();
    it->second.pop_front();
    draft.link.set_reverse(other.link.name());
    other.link.set_reverse(draft.link.name());
  }
}

void TopologyBuilder::FillDefaults(LinkDraft& draft) {
  if (draft.complete) return;
  if (draft.link.capacity_bps() == 0) {
    draft.link.set_capacity_bps(kDefaultCapacityBps);
    Warn(draft.line, "link without a capacity: 10 Gbit/s assumed");
  }
  if (draft.delay_known) return;
  const v1::Node &a = node(draft.source), &b = node(draft.target);
  if (a.has_coordinates() && b.has_coordinates()) {
    draft.link.set_delay_ns(std::llround(FibreDelayNs(GreatCircleKm(a, b))));
    Warn(draft.line,
         "link without a delay: taken from the great-circle distance at 2/3 of the speed of light");
  } else {
    draft.link.set_delay_ns(kDefaultDelayNs);
    Warn(draft.line, "link without a delay: 1 ms assumed");
  }
}

absl::Status TopologyBuilder::Check() const {
  const std::vector<v1::Node> nodes(bundle_.nodes().begin(), bundle_.nodes().end());
  const std::vector<v1::Link> links(bundle_.links().begin(), bundle_.links().end());
  const std::vector<v1::Srlg> srlgs(bundle_.srlgs().begin(), bundle_.srlgs().end());
  const auto problems = Snapshot::Validate(nodes, links, srlgs, 1);
  if (problems.empty()) return absl::OkStatus();
  const Snapshot::Problem& problem = problems.front();
  int line = 0;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].name() == problem.resource) line = node_lines_[i];
  }
  for (size_t i = 0; i < links.size(); ++i) {
    if (links[i].name() == problem.resource) line = links_[i].line;
  }
  return Error(line, absl::StrCat(problem.resource, ": ", problem.field, " ", problem.message));
}

absl::StatusOr<ImportResult> TopologyBuilder::Finish(TopologyFormat format) && {
  // An empty network can be written down on purpose in our own form only.
  if (bundle_.nodes_size() == 0 && format != TopologyFormat::kRfc8345) {
    return Error(0, "the topology is empty: it has no nodes");
  }
  PlaceNodes();
  PairReverses();
  for (LinkDraft& draft : links_) {
    FillDefaults(draft);
    *bundle_.add_links() = draft.link;
  }
  if (const absl::Status valid = Check(); !valid.ok()) return valid;
  ImportResult result;
  for (const LinkDraft& draft : links_) {
    result.link_entries.push_back(draft.entry);
    const bool stated = draft.complete || draft.link.te_metric() != 0;
    result.link_weights.push_back(stated ? std::nullopt : draft.weight);
    const auto whole = static_cast<double>(draft.link.capacity_bps());
    const bool same = std::round(draft.capacity_bps) == whole;
    result.link_capacities.push_back(same ? draft.capacity_bps : whole);
  }
  result.rate_unit_bps = rate_unit_bps_;
  result.format = format;
  result.warnings = Sorted(warnings_);
  result.weight_warnings = Sorted(weight_warnings_);
  result.bundle = std::move(bundle_);
  return result;
}

}  // namespace waymark

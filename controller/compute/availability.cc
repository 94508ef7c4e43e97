#include "controller/compute/availability.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <tuple>

namespace waymark {
namespace {

// Names on one line of arithmetic; a path may have 64 hops and each hop several risk groups.
constexpr size_t kMaxNames = 12;
// A target is a decimal fraction, which a double holds only nearly: 1 - 0.99999 > 0.00001.
constexpr double kTargetTolerance = 1e-9;
// What such a fraction may be off by.
constexpr double kOfTarget = 2.3e-16;

bool StatesBoth(double mtbf_hours, double mttr_hours) { return mtbf_hours > 0 && mttr_hours > 0; }

double UnavailabilityFrom(double mtbf_hours, double mttr_hours) {
  return StatesBoth(mtbf_hours, mttr_hours) ? mttr_hours / (mtbf_hours + mttr_hours) : 0;
}

// That one at least is down, given the sum of the logarithms of their availabilities.
double DownFromLog(double log_up) { return -std::expm1(log_up); }

std::string Printed(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string FirstNames(const std::vector<std::string>& names, const char* separator = ", ") {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kMaxNames); ++i) {
    text += (i == 0 ? "" : separator) + names[i];
  }
  if (names.size() > kMaxNames) {
    text += " and " + std::to_string(names.size() - kMaxNames) + " more";
  }
  return text;
}

std::string SetLabel(uint32_t set, size_t paths) {
  const uint32_t all = (uint32_t{1} << paths) - 1;
  if (paths == 1) return "path";
  if (set == all) return paths == 2 ? "common to both paths" : "common to all paths";
  if (paths == 2) return set == 1 ? "working path alone" : "protect path alone";
  std::string label;
  for (size_t i = 0; i < paths; ++i) {
    if ((set >> i & 1) != 0) label += (label.empty() ? "path " : " and ") + std::to_string(i + 1);
  }
  return label + (std::has_single_bit(set) ? " alone" : "");
}

}  // namespace

bool Availability::Meets(double target) const {
  if (target <= 0) return true;
  return stated && unavailability <= (1 - target) * (1 + kTargetTolerance);
}

AvailabilityModel::AvailabilityModel(const Snapshot& snapshot) : snapshot_(&snapshot) {
  for (const NodeInfo& node : snapshot.nodes()) {
    node_.push_back(UnavailabilityFrom(node.mtbf_hours, node.mttr_hours));
    node_stated_.push_back(StatesBoth(node.mtbf_hours, node.mttr_hours));
  }
  for (const LinkInfo& link : snapshot.links()) {
    fibre_.push_back(UnavailabilityFrom(link.mtbf_hours, link.mttr_hours));
    fibre_stated_.push_back(StatesBoth(link.mtbf_hours, link.mttr_hours));
    if (link.reverse == LinkId::kNone) continue;
    const LinkInfo& reverse = snapshot.link(link.reverse);
    fibre_.back() =
        std::max(fibre_.back(), UnavailabilityFrom(reverse.mtbf_hours, reverse.mttr_hours));
    if (StatesBoth(reverse.mtbf_hours, reverse.mttr_hours)) fibre_stated_.back() = true;
  }
  // In the order of srlg_names(), which numbers them.
  for (const v1::Srlg& srlg : snapshot.srlg_resources()) {
    srlg_.push_back(UnavailabilityFrom(srlg.mtbf_hours(), srlg.mttr_hours()));
    srlg_stated_.push_back(StatesBoth(srlg.mtbf_hours(), srlg.mttr_hours()));
  }
}

std::vector<AvailabilityModel::Element> AvailabilityModel::ElementsOf(
    std::span<const std::vector<LinkId>> paths) const {
  if (paths.empty() || paths.size() > kMaxAvailabilityPaths) std::abort();
  std::vector<Element> all;
  const auto add_srlgs = [&](const std::vector<SrlgId>& srlgs, uint32_t path) {
    for (const SrlgId srlg : srlgs) all.push_back({Kind::kSrlg, Index(srlg), path});
  };
  for (size_t i = 0; i < paths.size(); ++i) {
    const uint32_t path = uint32_t{1} << i;
    for (const LinkId link : paths[i]) {
      const LinkInfo& info = snapshot_->link(link);
      const int32_t fibre =
          info.reverse == LinkId::kNone ? Index(link) : std::min(Index(link), Index(info.reverse));
      all.push_back({Kind::kFibre, fibre, path});
      add_srlgs(info.srlgs, path);
      for (const NodeId node : {info.source, info.target}) {
        all.push_back({Kind::kNode, Index(node), path});
        add_srlgs(snapshot_->node(node).srlgs, path);
      }
    }
  }
  const auto key = [](const Element& e) { return std::tuple(e.kind, e.number); };
  std::sort(all.begin(), all.end(),
            [&](const Element& a, const Element& b) { return key(a) < key(b); });
  std::vector<Element> distinct;
  for (const Element& element : all) {
    if (!distinct.empty() && key(distinct.back()) == key(element)) {
      distinct.back().on_paths |= element.on_paths;
    } else {
      distinct.push_back(element);
    }
  }
  return distinct;
}

bool AvailabilityModel::Silent(LinkId link) const {
  const LinkInfo& info = snapshot_->link(link);
  const auto states = [this](const std::vector<SrlgId>& groups) {
    return std::any_of(groups.begin(), groups.end(),
                       [this](SrlgId group) { return srlg_stated_[Index(group)]; });
  };
  if (fibre_stated_[Index(link)] || states(info.srlgs)) return false;
  for (const NodeId node : {info.source, info.target}) {
    if (node_stated_[Index(node)] || states(snapshot_->node(node).srlgs)) return false;
  }
  return true;
}

double AvailabilityModel::UnavailabilityOf(const Element& element) const {
  switch (element.kind) {
    case Kind::kNode:
      return node_[element.number];
    case Kind::kFibre:
      return fibre_[element.number];
    case Kind::kSrlg:
      return srlg_[element.number];
  }
  return 0;
}

bool AvailabilityModel::Stated(const Element& element) const {
  switch (element.kind) {
    case Kind::kNode:
      return node_stated_[element.number];
    case Kind::kFibre:
      return fibre_stated_[element.number];
    case Kind::kSrlg:
      return srlg_stated_[element.number];
  }
  return false;
}

const std::string& AvailabilityModel::NameOf(const Element& element) const {
  switch (element.kind) {
    case Kind::kNode:
      return snapshot_->nodes()[element.number].name;
    case Kind::kFibre:
      return snapshot_->links()[element.number].name;
    default:
      return snapshot_->srlg_names()[element.number];
  }
}

std::vector<double> AvailabilityModel::DownBySet(std::span<const Element> elements,
                                                 size_t paths) const {
  std::vector<double> log_up(size_t{1} << paths, 0);
  for (const Element& element : elements) {
    log_up[element.on_paths] += std::log1p(-UnavailabilityOf(element));
  }
  std::vector<double> down;
  for (const double log : log_up) down.push_back(DownFromLog(log));
  return down;
}

namespace {

// The state is the set of paths that are down; each set of elements that share their paths moves
// it.
double AllDown(const std::vector<double>& down_by_set) {
  std::vector<double> state(down_by_set.size(), 0);
  state[0] = 1;
  for (size_t set = 1; set < down_by_set.size(); ++set) {
    const double down = down_by_set[set];
    if (down == 0) continue;
    std::vector<double> next(state.size(), 0);
    for (size_t dead = 0; dead < state.size(); ++dead) {
      next[dead] += state[dead] * (1 - down);
      next[dead | set] += state[dead] * down;
    }
    state = std::move(next);
  }
  return state.back();
}

}  // namespace

double AvailabilityModel::Unavailability(std::span<const std::vector<LinkId>> paths) const {
  return AllDown(DownBySet(ElementsOf(paths), paths.size()));
}

v1::PromiseTerm AvailabilityModel::TermOf(const std::string& label,
                                          std::span<const Element> elements, uint32_t on_paths,
                                          double down) const {
  std::vector<std::string> names, figures;
  for (const Element& element : elements) {
    if (element.on_paths != on_paths || !Stated(element)) continue;
    names.push_back(NameOf(element));
    figures.push_back(NameOf(element) + " " + AvailabilityText(UnavailabilityOf(element)));
  }
  v1::PromiseTerm term;
  term.set_label("availability, " + label);
  term.set_value(AvailabilityText(down) + " = " +
                 FirstNames(names.size() == 1 ? names : figures, " x "));
  return term;
}

Availability AvailabilityModel::Of(std::span<const std::vector<LinkId>> paths) const {
  const std::vector<Element> elements = ElementsOf(paths);
  return {.unavailability = AllDown(DownBySet(elements, paths.size())),
          .stated = std::any_of(elements.begin(), elements.end(),
                                [&](const Element& element) { return Stated(element); }),
          .terms = {}};
}

Availability AvailabilityModel::Explain(std::span<const std::vector<LinkId>> paths) const {
  Availability result;
  const std::vector<Element> elements = ElementsOf(paths);
  const std::vector<double> down = DownBySet(elements, paths.size());
  result.unavailability = AllDown(down);
  std::vector<std::string> silent;
  for (const Element& element : elements) {
    if (Stated(element)) {
      result.stated = true;
    } else {
      silent.push_back(NameOf(element));
    }
  }
  const auto add = [&](const std::string& label, const std::string& value) {
    v1::PromiseTerm& term = result.terms.emplace_back();
    term.set_label("availability, " + label);
    term.set_value(value);
  };
  if (result.stated) {
    // What is common first: it alone bounds what protection can give.
    for (uint32_t set = static_cast<uint32_t>(down.size()); set-- > 1;) {
      const bool used = std::any_of(elements.begin(), elements.end(), [&](const Element& element) {
        return element.on_paths == set && Stated(element);
      });
      if (used)
        result.terms.push_back(TermOf(SetLabel(set, paths.size()), elements, set, down[set]));
    }
    const std::string figure =
        AvailabilityText(result.unavailability) + ", down " + DowntimeText(result.unavailability);
    if (paths.size() == 1) {
      add("of the path", figure);
    } else if (paths.size() == 2) {
      add("of both together", figure + " = common x (1 - (1 - working) x (1 - protect))");
    } else {
      add("of all together", figure + ", by inclusion and exclusion over the paths");
    }
  }
  if (!silent.empty()) {
    add("not stated, counted as never failing", FirstNames(silent));
  }
  return result;
}

std::string AvailabilityText(double unavailability) {
  if (unavailability <= 0) return "100 %";
  if (unavailability >= 1) return "0 %";
  const double percent_down = unavailability * 100;
  // Digits behind the point that show the first two digits of what is missing.
  const int digits = std::clamp(
      1 - static_cast<int>(std::floor(std::log10(percent_down * (1 + kTargetTolerance)))), 1, 15);
  const double unit = std::pow(10, -digits);
  // What a target leaves is no truer than the target, a number close to 1.
  const double slack = std::min(1e-3, kOfTarget * 100 / unit);
  const double shown_down = std::ceil(percent_down / unit * (1 - 1e-12) - slack) * unit;
  char text[64];
  std::snprintf(text, sizeof text, "%.*f %%", digits, 100 - shown_down);
  return text;
}

std::string DowntimeText(double unavailability) {
  const double minutes = unavailability * kMinutesAYear;
  if (minutes >= 100) return Printed("%.0f minutes a year", minutes);
  if (minutes >= 1) return Printed("%.2f minutes a year", minutes);
  if (minutes * 60 >= 0.01) return Printed("%.2f seconds a year", minutes * 60);
  return Printed("%.2g seconds a year", minutes * 60);
}

}  // namespace waymark

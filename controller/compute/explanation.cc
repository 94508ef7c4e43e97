#include "controller/compute/explanation.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "controller/compute/disjoint_pair.h"
#include "controller/compute/k_shortest.h"
#include "controller/compute/partner_search.h"
#include "controller/compute/refusal.h"

namespace waymark {
namespace {

constexpr int64_t kSearchLabels = 200'000;

std::string ObjectiveName(v1::Objective objective) {
  if (objective == v1::MIN_DELAY) return "delay";
  return objective == v1::MIN_COST ? "cost" : "te metric";
}

class RouteExplainer {
 public:
  explicit RouteExplainer(const RouteExplanationQuery& query)
      : query_(query),
        snapshot_(query.snapshot),
        constraints_(query.constraints),
        graph_(snapshot_, constraints_, query.environment),
        from_(snapshot_.link(query.working.front()).source),
        to_(snapshot_.link(query.working.back()).target),
        working_(PathOf(query.working)),
        meter_(query.limit, 1) {
    if (!query.protect.empty()) protect_ = PathOf(query.protect);
  }

  RouteExplanation Explain() {
    const size_t most = std::min(query_.alternatives, kMaxAlternatives);
    const size_t better = ExplainWorking(most);
    if (protect_ && query_.disjoint_paths == 2) ExplainProtect(most);
    explanation_.chosen = Chosen(better);
    explanation_.complete = !meter_.ended() && !unproven_;
    return std::move(explanation_);
  }

 private:
  ComputedPath PathOf(std::span<const LinkId> links) const {
    return {{links.begin(), links.end()}, graph_.PathMetric(links)};
  }
  bool IsChosen(const std::vector<LinkId>& links) const {
    return links == working_.links || (protect_ && links == protect_->links);
  }

  std::vector<ComputedPath> Shortest(const SearchGraph& graph, size_t k) {
    if (!meter_.Spend()) return {};
    KShortestResult found = KShortestPaths(graph, from_, to_, k, kSearchLabels, query_.limit.stop);
    unproven_ |= found.outcome == Outcome::kBudgetSpent;
    return std::move(found.paths);
  }

  void Add(const std::vector<LinkId>& links, std::string ruled_out) {
    explanation_.alternatives.push_back({links, std::move(ruled_out)});
  }

  // Those of the least paths by the objective alone, and the next that meets the constraints. How
  // many were less than the working path.
  size_t ExplainWorking(size_t most) {
    if (most == 0) return 0;
    PathConstraints objective_alone;
    objective_alone.objective = constraints_.objective;
    const int most_hops = query_.environment.most_hops;
    objective_alone.max_hops = most_hops;
    const SearchGraph everything(snapshot_, objective_alone,
                                 {.ignore_forbid = true,
                                  .ignore_avoid = true,
                                  .most_hops = most_hops,
                                  .weights = query_.environment.weights});
    size_t better = 0;
    for (const ComputedPath& path : Shortest(everything, most + 1)) {
      if (IsChosen(path.links) || explanation_.alternatives.size() + 1 >= most) continue;
      const ComputedPath priced = PathOf(path.links);
      better += priced < working_;
      std::string why = WhyNotWorking(priced);
      if (!meter_.ended()) Add(path.links, std::move(why));
    }
    for (const ComputedPath& path : Shortest(graph_, 3)) {
      const bool listed = std::any_of(
          explanation_.alternatives.begin(), explanation_.alternatives.end(),
          [&](const RuledOutPath& alternative) { return alternative.links == path.links; });
      if (listed || IsChosen(path.links)) continue;
      std::string why = WhyNotWorking(path);
      if (!meter_.ended()) Add(path.links, std::move(why));
      break;
    }
    return better;
  }

  // Up to the first that shares nothing with the working path.
  void ExplainProtect(size_t most) {
    const PathRisks risks(snapshot_, constraints_.protection, from_, to_);
    size_t told = 0;
    for (const ComputedPath& path : Shortest(graph_, most + 2)) {
      if (IsChosen(path.links) || told == most) continue;
      ++told;
      const std::vector<int32_t> shared = risks.Shared(working_.links, path.links);
      std::string why;
      if (!shared.empty()) {
        std::string names;
        for (const std::string& name : risks.Names(shared)) {
          names += (names.empty() ? "" : ", ") + name;
        }
        why = "shares " + names + " with the working path";
      } else {
        why = WhyTargets({working_, path});
        if (why.empty()) why = Compared(path, *protect_);
      }
      Add(path.links, "as protect path: " + why);
      if (shared.empty()) return;
    }
  }

  std::string WhyNotWorking(const ComputedPath& path) {
    for (const LinkId link : path.links) {
      std::string reason = WhyNotUsable(snapshot_, constraints_, query_.environment, link);
      if (!reason.empty()) return reason;
    }
    if (path.metric.hops > graph_.max_hops()) {
      return "max hops " + std::to_string(graph_.max_hops()) + ": it takes " +
             std::to_string(path.metric.hops);
    }
    if (path.metric.delay_ns > graph_.max_delay_ns()) {
      return "max delay " + DelayText(graph_.max_delay_ns()) + ": it takes " +
             DelayText(path.metric.delay_ns);
    }
    std::string reason = WhyHops(path);
    if (!reason.empty()) return reason;
    return protect_ ? WhyNotPair(path) : WhyNotAlone(path);
  }

  std::string WhyNotAlone(const ComputedPath& path) {
    std::string reason = WhyTargets({path});
    return reason.empty() ? Compared(path, working_) : reason;
  }

  // The path would be the first of a pair; its best partner decides.
  std::string WhyNotPair(const ComputedPath& path) {
    if (!meter_.Spend()) return "";
    const PathRisks risks(snapshot_, constraints_.protection, from_, to_);
    if (!partners_) {
      partners_.emplace(graph_, constraints_.protection, from_, to_, query_.limit.stop);
    }
    const PathResult partner = partners_->Of(path.links);
    if (partner.outcome == Outcome::kBudgetSpent) {
      unproven_ = true;
      return "the work budget ended before its best protect path was known";
    }
    if (partner.outcome != Outcome::kFound) {
      return "no path without a risk in common with it meets the constraints";
    }
    if (query_.disjoint_paths > 2) {
      return "no " + std::to_string(query_.disjoint_paths) +
             " disjoint paths of which it is one are better";
    }
    if (!risks.Disjoint(working_.links, protect_->links)) {
      return Better("a pair without shared risks is possible");
    }
    std::string reason = WhyTargets({path, partner.path});
    if (!reason.empty()) return reason;
    const auto rank = [&](const ComputedPath& a, const ComputedPath& b) {
      const Metric sum = a.metric + b.metric;
      if (constraints_.pair_order == PairOrder::kMinSum) return std::pair(sum, sum);
      return std::pair(std::max(a.metric, b.metric), sum);
    };
    const auto its = rank(path, partner.path), chosen = rank(working_, *protect_);
    if (its < chosen) return Better();
    const std::string with = "with its protect path " + LinksText(partner.path.links) + ": ";
    if (its == chosen) return "as good as a pair: the order of link names decides";
    if (its.first != chosen.first) return with + Dearer(its.first, chosen.first);
    return with + Dearer(its.second, chosen.second);
  }

  std::string WhyTargets(std::vector<ComputedPath> paths) const {
    const RouteTargets targets = Completed(query_.targets, constraints_, query_.environment);
    if (!MeetsAvailability(targets, paths)) {
      return "availability target " + AvailabilityText(1 - targets.availability) + ": it gives " +
             AvailabilityText(UnavailabilityOf(targets, paths));
    }
    if (!MeetsLatency(targets, paths)) {
      const int64_t latency = LatencyOf(targets, paths);
      if (latency >= 0 && (targets.max_latency_ns <= 0 || latency <= targets.max_latency_ns)) {
        return "max latency of others, whom it would slow down";
      }
      return "max latency " + DelayText(targets.max_latency_ns) + ": " +
             (latency < 0 ? "none can be promised" : "it takes " + DelayText(latency));
    }
    return "";
  }

  // The rules of explicit_path.h for a path that is given.
  std::string WhyHops(const ComputedPath& path) const {
    size_t passed = 0;  // links behind the last hop found
    for (const ExplicitHop& hop : constraints_.explicit_hops) {
      const bool is_link = hop.link != LinkId::kNone;
      const NodeId here = passed == 0 ? from_ : snapshot_.link(path.links[passed - 1]).target;
      if (!is_link && hop.node == here) continue;
      size_t next = passed;
      const auto matches = [&](LinkId link) {
        return is_link ? link == hop.link : snapshot_.link(link).target == hop.node;
      };
      while (hop.loose && next < path.links.size() && !matches(path.links[next])) ++next;
      if (next == path.links.size() || !matches(path.links[next])) {
        return "explicit hops: it does not pass " +
               (is_link ? snapshot_.link(hop.link).name : snapshot_.node(hop.node).name) +
               " in its turn";
      }
      passed = next + 1;
    }
    return "";
  }

  std::string Compared(const ComputedPath& path, const ComputedPath& chosen) {
    if (path.metric == chosen.metric) {
      return path < chosen ? Better() : "equal in all: the order of link names decides";
    }
    return path.metric < chosen.metric ? Better() : Dearer(path.metric, chosen.metric);
  }

  // Possible where the network has changed since the route was placed, or a failure has moved it.
  std::string Better(const std::string& what = "better") {
    if (!query_.placed) return what + ": the search ended before it was tried";
    outdone_ = true;
    return what + ": a route that is placed is not moved unasked";
  }

  std::string ObjectiveText(int64_t cost) const {
    if (constraints_.objective == v1::MIN_DELAY) return DelayText(cost);
    const LinkWeights* weights = query_.environment.weights;
    if (constraints_.objective != v1::MIN_COST) {
      return weights == nullptr ? std::to_string(cost) : WeightText(cost, weights->decimals);
    }
    return MoneyText(cost, graph_.objective_unit());
  }

  // `its` is greater.
  std::string Dearer(const Metric& its, const Metric& chosen) const {
    const auto against = [](const std::string& what, const std::string& one,
                            const std::string& other) {
      return what + " " + one + " against " + other;
    };
    const int64_t avoided = its.cost / kAvoidCost, chosen_avoided = chosen.cost / kAvoidCost;
    if (avoided != chosen_avoided) {
      return against("dearer: places in maintenance (admin_state AVOID)", std::to_string(avoided),
                     std::to_string(chosen_avoided));
    }
    const std::string name = ObjectiveName(constraints_.objective);
    if (its.cost != chosen.cost) {
      return against("dearer: " + name, ObjectiveText(its.cost % kAvoidCost),
                     ObjectiveText(chosen.cost % kAvoidCost));
    }
    const std::string equal = "equal " + name + ", but ";
    if (its.hops != chosen.hops) {
      return equal + against("hops", std::to_string(its.hops), std::to_string(chosen.hops));
    }
    return equal + against("delay", DelayText(its.delay_ns), DelayText(chosen.delay_ns));
  }

  std::string LinksText(const std::vector<LinkId>& links) const {
    std::string text;
    for (const LinkId link : links) {
      text += (text.empty() ? "" : ", ") + snapshot_.link(link).name;
    }
    return text;
  }

  std::string Chosen(size_t better) const {
    const std::string name = ObjectiveName(constraints_.objective);
    if (outdone_) {
      return "stays where it was placed, with " + name + " " + ObjectiveText(working_.objective()) +
             (protect_ ? " and " + ObjectiveText(protect_->objective()) : "") +
             ": there are better routes, but a route that is placed is not moved unasked";
    }
    std::string text;
    if (!protect_) {
      text = "least " + name + " (" + ObjectiveText(working_.objective()) +
             ") of the paths that meet every constraint";
    } else {
      const bool sum = constraints_.pair_order == PairOrder::kMinSum;
      const int64_t objective = sum ? (working_.objective() + protect_->objective())
                                    : std::max(working_.metric, protect_->metric).cost % kAvoidCost;
      text = std::string(sum ? "least total " : "least dearer ") + name + " (" +
             ObjectiveText(objective) + ") of the pairs of paths that meet every constraint";
    }
    if (better > 0) text += "; " + std::to_string(better) + " less by themselves are ruled out";
    return text;
  }

  const RouteExplanationQuery& query_;
  const Snapshot& snapshot_;
  const PathConstraints& constraints_;
  const SearchGraph graph_;
  const NodeId from_, to_;
  const ComputedPath working_;
  std::optional<ComputedPath> protect_;
  std::optional<PartnerSearch> partners_;
  WorkMeter meter_;
  bool unproven_ = false;
  bool outdone_ = false;
  RouteExplanation explanation_;
};

}  // namespace

RouteExplanation ExplainRoute(const RouteExplanationQuery& query) {
  if (query.working.empty()) std::abort();
  return RouteExplainer(query).Explain();
}

}  // namespace waymark

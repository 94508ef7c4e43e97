#include "controller/compute/mesh/hose_linear_program.h"

#include <coin/Clp_C_Interface.h>

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <tuple>
#include <vector>

namespace waymark {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Column by column; every variable is >= 0.
class Program {
 public:
  int AddRow(double lower, double upper) {
    lower_.push_back(lower);
    upper_.push_back(upper);
    return static_cast<int>(upper_.size()) - 1;
  }
  void Put(int row, double value) {
    rows_.push_back(row);
    values_.push_back(value);
  }
  void EndColumn(double objective) {
    starts_.push_back(static_cast<CoinBigIndex>(rows_.size()));
    objective_.push_back(objective);
  }

  std::optional<double> Least(double most_seconds) const {
    const std::unique_ptr<Clp_Simplex, void (*)(Clp_Simplex*)> model(Clp_newModel(),
                                                                     Clp_deleteModel);
    Clp_setLogLevel(model.get(), 0);
    if (most_seconds > 0) Clp_setMaximumSeconds(model.get(), most_seconds);
    Clp_loadProblem(model.get(), static_cast<int>(objective_.size()),
                    static_cast<int>(upper_.size()), starts_.data(), rows_.data(), values_.data(),
                    nullptr, nullptr, objective_.data(), lower_.data(), upper_.data());
    Clp_initialSolve(model.get());
    if (Clp_status(model.get()) != 0) return std::nullopt;
    return Clp_objectiveValue(model.get());
  }

 private:
  std::vector<CoinBigIndex> starts_ = {0};
  std::vector<int> rows_;
  std::vector<double> values_, objective_, lower_, upper_;
};

double GreatestRate(std::span<const HoseSite> sites) {
  double most = 0;
  for (const HoseSite& site : sites) most = std::max({most, site.ingress, site.egress});
  return most;
}

double ShareOn(const HoseRoutes& routes, HosePair pair, int32_t link) {
  std::vector<HoseRoute> found;
  routes(pair.from, pair.to, found);
  double on = 0, total = 0;
  for (const HoseRoute& route : found) {
    total += route.weight;
    if (std::ranges::find(route.links, link) != route.links.end()) on += route.weight;
  }
  return total > 0 ? on / total : 0;
}

// A flow of one unit for each pair. What a hose loads a link with is bounded by prices, for each
// node and role, of sending and receiving there: a row for each pair that they must pay for.
class ObliviousProgram {
 public:
  ObliviousProgram(const MeshProblem& problem, double unit) : problem_(problem), unit_(unit) {
    // Row of a link: its load - utilisation * capacity <= 0.
    for (size_t e = 0; e < problem.links.size(); ++e) program_.AddRow(-kInfinity, 0);
    for (size_t e = 0; e < problem.links.size(); ++e) {
      program_.Put(static_cast<int>(e), -problem.links[e].capacity / unit);
    }
    program_.EndColumn(1);
    for (const MeshDemand& demand : problem.demands) {
      pairs_[{demand.from, demand.to}].rate = demand.rate;
    }
  }

  void AddHose(const Hose& hose) {
    const HoseGroups groups = GroupHoseSites(hose);
    for (int32_t from = 0; from < groups.size(); ++from) {
      for (int32_t to = 0; to < groups.size(); ++to) {
        if (!groups.Talk(from, to)) continue;
        Pair& pair = pairs_[groups.Nodes(from, to)];
        pair.uses.push_back({static_cast<int>(hoses_.size()), from, to});
      }
    }
    hoses_.push_back(groups);
  }

  std::optional<double> Least(double most_seconds) {
    // By hose, group and link: the rows that the price of its sending, or receiving, pays for.
    std::map<std::tuple<int, int32_t, size_t>, std::vector<int>> sends, receives;
    for (const auto& [nodes, pair] : pairs_) {
      const std::vector<int> rows = Conserve(nodes);
      for (size_t e = 0; e < problem_.links.size(); ++e) {
        if (problem_.links[e].capacity <= 0) continue;
        program_.Put(static_cast<int>(e), pair.rate / unit_);
        for (const Use& use : pair.uses) {
          // flow - price of from - price of to <= 0
          const int row = program_.AddRow(-kInfinity, 0);
          program_.Put(row, 1);
          sends[{use.hose, use.from, e}].push_back(row);
          receives[{use.hose, use.to, e}].push_back(row);
        }
        program_.Put(rows[problem_.links[e].from], 1);
        program_.Put(rows[problem_.links[e].to], -1);
        program_.EndColumn(0);
      }
    }
    AddPrices(sends, &HoseGroups::ingress);
    AddPrices(receives, &HoseGroups::egress);
    return program_.Least(most_seconds);
  }

 private:
  struct Use {
    int hose = 0;
    int32_t from = 0, to = 0;
  };
  struct Pair {
    double rate = 0;
    std::vector<Use> uses;
  };

  // Rows by node for one unit from here to there.
  std::vector<int> Conserve(HosePair pair) {
    std::vector<int> rows;
    for (int32_t node = 0; node < problem_.node_count; ++node) {
      const double out = node == pair.from ? 1 : node == pair.to ? -1 : 0;
      rows.push_back(program_.AddRow(out, out));
    }
    return rows;
  }
  void AddPrices(const std::map<std::tuple<int, int32_t, size_t>, std::vector<int>>& prices,
                 std::vector<double> HoseGroups::*rates) {
    for (const auto& [key, rows] : prices) {
      const auto& [hose, group, link] = key;
      program_.Put(static_cast<int>(link), (hoses_[hose].*rates)[group] / unit_);
      for (const int row : rows) program_.Put(row, -1);
      program_.EndColumn(0);
    }
  }

  const MeshProblem& problem_;
  const double unit_;
  Program program_;
  std::vector<HoseGroups> hoses_;
  std::map<HosePair, Pair> pairs_;
};

}  // namespace

std::optional<double> WorstLoadOptimum(const Hose& hose, std::span<const HoseRoutes> classes,
                                       int32_t link) {
  // The solver's tolerances are absolute.
  const double unit = GreatestRate(hose.sites);
  if (unit == 0) return 0;
  Program program;
  std::vector<int> sends, receives;
  for (const HoseSite& site : hose.sites) {
    sends.push_back(program.AddRow(-kInfinity, site.ingress / unit));
    receives.push_back(program.AddRow(-kInfinity, site.egress / unit));
  }
  for (size_t i = 0; i < hose.sites.size(); ++i) {
    for (size_t j = 0; j < hose.sites.size(); ++j) {
      const HoseSite &from = hose.sites[i], &to = hose.sites[j];
      if (i == j || (from.leaf && to.leaf)) continue;
      for (const HoseRoutes& routes : classes) {
        program.Put(sends[i], 1);
        program.Put(receives[j], 1);
        program.EndColumn(from.node == to.node ? 0 : -ShareOn(routes, {from.node, to.node}, link));
      }
    }
  }
  const auto least = program.Least(0);
  if (!least) return std::nullopt;
  return -*least * unit;
}

std::optional<double> ObliviousOptimum(const MeshProblem& problem, std::span<const Hose> hoses,
                                       double most_seconds) {
  double unit = 0;
  for (const MeshLink& link : problem.links) unit = std::max(unit, link.capacity);
  if (unit == 0) unit = 1;
  ObliviousProgram program(problem, unit);
  for (const Hose& hose : hoses) program.AddHose(hose);
  return program.Least(most_seconds);
}

}  // namespace waymark

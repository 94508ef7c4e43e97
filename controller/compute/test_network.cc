#include "controller/compute/test_network.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <set>

namespace waymark {
namespace {

std::shared_ptr<const Snapshot> BuildOrDie(const std::vector<v1::Node>& nodes,
                                           const std::vector<v1::Link>& links,
                                           const std::vector<v1::Srlg>& srlgs) {
  auto snapshot = Snapshot::Build(nodes, links, srlgs);
  if (!snapshot.ok()) {
    std::fprintf(stderr, "%s\n", snapshot.status().ToString().c_str());
    std::abort();
  }
  return *std::move(snapshot);
}

int Pick(std::mt19937& random, int n) {
  return static_cast<int>(random() % static_cast<uint32_t>(n));
}

}  // namespace

v1::Node& TestNetwork::Node(const std::string& id, const std::string& jurisdiction) {
  nodes_.push_back(std::make_unique<v1::Node>());
  v1::Node& node = *nodes_.back();
  node.set_name("nodes/" + id);
  node.set_jurisdiction(jurisdiction);
  node.set_node_sid(static_cast<uint32_t>(nodes_.size()));
  return node;
}

v1::Link& TestNetwork::OneWay(const std::string& from, const std::string& to, int64_t delay_us,
                              uint32_t metric, const std::string& suffix) {
  links_.push_back(std::make_unique<v1::Link>());
  v1::Link& link = *links_.back();
  link.set_name("links/" + from + "--" + to + suffix);
  link.set_source("nodes/" + from);
  link.set_target("nodes/" + to);
  link.set_capacity_bps(10'000'000'000);
  link.set_delay_ns(delay_us * 1000);
  link.set_igp_metric(metric);
  link.set_te_metric(metric);
  link.set_adjacency_sid(0x8000 + static_cast<uint32_t>(links_.size()));
  return link;
}

v1::Link& TestNetwork::Fibre(const std::string& a, const std::string& b, int64_t delay_us,
                             uint32_t metric, const std::string& suffix) {
  v1::Link& forward = OneWay(a, b, delay_us, metric, suffix);
  v1::Link& backward = OneWay(b, a, delay_us, metric, suffix);
  forward.set_reverse(backward.name());
  backward.set_reverse(forward.name());
  return forward;
}

v1::Link& TestNetwork::Link(const std::string& name) {
  for (const auto& link : links_) {
    if (link->name() == name) return *link;
  }
  std::fprintf(stderr, "no link %s\n", name.c_str());
  std::abort();
}

v1::Srlg& TestNetwork::Srlg(const std::string& id, v1::SrlgType type) {
  v1::Srlg& srlg = srlgs_.emplace_back();
  srlg.set_name("srlgs/" + id);
  srlg.set_type(type);
  return srlg;
}

std::shared_ptr<const Snapshot> TestNetwork::Build() const { return BuildShuffled(0); }

std::shared_ptr<const Snapshot> TestNetwork::BuildShuffled(uint32_t seed) const {
  std::vector<v1::Node> nodes;
  std::vector<v1::Link> links;
  for (const auto& node : nodes_) nodes.push_back(*node);
  for (const auto& link : links_) links.push_back(*link);
  if (seed != 0) {
    std::mt19937 random(seed);
    std::shuffle(nodes.begin(), nodes.end(), random);
    std::shuffle(links.begin(), links.end(), random);
  }
  return BuildOrDie(nodes, links, srlgs_);
}

std::shared_ptr<const Snapshot> RandomNetwork(std::mt19937& random, int nodes, int links) {
  TestNetwork network;
  const char* jurisdictions[] = {"CH", "CH", "DE", "FR", ""};
  const char* providers[] = {"alpha", "beta", "gamma", ""};
  const v1::AdminState admins[] = {v1::ENABLED, v1::ENABLED, v1::ENABLED, v1::ENABLED,
                                   v1::ENABLED, v1::ENABLED, v1::AVOID,   v1::FORBID};
  const v1::SrlgType types[] = {v1::BUILDING, v1::DUCT, v1::LANDING_STATION, v1::POWER};
  for (int i = 0; i < 4; ++i) network.Srlg("s" + std::to_string(i), types[i]);
  for (int i = 0; i < nodes; ++i) {
    v1::Node& node = network.Node("n" + std::to_string(i), jurisdictions[Pick(random, 5)]);
    node.set_provider(providers[Pick(random, 4)]);
    node.set_admin_state(admins[Pick(random, 8)]);
    if (Pick(random, 4) == 0) node.add_srlgs("srlgs/s" + std::to_string(Pick(random, 4)));
  }
  for (int i = 0; i < links; ++i) {
    const int from = Pick(random, nodes);
    const int to = (from + 1 + Pick(random, nodes - 1)) % nodes;
    const std::string a = "n" + std::to_string(from), b = "n" + std::to_string(to);
    const std::string suffix = "." + std::to_string(i);
    const int64_t delay_us = Pick(random, 4);
    const uint32_t metric = 1 + static_cast<uint32_t>(Pick(random, 3));
    std::vector<v1::Link*> both;
    if (Pick(random, 3) == 0) {
      both = {&network.OneWay(a, b, delay_us, metric, suffix)};
    } else {
      both = {&network.Fibre(a, b, delay_us, metric, suffix)};
      both.push_back(&network.Link(both[0]->reverse()));
    }
    const int provider = Pick(random, 4), srlg = Pick(random, 8), group = Pick(random, 4);
    const v1::AdminState admin = admins[Pick(random, 8)];
    for (v1::Link* link : both) {
      link->set_provider(providers[provider]);
      link->set_admin_state(admin);
      link->set_cost(Pick(random, 3) * 0.5);
      link->set_capacity_bps(1 + Pick(random, 3));
      if (srlg < 4) link->add_srlgs("srlgs/s" + std::to_string(srlg));
      if (group < 2) link->add_admin_groups(group == 0 ? "gold" : "satellite");
    }
  }
  return network.Build();
}

PathConstraints RandomConstraints(std::mt19937& random) {
  PathConstraints c;
  const v1::Objective objectives[] = {v1::MIN_TE_METRIC, v1::MIN_DELAY, v1::MIN_COST};
  c.objective = objectives[Pick(random, 3)];
  if (Pick(random, 2) == 0) c.max_delay_ns = 1000 * (1 + Pick(random, 8));
  if (Pick(random, 3) == 0) c.max_hops = 1 + Pick(random, 5);
  if (Pick(random, 4) == 0) c.bandwidth_bps = Pick(random, 3);
  if (Pick(random, 6) == 0) c.allowed_jurisdictions = {"CH", "DE"};
  if (Pick(random, 6) == 0) c.forbidden_jurisdictions = {"FR"};
  if (Pick(random, 6) == 0) c.allowed_providers = {"alpha", "beta", "nobody"};
  if (Pick(random, 6) == 0) c.forbidden_providers = {"gamma", "nobody"};
  if (Pick(random, 8) == 0) c.include_any = {"gold", "satellite"};
  if (Pick(random, 10) == 0) c.include_all = {"gold"};
  if (Pick(random, 6) == 0) c.exclude = {"satellite"};
  return c;
}

std::shared_ptr<const Snapshot> CarrierNetwork(uint32_t seed, int nodes, int fibres) {
  std::mt19937 random(seed);
  TestNetwork network;
  std::vector<std::pair<double, double>> places;
  for (int i = 0; i < fibres / 4; ++i) network.Srlg("duct" + std::to_string(i));
  for (int i = 0; i < nodes; ++i) {
    network.Node("n" + std::to_string(i), i % 7 == 0 ? "DE" : "CH");
    const double angle = 2 * M_PI * i / nodes;
    const double radius = 2000 + Pick(random, 3000);
    places.emplace_back(radius * std::cos(angle), radius * std::sin(angle));
  }
  for (int i = 0; i < fibres; ++i) {
    const int from = i < nodes ? i : Pick(random, nodes);
    const int reach = std::max(2, nodes / 8);
    const int to = i < nodes ? (i + 1) % nodes : (from + 2 + Pick(random, reach)) % nodes;
    const double km =
        std::hypot(places[from].first - places[to].first, places[from].second - places[to].second);
    v1::Link& link = network.Fibre("n" + std::to_string(from), "n" + std::to_string(to),
                                   static_cast<int64_t>(km * 5) + 10,
                                   static_cast<uint32_t>(km / 10) + 1, "." + std::to_string(i));
    v1::Link& back = network.Link(link.reverse());
    for (v1::Link* each : {&link, &back}) {
      each->set_provider("p" + std::to_string(i % 5));
      each->add_srlgs("srlgs/duct" + std::to_string(i % (fibres / 4)));
      each->set_capacity_bps(100'000'000'000);
    }
  }
  return network.Build();
}

std::vector<ComputedPath> AllPaths(const SearchGraph& graph, NodeId from, NodeId to) {
  const Snapshot& snapshot = graph.snapshot();
  std::vector<ComputedPath> paths;
  std::set<NodeId> on_path = {from};
  std::vector<LinkId> links;
  const std::function<void(NodeId)> visit = [&](NodeId node) {
    if (node == to) {
      ComputedPath path{links, graph.PathMetric(links)};
      if (path.metric.delay_ns <= graph.max_delay_ns() && path.metric.hops <= graph.max_hops()) {
        paths.push_back(std::move(path));
      }
      return;
    }
    for (const LinkId link : snapshot.out_links(node)) {
      const NodeId next = snapshot.link(link).target;
      if (!graph.LinkUsable(link) || !on_path.insert(next).second) continue;
      links.push_back(link);
      visit(next);
      links.pop_back();
      on_path.erase(next);
    }
  };
  if (from != to) visit(from);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace waymark

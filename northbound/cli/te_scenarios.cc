#include "northbound/cli/te_scenarios.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "northbound/cli/exit_code.h"

namespace waymark::cli {
namespace {

class Scenarios {
 public:
  explicit Scenarios(const TeInput& input) : input_(input), snapshot_(input.graph.snapshot()) {}

  absl::StatusOr<std::vector<Scenario>> Read(const std::vector<std::string>& fail) {
    for (const std::string& text : fail) {
      if (text == "all-links") {
        AllLinks();
        continue;
      }
      if (text == "all-nodes") {
        for (int32_t place = 0; place < input_.problem.node_count; ++place) {
          scenarios_.push_back(Empty(absl::StrCat("node:", input_.NodeName(place))));
          FailNode(input_.graph.NodeAt(place), scenarios_.back());
        }
        continue;
      }
      if (text == "all-srlgs") {
        for (const std::string& name : snapshot_.srlg_names()) {
          const std::string id = name.substr(name.find('/') + 1);
          scenarios_.push_back(Empty(absl::StrCat("srlg:", id)));
          if (absl::Status status = Srlg(id, scenarios_.back()); !status.ok()) return status;
        }
        continue;
      }
      Scenario scenario = Empty(text);
      for (const absl::string_view part : absl::StrSplit(text, ',')) {
        if (absl::Status status = Part(std::string(part), scenario); !status.ok()) return status;
      }
      scenarios_.push_back(std::move(scenario));
    }
    return std::move(scenarios_);
  }

 private:
  Scenario Empty(const std::string& name) const {
    return {.name = name,
            .links = std::vector<bool>(snapshot_.links().size()),
            .nodes = std::vector<bool>(snapshot_.nodes().size())};
  }

  // A cut fibre carries neither way.
  void FailFibre(LinkId link, Scenario& scenario) const {
    scenario.links[Index(link)] = true;
    const LinkId reverse = snapshot_.link(link).reverse;
    if (reverse != LinkId::kNone) scenario.links[Index(reverse)] = true;
  }

  void FailNode(NodeId node, Scenario& scenario) const {
    scenario.nodes[input_.graph.FileNode(node)] = true;
    for (const LinkId link : snapshot_.out_links(node)) scenario.links[Index(link)] = true;
    for (const LinkId link : snapshot_.in_links(node)) scenario.links[Index(link)] = true;
  }

  void AllLinks() {
    for (int32_t place = 0; place < input_.graph.link_places(); ++place) {
      const LinkId link = input_.graph.LinkAt(place);
      if (link == LinkId::kNone) continue;
      const LinkId reverse = snapshot_.link(link).reverse;
      if (reverse != LinkId::kNone && input_.graph.FileLink(reverse) < place) continue;
      scenarios_.push_back(Empty(input_.LinkName(Index(link))));
      FailFibre(link, scenarios_.back());
    }
  }

  absl::Status Part(const std::string& text, Scenario& scenario) const {
    if (text == "all-links" || text == "all-nodes" || text == "all-srlgs") {
      return UsageError(
          absl::StrCat("--fail ", text, " stands alone: give the others in a --fail of their own"));
    }
    if (text.starts_with("node:")) {
      const auto node = input_.graph.Node(text.substr(5));
      if (!node.ok()) return node.status();
      FailNode(*node, scenario);
      return absl::OkStatus();
    }
    if (text.starts_with("srlg:")) return Srlg(text.substr(5), scenario);
    if (text.empty()) return UsageError("--fail names nothing between two commas: remove one");
    const auto link = input_.graph.Link(text);
    if (!link.ok()) return link.status();
    FailFibre(*link, scenario);
    return absl::OkStatus();
  }

  absl::Status Srlg(const std::string& text, Scenario& scenario) const {
    const std::string name = text.starts_with("srlgs/") ? text : absl::StrCat("srlgs/", text);
    const auto names = snapshot_.srlg_names();
    const auto it = std::ranges::find(names, name);
    if (it == names.end()) {
      return absl::NotFoundError(
          absl::StrCat("no risk group \"", text, "\" in the graph, which has ", names.size()));
    }
    const auto srlg = static_cast<SrlgId>(it - names.begin());
    const auto in = [&](const auto& part) { return std::ranges::binary_search(part.srlgs, srlg); };
    for (size_t i = 0; i < snapshot_.links().size(); ++i) {
      if (in(snapshot_.links()[i])) FailFibre(static_cast<LinkId>(i), scenario);
    }
    for (size_t i = 0; i < snapshot_.nodes().size(); ++i) {
      if (in(snapshot_.nodes()[i])) FailNode(static_cast<NodeId>(i), scenario);
    }
    return absl::OkStatus();
  }

  const TeInput& input_;
  const Snapshot& snapshot_;
  std::vector<Scenario> scenarios_;
};

}  // namespace

absl::StatusOr<std::vector<Scenario>> ReadScenarios(const TeInput& input,
                                                    const std::vector<std::string>& fail) {
  return Scenarios(input).Read(fail);
}

}  // namespace waymark::cli

// For tests: what the sentence of a refusal's change does to the question.
#ifndef WAYMARK_CONTROLLER_COMPUTE_REFUSAL_CHANGE_H_
#define WAYMARK_CONTROLLER_COMPUTE_REFUSAL_CHANGE_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/topology/snapshot.h"

namespace waymark {

struct RefusalWorld {
  std::shared_ptr<const Snapshot> snapshot;
  PathConstraints constraints;
  std::set<LinkId> down;
  bool link_state_matters = true;
  bool maintenance_matters = true;
  bool corouted = false;
  // 0: none asked. Latency is that of queue 6 with nothing else sent.
  double availability = 0;
  int64_t max_latency_ns = 0;
};

inline std::vector<std::string> WordsOf(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// The names at the beginning of the text: "a, b and c" has a and b.
inline std::vector<std::string> NamesIn(const std::string& text) {
  std::vector<std::string> names;
  for (const std::string& word : WordsOf(text)) {
    names.push_back(word);
    if (!word.ends_with(",")) break;
    names.back().pop_back();
  }
  return names;
}

inline int64_t DelayIn(const std::string& text) {
  const std::vector<std::string> words = WordsOf(text);
  const int64_t unit = words[1] == "ns" ? 1 : words[1] == "us" ? 1'000 : 1'000'000;
  return std::llround(std::stod(words[0]) * static_cast<double>(unit));
}

// A change as its sentence says it.
class ToldChange {
 public:
  ToldChange(const RefusalWorld& world, const std::string& text) : world_(world), text_(text) {
    PathConstraints& c = world_.constraints;
    if (FindNew("max delay ")) c.max_delay_ns = DelayIn(found_);
    if (FindNew("max hops ")) c.max_hops = std::stoi(found_);
    if (FindNew("bandwidth ")) c.bandwidth_bps = std::stoi(found_);
    if (Find("availability target ")) {
      world_.availability = FindNew("availability target ") ? std::stod(found_) / 100 : 0;
    }
    if (Find("max latency ")) {
      world_.max_latency_ns = FindNew("max latency ") ? DelayIn(found_) : 0;
    }
    if (Find("accept affinity ")) Insert(&c.include_any);
    if (Find("drop include_any")) c.include_any.clear();
    if (Find("drop allowed_providers")) c.allowed_providers.clear();
    if (Find("drop affinity ")) Erase(&c.include_all);
    if (Find("no longer exclude affinity ")) Erase(&c.exclude);
    for (const std::string kind : {"nodes/", "links/", "srlgs/"}) {
      if (!Find("no longer exclude " + kind)) continue;
      found_ = kind + found_;
      Erase(&c.exclude_resources);
    }
    if (Find("no longer forbid jurisdiction ")) Erase(&c.forbidden_jurisdictions);
    if (Find("no longer forbid provider ")) Erase(&c.forbidden_providers);
    if (Find("allow jurisdiction ")) Insert(&c.allowed_jurisdictions);
    if (Find("allow provider ")) Insert(&c.allowed_providers);
    if (Find("repair ")) Repair();
    Hops();
    if (Find("allow both paths to share")) c.allow_shared_risks = true;
    if (Find("drop all protection")) c.protection = {};
    Rebuild();
  }

  const RefusalWorld& world() const { return world_; }
  int names() const { return names_; }

 private:
  // What stands behind this, in found_.
  bool Find(const std::string& beginning) {
    const size_t at = text_.find(beginning);
    if (at != std::string::npos) found_ = text_.substr(at + beginning.size());
    return at != std::string::npos;
  }
  bool FindNew(const std::string& beginning) {
    if (!Find(beginning)) return false;
    const size_t arrow = found_.find(" -> ");
    if (arrow == std::string::npos || found_.find(": drop it") < arrow) return false;
    found_ = found_.substr(arrow + 4);
    return true;
  }
  void Insert(std::vector<std::string>* list) {
    for (const std::string& name : NamesIn(found_)) list->push_back(name), ++names_;
    std::sort(list->begin(), list->end());
  }
  void Erase(std::vector<std::string>* list) {
    for (const std::string& name : NamesIn(found_)) {
      EXPECT_EQ(std::erase(*list, name), 1u) << text_;
      ++names_;
    }
  }
  void Repair() {
    for (const std::string& name : NamesIn(found_)) {
      const LinkId link = *world_.snapshot->FindLink(name);
      const LinkId reverse = world_.snapshot->link(link).reverse;
      EXPECT_GT(world_.down.erase(link) + world_.down.erase(reverse), 0u) << text_;
      ++names_;
    }
  }
  void Hops() {
    std::vector<ExplicitHop>& hops = world_.constraints.explicit_hops;
    if (Find("all explicit hops loose")) {
      for (ExplicitHop& hop : hops) hop.loose = true;
    } else if (Find("drop explicit hop ")) {
      const size_t number = std::stoul(found_) - 1;
      hops.erase(hops.begin() + static_cast<ptrdiff_t>(number));
      if (Find("loose instead of strict")) hops[number].loose = true;
    } else if (Find("drop the explicit hops")) {
      hops.clear();
    } else if (Find("explicit hop ")) {
      ASSERT_NE(found_.find("): loose instead of strict"), std::string::npos);
      hops[std::stoul(found_) - 1].loose = true;
    }
  }
  // Of the network itself.
  void Rebuild() {
    std::set<std::string> ended, placed, owned;
    if (Find("end the maintenance (admin_state FORBID) of ")) {
      for (const std::string& name : NamesIn(found_)) ended.insert(name), ++names_;
    }
    if (Find("state the jurisdiction of ")) {
      for (const std::string& name : NamesIn(found_)) placed.insert(name), ++names_;
    }
    if (Find("state the provider of ")) {
      for (const std::string& name : NamesIn(found_)) owned.insert(name), ++names_;
    }
    const PathConstraints& c = world_.constraints;
    const Snapshot& old = *world_.snapshot;
    std::vector<v1::Node> nodes(old.node_resources().begin(), old.node_resources().end());
    std::vector<v1::Link> links(old.link_resources().begin(), old.link_resources().end());
    const auto own = [&](auto& resource) {
      if (ended.contains(resource.name())) {
        EXPECT_EQ(resource.admin_state(), v1::FORBID);
        resource.set_admin_state(v1::ENABLED);
      }
      if (owned.contains(resource.name())) {
        EXPECT_EQ(resource.provider(), "");
        resource.set_provider(c.allowed_providers.front());
      }
    };
    for (v1::Node& node : nodes) {
      own(node);
      if (!placed.contains(node.name())) continue;
      EXPECT_EQ(node.jurisdiction(), "");
      node.set_jurisdiction(c.allowed_jurisdictions.empty() ? "CH"
                                                            : c.allowed_jurisdictions.front());
    }
    for (v1::Link& link : links) own(link);
    world_.snapshot = *Snapshot::Build(nodes, links, old.srlg_resources());
  }

  RefusalWorld world_;
  const std::string text_;
  std::string found_;
  int names_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_REFUSAL_CHANGE_H_

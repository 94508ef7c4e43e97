#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "controller/topology/snapshot.h"
#include "northbound/api/validate.h"

namespace waymark {
namespace {

using google::protobuf::Message;

class ReferenceChecker {
 public:
  ReferenceChecker(const Staged& staged, Problems& problems)
      : staged_(staged), problems_(problems) {}

  void Run() {
    CheckDeleted();
    // With a referrer left behind, the rest would only repeat it.
    if (!problems_.empty()) return;
    Collect();
    for (const std::string& name : sites_) CheckSite(*staged_.Find<v1::Site>(name));
    if (staged_.Changes(Kind::kTrafficClass)) CheckQueues();
    for (const std::string& name : class_maps_) CheckClassMap(*staged_.Find<v1::ClassMap>(name));
    for (const std::string& name : services_) CheckService(*staged_.Find<v1::Service>(name));
    CheckPorts();
  }

 private:
  template <typename... Args>
  void Add(const std::string& resource, const std::string& field, const Args&... args) {
    if (problems_.size() >= kMaxProblems) return;
    problems_.push_back(MakeProblem("REFERENCE_INVALID", resource, field, absl::StrCat(args...)));
  }

  bool IsChanged(const std::string& name) const {
    const auto kind = KindOfName(name);
    return kind && staged_.changes().contains({*kind, name});
  }

  void CheckDeleted() {
    for (const auto& [key, resource] : staged_.changes()) {
      if (resource != nullptr) continue;
      std::vector<std::string> left;
      for (const std::string& referrer : staged_.base().ReferrersOf(key.second)) {
        if (!StillRefers(referrer, key.second)) continue;
        left.push_back(referrer);
        if (left.size() == 5) break;
      }
      if (left.empty() || problems_.size() >= kMaxProblems) continue;
      std::string who;
      for (const std::string& name : left) absl::StrAppend(&who, who.empty() ? "" : ", ", name);
      problems_.push_back(MakeProblem(
          "STILL_REFERENCED", key.second, "name",
          absl::StrCat("is still referred to by ", who, left.size() == 5 ? " and maybe others" : "",
                       ": delete or change these first, or in the same Apply")));
    }
  }

  bool StillRefers(const std::string& referrer, const std::string& target) const {
    const Message* message = staged_.Find(*KindOfName(referrer), referrer);
    if (message == nullptr) return false;
    const std::vector<std::string> names = ReferencesOf(*message);
    return std::find(names.begin(), names.end(), target) != names.end();
  }

  // What is put, and what refers to what is put.
  void Collect() {
    for (const auto& [key, resource] : staged_.changes()) {
      const auto& [kind, name] = key;
      if (resource == nullptr) continue;
      Note(name);
      if (kind == Kind::kNode || kind == Kind::kSite || kind == Kind::kClassMap) {
        for (const std::string& referrer : staged_.base().ReferrersOf(name)) Note(referrer);
      }
    }
  }

  void Note(const std::string& name) {
    const auto kind = KindOfName(name);
    if (!kind || staged_.Find(*kind, name) == nullptr) return;
    if (kind == Kind::kSite) sites_.insert(name);
    if (kind == Kind::kClassMap) class_maps_.insert(name);
    if (kind == Kind::kService) services_.insert(name);
  }

  void Require(Kind kind, const std::string& resource, const std::string& field,
               const std::string& name) {
    if (staged_.Find(kind, name) == nullptr) {
      Add(resource, field, Quoted(name), " is not known: create it first, or correct the name");
    }
  }

  void RequireCustomer(const std::string& name) {
    Require(Kind::kCustomer, name, "name", ParentOf(name));
  }

  void CheckSite(const v1::Site& site) {
    RequireCustomer(site.name());
    const auto* node = staged_.Find<v1::Node>(site.node());
    if (node == nullptr) return Require(Kind::kNode, site.name(), "node", site.node());
    std::string known;
    for (const v1::Port& port : node->ports()) {
      if (port.id() == site.port()) return;
      if (known.size() < 100) absl::StrAppend(&known, known.empty() ? "" : ", ", port.id());
    }
    Add(site.name(), "port", Quoted(site.port()), " is no port of ", site.node(), ", which has ",
        known.empty() ? "none" : known);
  }

  void CheckClassMap(const v1::ClassMap& map) {
    RequireCustomer(map.name());
    for (int i = 0; i < map.rules_size(); ++i) {
      Require(Kind::kTrafficClass, map.name(), absl::StrCat("rules[", i, "].traffic_class"),
              map.rules(i).traffic_class());
    }
    Require(Kind::kTrafficClass, map.name(), "default_class", map.default_class());
  }

  // One outer DSCP selects one queue at every hop, whichever class it came from.
  void CheckQueues() {
    std::map<uint32_t, const v1::TrafficClass*> by_dscp;
    for (const Message* message : staged_.All(Kind::kTrafficClass)) {
      const auto* current = static_cast<const v1::TrafficClass*>(message);
      const v1::TrafficClass*& first = by_dscp[current->dscp()];
      if (first == nullptr) {
        first = current;
      } else if (first->queue() != current->queue()) {
        // Blame the one that the change puts.
        const bool blame_first = IsChanged(first->name()) && !IsChanged(current->name());
        const v1::TrafficClass& at = blame_first ? *first : *current;
        const v1::TrafficClass& other = blame_first ? *current : *first;
        Add(at.name(), "dscp", "DSCP ", at.dscp(), " belongs to queue ", other.queue(), " in ",
            other.name(), " but to queue ", at.queue(), " here: use another dscp, or that queue");
      }
    }
  }

  void CheckService(const v1::Service& service) {
    RequireCustomer(service.name());
    for (int i = 0; i < service.endpoints_size(); ++i) {
      Require(Kind::kSite, service.name(), absl::StrCat("endpoints[", i, "].site"),
              service.endpoints(i).site());
    }
    for (int i = 0; i < service.rates_size(); ++i) {
      Require(Kind::kTrafficClass, service.name(), absl::StrCat("rates[", i, "].traffic_class"),
              service.rates(i).traffic_class());
    }
    const auto* map = staged_.Find<v1::ClassMap>(service.class_map());
    if (map == nullptr) {
      return Require(Kind::kClassMap, service.name(), "class_map", service.class_map());
    }
    std::set<std::string> used = {map->default_class()};
    for (const auto& rule : map->rules()) used.insert(rule.traffic_class());
    for (int i = 0; i < service.rates_size(); ++i) {
      if (used.contains(service.rates(i).traffic_class())) continue;
      Add(service.name(), absl::StrCat("rates[", i, "].traffic_class"),
          Quoted(service.rates(i).traffic_class()), " is not used by ", service.class_map(),
          ": remove the rate, or add a rule for the class");
    }
  }

  struct Use {
    std::string service;
    int endpoint;
    uint32_t vlan;
  };
  using UsesByPort = std::map<std::string, std::vector<Use>>;

  void AddUses(const std::string& name, const std::string& only_port, UsesByPort& ports) const {
    const auto* service = staged_.Find<v1::Service>(name);
    if (service == nullptr) return;
    for (int i = 0; i < service->endpoints_size(); ++i) {
      const auto* site = staged_.Find<v1::Site>(service->endpoints(i).site());
      if (site == nullptr) continue;
      const std::string port = PortKey(*site);
      if (only_port.empty() || port == only_port) {
        ports[port].push_back({name, i, service->endpoints(i).vlan()});
      }
    }
  }

  // Every port that a checked service uses: VLANs distinct, and a whole port (VLAN 0) alone on it.
  void CheckPorts() {
    UsesByPort checked;
    for (const std::string& name : services_) AddUses(name, "", checked);
    for (auto& [port, uses] : checked) {
      std::set<std::string> others;
      for (const std::string& site : staged_.base().SitesAt(port)) {
        for (const std::string& name : staged_.base().ReferrersOf(site)) {
          if (!services_.contains(name)) others.insert(name);
        }
      }
      UsesByPort at_port;
      for (const std::string& name : others) AddUses(name, port, at_port);
      std::vector<Use>& all = at_port[port];
      // Those that the change puts last, so that they are blamed.
      for (const bool changed : {false, true}) {
        for (const Use& use : uses) {
          if (IsChanged(use.service) == changed) all.push_back(use);
        }
      }
      CheckPort(port, all);
    }
  }

  void CheckPort(const std::string& port, const std::vector<Use>& uses) {
    std::map<uint32_t, Use> by_vlan;
    for (const Use& use : uses) {
      const auto same = by_vlan.find(use.vlan);
      const auto whole = by_vlan.find(0);
      const Use* other = nullptr;
      if (same != by_vlan.end()) {
        other = &same->second;
      } else if (whole != by_vlan.end()) {
        other = &whole->second;
      } else if (use.vlan == 0 && !by_vlan.empty()) {
        other = &by_vlan.begin()->second;
      }
      if (other == nullptr) {
        by_vlan.emplace(use.vlan, use);
        continue;
      }
      const size_t bar = port.find('|');
      Add(use.service, absl::StrCat("endpoints[", use.endpoint, "].vlan"), "port ",
          port.substr(bar + 1), " of ", port.substr(0, bar), ", ", VlanText(use.vlan),
          ", is in use by ", other->service, " (", VlanText(other->vlan),
          "): choose a free VLAN or another port");
    }
  }

  static std::string VlanText(uint32_t vlan) {
    return vlan == 0 ? "whole port (vlan 0)" : absl::StrCat("vlan ", vlan);
  }

  const Staged& staged_;
  Problems& problems_;
  std::set<std::string> sites_, class_maps_, services_;
};

template <typename T>
std::vector<T> Copies(const Staged& staged) {
  std::vector<T> copies;
  for (const Message* m : staged.All(KindOf<T>::value)) copies.push_back(static_cast<const T&>(*m));
  return copies;
}

}  // namespace

void ValidateReferences(const Staged& staged, Problems& problems) {
  ReferenceChecker(staged, problems).Run();
}

void ValidateTopology(const Staged& staged, Problems& problems) {
  if (!staged.Changes(Kind::kNode) && !staged.Changes(Kind::kLink) &&
      !staged.Changes(Kind::kSrlg)) {
    return;
  }
  const auto nodes = Copies<v1::Node>(staged);
  const auto links = Copies<v1::Link>(staged);
  const auto srlgs = Copies<v1::Srlg>(staged);
  for (const Snapshot::Problem& p : Snapshot::Validate(nodes, links, srlgs, kMaxProblems)) {
    if (problems.size() >= kMaxProblems) return;
    problems.push_back(MakeProblem("FIELD_INVALID", p.resource, p.field, p.message));
  }
}

}  // namespace waymark

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/limits.h"
#include "controller/topology/link_interface.h"
#include "controller/topology/snapshot.h"
#include "controller/topology/text.h"

namespace waymark {
namespace {

constexpr uint32_t kMaxMetric = (1u << 24) - 1;  // RFC 5305 section 3
constexpr double kMaxCost = 1e9;
constexpr double kMinOversubscription = 0.01;
constexpr double kMaxOversubscription = 100;
constexpr size_t kMaxDisplayName = 256;
constexpr size_t kMaxDescription = 1024;
constexpr size_t kMaxShortName = 63;  // providers, affinities
constexpr int kMaxPorts = 4096;
constexpr int kMaxListed = 1024;      // risk groups, affinities
constexpr size_t kMaxInterface = 15;  // Linux IFNAMSIZ less its zero byte

template <typename T>
using ByName = absl::flat_hash_map<absl::string_view, T>;

absl::string_view View(const std::string& s) { return absl::string_view(s.data(), s.size()); }

class Validator {
 public:
  Validator(std::span<const v1::Node> nodes, std::span<const v1::Link> links,
            std::span<const v1::Srlg> srlgs, size_t max_problems)
      : nodes_(nodes), links_(links), srlgs_(srlgs), max_(max_problems) {}

  std::vector<Snapshot::Problem> Run() {
    Collect();
    for (const v1::Node& node : nodes_) {
      if (Full()) break;
      CheckNode(node);
    }
    if (!Full()) CheckLinks();
    for (const v1::Srlg& srlg : srlgs_) {
      if (Full()) break;
      CheckSrlg(srlg);
    }
    return std::move(problems_);
  }

 private:
  bool Full() const { return problems_.size() >= max_; }

  // Begins the checks of one resource; Add and the Check* helpers report against it.
  void Begin(const char* prefix, const std::string& name) {
    current_ = name.empty() ? std::string(prefix) + "?"
               : name.size() <= 128 && IsUtf8(name) && !HasControlCharacter(name) ? name
                                                                                  : Quote(name);
  }

  template <typename... Args>
  void Add(std::string field, const Args&... args) {
    if (!Full()) problems_.push_back({current_, std::move(field), absl::StrCat(args...)});
  }

  void Collect() {
    for (const v1::Node& node : nodes_) node_names_.insert(View(node.name()));
    for (const v1::Srlg& srlg : srlgs_) srlg_names_.insert(View(srlg.name()));
    for (const v1::Link& link : links_) link_by_name_.try_emplace(View(link.name()), &link);
  }

  void CheckName(const std::string& prefix, const std::string& name,
                 absl::flat_hash_set<absl::string_view>& seen) {
    if (name.compare(0, prefix.size(), prefix) != 0 ||
        !IsResourceId(std::string_view(name).substr(std::min(prefix.size(), name.size())))) {
      Add("name", Quote(name), " is no valid name: write ", prefix,
          "ID, where ID is 1 to 63 of a-z 0-9 . - and begins and ends with a letter or digit");
    }
    if (!seen.insert(View(name)).second) {
      Add("name", Quote(name), " is used twice: give each resource a name of its own");
    }
  }

  void CheckText(const char* field, const std::string& text, size_t max) {
    if (text.size() > max) {
      Add(field, "is ", text.size(), " bytes long: shorten it to at most ", max);
    } else if (!IsUtf8(text)) {
      Add(field, Quote(text), " is not UTF-8: save it as UTF-8");
    } else if (HasControlCharacter(text)) {
      Add(field, Quote(text), " contains control characters: remove them");
    }
  }

  void CheckDouble(const char* field, double value, double min, double max) {
    if (!std::isfinite(value)) {
      Add(field, "is ", std::isnan(value) ? "not a number" : "infinite", ": give a number from ",
          PlainNumber(min), " to ", PlainNumber(max));
    } else if (value < min || value > max) {
      Add(field, "is ", PlainNumber(value), ": give a number from ", PlainNumber(min), " to ",
          PlainNumber(max));
    }
  }

  void CheckReliability(double mtbf, double mttr) {
    CheckDouble("mtbf_hours", mtbf, 0, kMaxReliabilityHours);
    CheckDouble("mttr_hours", mttr, 0, kMaxReliabilityHours);
  }

  void CheckAdmin(int value) {
    if (!v1::AdminState_IsValid(value)) {
      Add("admin_state", "is ", value, ": use ENABLED (1), AVOID (2) or FORBID (3)");
    }
  }

  template <typename List>
  void CheckSrlgList(const List& list) {
    if (list.size() > kMaxListed) {
      Add("srlgs", "lists ", list.size(), " risk groups: at most ", kMaxListed);
      return;
    }
    absl::flat_hash_set<absl::string_view> seen;
    for (const std::string& name : list) {
      if (!srlg_names_.contains(View(name))) {
        Add("srlgs", Quote(name), " is not known: add that risk group, or correct the name");
      }
      if (!seen.insert(View(name)).second) {
        Add("srlgs", Quote(name), " is listed twice: list each risk group once");
      }
    }
  }

  static bool IsInterfaceName(const std::string& name) {
    if (name.empty() || name.size() > kMaxInterface || name == "." || name == "..") return false;
    return std::ranges::all_of(name, [](unsigned char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '.' || c == '_' || c == '-';
    });
  }

  static constexpr const char* kInterfaceRule =
      " is no interface name: use 1 to 15 of a-z A-Z 0-9 . _ -";

  void CheckNode(const v1::Node& node) {
    Begin("nodes/", node.name());
    CheckName("nodes/", node.name(), node_seen_);
    CheckText("display_name", node.display_name(), kMaxDisplayName);
    if (!node.jurisdiction().empty() && !IsJurisdictionCode(node.jurisdiction())) {
      Add("jurisdiction", Quote(node.jurisdiction()),
          " is no ISO 3166-1 alpha-2 code: use two capitals such as CH, or leave it empty for "
          "unknown");
    }
    CheckText("provider", node.provider(), kMaxShortName);
    CheckDouble("latitude", node.latitude(), -90, 90);
    CheckDouble("longitude", node.longitude(), -180, 180);
    CheckPorts(node);
    CheckSrlgList(node.srlgs());
    CheckReliability(node.mtbf_hours(), node.mttr_hours());
    CheckAdmin(node.admin_state());
    if (node.node_sid() > 0x7fff) Add("node_sid", "is ", node.node_sid(), ": 1 to 32767, or 0");
    if (node.node_sid() != 0 && !node_sids_.insert(node.node_sid()).second) {
      Add("node_sid", "is ", node.node_sid(), ", which another node has: give each its own");
    }
  }

  void CheckPorts(const v1::Node& node) {
    if (node.ports_size() > kMaxPorts) {
      Add("ports", "lists ", node.ports_size(), " ports: at most ", kMaxPorts);
      return;
    }
    auto& taken = interfaces_[View(node.name())];
    for (int i = 0; i < node.ports_size(); ++i) {
      const v1::Port& port = node.ports(i);
      const std::string field = absl::StrCat("ports[", i, "].");
      if (!IsInterfaceName(port.id())) {
        Add(field + "id", Quote(port.id()), kInterfaceRule);
      } else if (!taken.insert(port.id()).second) {
        Add(field + "id", Quote(port.id()),
            " is used twice on this node: give each port and interface its own name");
      }
      if (port.capacity_bps() < 0 || port.capacity_bps() > kMaxRateBps) {
        Add(field + "capacity_bps", "is ", port.capacity_bps(),
            ": give 1 to 10^16 bit/s, or 0 for not stated");
      }
      CheckText((field + "description").c_str(), port.description(), kMaxDescription);
    }
  }

  void CheckLinks() {
    // A derived interface name may depend on the link's place in name order.
    std::vector<int32_t> order(links_.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, {}, [&](int32_t i) { return View(links_[i].name()); });
    std::vector<int32_t> rank(links_.size());
    for (size_t i = 0; i < order.size(); ++i) rank[order[i]] = static_cast<int32_t>(i);
    for (size_t i = 0; i < links_.size() && !Full(); ++i) {
      CheckLink(links_[i]);
      CheckInterface(links_[i], rank[i]);
    }
  }

  void CheckLink(const v1::Link& link) {
    Begin("links/", link.name());
    CheckName("links/", link.name(), link_seen_);
    CheckEnd("source", link.source());
    CheckEnd("target", link.target());
    if (!link.source().empty() && link.source() == link.target()) {
      Add("target", Quote(link.target()), " is also the source: a link joins two different nodes");
    }
    CheckReverse(link);
    if (link.capacity_bps() <= 0 || link.capacity_bps() > kMaxRateBps) {
      Add("capacity_bps", "is ", link.capacity_bps(), ": give 1 to 10^16 bit/s");
    }
    if (link.oversubscription() != 0) {
      CheckDouble("oversubscription", link.oversubscription(), kMinOversubscription,
                  kMaxOversubscription);
    }
    if (link.delay_ns() < 0 || link.delay_ns() > kMaxLinkDelayNs) {
      Add("delay_ns", "is ", link.delay_ns(), ": give 0 to 10^10 ns (10 s)");
    }
    CheckMetric("igp_metric", link.igp_metric());
    CheckMetric("te_metric", link.te_metric());
    CheckAdminGroups(link);
    CheckSrlgList(link.srlgs());
    CheckText("provider", link.provider(), kMaxShortName);
    CheckDouble("cost", link.cost(), 0, kMaxCost);
    CheckReliability(link.mtbf_hours(), link.mttr_hours());
    CheckAdmin(link.admin_state());
    CheckAdjacencySid(link.adjacency_sid());
  }

  void CheckEnd(const char* field, const std::string& node) {
    if (node.empty()) {
      Add(field, "is missing: name the node, as nodes/ID");
    } else if (!node_names_.contains(View(node))) {
      Add(field, Quote(node), " is not known: add that node, or correct the name");
    }
  }

  void CheckMetric(const char* field, uint32_t value) {
    if (value > kMaxMetric) {
      Add(field, "is ", value, ": give 1 to 16777215, or 0 for the default");
    }
  }

  void CheckAdminGroups(const v1::Link& link) {
    if (link.admin_groups_size() > kMaxListed) {
      Add("admin_groups", "lists ", link.admin_groups_size(), " affinities: at most ", kMaxListed);
      return;
    }
    absl::flat_hash_set<absl::string_view> seen;
    for (const std::string& group : link.admin_groups()) {
      if (group.empty()) Add("admin_groups", "has an empty name: remove it");
      CheckText("admin_groups", group, kMaxShortName);
      if (!seen.insert(View(group)).second) {
        Add("admin_groups", Quote(group), " is listed twice: list each affinity once");
      }
    }
  }

  void CheckAdjacencySid(uint32_t sid) {
    if (sid == 0) return;
    if (sid < 0x8000 || sid > 0xffff) {
      Add("adjacency_sid", "is ", sid, ": 32768 to 65535, or 0");
    } else if (!adjacency_sids_.insert(sid).second) {
      Add("adjacency_sid", "is ", sid, ", which another link has: give each its own");
    }
  }

  void CheckReverse(const v1::Link& link) {
    if (link.reverse().empty()) return;
    const auto it = link_by_name_.find(View(link.reverse()));
    if (it == link_by_name_.end()) {
      Add("reverse", Quote(link.reverse()), " is not known: add that link, or leave reverse empty");
      return;
    }
    const v1::Link& other = *it->second;
    if (other.reverse() != link.name()) {
      Add("reverse", Quote(link.reverse()),
          " does not name this link as its own reverse: set its "
          "reverse to ",
          Quote(link.name()), ", or leave both empty");
    }
    if (other.source() != link.target() || other.target() != link.source()) {
      Add("reverse", Quote(link.reverse()), " does not run from ", Quote(link.target()), " to ",
          Quote(link.source()), ": a reverse joins the same two nodes the other way");
    }
  }

  void CheckInterface(const v1::Link& link, int32_t rank) {
    if (!link.interface().empty() && !IsInterfaceName(link.interface())) {
      Add("interface", Quote(link.interface()), kInterfaceRule);
      return;
    }
    const std::string name = LinkInterface(link, rank);
    if (!interfaces_[View(link.source())].insert(name).second) {
      Add("interface", Quote(name), " is used twice on ", Quote(link.source()),
          ": give each port and interface its own name");
    }
  }

  void CheckSrlg(const v1::Srlg& srlg) {
    Begin("srlgs/", srlg.name());
    CheckName("srlgs/", srlg.name(), srlg_seen_);
    CheckText("display_name", srlg.display_name(), kMaxDisplayName);
    if (!v1::SrlgType_IsValid(srlg.type())) {
      Add("type", "is ", static_cast<int>(srlg.type()),
          ": use DUCT, CABLE_SYSTEM, LANDING_STATION, BUILDING or POWER (1 to 5), or 0");
    }
    CheckReliability(srlg.mtbf_hours(), srlg.mttr_hours());
  }

  std::span<const v1::Node> nodes_;
  std::span<const v1::Link> links_;
  std::span<const v1::Srlg> srlgs_;
  size_t max_;
  std::vector<Snapshot::Problem> problems_;
  std::string current_;

  // Every name given, well-formed or not, so that one bad name is not reported once a reference.
  absl::flat_hash_set<absl::string_view> node_names_, srlg_names_;
  ByName<const v1::Link*> link_by_name_;
  absl::flat_hash_set<absl::string_view> node_seen_, link_seen_, srlg_seen_;
  absl::flat_hash_set<uint32_t> node_sids_, adjacency_sids_;
  // By node name: ports and interfaces share one name space on a switch.
  ByName<absl::flat_hash_set<std::string>> interfaces_;
};

}  // namespace

std::vector<Snapshot::Problem> Snapshot::Validate(std::span<const v1::Node> nodes,
                                                  std::span<const v1::Link> links,
                                                  std::span<const v1::Srlg> srlgs,
                                                  size_t max_problems) {
  return Validator(nodes, links, srlgs, max_problems).Run();
}

}  // namespace waymark

#include <google/protobuf/util/json_util.h>

#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/bundle_fields.h"
#include "controller/topology/importers.h"
#include "controller/topology/json_file.h"
#include "controller/topology/rfc8345.h"
#include "controller/topology/text.h"
#include "controller/topology/topology_builder.h"

namespace waymark {
namespace {

using nlohmann::json;
using namespace rfc8345;  // NOLINT: this file is about those names

constexpr double kMicrosecond = 1e3;

class Importer {
 public:
  Importer(std::string_view file, std::string_view contents)
      : file_(file), contents_(contents), builder_(file) {}

  absl::StatusOr<ImportResult> Run() && {
    const absl::StatusOr<json> parsed = ParseJson(file_, contents_);
    if (!parsed.ok()) return parsed.status();
    const json* networks = Member(*parsed, kNetworks);
    const json* list = networks == nullptr ? nullptr : Member(*networks, kNetwork);
    if (list == nullptr || !list->is_array() || list->empty()) {
      return builder_.Error(1, absl::StrCat("has no list \"", kNetwork, "\" in \"", kNetworks,
                                            "\": is it RFC 8345?"));
    }
    const size_t chosen = Choose(*list);
    path_ = {kNetworks, kNetwork, std::to_string(chosen)};
    const json& network = (*list)[chosen];
    absl::Status status = Each(network, kWaymarkSrlg, &Importer::Srlg);
    if (status.ok()) status = Each(network, kNode, &Importer::Node);
    if (status.ok()) status = Each(network, kLink, &Importer::Link);
    if (!status.ok()) return status;
    return std::move(builder_).Finish(TopologyFormat::kRfc8345);
  }

 private:
  using One = absl::Status (Importer::*)(const json&, int);

  // Of several networks (layers): ours, else the first with links, else the first.
  size_t Choose(const json& list) {
    size_t chosen = list.size();
    for (size_t i = 0; i < list.size() && chosen == list.size(); ++i) {
      const json* types = Member(list[i], kNetworkTypes);
      if (types != nullptr && Member(*types, kWaymarkNetwork) != nullptr) chosen = i;
    }
    for (size_t i = 0; i < list.size() && chosen == list.size(); ++i) {
      if (Member(list[i], kLink) != nullptr) chosen = i;
    }
    if (chosen == list.size()) chosen = 0;
    if (list.size() > 1) {
      const auto id = TextMember(list[chosen], kNetworkId);
      builder_.Warn(0, absl::StrCat("has ", list.size(), " networks: only ", Quote(id.value_or("")),
                                    " is read"));
    }
    return chosen;
  }

  absl::Status Each(const json& network, const char* key, One one) {
    const json* list = Member(network, key);
    if (list == nullptr) return absl::OkStatus();
    if (!list->is_array())
      return builder_.Error(0, absl::StrCat("\"", key, "\" is no list: write [ ... ]"));
    std::vector<std::string> path = path_;
    path.emplace_back(key);
    const std::vector<int> lines = JsonItemLines(contents_, path);
    for (size_t i = 0; i < list->size(); ++i) {
      const int line = i < lines.size() ? lines[i] : 0;
      if (absl::Status status = (this->*one)((*list)[i], line); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // Our additions, strictly: an unknown field is a misspelt one.
  absl::Status Read(const json& from, const char* what, int line,
                    google::protobuf::Message& to) const {
    const auto parsed = google::protobuf::util::JsonStringToMessage(from.dump(-1, ' ', true), &to);
    if (!parsed.ok()) {
      return builder_.Error(
          line, absl::StrCat("\"", what, "\": ", Quote(std::string(parsed.message()), 200)));
    }
    ClearOutputOnly(to);
    return absl::OkStatus();
  }

  absl::Status Srlg(const json& entry, int line) {
    return Read(entry, kWaymarkSrlg, line, builder_.AddSrlg());
  }

  absl::Status Node(const json& entry, int line) {
    const auto id = TextMember(entry, kNodeId);
    if (!id.has_value()) return builder_.Error(line, "node without a \"node-id\": add it");
    const int number = builder_.AddNode(*id, line);
    if (!nodes_.emplace(*id, number).second) {
      return builder_.Error(line,
                            absl::StrCat("node-id ", Quote(*id), " is used twice: change one"));
    }
    if (const json* ours = Member(entry, kWaymarkNode); ours != nullptr) {
      v1::Node node;
      if (absl::Status status = Read(*ours, kWaymarkNode, line, node); !status.ok()) return status;
      node.set_name(builder_.node(number).name());
      builder_.node(number) = std::move(node);
      return absl::OkStatus();
    }
    if (const json* l3 = Member(entry, kL3NodeAttributes); l3 != nullptr) {
      if (const auto name = TextMember(*l3, "name"); name.has_value()) {
        builder_.node(number).set_display_name(*name);
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<int> End(const json& link, const char* side, const char* field, int line) const {
    const json* end = Member(link, side);
    const auto id = end == nullptr ? std::nullopt : TextMember(*end, field);
    if (!id.has_value()) {
      return builder_.Error(
          line, absl::StrCat("link without \"", side, "\": {\"", field, "\": ...}: add it"));
    }
    const auto it = nodes_.find(*id);
    if (it != nodes_.end()) return it->second;
    return builder_.Error(line, absl::StrCat(field, " ", Quote(*id),
                                             " is no node of this network: add it, or correct it"));
  }

  absl::Status Link(const json& entry, int line) {
    const auto id = TextMember(entry, kLinkId);
    if (!id.has_value()) return builder_.Error(line, "link without a \"link-id\": add it");
    if (!link_ids_.insert(*id).second) {
      return builder_.Error(line,
                            absl::StrCat("link-id ", Quote(*id), " is used twice: change one"));
    }
    const auto source = End(entry, kSource, kSourceNode, line);
    if (!source.ok()) return source.status();
    const auto target = End(entry, kDestination, kDestNode, line);
    if (!target.ok()) return target.status();
    auto& draft = builder_.AddLink(*id, *source, *target, line);
    if (const json* ours = Member(entry, kWaymarkLink); ours != nullptr) {
      return OurLink(*ours, line, draft);
    }
    if (absl::Status status = L3Attributes(entry, draft); !status.ok()) return status;
    return TeAttributes(entry, draft);
  }

  absl::Status OurLink(const json& ours, int line, TopologyBuilder::LinkDraft& draft) const {
    v1::Link link;
    if (absl::Status status = Read(ours, kWaymarkLink, line, link); !status.ok()) return status;
    link.set_name(draft.link.name());
    link.set_source(draft.link.source());
    link.set_target(draft.link.target());
    draft.link = std::move(link);
    draft.complete = true;
    return absl::OkStatus();
  }

  absl::Status L3Attributes(const json& entry, TopologyBuilder::LinkDraft& draft) {
    const json* l3 = Member(entry, kL3LinkAttributes);
    if (l3 == nullptr || Member(*l3, kMetric1) == nullptr) return absl::OkStatus();
    const auto metric = NumberMember(*l3, kMetric1);
    if (!metric.has_value()) return builder_.Error(draft.line, "metric1 is no number");
    return builder_.SetMetric(draft, *metric, kMetric1);
  }

  // RFC 8795 gives bandwidth in bytes a second, as decimal or hexadecimal floating point (RFC
  // 8294's bandwidth-ieee-float32), and delay metrics in microseconds.
  absl::Status TeAttributes(const json& entry, TopologyBuilder::LinkDraft& draft) {
    const json* te = Member(entry, kTe);
    const json* attributes = te == nullptr ? nullptr : Member(*te, kTeLinkAttributes);
    if (attributes == nullptr) return absl::OkStatus();
    const json* largest = Member(*attributes, "max-link-bandwidth");
    const json* bandwidth = largest == nullptr ? nullptr : Member(*largest, "te-bandwidth");
    const auto bytes = bandwidth == nullptr ? std::nullopt : TextMember(*bandwidth, "generic");
    if (bytes.has_value()) {
      char* end = nullptr;
      const double value = std::strtod(bytes->c_str(), &end);
      if (*end != '\0' || bytes->empty())
        return builder_.Error(draft.line,
                              absl::StrCat("te-bandwidth ", Quote(*bytes), " is no number"));
      if (absl::Status status = builder_.SetCapacity(draft, value, 8, "te-bandwidth (bytes/s)");
          !status.ok()) {
        return status;
      }
    }
    if (const auto delay = NumberMember(*attributes, "te-delay-metric"); delay.has_value()) {
      if (absl::Status status = builder_.SetDelay(draft, *delay, kMicrosecond, "te-delay-metric");
          !status.ok()) {
        return status;
      }
    }
    if (const auto metric = NumberMember(*attributes, "te-default-metric"); metric.has_value()) {
      if (!(*metric >= 1 && *metric <= (1 << 24) - 1)) {
        return builder_.Error(draft.line, "te-default-metric is out of range: give 1 to 16777215");
      }
      draft.link.set_te_metric(static_cast<uint32_t>(*metric));
    }
    return absl::OkStatus();
  }

  std::string_view file_;
  std::string_view contents_;
  TopologyBuilder builder_;
  std::vector<std::string> path_;
  absl::flat_hash_map<std::string, int> nodes_;
  std::set<std::string> link_ids_;
};

}  // namespace

absl::StatusOr<ImportResult> ImportRfc8345(std::string_view file, std::string_view contents) {
  return Importer(file, contents).Run();
}

}  // namespace waymark

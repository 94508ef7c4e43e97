#include <google/protobuf/util/json_util.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/topology/exporters.h"
#include "controller/topology/rfc8345.h"

namespace waymark {
namespace {

using nlohmann::ordered_json;
using namespace rfc8345;  // NOLINT: this file is about those names

std::string IdOf(const std::string& name) { return name.substr(name.find('/') + 1); }

ordered_json ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  // Cannot fail: the message is validated, so its text is UTF-8.
  (void)google::protobuf::util::MessageToJsonString(message, &text, options);
  return ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
}

ordered_json NodeJson(v1::Node node) {
  ordered_json out;
  out[kNodeId] = IdOf(node.name());
  for (const v1::Port& port : node.ports()) {
    out[kTerminationPoint].push_back({{kTpId, port.id()}});
  }
  node.clear_name();
  out[kWaymarkNode] = ToJson(node);
  return out;
}

ordered_json LinkJson(v1::Link link) {
  ordered_json out;
  out[kLinkId] = IdOf(link.name());
  out[kSource][kSourceNode] = IdOf(link.source());
  if (!link.interface().empty()) out[kSource][kSourceTp] = link.interface();
  out[kDestination][kDestNode] = IdOf(link.target());
  link.clear_name();
  link.clear_source();
  link.clear_target();
  out[kWaymarkLink] = ToJson(link);
  return out;
}

// RFC 8345: a link's source-tp refers to a termination point of its source node.
void AddInterfaces(const v1::Bundle& bundle, ordered_json& nodes) {
  std::map<std::string, ordered_json*> by_id;
  for (ordered_json& node : nodes) by_id[node[kNodeId].get<std::string>()] = &node;
  for (const v1::Link& link : bundle.links()) {
    if (link.interface().empty()) continue;
    (*by_id[IdOf(link.source())])[kTerminationPoint].push_back({{kTpId, link.interface()}});
  }
}

}  // namespace

std::string WriteRfc8345(const v1::Bundle& bundle) {
  ordered_json network;
  network[kNetworkId] = "waymark";
  network[kNetworkTypes][kWaymarkNetwork] = ordered_json::object();
  for (const v1::Srlg& srlg : bundle.srlgs()) network[kWaymarkSrlg].push_back(ToJson(srlg));
  network[kNode] = ordered_json::array();
  for (const v1::Node& node : bundle.nodes()) network[kNode].push_back(NodeJson(node));
  AddInterfaces(bundle, network[kNode]);
  network[kLink] = ordered_json::array();
  for (const v1::Link& link : bundle.links()) network[kLink].push_back(LinkJson(link));
  ordered_json root;
  root[kNetworks][kNetwork].push_back(std::move(network));
  return root.dump(2) + "\n";
}

}  // namespace waymark
